"""What a review is made of: rules, rows of evidence, findings, targets, criteria and the review itself.

Messages are templates whose holes are filled with figures by `hwlib.units.show` at the very end, so that
no number is ever typed and every number can still be asked why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from string import Formatter
from typing import Any, Literal

from hwlib.units import show

Severity = Literal["blocks", "costs", "risks", "asks", "praises"]
SEVERITIES: tuple[str, ...] = ("blocks", "costs", "risks", "asks", "praises")
MARKS = {"blocks": "■ Blocks", "costs": "▲ Costs", "risks": "△ Risks", "asks": "○ Asks", "praises": "✓ Good"}
VERDICTS = {True: "✓ Meets", False: "✕ Misses", None: "◌ Not known"}
HEADINGS = ("What it notices", "Why it matters", "What to try", "Known limits")


class Tier(IntEnum):
    """What is talked about first: a design that cannot exist has no price."""

    PHYSICS = 1
    MODEL_LIMIT = 2
    OBJECTIVE = 3
    BUDGET = 4
    ROBUSTNESS = 5
    REASONING = 6
    HONESTY = 7

    @property
    def words(self) -> str:
        """
        >>> Tier.MODEL_LIMIT.words
        'model limit'
        """
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of evidence: a name, a figure that can be asked why, its unit, and the hole that it fills."""

    key: str
    name: str
    value: Any
    unit: str = ""

    @property
    def shown(self) -> str:
        """The value as people read it; text stays text."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return show(self.value, self.unit) if isinstance(self.value, int | float) else str(self.value)

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "name": self.name, "value": plain(self.value), "unit": self.unit, "shown": self.shown}


def plain(value: Any) -> Any:
    """A JSON-ready value: figures become floats, what is not finite becomes null.

    >>> plain(float("inf")), plain(True), plain(3)
    (None, True, 3)
    """
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return str(value)


def fill(template: str, rows: tuple[Row, ...] | list[Row]) -> str:
    """The template with each `{key}` shown from its row; a hole without a row reads "not known".

    >>> fill("{floor} of {limit}", [Row("floor", "floor", 0.602, "s"), Row("limit", "limit", 0.5, "s")])
    '602 ms of 500 ms'
    >>> fill("{n} chips of 1 replicas", [Row("n", "chips", 11)])
    '11 chips of 1 replica'
    """
    known = {row.key: row.shown for row in rows}
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    return ONE.sub(r"1 \1", template.format(**{name: known.get(name, "not known") for name in names}))


ONE = re.compile(r"(?<![\d.,])1 (chip|replica|node|week|run|sequence|stage|rank)s\b")
"""A count of one takes the singular: the templates are written for many."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A design made from a brief's reference design by changing a few fields."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Mapping[str, Any] = field(default_factory=dict)
    predictions: Mapping[str, Any] = field(default_factory=dict)
    """Values, or functions of the sample's context: what a wrong model would predict is computed, not typed."""
    rationale: str = ""
    brief: str = ""
    """Empty: the first brief of the rule."""


def sample(*, brief: str = "", assumptions: Mapping[str, Any] | None = None,
           predictions: Mapping[str, Any] | None = None, rationale: str = "", **changes: Any) -> Sample:
    """`sample(batch_limit=512)`: the brief's reference design with a batch limit of 512."""
    return Sample(changes, assumptions or {}, predictions or {}, rationale, brief)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One documented pattern. It compares figures and never judges by a solution.

    ``margin`` is signed and without unit: at least 0 is satisfied, -1 is twice over the limit.
    """

    id: str
    severity: Severity
    tier: Tier
    briefs: tuple[str, ...]
    title: str
    ask: str
    hints: tuple[str, str, str, str]
    relevant: Callable[[Any], bool]
    margin: Callable[[Any], float]
    evidence: Callable[[Any], tuple[Row, ...]]
    flagged: Sample
    passing: Sample
    praise: str = ""
    deserved: Callable[[Any], bool] | None = None
    """Whether the praise is earned where the rule holds; None: it always is. A prediction that only avoids a wrong model earns none."""
    skills: tuple[str, ...] = ()
    misconceptions: tuple[str, ...] = ()
    knobs: tuple[str, ...] = ()
    implied_by: tuple[str, ...] = ()
    page: str = ""
    weight: float = 1.0
    section: str = ""
    doc: str = ""

    @property
    def docs(self) -> dict[str, str]:
        """The module's docstring by heading: summary, notices, matters, try, limits."""
        return documented(self.doc)


def documented(text: str) -> dict[str, str]:
    """The parts of a rule's docstring under its fixed headings.

    >>> documented("Sum.\\n\\nWhat it notices\\n    A.\\n\\nWhy it matters\\n    B.")["notices"]
    'A.'
    """
    parts = re.split(rf"^({'|'.join(HEADINGS)})\s*$", text.strip(), flags=re.M)
    keys = dict(zip(HEADINGS, ("notices", "matters", "try", "limits"), strict=True))
    found = {"summary": " ".join(parts[0].split())}
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        found[keys[heading]] = " ".join(body.split())
    return found


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule noticed in one design, with the figures behind it."""

    rule: str
    severity: Severity
    tier: Tier
    title: str
    evidence: tuple[Row, ...]
    margin: float
    question: str = ""
    hints: tuple[str, ...] = ()
    praise: str = ""
    misconceptions: tuple[str, ...] = ()
    knobs: tuple[str, ...] = ()
    page: str = ""
    hides: tuple[str, ...] = ()
    """Rules whose violation follows from this one and is not told apart."""

    @property
    def mark(self) -> str:
        return MARKS[self.severity]

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule, "severity": self.severity, "tier": self.tier.words, "title": self.title,
            "evidence": [row.as_dict() for row in self.evidence], "margin": plain(self.margin),
            "question": self.question, "hints": list(self.hints), "praise": self.praise,
            "misconceptions": list(self.misconceptions), "knobs": list(self.knobs), "page": self.page,
            "hides": list(self.hides),
        }


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of the brief, held against the design. ``met`` is None when it is not known, and ``why`` says why."""

    id: str
    label: str
    unit: str
    yours: Any
    limit: Any
    met: bool | None
    margin: float
    margin_words: str
    why: str = ""
    direction: str = "at most"
    low: Any = None
    high: Any = None

    @property
    def name(self) -> str:
        return self.label

    @property
    def verdict(self) -> str:
        return VERDICTS[self.met]

    @property
    def yours_shown(self) -> str:
        return "not known" if self.yours is None else Row("", "", self.yours, self.unit).shown

    @property
    def limit_shown(self) -> str:
        return "not known" if self.limit is None else Row("", "", self.limit, self.unit).shown

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "label": self.label, "unit": self.unit, "yours": plain(self.yours), "yours_shown": self.yours_shown,
            "limit": plain(self.limit), "limit_shown": self.limit_shown, "direction": self.direction, "met": self.met,
            "margin": plain(self.margin), "margin_words": self.margin_words, "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the score."""

    id: str
    name: str
    points: float
    of: float
    why: str

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "points": round(self.points, 2), "of": self.of, "why": self.why}


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is said about one design, most important first."""

    brief: str
    title: str
    score: float
    criteria: tuple[Criterion, ...]
    targets: tuple[TargetResult, ...]
    findings: tuple[Finding, ...]
    headline: str
    next_question: str
    capped: str = ""
    """Why the score was capped; empty when it was not."""
    predictions: tuple[dict[str, Any], ...] = ()
    read: dict[str, Any] = field(default_factory=dict)
    """What the rationale was read as: slots, expectations, misconceptions; for the student to check."""
    repair: Any = None
    earns: dict[str, Any] = field(default_factory=dict)
    """What the smallest repair would earn: the score after it, and the gain of each criterion; empty without a repair."""

    @property
    def met(self) -> int:
        return sum(t.met is True for t in self.targets)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Findings that are not praise, root causes first."""
        return tuple(f for f in self.findings if f.severity != "praises")

    def finding(self, rule: str) -> Finding | None:
        return next((f for f in self.findings if f.rule == rule and f.severity != "praises"), None)

    def as_dict(self) -> dict[str, Any]:
        return {
            "brief": self.brief, "title": self.title, "score": round(self.score, 1), "headline": self.headline,
            "capped": self.capped, "criteria": [c.as_dict() for c in self.criteria],
            "targets": [t.as_dict() for t in self.targets], "findings": [f.as_dict() for f in self.findings],
            "predictions": [plain(p) for p in self.predictions], "read": plain(self.read),
            "next_question": self.next_question, "repair": self.repair.as_dict() if self.repair else None,
            "earns": plain(self.earns), "explained": list(self.explained),
        }

    @property
    def explained(self) -> tuple[str, ...]:
        """The score line by line: how each criterion is counted and what it came to."""
        from tutor.scoring import lines

        return lines(self.criteria)

    def __str__(self) -> str:
        from tutor.render import review_text

        return review_text(self)
