"""`python -m tutor duplicates`: hand-ins that agree more than chance would have it. Evidence to look at, never a penalty.

Three kinds. *The same hand-in*: every field and every word. *The same text*: shingles of words, compared by MinHash
(Broder 1997) in bands, so that 5,000 texts need no 12 million comparisons, and then counted exactly. *The same design*:
how many bits of surprise the shared choices hold in this class, above all where tickets gave the two different numbers
to design for. What most of a class shares, or what the brief itself says, counts for little or nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from tutor import briefs, strict

WORDS = 4
"""Words in a shingle."""
PERMUTATIONS, BAND = 126, 3
"""42 bands of 3: two texts whose shingles overlap by four tenths meet in one of them nine times in ten, by a tenth hardly ever."""
ALIKE = 0.5
"""The share of the shorter text's shingles that must stand in the other, for both to be shown."""
COMMON = 0.1
"""A shingle that more than this share of a class uses (and more than five) is the class's, not an author's."""
CHANCE = 0.05
"""Designs are shown when fewer such pairs than this would be expected, were the choices of a class independent."""
CROWD = 64
"""Different hand-ins in one bucket from which it tells nothing about two of them."""
FEWEST = 12
"""Shingles that a text must have of its own to be compared."""


@dataclass(frozen=True, slots=True)
class Handin:
    """What is compared of one student's hand-in."""

    student: str
    brief: str
    design: tuple[tuple[str, Any], ...]
    """The fields that the brief leaves open, and the predictions to three digits."""
    shingles: frozenset[int]
    content: str
    """The hash of all of it, whoever handed it in."""
    given: tuple[tuple[str, Any], ...] = ()
    """The numbers of the student's ticket."""
    assumed: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why one should look at these hand-ins side by side."""

    kind: str
    """"same hand-in", "same text" or "same design"."""
    brief: str
    students: tuple[str, ...]
    strength: float
    """0 to 1: the share of the text that is shared, or how far beyond chance the design is."""
    words: str


def handin(student: str, payload: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Handin:
    """What is compared, from a payload as it was handed in and the numbers of its ticket."""
    of = briefs.brief(payload["brief"])
    design = [(name, payload["design"].get(name)) for name in of.decides if name not in of.fixed]
    design += [(f"predicts {name}", _rounded(value)) for name, value in sorted(payload.get("predictions", {}).items())]
    told = {name: payload.get(name) for name in ("design", "predictions", "assumptions", "reasons", "rationale", "title")}
    content = hashlib.sha256(json.dumps(told, sort_keys=True).encode("ascii")).hexdigest()
    own = shingles(payload.get("rationale", "")) - _of_the_brief(of.id)
    numbers = tuple(sorted((name, tuple(value) if isinstance(value, list) else value) for name, value in (given or {}).items()))
    return Handin(student, of.id, tuple(design), own, content, numbers, tuple(sorted(payload.get("assumptions", {}).items())))


def find(handins: Iterable[Handin]) -> list[Evidence]:
    """All evidence over a class, the strongest first; the same for the same hand-ins in any order."""
    by_brief: dict[str, list[Handin]] = defaultdict(list)
    for one in handins:
        by_brief[one.brief].append(one)
    found: list[Evidence] = []
    for brief in sorted(by_brief):
        own = sorted(by_brief[brief], key=lambda one: (one.student, one.content))
        found += [*_same(own), *_texts(own), *_designs(own)]
    return sorted(found, key=lambda e: (-e.strength, e.kind, e.brief, e.students))


def distance(first: Handin, second: Handin) -> float:
    """How far two designs are apart, 0 to 1: numbers count by their ratio, four doublings being all the way; choices are the same or not.

    >>> a = Handin("a", "x", (("replicas", 4), ("chip", "l40s")), frozenset(), "")
    >>> distance(a, Handin("b", "x", (("replicas", 8), ("chip", "l40s")), frozenset(), ""))
    0.125
    """
    fields = dict(second.design)
    names = [name for name, _ in first.design if name in fields]
    return sum(_apart(value, fields[name]) for name, value in first.design if name in fields) / max(1, len(names))


def shingles(text: str) -> frozenset[int]:
    """The text as a set of hashed runs of words, whatever its capitals, marks and line breaks.

    >>> shingles("One, two three FOUR") == shingles("one two\\nthree four")
    True
    """
    words = re.findall(r"\w+", text.casefold())
    runs = {" ".join(words[place : place + WORDS]) for place in range(len(words) - WORDS + 1)}
    return frozenset(int.from_bytes(hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).digest(), "big") for run in runs)


def _same(own: Sequence[Handin]) -> Iterator[Evidence]:
    groups: dict[str, list[Handin]] = defaultdict(list)
    for one in own:
        groups[one.content].append(one)
    bits = _bits(own)
    for group in groups.values():
        students = tuple(sorted({one.student for one in group}))
        if len(students) > 1:
            words = "every field and every word is the same"
            strength = 1.0
            if not group[0].shingles:
                words += ", though there is no text of their own"
                strength = _beyond(sum(bits[f] for f in group[0].design), len(own))
            if strength:  # without a text, the starter design with one turn of a knob is anybody's
                yield Evidence(kind="same hand-in", brief=group[0].brief, students=students, strength=strength, words=words + _numbers(group))


def _texts(own: Sequence[Handin]) -> Iterator[Evidence]:
    """Pairs of texts that share their shingles, found in bands and then counted."""
    uses = Counter(shingle for one in own for shingle in one.shingles)
    common = {shingle for shingle, count in uses.items() if count > max(5, COMMON * len(own))}
    texts: dict[frozenset[int], list[Handin]] = defaultdict(list)
    for one in own:
        mine = one.shingles - common
        if len(mine) >= FEWEST:
            texts[mine].append(one)
    for mine, group in texts.items():
        if len({one.student for one in group}) > 1 and len({one.content for one in group}) > 1:
            yield Evidence(kind="same text", brief=group[0].brief, students=tuple(sorted({one.student for one in group})), strength=1.0, words=f"the same text, {len(mine):,} runs of {WORDS} words" + _numbers(group))
    sets = list(texts)
    for a, b in _meet([_signature(one) for one in sets]):
        both = len(sets[a] & sets[b])
        shared = both / min(len(sets[a]), len(sets[b]))
        if shared >= ALIKE and both >= FEWEST:
            group = [texts[sets[a]][0], texts[sets[b]][0]]
            if group[0].student != group[1].student:
                yield Evidence(kind="same text", brief=group[0].brief, students=tuple(sorted(one.student for one in group)), strength=round(shared, 3),
                               words=f"{shared:.0%} of the shorter text's own runs of {WORDS} words stand in the other" + _numbers(group))


def _designs(own: Sequence[Handin]) -> Iterator[Evidence]:
    """Pairs whose shared choices are rarer than chance allows."""
    bits = _bits(own)
    kinds: dict[tuple[Any, ...], list[Handin]] = defaultdict(list)
    for one in own:
        kinds[one.design].append(one)
    unique = list(kinds)
    hashed = [_signature(frozenset(int.from_bytes(hashlib.blake2b(repr(f).encode("utf-8", "replace"), digest_size=4).digest(), "big") for f in design)) for design in unique]
    pairs: Iterator[tuple[Handin, Handin]] = iter([
        *((kinds[unique[a]][0], kinds[unique[b]][0]) for a, b in _meet(hashed)),
        *(pair for design in unique if len(kinds[design]) <= CROWD for pair in combinations(kinds[design], 2))])
    for a, b in pairs:
        if a.student == b.student or a.content == b.content:
            continue
        both = set(a.design) & set(b.design)
        surprise = sum(bits[f] for f in both)
        borrowed = _borrowed(a, b) or _borrowed(b, a)
        beyond = _beyond(surprise, len(own))
        if not borrowed and (beyond <= 0 or distance(a, b) > 0.05):
            continue
        rare = sorted(both, key=lambda f: (-bits[f], f[0]))[:3]
        words = f"{len(both)} of {len(a.design)} choices and predictions are the same ({surprise:.0f} bits), the rarest: " + ", ".join(f"{name} {value}" for name, value in rare)
        yield Evidence(kind="same design", brief=a.brief, students=tuple(sorted((a.student, b.student))), strength=round(1.0 if borrowed else beyond, 3), words=(borrowed or words) + _numbers([a, b]))


def _bits(own: Sequence[Handin]) -> dict[tuple[str, Any], float]:
    """How surprising each choice is in this class: what everybody chose says nothing, nor does what the brief began with."""
    uses = Counter(field for one in own for field in one.design)
    of = briefs.brief(own[0].brief)
    began = {(name, getattr(of.starter, name)) for name in of.decides}
    return {field: 0.0 if field in began else math.log2(len(own) / count) for field, count in uses.items()}


def _beyond(surprise: float, size: int) -> float:
    """0 where so many shared bits are expected by chance in a class of this size, rising to 1.

    >>> _beyond(4, 60), round(_beyond(24, 60), 2)
    (0.0, 0.59)
    """
    needed = math.log2(max(1, size * (size - 1) / 2) / CHANCE)
    return max(0.0, round(1 - 2 ** ((needed - surprise) / 7), 6)) if surprise > needed else 0.0


def _borrowed(a: Handin, b: Handin) -> str:
    """Whether a assumed the numbers of b's ticket in place of those of its own."""
    mine, theirs, assumed = dict(a.given), dict(b.given), dict(a.assumed)
    names = [name for name, value in theirs.items() if name != "chips" and name in mine and mine[name] != value and assumed.get(name) == value]
    return f"{a.student} assumes {', '.join(f'{name} {theirs[name]:,}' for name in names)}: the numbers of {b.student}'s ticket" if len(names) > 1 else ""


def _numbers(group: Sequence[Handin]) -> str:
    return "; their tickets gave them different numbers" if len({one.given for one in group if one.given}) > 1 else ""


def _signature(items: frozenset[int]) -> tuple[int, ...]:
    """The MinHash of a set of 32-bit hashes: two sets agree in as large a share of it as they overlap (Broder 1997)."""
    import numpy as np

    rng = np.random.default_rng(20270131)  # fixed: the same texts meet at every run
    a = rng.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    b = rng.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
    values = np.fromiter(sorted(items) or [0], dtype=np.uint64, count=max(1, len(items)))
    mixed = (values[:, None] * a + b) >> np.uint64(32)  # multiply and shift: it wraps at 64 bits, as it should
    return tuple(mixed.min(axis=0).tolist())


def _meet(signatures: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Pairs that share a band, in order. A bucket with a crowd in it tells nothing about two of it."""
    found: set[tuple[int, int]] = set()
    for band in range(0, PERMUTATIONS, BAND):
        buckets: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place, signature in enumerate(signatures):
            buckets[signature[band : band + BAND]].append(place)
        for bucket in buckets.values():
            if 1 < len(bucket) <= CROWD:
                found.update(combinations(bucket, 2))
    return sorted(found)


def _apart(a: Any, b: Any) -> float:
    if a == b:
        return 0.0
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in (a, b))
    return min(1.0, abs(math.log2(a / b)) / 4) if numbers else 1.0


def _rounded(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, int | float) and not isinstance(value, bool) else value


def _of_the_brief(id: str) -> frozenset[int]:
    of = briefs.brief(id)
    return shingles(of.situation) | shingles(of.short)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `duplicates`."""
    parser.description = "Show hand-ins that agree more than chance would have it. Evidence to look at side by side; no grade changes."
    parser.add_argument("--out", type=Path, default=Path("graded"), metavar="DIR", help="the folder that validate wrote (default: graded)")
    parser.add_argument("--run", dest="of_run", type=int, metavar="N", help="a run by its number (default: the last one)")
    parser.add_argument("--brief", metavar="BRIEF", help="one brief only")
    parser.add_argument("--most", type=int, default=50, metavar="N", help="show so many at most (default: 50); --json holds all")
    parser.add_argument("--json", action="store_true", help="print the evidence as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the evidence."""
    from tutor.gradebook import Gradebook

    with Gradebook.existing(args.out) as book:
        of = book.run(args.of_run)
        rows = [row for row in book.rows(of) if row.digest and row.student and row.state != "superseded" and (not args.brief or row.brief == args.brief)]
        found = find(handin(row.student, book.handed(row.digest), row.given) for row in rows)
    if args.json:
        print(json.dumps({"run": of.number, "hand_ins": len(rows), "evidence": [{"kind": e.kind, "brief": e.brief, "students": list(e.students), "strength": e.strength, "words": e.words} for e in found]}, ensure_ascii=False, indent=1))
        return 0
    print(f"{len(rows):,} hand-ins compared; {len(found):,} {'thing' if len(found) == 1 else 'things'} to look at. Evidence, not a verdict: no grade has changed.")
    for e in found[: args.most]:
        named = ", ".join(e.students[:8]) + (f" and {len(e.students) - 8:,} more" if len(e.students) > 8 else "")
        print(f"  {e.kind}, {e.brief}: {strict.visible(named)}: {strict.clip(e.words, 300)}")
    if len(found) > args.most:
        print(f"  and {len(found) - args.most:,} more: --most {len(found)} or --json")
    return 0
