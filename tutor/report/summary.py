"""What a class did, in figures and in sentences that an instructor can say aloud.

Everything is counted from the rows of one run; nothing here knows how a page looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from hwlib.errors import listed
from tutor import briefs
from tutor.findings import MARKS, SEVERITIES
from tutor.grading import Row

STATES = (
    ("graded", "Graded", "the score", "nothing"),
    ("ungradable", "Ungradable", "blank, never 0", "see the reason below"),
    ("superseded", "Superseded", "left out", "nothing: another hand-in of the same student counts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many designs one rule spoke about."""

    rule: str
    title: str
    mark: str
    count: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The whole run."""

    students: int
    states: tuple[tuple[str, str, int, str, str], ...]
    ungradable: tuple[Row, ...]
    briefs: tuple[BriefSummary, ...]
    warnings: tuple[str, ...]
    """What an instructor should look at by hand: ids that imitate or collide."""

    @property
    def title(self) -> str:
        named = ", ".join(brief.id for brief in self.briefs) or "Nothing graded"
        return f"{named}, {self.students:,} student{'' if self.students == 1 else 's'}"

    @property
    def sentence(self) -> str:
        if len(self.briefs) == 1:
            return self.briefs[0].sentence
        graded = sum(brief.graded for brief in self.briefs)
        if not graded:
            return "No hand-in could be graded."
        met = sum(brief.all_met for brief in self.briefs)
        return f"{graded:,} designs graded on {len(self.briefs)} briefs; {met:,} of them {'meets' if met == 1 else 'meet'} every target."


def cohort(rows: Sequence[Row]) -> Cohort:
    """Count the rows of a run."""
    count = Counter(row.state for row in rows)
    students = sorted({row.student for row in rows if row.student})
    order = [brief for brief in briefs.brief_ids() if any(row.brief == brief and row.state == "graded" for row in rows)]
    return Cohort(
        students=len(students), states=tuple((key, label, count[key], shown, todo) for key, label, shown, todo in STATES),
        ungradable=tuple(row for row in rows if row.state == "ungradable"),
        briefs=tuple(_brief(brief, [row for row in rows if row.brief == brief and row.state == "graded"]) for brief in order),
        warnings=tuple(_warnings(rows, students)),
    )


def _warnings(rows: Sequence[Row], students: list[str]) -> Iterator[str]:
    """Without a roster nobody can tell whose an id is; what looks odd is said and left to the instructor."""
    folded: dict[str, list[str]] = {}
    for student in students:
        folded.setdefault(student.casefold(), []).append(student)
    for group in folded.values():
        if len(group) > 1:
            yield f"The ids {listed(group)} differ in nothing but capitals. Look whether they are one student."
    folders: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row.submission:
            folders.setdefault((row.student, row.brief), set()).add(row.file.rpartition("/")[0])
    for (student, brief), found in sorted(folders.items()):
        if len(found) > 1:
            yield f"{brief} by {student} was handed in from {len(found)} folders with different content. Look whose it is."


def _brief(brief_id: str, rows: list[Row]) -> BriefSummary:
    bodies = [row.body for row in rows]
    repairs = Counter(words for body in bodies if (words := repair_words(body)))
    return BriefSummary(
        id=brief_id, title=briefs.brief(brief_id).title, scores=tuple(row.score or 0.0 for row in rows),
        all_met=sum(all(target["met"] is True for target in body["targets"]) for body in bodies),
        capped=sum(bool(body.get("capped")) for body in bodies), targets=_targets(bodies), rules=_rules(bodies),
        repairs=tuple(sorted(repairs.items(), key=lambda pair: (-pair[1], pair[0]))), repaired=repairs.total(), searched=_searched(bodies),
    )


def _searched(bodies: list[dict[str, Any]]) -> int | None:
    missing = [body for body in bodies if any(target["met"] is False for target in body["targets"])]
    searched = [body for body in missing if body.get("repair")]
    return None if missing and not searched else len(searched)


def _targets(bodies: list[dict[str, Any]]) -> tuple[tuple[str, int, int, int], ...]:
    found: dict[str, list[Any]] = {}
    for body in bodies:
        for target in body["targets"]:
            found.setdefault(target["label"], []).append(target["met"])
    return tuple((label, met.count(True), met.count(False), met.count(None)) for label, met in found.items())


def _rules(bodies: list[dict[str, Any]]) -> tuple[RuleCount, ...]:
    """Rules that found fault, the most frequent first; a rule speaks once about a design."""
    from tutor import rules

    # a rule's own title has holes for one design's figures; over a class its summary speaks
    titles = {rule.id: rule.docs["summary"].split(". ")[0].rstrip(".") for rule in rules.all_rules()}
    count: Counter[str] = Counter()
    severity: dict[str, str] = {}
    for body in bodies:
        faults = {finding["rule"]: finding["severity"] for finding in body["findings"] if finding["severity"] != "praises"}
        count.update(faults.keys())
        severity |= faults
    order = sorted(count, key=lambda rule: (-count[rule], SEVERITIES.index(severity[rule]), rule))
    return tuple(RuleCount(rule=rule, title=titles.get(rule, rule), mark=MARKS[severity[rule]], count=count[rule]) for rule in order)


def repair_words(body: dict[str, Any]) -> str:
    """The smallest repair of one design in words that can be counted over a class; empty when there is none.

    >>> row = {"field": "replicas", "label": "replicas", "before": 2, "after": 4, "after_shown": "4"}
    >>> repair_words({"repair": {"fewest": {"rows": [row]}}}), repair_words({"repair": None})
    ('replicas up', '')
    """
    rows = ((body.get("repair") or {}).get("fewest") or {}).get("rows", ())
    return " and ".join(sorted(_change(row) for row in rows if row["field"]))


def _change(row: dict[str, Any]) -> str:
    before, after = row["before"], row["after"]
    if isinstance(before, bool) or not isinstance(before, int | float) or not isinstance(after, int | float):
        return f"{row['label']} {row['after_shown']}"
    return f"{row['label']} {'up' if after > before else 'down'}"
