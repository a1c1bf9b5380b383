"""What a class did, in figures and in sentences that an instructor can say aloud.

Rows are counted one at a time and let go, so that a class of 20,000 takes no more room than one of 20. Nothing here
knows how a page looks.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from statistics import median
from typing import TYPE_CHECKING, Any

from tutor import briefs
from tutor.findings import MARKS, SEVERITIES

if TYPE_CHECKING:
    from tutor.rows import Row

STATES = (
    ("graded", "Graded", "the score", "nothing"),
    ("graded late", "Graded, late", "the score after lateness", "nothing, or extend it in the roster"),
    ("ungradable", "Ungradable", "blank, never 0", "see the reasons below"),
    ("missing", "Missing", "blank, never 0", "ask; nothing came in"),
    ("superseded", "Superseded", "left out", "nothing: another hand-in of the same student counts"),
)
LISTED = 300
"""Ungradable rows that the cohort page lists; all of them stand in grades.csv."""
POINTS = 2_000
"""Designs that the picture of cost against latency shows: more would be a blot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many designs one rule spoke about."""

    rule: str
    title: str
    mark: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefCount:
    """A belief that the designs show, where it was seen, and what may help."""

    belief: str
    words: str
    count: int
    seen: str
    attempt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefSummary:
    """One brief's graded hand-ins, counted."""

    id: str
    title: str
    scores: tuple[float, ...]
    all_met: int
    capped: int
    targets: tuple[tuple[str, int, int, int], ...]
    """Label, met, missed, not known."""
    rules: tuple[RuleCount, ...]
    beliefs: tuple[BeliefCount, ...]
    points: tuple[tuple[float, float, bool], ...]
    """Latency, cost, and whether every target is met."""
    axes: tuple[tuple[str, str, float], ...]
    """For latency and cost: label, unit, and the brief's limit (NaN where it is computed)."""
    repairs: tuple[tuple[str, int], ...]
    repaired: int
    searched: int | None
    """Designs that miss a target and whose repair was searched; None when none was searched in this run."""

    @property
    def graded(self) -> int:
        return len(self.scores)

    @property
    def sentence(self) -> str:
        """The class in one breath."""
        if not self.scores:
            return "No hand-in could be graded yet."
        if self.graded == 1:
            met = "meets every target" if self.all_met else "does not meet every target"
            return f"The one graded design {met}; its score is {self.scores[0]:.0f}."
        head = f"{self.all_met:,} of {self.graded:,} graded designs {'meets' if self.all_met == 1 else 'meet'} every target"
        worst = max(self.targets, key=lambda target: target[2], default=None)
        tail = f"; most often missed: {worst[0]} ({worst[2]:,})" if worst and worst[2] else ""
        return f"{head}; the median score is {median(self.scores):.0f}{tail}."

    @property
    def repair_sentence(self) -> str:
        """The change that helps most, or why there is none to name."""
        if self.searched is None:
            return "No repair was searched in this run."
        if not self.searched:
            return "No design misses a target."
        if not self.repairs:
            return f"{self.searched:,} {'design misses' if self.searched == 1 else 'designs miss'} a target; no single change repairs any of them."
        named = "; ".join(f"{words} for {count:,}" for words, count in self.repairs[:3])
        missing = "the one design that misses" if self.searched == 1 else f"the {self.searched:,} designs that miss"
        return f"Among {missing} a target, one change is enough for {self.repaired:,}: {named}."

    @property
    def next_sentence(self) -> str:
        """What to teach next, with its name before it."""
        return f"To teach next: {self.next_words}" if self.next_words else ""

    @property
    def next_words(self) -> str:
        """What to teach next: the belief that most designs show, else the rule that fails most."""
        if self.beliefs:
            first = self.beliefs[0]
            return f"{first.count:,} of {self.graded:,} designs look as if their author believed that {_lower(first.words)}. In class, try: {_lower(first.attempt)}"
        if self.rules:
            return f"{self.rules[0].title} ({self.rules[0].count:,} of {self.graded:,} designs)."
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The whole run."""

    students: int
    states: tuple[tuple[str, str, int, str, str], ...]
    ungradable: tuple[Any, ...]
    unlisted: int
    """Ungradable rows beyond those listed."""
    briefs: tuple[BriefSummary, ...]
    warnings: tuple[str, ...]
    """What an instructor should look at by hand: ids that imitate or collide."""

    @property
    def title(self) -> str:
        named = ", ".join(brief.id for brief in self.briefs) or "Nothing graded"
        return f"{named}, {self.students:,} student{'' if self.students == 1 else 's'}"

    @property
    def count(self) -> dict[str, int]:
        return {key: count for key, _, count, _, _ in self.states}

    @property
    def sentence(self) -> str:
        if len(self.briefs) == 1:
            return self.briefs[0].sentence
        graded = sum(brief.graded for brief in self.briefs)
        if not graded:
            return "No hand-in could be graded."
        met = sum(brief.all_met for brief in self.briefs)
        return f"{graded:,} designs graded on {len(self.briefs)} briefs; {met:,} of them {'meets' if met == 1 else 'meet'} every target."


@dataclass(slots=True)
class _Count:
    """The running counts of one brief."""

    scores: list[float] = field(default_factory=list)
    all_met: int = 0
    capped: int = 0
    targets: dict[str, Counter[Any]] = field(default_factory=dict)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    beliefs: Counter[str] = field(default_factory=Counter)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    searched: int = 0
    points: list[tuple[float, float, bool]] = field(default_factory=list)


class Tally:
    """A class, counted row by row."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.ungradable: list[Row] = []
        self.students: dict[str, str] = {}
        """Student → the name of the page; empty for one who handed nothing in."""
        self._taken = {"index", "students", "con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
        self._of: dict[str, _Count] = {}

    def page(self, student: str) -> str:
        """A file for each student: the id where that is safe on every disk, else the id and a hash.

        >>> tally = Tally()
        >>> [tally.page(student) for student in ("S-1", "index", "s-1", "S-1")]
        ['S-1.html', 'index-1bc04b.html', 's-1-6a840b.html', 'S-1.html']
        """
        if not self.students.get(student):
            stem = student
            if student.casefold() in self._taken or student.casefold().split(".")[0] in self._taken or student.endswith("."):
                stem = f"{student.rstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:6]}"
            self._taken.add(stem.casefold())
            self.students[student] = f"{stem}.html"
        return self.students[student]

    def add(self, row: Row, facts: Mapping[str, Any] | None) -> None:
        """Count one row."""
        self.states[row.state] += 1
        if row.student:
            self.students.setdefault(row.student, "")
        if row.state == "ungradable" and len(self.ungradable) < LISTED:
            self.ungradable.append(row)
        if facts is None:
            return
        count = self._of.setdefault(row.brief, _Count())
        count.scores.append(row.score or 0.0)
        met = [held for _, held in facts["targets"]]
        count.all_met += all(held is True for held in met)
        count.capped += facts["capped"]
        for label, held in facts["targets"]:
            count.targets.setdefault(label, Counter())[held] += 1
        count.rules.update({(rule, severity) for rule, severity in facts["rules"]})
        for belief, rule in facts["beliefs"].items():
            count.beliefs[belief] += 1
            count.seen.setdefault(belief, Counter())[rule] += 1
        if any(held is False for held in met):
            count.missing += 1
            count.searched += facts["searched"]
        if facts["repair"]:
            count.repairs[facts["repair"]] += 1
        if facts["point"] and len(count.points) < POINTS:
            count.points.append((*facts["point"], all(held is True for held in met)))

    def cohort(self, warnings: Sequence[str]) -> Cohort:
        """The class as it was counted."""
        return Cohort(
            students=len(self.students), states=tuple((key, label, self.states[key], shown, todo) for key, label, shown, todo in STATES),
            ungradable=tuple(self.ungradable), unlisted=self.states["ungradable"] - len(self.ungradable),
            briefs=tuple(_brief(brief, self._of[brief]) for brief in briefs.brief_ids() if brief in self._of), warnings=tuple(warnings))


def _brief(brief_id: str, count: _Count) -> BriefSummary:
    of = briefs.brief(brief_id)
    ranked = sorted(count.repairs.items(), key=lambda pair: (-pair[1], pair[0]))
    axes = tuple((target.label, target.unit, float("nan") if target.limit_measure else target.limit)
                 for names in (("ttft-p99", "days"), ("cost", "budget")) for target in of.targets if target.id in names)
    return BriefSummary(
        id=brief_id, title=of.title, scores=tuple(count.scores), all_met=count.all_met, capped=count.capped,
        targets=tuple((label, met[True], met[False], met[None]) for label, met in count.targets.items()), rules=_rules(count.rules),
        beliefs=_beliefs(count), points=tuple(count.points), axes=axes, repairs=tuple(ranked), repaired=count.repairs.total(),
        searched=None if count.missing and not count.searched else count.searched)


def _rules(found: Counter[tuple[str, str]]) -> tuple[RuleCount, ...]:
    """Rules that found fault, the most frequent first; a rule speaks once about a design."""
    from tutor import rules

    # a rule's own title has holes for one design's figures; over a class its summary speaks
    titles = {rule.id: _first(rule.docs["summary"]) for rule in rules.all_rules()}
    order = sorted(found, key=lambda key: (-found[key], SEVERITIES.index(key[1]), key[0]))
    return tuple(RuleCount(rule=rule, title=titles.get(rule, rule), mark=MARKS[severity], count=found[rule, severity]) for rule, severity in order)


def _beliefs(count: _Count) -> tuple[BeliefCount, ...]:
    """The beliefs that designs show, the most frequent first, with the rule that saw each most often and what it advises to try."""
    from tutor import rules

    known = {rule.id: rule for rule in rules.all_rules()}
    made = []
    for belief, number in sorted(count.beliefs.items(), key=lambda pair: (-pair[1], pair[0])):
        rule = known.get(max(count.seen[belief].items(), key=lambda pair: (pair[1], pair[0]))[0])
        made.append(BeliefCount(belief=belief, words=_statements().get(belief, belief.replace("-", " ")), count=number,
                                seen=_first(rule.docs["summary"]) if rule else "", attempt=f"{_first(rule.docs['try'])}." if rule else ""))
    return tuple(made)


@cache
def _statements() -> dict[str, str]:
    return tomllib.loads((files("tutor") / "words" / "beliefs.toml").read_text("utf-8"))


def _lower(text: str) -> str:
    """The text for the middle of a sentence; a name or an abbreviation keeps its capitals.

    >>> _lower("Chips should run"), _lower("KV size follows"), _lower("Llama 2 can be given")
    ('chips should run', 'KV size follows', 'Llama 2 can be given')
    """
    word = text.split(" ", 1)[0]
    return text if word in _NAMES or word[1:] != word[1:].lower() else text[:1].lower() + text[1:]


_NAMES = {"Llama", "Groq", "Neuron", "Gb/s"}


def _first(text: str) -> str:
    return text.split(". ")[0].rstrip(".")
