"""Score the reading of free text on labelled utterances, with two baselines beside.

A file a family of wording, `dev-*.csv` or `heldout-*.csv`: brief, act, labels, slots and text, separated by bars. A label
with a minus is a polarity pair's other side: to read it there is a reversal. `train-*.jsonl` are what the linear reading
(and the baselines) learned from besides the dev files; nothing learned from the held-out ones.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput

FOLDER = Path("tests/tutor/utterances")
LEARNED = ("dev", "train")
"""Splits that the models learned from."""
SAID = (
    "dev: frames and models were made with these files, so these lines say little. heldout: families that no model learned from. fresh: by two writers who had seen neither rules nor other utterances; nothing was chosen by it, though its figures were seen for each model and each set of thresholds before this one. blind: by two more such writers; "
    "nothing was fitted to it, but it was read several times while thresholds and patterns were chosen with other files. formal, nonnative, slang: by the author of the frames, some of whose words stand in them, and lines of formal were looked at when patterns were made."
)
UNSCORED = ("", "assertion", "number")
"""Acts whose slots were not labelled."""


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance with its labels. ``act`` is empty where none was given; it is not scored then."""

    split: str
    family: str
    brief: str
    act: str
    labels: frozenset[str]
    denied: frozenset[str]
    slots: dict[str, Any]
    text: str
    about: str = ""
    """The concept that the text is about, where its writer said so."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER", help=f"labelled utterances (default: {FOLDER})")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the figures there, with the date and a mark of the words that were read with")
    parser.add_argument("--misses", choices=("dev", "heldout"), help="list the rows of a split that were read otherwise")


def rows(folder: Path) -> list[Row]:
    """The labelled utterances of a folder."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        split, _, family = path.stem.partition("-")
        with path.open(encoding="utf-8", newline="") as file:
            for item in csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE):
                labels = item["labels"].split()
                found.append(Row(
                    split, family, item["brief"], item["act"], frozenset(x for x in labels if x[0] != "-"), frozenset(x[1:] for x in labels if x[0] == "-"),
                    {k: _value(v) for k, v in (pair.split("=") for pair in item["slots"].split(";") if pair)}, item["text"],
                ))
    for path in sorted(folder.glob("*.jsonl")):
        split, _, family = path.stem.partition("-")
        items = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        sides: dict[tuple[str, str], set[str]] = {}
        for item in items:
            if item.get("pair"):
                sides.setdefault((item["brief"], item["pair"]), set()).update(_labels(item))
        for item in items:
            denied = sides.get((item["brief"], item.get("pair") or ""), set()) - _labels(item)
            found.append(Row(split, family, item["brief"], item["act"], frozenset(_labels(item)), frozenset(denied), item["slots"], item["text"], item.get("about", "")))
    if not found:
        raise BadInput(f"folder = {str(folder)!r} has no labelled utterances (dev-*.csv, heldout-*.csv); run this in the repository's root", field="folder")
    return found


def _labels(item: dict[str, Any]) -> set[str]:
    return {*item["misconceptions"], *item["expectations"]}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def same(a: Any, b: Any) -> bool:
    """Whether two values of a slot are the same up to rounding."""
    if isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool) and not isinstance(b, bool):
        return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-12)
    return a == b


def prf(pairs: Iterable[tuple[frozenset[Any], frozenset[Any]]]) -> dict[str, Any]:
    """Precision, recall and F1 over sets that were read and sets that were meant."""
    hit = extra = missed = 0
    for got, want in pairs:
        hit, extra, missed = hit + len(got & want), extra + len(got - want), missed + len(want - got)
    precision, recall = hit / max(hit + extra, 1), hit / max(hit + missed, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-12), "n": hit + missed,
            "precision_within": wilson(hit, hit + extra), "recall_within": wilson(hit, hit + missed)}


def wilson(hit: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The interval that holds a share with 95 percent confidence (Wilson's score).

    >>> tuple(round(x, 2) for x in wilson(9, 10))
    (0.6, 0.98)
    """
    if not of:
        return 0.0, 1.0
    share, spread = hit / of, z * z / of
    middle, half = (share + spread / 2) / (1 + spread), z * ((share * (1 - share) + spread / 4) / of) ** 0.5 / (1 + spread)
    return middle - half, middle + half


def macro_f1(got: list[str], want: list[str]) -> float:
    """Mean of the F1 of each act that occurs."""
    acts = sorted(set(want))
    return sum(prf((frozenset({g} & {a}), frozenset({w} & {a})) for g, w in zip(got, want, strict=True))["f1"] for a in acts) / len(acts)


def score(some: list[Row], read: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """All measures of a reader on some rows."""
    kinds = _kinds()
    got = [read(row) for row in some]
    names = [frozenset(g["labels"]) for g in got]
    out: dict[str, Any] = {"rows": len(some)}
    for kind in ("misconception", "expectation"):
        out[kind] = prf((frozenset(x for x in n if kinds[x] == kind), frozenset(x for x in r.labels if kinds[x] == kind)) for n, r in zip(names, some, strict=True))
    denied = [(n, r) for n, r in zip(names, some, strict=True) if r.denied]
    out["reversals"] = (sum(bool(n & r.denied) for n, r in denied), len(denied))
    neutral = [n for n, r in zip(names, some, strict=True) if not r.labels]
    out["false_on_neutral"] = (sum(bool(n) for n in neutral), len(neutral))
    acted = [(g["act"], r.act) for g, r in zip(got, some, strict=True) if r.act and "act" in g]
    if acted:
        out["act_macro_f1"] = macro_f1([a for a, _ in acted], [b for _, b in acted])
    if got and "slots" in got[0]:
        out["slots"] = prf((
            frozenset((k, k in r.slots and same(v, r.slots[k])) for k, v in g["slots"].items()), frozenset((k, True) for k in r.slots),
        ) for g, r in zip(got, some, strict=True) if r.act not in UNSCORED)
        out["abstention"] = prf((frozenset({1} if not g["understood"] else ()), frozenset({1} if r.act == "off-topic" else ())) for g, r in zip(got, some, strict=True) if r.act)
    return out


def _kinds() -> dict[str, str]:
    from tutor.briefs import brief_ids
    from tutor.dialogue.frames import concepts

    return {c.id: c.kind for b in brief_ids() for c in concepts(b)}


def readers(dev: list[Row]) -> dict[str, Callable[[Row], dict[str, Any]]]:
    """The tutor's reading and the baselines' by name."""
    from tutor.dialogue import Discussion
    from tutor.dialogue.baselines import KeywordBag, NearestNeighbour
    from tutor.dialogue.frames import read
    from tutor.dialogue.text import normalise

    talks: dict[str, Discussion] = {}

    def ours(row: Row) -> dict[str, Any]:
        talk = talks.setdefault(row.brief, Discussion(row.brief))
        found = talk.interpret(row.text)
        return {"labels": [r.concept.id for r in found.seen], "act": found.act, "slots": found.slots, "understood": found.understood}

    def framed(row: Row) -> dict[str, Any]:
        return {"labels": [r.concept.id for r in read(row.brief, normalise(row.text))]}

    made: dict[str, Callable[[Row], dict[str, Any]]] = {"tutor": ours, "frames alone": framed}
    for name, kind in (("keyword bag", KeywordBag), ("tf-idf nearest", NearestNeighbour)):
        briefs = sorted({r.brief for r in dev})
        known = {b: kind([r.text for r in dev if r.brief == b], [r.labels for r in dev if r.brief == b]) for b in briefs}
        acts = kind([r.text for r in dev if r.act], [frozenset({r.act}) for r in dev if r.act])
        made[name] = lambda row, known=known, acts=acts: {"labels": known[row.brief].read(row.text), "act": next(iter(sorted(acts.read(row.text))), "off-topic")}
    return made


def _read(some: list[Row], read: Callable[[Row], dict[str, Any]]) -> dict[int, tuple[dict[str, Any], float]]:
    """What a reader says of each row, and its seconds; a row is read once, however many lines of the report count it."""
    found = {}
    for row in some:
        start = time.perf_counter()
        found[id(row)] = read(row), time.perf_counter() - start
    return found


def mark() -> str:
    """A mark of everything that a reading rests on besides code: word lists and models. Figures kept with another mark are old."""
    seen = hashlib.sha256()
    for path in sorted(Path(__file__).with_name("words").iterdir()):
        seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def report(folder: Path) -> dict[str, Any]:
    """Every reader on what was held out, the tutor also on the dev files and on each held-out family."""
    every = rows(folder)
    held = [r for r in every if r.split == "heldout"]
    found = readers([r for r in every if r.split in LEARNED])
    out: dict[str, Any] = {}

    def put(name: str, some: list[Row], answers: dict[int, tuple[dict[str, Any], float]]) -> None:
        out[name] = score(some, lambda row: answers[id(row)][0]) | {"ms": 1e3 * sum(answers[id(row)][1] for row in some) / max(len(some), 1)}

    dev = [r for r in every if r.split == "dev"]
    put("tutor, dev", dev, _read(dev, found["tutor"]))
    answers = {name: _read(held, read) for name, read in found.items()}
    for name in found:
        put(f"{name}, heldout", held, answers[name])
    for family in sorted({r.family for r in held}):
        put(f"tutor, {family}", [r for r in held if r.family == family], answers["tutor"])
    return out


def run(args: argparse.Namespace) -> int:
    every = rows(args.folder)
    if args.misses:
        read = readers([r for r in every if r.split in LEARNED])["tutor"]
        for row in every:
            if row.split != args.misses:
                continue
            got = read(row)
            labels = frozenset(got["labels"])
            wrong = []
            if labels != row.labels:
                wrong.append(f"labels {' '.join(sorted(labels)) or '-'} for {' '.join(sorted(row.labels)) or '-'}{' REVERSED' if labels & row.denied else ''}")
            if row.act and got["act"] != row.act:
                wrong.append(f"act {got['act']} for {row.act}")
            if row.act not in UNSCORED and (set(got["slots"]) != set(row.slots) or not all(same(v, row.slots[k]) for k, v in got["slots"].items())):
                wrong.append(f"slots {got['slots']} for {row.slots}")
            if wrong:
                print(f"{row.family} {row.brief}: {row.text}\n    " + "; ".join(wrong))
        return 0
    found = report(args.folder)
    if args.out:
        kept = {"date": date.today().isoformat(), "words": mark(), "lines": {name: {k: v for k, v in s.items() if k != "ms"} for name, s in found.items()}}
        args.out.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    print(f"{'':24}{'rows':>6}{'misconception P/R/F1':>24}{'expectation P/R/F1':>24}{'act F1':>9}{'slots F1':>10}{'abstain P/R':>14}{'reversed':>11}{'false/neutral':>15}")
    for name, s in found.items():
        three = ["/".join(f"{s[k][m]:.2f}" for m in ("precision", "recall", "f1")) for k in ("misconception", "expectation")]
        act = f"{s['act_macro_f1']:.2f}" if "act_macro_f1" in s else "-"
        slots = f"{s['slots']['f1']:.2f}" if "slots" in s else "-"
        away = f"{s['abstention']['precision']:.2f}/{s['abstention']['recall']:.2f}" if "abstention" in s else "-"
        print(f"{name:24}{s['rows']:>6}{three[0]:>24}{three[1]:>24}{act:>9}{slots:>10}{away:>14}{'{}/{}'.format(*s['reversals']):>11}{'{}/{}'.format(*s['false_on_neutral']):>15}")
    for name, s in found.items():
        if name.startswith("tutor, ") and name != "tutor, dev":
            said = [f"{kind}s {m} {s[kind][m]:.3f} ({s[kind][m + '_within'][0]:.2f} to {s[kind][m + '_within'][1]:.2f})" for kind in ("misconception", "expectation") for m in ("precision", "recall")]
            print(f"{name.removeprefix('tutor, ')}, with 95% intervals: {', '.join(said)}")
    print(SAID)
    return 0
