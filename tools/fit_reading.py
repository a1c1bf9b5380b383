"""Fit the linear reading of free text and write `tutor/words/reading.npz`.

    python tools/fit_reading.py            # fit, print what folds show, write the file
    python tools/fit_reading.py --dry-run  # fit and print only

It learns from `dev-*.csv` and `train-*.jsonl` of `tests/tutor/utterances`; the `heldout-*` files are never learned from.
Two models a brief (what a text is about, what it states) are logistic, one against the rest, with a quadratic penalty;
the model that decides is fitted on their scores for texts that they had not seen (five folds). Seeded, so that the same
texts give the same file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tutor.briefs import brief, brief_ids  # noqa: E402
from tutor.dialogue import features as seeing  # noqa: E402
from tutor.dialogue.acts import act_of  # noqa: E402
from tutor.dialogue.features import affirmed, denials, parts  # noqa: E402
from tutor.dialogue.frames import concepts, read  # noqa: E402
from tutor.dialogue.linear import FILE, Linear  # noqa: E402
from tutor.dialogue.reading import Denials, act_features, candidates, negations  # noqa: E402
from tutor.dialogue.slots import read_slots  # noqa: E402
from tutor.dialogue.text import normalise  # noqa: E402
from tutor.evaluate import FOLDER, LEARNED, Row, macro_f1, rows  # noqa: E402

features = cache(seeing.features)
TARGET = Path(__file__).parents[1] / "tutor" / "words" / FILE
FOLDS = 5
GROUPS = {
    "topic": {"w": 1.0, "n": 0.2, "p": 0.5, "s": 0.6, "c": 1.2, "d": 0.2, "g": 0.5, "m": 0.1},
    "stated": {"w": 1.0, "n": 0.6, "p": 0.6, "s": 0.6, "c": 1.2, "d": 0.6, "g": 0.5, "m": 0.6},
    "act": {"w": 1.0, "p": 0.6, "c": 0.3, "g": 0.3, "m": 1.2, "a": 1.2, "k": 0.8},
}
"""Length of each group of features in a text's vector."""
OFTEN = {"w": 2, "n": 3, "c": 2, "d": 2, "m": 2, "a": 2, "p": 3, "s": 3, "g": 3, "k": 3}
"""In how many texts a feature must occur to be kept."""
LEAST = {"misconception": 0.86, "expectation": 0.82}
"""Least probability at which a concept counts as said: the lowest that keeps precision above 0.94 on folds and on the strangers' file."""
NEAR = 12
"""So many texts without labels behind a concept's are about it."""
ASSERTIONS = 1000
"""About so many assertions are enough to learn acts from."""
Found = Mapping[str, Sequence[str]]


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def vocabulary(every: Sequence[Found], groups: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    """The features kept and how rare each is."""
    seen = Counter(name for found in every for group in groups for name in found.get(group, ()))
    names = sorted(n for n, count in seen.items() if count >= OFTEN[n[0] if n[0] != "f" else "m"])
    rare = np.array([np.log((1 + len(every)) / (1 + seen[n])) + 0.3 for n in names], dtype=np.float16).astype(np.float32)
    return names, rare


def vectors(model: Linear, every: Sequence[Found]) -> np.ndarray:
    """One row a text, one column a feature."""
    out = np.zeros((len(every), len(model.index)), dtype=np.float32)
    for i, found in enumerate(every):
        at, values = model.active(found)
        out[i, at] = values
    return out


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


def fitted(every: Sequence[Found], y: np.ndarray, labels: Sequence[str], kind: str, *, weight: np.ndarray | None = None, penalty: float = 0.3, steps: int = 100) -> Linear:
    """A model of texts and their labels, its weights already rounded to eight bits."""
    names, rare = vocabulary(every, GROUPS[kind])
    zeros = np.zeros((len(names), len(labels)), dtype=np.int8)
    blank = Linear(tuple(labels), {n: i for i, n in enumerate(names)}, rare, zeros, np.ones(len(labels), np.float32), np.zeros(len(labels), np.float32), GROUPS[kind])
    x = vectors(blank, every)
    a, b = logistic(x @ x.T, y, np.ones_like(y) if weight is None else weight, penalty=penalty, steps=steps)
    full = x.T @ a
    scale = (np.abs(full).max(0) / 127 + 1e-9).astype(np.float32)
    return Linear(blank.labels, blank.index, rare, np.rint(full / scale).astype(np.int8), scale, b.astype(np.float32), GROUPS[kind])


def scores(model: Linear, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of whole texts and of their best parts."""
    whole, best = [], []
    for text in texts:
        z = vectors(model, [features(p) for p in parts(text)]) @ (model.weights.astype(np.float32) * model.scale) + model.bias
        whole.append(z[0])
        best.append(z.max(0))
    return np.array(whole), np.array(best)


def whole(model: Linear, texts: Sequence[str]) -> np.ndarray:
    """Log odds of whole texts."""
    return vectors(model, [features(t) for t in texts]) @ (model.weights.astype(np.float32) * model.scale) + model.bias


def about(some: Sequence[Row]) -> list[frozenset[str]]:
    """What each text is about: its labels and those it denies.

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
        told = last if row.split == "train" and row.act in ("assertion", "question", "what-if") else frozenset()
        found.append(row.labels | row.denied or told)
    return found


def general_denials(some: Sequence[Row]) -> np.ndarray:
    """Shares of each kind of denial in texts that state something, and in texts that are about something and do not."""
    has = np.array([denials(normalise(r.text)) for r in some], dtype=float)
    said = np.array([bool(r.labels) for r in some])
    told = np.array([bool(s) for s in about(some)])
    return np.array([(has[said].sum(0) + 1) / (said.sum() + 2), (has[told & ~said].sum(0) + 1) / ((told & ~said).sum() + 2)], dtype=np.float32)


def of_brief(id: str, some: Sequence[Row], general: np.ndarray, seed: int = 7) -> dict[str, Any]:
    """The two models of a brief, and its candidates with scores that were made without their text."""
    kinds = {c.id: c.kind for c in concepts(id)}
    ids = list(kinds)
    texts = [normalise(r.text) for r in some]
    found = [features(t) for t in texts]
    stated = np.array([[i in r.labels for i in ids] for r in some], dtype=float)
    topic = np.array([[i in s for i in ids] for s in about(some)], dtype=float)
    has = np.array([denials(t) for t in texts], dtype=float)
    not_said = topic * (1 - stated)
    counts = [(stated[:, j] @ has, float(stated[:, j].sum()), not_said[:, j] @ has, float(not_said[:, j].sum())) for j in range(len(ids))]
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(some))
    bare = np.zeros_like(stated)
    apart = {name: (np.zeros_like(stated), np.zeros_like(stated)) for name in ("topic", "stated")}
    for k in range(FOLDS):
        learn, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        for name, y in (("topic", topic), ("stated", stated)):
            model = fitted([found[i] for i in learn], y[learn], ids, name)
            apart[name][0][test], apart[name][1][test] = scores(model, [texts[i] for i in test])
            if name == "stated":
                bare[test] = whole(model, [affirmed(texts[i]) if negations(texts[i]) else texts[i] for i in test])
    pairs = []
    for n, (row, text) in enumerate(zip(some, texts, strict=True)):
        seen = [r.concept.id for r in read(id, text)]
        fits = {}
        for j, i in enumerate(ids):  # counted without this text
            a, b = stated[n, j], not_said[n, j]
            fits[i] = Denials(counts[j][0] - a * has[n], counts[j][1] - a, counts[j][2] - b * has[n], counts[j][3] - b).fit(has[n] > 0, (general[0], general[1]))
        for one, _, evidence in candidates(kinds, text, seen, (apart["topic"][0][n], apart["topic"][1][n]), (apart["stated"][0][n], apart["stated"][1][n]), bare[n], fits):
            pairs.append({"row": row, "id": one, "kind": kinds[one], "evidence": evidence, "said": one in row.labels, "fold": int(fold[n]), "brief": id})
    return {"topic": fitted(found, topic, ids, "topic"), "stated": fitted(found, stated, ids, "stated"), "pairs": pairs, "denials": np.array([[*c[0], c[1], *c[2], c[3]] for c in counts], dtype=np.float32), "total": Counter(kinds[i] for r in some for i in r.labels if i in kinds)}


def decider(pairs: Sequence[Mapping[str, Any]], *, penalty: float = 1.0, steps: int = 400) -> Linear:
    """The model that decides on candidates; from the training files only, since the frames were written with the dev files at hand."""
    pairs = [p for p in pairs if p["row"].split == "train"]
    seen = Counter(name for p in pairs for name in p["evidence"])
    index = {n: i for i, n in enumerate(sorted(n for n, count in seen.items() if count >= 4))}
    at, value = _sparse(index, pairs)
    y = np.array([p["said"] for p in pairs], dtype=np.float64)

    def back(slope: np.ndarray) -> np.ndarray:
        return np.bincount(at.ravel(), weights=(slope[:, None] * value).ravel(), minlength=len(index) + 1)

    v, size = np.ones(len(index) + 1), 1.0
    for _ in range(30):
        v = back((v[at] * value).sum(1))
        size = float(np.linalg.norm(v))
        v /= size
    w = ahead = np.zeros(len(index) + 1)
    step = 1 / (0.26 * size + penalty)
    for t in range(steps):
        new = ahead - step * (back(sigmoid((ahead[at] * value).sum(1)) - y) + penalty * ahead)
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
    """The model of acts, and its macro-F1 over folds."""
    plain = [r for r in some if r.act == "assertion"]
    some = [r for r in some if r.act not in ("", "assertion")] + plain[::max(1, len(plain) // ASSERTIONS)]
    labels = sorted({r.act for r in some})
    found = []
    for row in some:
        text = normalise(row.text)
        slots = read_slots(text, brief(row.brief).kind)
        found.append(act_features(text, slots=list(slots), rule=act_of(text, slots=slots, read=False)))
    y = np.array([[row.act == a for a in labels] for row in some], dtype=float)
    weight = 1 + y * (np.sqrt(y.sum(0).max() / y.sum(0)) - 1)
    fold = np.random.default_rng(7).integers(0, FOLDS, len(some))
    got = np.zeros(len(some), dtype=int)
    for k in range(FOLDS):
        learn, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        model = fitted([found[i] for i in learn], y[learn], labels, "act", weight=weight[learn], penalty=0.2, steps=80)
        got[test] = np.array([model.scores(found[i]) for i in test]).argmax(1)
    return fitted(found, y, labels, "act", weight=weight, penalty=0.2, steps=80), macro_f1([labels[i] for i in got], [r.act for r in some])


def stored(models: Mapping[str, Linear], denied: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the file holds."""

    def text(lines: Sequence[str]) -> np.ndarray:
        return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)

    out: dict[str, np.ndarray] = {}
    for name, model in models.items():
        out |= {
            f"{name}/names": text(list(model.index)), f"{name}/labels": text(model.labels), f"{name}/groups": text([f"{g}={v}" for g, v in model.groups.items()] or ["-=0"]),
            f"{name}/rare": model.rare.astype(np.float16), f"{name}/weights": model.weights, f"{name}/scale": model.scale, f"{name}/bias": model.bias,
        }
    return out | denied | {f"least {kind}": np.float32(value) for kind, value in LEAST.items()}


def shown(pairs: Sequence[Mapping[str, Any]], probability: np.ndarray, total: Mapping[str, int]) -> None:
    """Precision and recall by kind over thresholds."""
    for kind in LEAST:
        mine = np.array([p["kind"] == kind for p in pairs])
        said = np.array([p["said"] for p in pairs])
        line = []
        for least in (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
            got = mine & (probability >= least)
            line.append(f"{least}: {(got & said).sum() / max(got.sum(), 1):.3f}/{(got & said).sum() / max(total[kind], 1):.3f}")
        print(f"  {kind} P/R at {', '.join(line)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    args = parser.parse_args()
    every = rows(FOLDER)
    apart = {r.text for r in every if r.split not in LEARNED}
    some = [r for r in every if r.split in LEARNED and r.text not in apart]
    print(f"{len(some):,} texts learned from")
    general = general_denials(some)
    made = {}
    for id in brief_ids():
        made[id] = of_brief(id, [r for r in some if r.brief == id], general)
        print(f"  {id}: {len(made[id]['topic'].index):,} features, {len(made[id]['pairs']):,} candidates", flush=True)
    pairs = [p for one in made.values() for p in one["pairs"]]
    total = sum((one["total"] for one in made.values()), Counter())
    fold = np.array([p["fold"] for p in pairs])
    unseen = np.zeros(len(pairs))
    for k in range(FOLDS):
        unseen[fold == k] = decided(decider([p for p, f in zip(pairs, fold, strict=True) if f != k]), [p for p, f in zip(pairs, fold, strict=True) if f == k])
    print(f"over {FOLDS} folds:")
    shown(pairs, unseen, total)
    acts, macro = of_acts(some)
    print(f"  act macro-F1 {macro:.3f}")
    models = {"polarity": decider(pairs), "act": acts}
    for id, one in made.items():
        models |= {f"topic {id}": one["topic"], f"stated {id}": one["stated"]}
    if not args.dry_run:
        np.savez_compressed(TARGET, **stored(models, {"denials": general} | {f"denials {id}": one["denials"] for id, one in made.items()}))
        print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
