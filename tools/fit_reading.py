"""Fit the linear reading of free text and write `tutor/words/reading.npz`.

    python tools/fit_reading.py            # fit, print what voices left out show, write the file
    python tools/fit_reading.py --dry-run  # fit and print only

It learns from `dev-*.csv` and `train-*.jsonl` of `tests/tutor/utterances`; the `heldout-*` files are never learned from.
Two models a brief (what a text is about, what it states) are logistic, one against the rest, with a quadratic penalty;
the model that decides is fitted on their scores for texts that they had not seen. A new learner is a new voice, so the
scores of a writer's texts come from models that saw nothing of that writer: writers are left out some at a time (the
first two, who wrote most and much alike, by thirds of their texts). Seeded, so that the same texts give the same file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a brief a process; and sums in the same order on every run
import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))

from tutor.briefs import brief, brief_ids  # noqa: E402
from tutor.dialogue import features as seeing  # noqa: E402
from tutor.dialogue.acts import act_of  # noqa: E402
from tutor.dialogue.features import affirmed, denials, parts  # noqa: E402
from tutor.dialogue.frames import concepts, read  # noqa: E402
from tutor.dialogue.linear import FILE, Linear  # noqa: E402
from tutor.dialogue.reading import Denials, Judged, act_features, candidates, negations, plain, states  # noqa: E402
from tutor.dialogue.slots import read_slots  # noqa: E402
from tutor.dialogue.text import normalise  # noqa: E402
from tutor.evaluate import FOLDER, LEARNED, Row, macro_f1, prf, rows  # noqa: E402

features = cache(seeing.features)
TARGET = Path(__file__).parents[1] / "tutor" / "words" / FILE
FOLDS = 3
BLOCK = 4096
"""Columns that are held at once."""
TOGETHER = 6
"""So many groups of other writers are left out one after another."""
PENALTY, STEPS = 0.3, 100
LIGHT = 4
"""Weights below so many parts of 127 of a label's heaviest are left out."""
GROUPS = {
    "topic": {"w": 1.0, "n": 0.2, "p": 0.5, "s": 0.6, "c": 1.2, "d": 0.2, "g": 0.5, "m": 0.1},
    "stated": {"w": 1.0, "n": 0.6, "p": 0.6, "s": 0.6, "c": 1.2, "d": 0.6, "g": 0.5, "m": 0.6, "x": 0.6, "y": 0.4},
    "act": {"w": 1.0, "p": 0.6, "c": 0.3, "g": 0.3, "m": 1.2, "a": 1.2, "k": 0.8},
}
"""Length of each group of features in a text's vector."""
SHARED = "stated"
"""The kind of models whose features are those of the model of topics of their brief, which leaves some of them unweighed; the file holds them once."""
OFTEN = {"w": 2, "n": 3, "c": 2, "d": 2, "m": 2, "a": 2, "p": 4, "s": 4, "g": 4, "k": 3, "x": 4, "y": 3}
"""In how many texts a feature must occur to be kept."""
LEAST = {"misconception": 0.72, "expectation": 0.70}
"""Least probability at which a concept counts as said: about the lowest that keeps precision at 0.95 on writers left out who
wrote as they liked (a to g; the others wrote pairs of opposites), with what is denied held to more."""
MANY = ("1", "2")
"""The writers of most of the texts, who wrote in order of concepts and much alike: left out by fifths, and weighed less by the model that decides."""
IN_ORDER = (*MANY, "d", "e", "f")
"""The writers who put texts for a concept together."""
PAIRS = ("j", "k")
"""The writers of nothing but pairs that mean the opposite of each other: of no use to say how often a concept is meant."""
LESS = 0.1
"""What a candidate of those two kinds of writers counts beside another's in the model that decides."""
NEAR = 12
"""So many texts without labels behind a concept's are about it."""
ASSERTIONS = (3000, 1000)
"""About so many assertions are enough to learn acts from: of writers in general, and of the first two."""
Found = Mapping[str, Sequence[str]]


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def vocabulary(every: Sequence[Found], groups: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    """The features kept and how rare each is."""
    seen = Counter(name for found in every for group in groups for name in found.get(group, ()))
    names = sorted(n for n, count in seen.items() if count >= OFTEN[n[0] if n[0] != "f" else "m"])
    rare = np.array([np.log((1 + len(every)) / (1 + seen[n])) + 0.3 for n in names], dtype=np.float16).astype(np.float32)
    return names, rare


@dataclass(frozen=True)
class Vectors:
    """The features that a model sees of texts: one row a text, one column a feature, most of it empty."""

    start: np.ndarray
    column: np.ndarray
    value: np.ndarray
    wide: int

    @classmethod
    def of(cls, model: Linear, every: Sequence[Found]) -> Vectors:
        known = [model.active(found) for found in every]
        start = np.cumsum([0, *(len(at) for at, _ in known)])
        return cls(start, np.concatenate([at for at, _ in known]), np.concatenate([values for _, values in known]), len(model.index))

    def columns(self, low: int) -> np.ndarray:
        """``BLOCK`` columns of it, filled up with zeros."""
        out = np.zeros((len(self.start) - 1, min(BLOCK, self.wide - low)), dtype=np.float32)
        row = np.repeat(np.arange(len(out)), np.diff(self.start))
        here = (self.column >= low) & (self.column < low + BLOCK)
        out[row[here], self.column[here] - low] = self.value[here]
        return out

    def alike(self, other: Vectors) -> np.ndarray:
        """The product of every row with every row of the other."""
        return sum((self.columns(low) @ other.columns(low).T for low in range(0, self.wide, BLOCK)), np.zeros((len(self.start) - 1, len(other.start) - 1), np.float32))

    def back(self, a: np.ndarray) -> np.ndarray:
        """What weights of texts come to as weights of features."""
        return np.concatenate([self.columns(low).T @ a for low in range(0, self.wide, BLOCK)])


def logistic(kernel: np.ndarray, y: np.ndarray, weight: np.ndarray, *, penalty: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """One logistic a column of ``y`` (texts × labels) by accelerated gradient descent; returns text weights and intercepts."""
    kernel, y, weight = kernel.astype(np.float32), y.astype(np.float32), weight.astype(np.float32)
    n = len(y)
    v = np.ones(n, dtype=np.float32)
    size = 1.0
    for _ in range(30):
        v = kernel @ v
        size = float(np.linalg.norm(v))
        v /= size
    share = y.mean(0)
    a, b = np.zeros_like(y), np.log((share + 1e-3) / (1 - share + 1e-3))
    step, step_b = 1 / (0.26 * size * float(weight.max()) + penalty), 0.5 / (0.25 * n * float(weight.max()))
    ahead, ahead_b = a, b
    for t in range(steps):
        slope = (sigmoid(kernel @ ahead + ahead_b) - y) * weight
        new, new_b = ahead - step * (slope + penalty * ahead), ahead_b - step_b * slope.sum(0)
        ahead, ahead_b = new + t / (t + 3) * (new - a), new_b + t / (t + 3) * (new_b - b)
        a, b = new, new_b
    return a, b


def unfitted(every: Sequence[Found], labels: Sequence[str], kind: str) -> Linear:
    """A model that knows the features of some texts and weighs none."""
    names, rare = vocabulary(every, GROUPS[SHARED if kind == "topic" else kind])
    zeros = np.zeros((len(names), len(labels)), dtype=np.int8)
    return Linear(tuple(labels), {n: i for i, n in enumerate(names)}, rare, zeros, np.ones(len(labels), np.float32), np.zeros(len(labels), np.float32), GROUPS[kind])


def rounded(blank: Linear, full: np.ndarray, bias: np.ndarray) -> Linear:
    """The model with weights, a row a feature and a column a label, rounded to eight bits."""
    scale = (np.abs(full).max(0) / 127 + 1e-9).astype(np.float32)
    weights = np.rint(full / scale).astype(np.int8)
    weights[np.abs(weights) < LIGHT] = 0  # nothing is read otherwise, and the file is a third smaller
    return replace(blank, weights=weights, scale=scale, bias=bias.astype(np.float32))


def fitted(every: Sequence[Found], y: np.ndarray, labels: Sequence[str], kind: str, *, weight: np.ndarray | None = None, penalty: float = 0.3, steps: int = 100) -> Linear:
    """A model of texts and their labels."""
    blank = unfitted(every, labels, kind)
    x = Vectors.of(blank, every)
    a, b = logistic(x.alike(x), y, np.ones_like(y) if weight is None else weight, penalty=penalty, steps=steps)
    return rounded(blank, x.back(a), b)


def voice(row: Row) -> str:
    """Who wrote a text: the first part of a training file's family; all dev files are by one."""
    return row.family.split("-")[0] if row.split == "train" else "dev"


def left_out(some: Sequence[Row]) -> np.ndarray:
    """Which texts are read together by models that saw none of them and nothing else by their writers; alike for every brief."""
    third = np.random.default_rng(7).integers(0, FOLDS, len(some))
    return np.array([f"part {k}" if voice(r) in (*MANY, "dev") else f"writers {sum(map(ord, voice(r))) % TOGETHER}" for r, k in zip(some, third, strict=True)])


def about(some: Sequence[Row]) -> list[frozenset[str]]:
    """What each text is about: its labels, those it denies, and what its writer says that it is about.

    In a training file the texts for a concept stand together, those that state it first: a claim or question without
    labels is about the concept before it, as long as that is near.
    """
    found: list[frozenset[str]] = []
    last, far, family = frozenset(), 0, ""
    for row in some:
        if row.split == "train":
            if row.family != family or far > NEAR:
                last = frozenset()
            if len(row.labels) == 1:
                last, far, family = row.labels, 0, row.family
            far += not row.labels
        told = last if voice(row) in IN_ORDER and row.act in ("assertion", "question", "what-if") else frozenset()
        about = {row.about} - {""} if row.act != "off-topic" else set()
        found.append(row.labels | row.denied | about or told)
    return found


def general_denials(some: Sequence[Row]) -> np.ndarray:
    """Shares of each kind of denial in texts that state something, and in texts that are about something and do not."""
    has = np.array([denials(normalise(r.text)) for r in some], dtype=float)
    said = np.array([bool(r.labels) for r in some])
    told = np.array([bool(s) for s in about(some)])
    return np.array([(has[said].sum(0) + 1) / (said.sum() + 2), (has[told & ~said].sum(0) + 1) / ((told & ~said).sum() + 2)], dtype=np.float32)


def of_brief(id: str, some: Sequence[Row], general: np.ndarray) -> dict[str, Any]:
    """The two models of a brief, and its candidates with scores of models that saw nothing of their writer."""
    kinds = {c.id: c.kind for c in concepts(id)}
    ids = list(kinds)
    texts = [normalise(r.text) for r in some]
    found = [features(t) for t in texts]
    pieces = [(n, features(part)) for n, t in enumerate(texts) for part in parts(t)]
    owner = np.array([n for n, _ in pieces])
    first = np.searchsorted(owner, np.arange(len(some)))
    denied = [features(affirmed(t)) if negations(t) else f for t, f in zip(texts, found, strict=True)]
    truth = {"topic": np.array([[i in s for i in ids] for s in about(some)], dtype=float), "stated": np.array([[i in r.labels for i in ids] for r in some], dtype=float)}
    has = np.array([denials(t) for t in texts], dtype=float)
    said, not_said = truth["stated"], truth["topic"] * (1 - truth["stated"])
    counts = [(said[:, j] @ has, float(said[:, j].sum()), not_said[:, j] @ has, float(not_said[:, j].sum())) for j in range(len(ids))]
    group = left_out(some)
    bare = np.zeros_like(said)
    odds, models = {}, {}
    for name, y in truth.items():
        blank = unfitted(found, ids, name)
        x = Vectors.of(blank, found)
        alike, alike_parts = x.alike(x), Vectors.of(blank, [f for _, f in pieces]).alike(x)
        alike_bare = Vectors.of(blank, denied).alike(x) if name == "stated" else None
        odds[name] = np.zeros((len(pieces), len(ids)), dtype=np.float32)
        for one in np.unique(group):
            learn, test = np.flatnonzero(group != one), np.flatnonzero(group == one)
            at = np.flatnonzero(group[owner] == one)
            a, b = logistic(alike[np.ix_(learn, learn)], y[learn], np.ones((len(learn), 1)), penalty=PENALTY, steps=STEPS)
            odds[name][at] = alike_parts[np.ix_(at, learn)] @ a + b
            if alike_bare is not None:
                bare[test] = alike_bare[np.ix_(test, learn)] @ a + b
        a, b = logistic(alike, y, np.ones((len(some), 1)), penalty=PENALTY, steps=STEPS)
        models[name] = rounded(blank, x.back(a), b)
    whole = {name: z[first] for name, z in odds.items()}
    best = {name: np.maximum.reduceat(z, first, axis=0) for name, z in odds.items()}
    pairs = []
    for n, (row, text) in enumerate(zip(some, texts, strict=True)):
        seen = [r.concept.id for r in read(id, text)]
        fits = {}
        for j, i in enumerate(ids):  # counted without this text
            a, b = said[n, j], not_said[n, j]
            fits[i] = Denials(counts[j][0] - a * has[n], counts[j][1] - a, counts[j][2] - b * has[n], counts[j][3] - b).fit(has[n] > 0, (general[0], general[1]))
        for one, far, evidence in candidates(kinds, text, seen, (whole["topic"][n], best["topic"][n]), (whole["stated"][n], best["stated"][n]), bare[n], fits):
            pairs.append({"row": row, "number": n, "id": one, "kind": kinds[one], "evidence": evidence, "said": one in row.labels, "group": group[n],
                          "text": text, "about": far, "fits": fits[one], "seen": one in seen})
    return models | {"pairs": pairs, "denials": np.array([[*c[0], c[1], *c[2], c[3]] for c in counts], dtype=np.float32)}


def decider(pairs: Sequence[Mapping[str, Any]], *, penalty: float = 2.0, steps: int = 400) -> Linear:
    """The model that decides on candidates; from the training files only, since the frames were written with the dev files at hand."""
    pairs = [p for p in pairs if p["row"].split == "train"]
    seen = Counter(name for p in pairs for name in p["evidence"])
    index = {n: i for i, n in enumerate(sorted(n for n, count in seen.items() if count >= 4))}
    at, value = _sparse(index, pairs)
    y = np.array([p["said"] for p in pairs], dtype=np.float64)
    counts = np.array([LESS if voice(p["row"]) in (*MANY, *PAIRS) else 1.0 for p in pairs])

    def back(slope: np.ndarray) -> np.ndarray:
        return np.bincount(at.ravel(), weights=(slope[:, None] * value).ravel(), minlength=len(index) + 1)

    v, size = np.ones(len(index) + 1), 1.0
    for _ in range(30):
        v = back(counts * (v[at] * value).sum(1))
        size = float(np.linalg.norm(v))
        v /= size
    w = ahead = np.zeros(len(index) + 1)
    step = 1 / (0.26 * size + penalty)
    for t in range(steps):
        new = ahead - step * (back(counts * (sigmoid((ahead[at] * value).sum(1)) - y)) + penalty * ahead)
        ahead, w = new + t / (t + 3) * (new - w), new
    one = np.ones(1, np.float32)
    return Linear(("said",), index, np.ones(len(index), np.float32), w[:-1].astype(np.float16)[:, None], one, 0 * one, {})


def _sparse(index: Mapping[str, int], pairs: Sequence[Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Which names each candidate has and their values, filled up with a name that weighs nothing."""
    known = [[(index[name], value) for name, value in pair["evidence"].items() if name in index] for pair in pairs]
    wide = max(map(len, known), default=1)
    at, value = np.full((len(pairs), wide), len(index), dtype=np.intp), np.zeros((len(pairs), wide))
    for i, row in enumerate(known):
        for j, (where, size) in enumerate(row):
            at[i, j], value[i, j] = where, size
    return at, value


def decided(model: Linear, pairs: Sequence[Mapping[str, Any]]) -> np.ndarray:
    at, value = _sparse(model.index, pairs)
    return sigmoid((np.append(model.weights[:, 0].astype(np.float64), 0.0)[at] * value).sum(1))


def of_acts(some: Sequence[Row]) -> tuple[Linear, float]:
    """The model of acts, and its macro-F1 on writers left out."""
    rest = [r for r in some if r.act and r.act != "assertion"]
    for often in ([r for r in some if r.act == "assertion" and (voice(r) in MANY) == many] for many in (False, True)):
        rest += often[:: max(1, len(often) // ASSERTIONS[voice(often[0]) in MANY])] if often else []
    some = rest
    labels = sorted({r.act for r in some})
    found = []
    for row in some:
        text = normalise(row.text)
        slots = read_slots(text, brief(row.brief).kind)
        found.append(act_features(text, slots=list(slots), rule=act_of(text, slots=slots, read=False)))
    y = np.array([[row.act == a for a in labels] for row in some], dtype=float)
    weight = 1 + y * (np.sqrt(y.sum(0).max() / y.sum(0)) - 1)
    blank = unfitted(found, labels, "act")
    x = Vectors.of(blank, found)
    alike = x.alike(x)
    group = left_out(some)
    got, strangers = np.zeros(len(some), dtype=int), np.array([not g.startswith("part") for g in group])
    for one in np.unique(group[strangers]):
        learn, test = np.flatnonzero(group != one), np.flatnonzero(group == one)
        a, b = logistic(alike[np.ix_(learn, learn)], y[learn], weight[learn], penalty=0.2, steps=80)
        got[test] = (alike[np.ix_(test, learn)] @ a + b).argmax(1)
    a, b = logistic(alike, y, weight, penalty=0.2, steps=80)
    return rounded(blank, x.back(a), b), macro_f1([labels[i] for i in got[strangers]], [r.act for r, s in zip(some, strangers, strict=True) if s])


def stored(models: Mapping[str, Linear], denied: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the file holds."""

    def text(lines: Sequence[str]) -> np.ndarray:
        return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)

    out: dict[str, np.ndarray] = {}
    for name, model in models.items():
        if not name.startswith(SHARED):
            out |= {f"{name}/names": text(list(model.index)), f"{name}/rare": model.rare.astype(np.float16)}
        out |= {
            f"{name}/labels": text(model.labels), f"{name}/groups": text([f"{g}={v}" for g, v in model.groups.items()] or ["-=0"]),
            f"{name}/weights": model.weights, f"{name}/scale": model.scale, f"{name}/bias": model.bias,
        }
    return out | denied | {f"least {kind}": np.float32(value) for kind, value in LEAST.items()}


def shown(pairs: Sequence[Mapping[str, Any]], probability: np.ndarray, some: Sequence[Row]) -> None:
    """What the decisions would be on writers left out: precision and recall over thresholds, then all rules of `reading.states` at ``LEAST``."""
    kinds = {c.id: c.kind for b in brief_ids() for c in concepts(b)}
    said = np.array([p["said"] for p in pairs])
    for kind in LEAST:
        mine, total = np.array([p["kind"] == kind for p in pairs]), sum(kinds.get(i) == kind for r in some for i in r.labels)
        line = []
        for least in (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
            got = mine & (probability >= least)
            line.append(f"{least}: {(got & said).sum() / max(got.sum(), 1):.3f}/{(got & said).sum() / max(total, 1):.3f}")
        print(f"  {kind} P/R at {', '.join(line)}")
    read_as: dict[int, set[str]] = {}
    for p, one in zip(pairs, probability, strict=True):
        judged = Judged(p["id"], float(one), p["about"], p["fits"], ())
        if states(judged, p["kind"], least=LEAST[p["kind"]], agreed=p["seen"] and plain(p["text"]), denies=any(denials(p["text"]))):
            read_as.setdefault(id(p["row"]), set()).add(p["id"])
    rest = [(read_as.get(id(r), set()), r) for r in some]
    for kind in LEAST:
        found = prf((frozenset(i for i in got if kinds[i] == kind), frozenset(i for i in r.labels if kinds.get(i) == kind)) for got, r in rest)
        print(f"  {kind} as decided: precision {found['precision']:.3f}, recall {found['recall']:.3f} of {found['n']}")
    print(f"  reversals {sum(bool(got & r.denied) for got, r in rest)} of {sum(bool(r.denied) for _, r in rest)}, false on neutral {sum(bool(got) and not r.labels for got, r in rest)} of {sum(not r.labels for _, r in rest)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--processes", type=int, default=2, help="briefs fitted at once, 3 GB each (default: 2)")
    args = parser.parse_args()
    every = rows(FOLDER)
    apart = {r.text for r in every if r.split not in LEARNED}
    some = [r for r in every if r.split in LEARNED and r.text not in apart]
    print(f"{len(some):,} texts learned from")
    general = general_denials(some)
    mine = {name: [r for r in some if r.brief == name] for name in brief_ids()}
    with ProcessPoolExecutor(args.processes) as at_once:
        made = dict(zip(mine, at_once.map(of_brief, mine, mine.values(), [general] * len(mine)), strict=True))
    for name, one in made.items():
        print(f"  {name}: {len(mine[name]):,} texts, {len(one['topic'].index):,} features, {len(one['pairs']):,} candidates", flush=True)
        for pair in one["pairs"]:
            pair["row"] = mine[name][pair["number"]]
    pairs = [p for one in made.values() for p in one["pairs"]]
    group = np.array([p["group"] for p in pairs])
    strangers = np.array([not g.startswith("part") for g in group])
    unseen = np.zeros(len(pairs))
    for one in np.unique(group[strangers]):
        unseen[group == one] = decided(decider([p for p, g in zip(pairs, group, strict=True) if g != one]), [p for p, g in zip(pairs, group, strict=True) if g == one])
    print("writers left out:")
    shown([p for p, s in zip(pairs, strangers, strict=True) if s], unseen[strangers], [r for r in some if voice(r) not in (*MANY, "dev")])
    acts, macro = of_acts(some)
    print(f"  act macro-F1 {macro:.3f}")
    models = {"polarity": decider(pairs), "act": acts}
    for name, one in made.items():
        models |= {f"topic {name}": one["topic"], f"stated {name}": one["stated"]}
    if not args.dry_run:
        np.savez_compressed(TARGET, **stored(models, {"denials": general} | {f"denials {name}": one["denials"] for name, one in made.items()}))
        print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
