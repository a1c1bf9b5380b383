"""What a learner has shown to know: knowledge tracing a skill at a time, with forgetting and spaced review.

The model is Bayesian knowledge tracing (Corbett and Anderson) with one set of constants. Only first attempts at an
item count; an answer after the third rung of the hints counts as not known yet, but something was learned. Between
attempts the estimate decays toward what a newcomer is taken to know, slower after each spaced success. All of it is one
local JSON file without a name in it.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput, unknown

VERSION = 1
START, LEARN, GUESS, SLIP = 0.3, 0.2, 0.2, 0.1
"""Chance that a newcomer knows a skill, learns it at an attempt, guesses right, slips."""
MASTERED = 0.95
ATTEMPTS, BRIEFS = 3, 2
"""Mastery needs so many first attempts, in so many briefs (one suffices for a skill that only one brief asks)."""
DEEP_HINT = 3
DAY = 86_400.0
HALF_LIFE_DAYS = 7.0
REVIEW_DAYS = (1, 3, 7, 21)
DEFAULT_FILE = Path("progress.json")


def skills() -> dict[str, tuple[str, ...]]:
    """Skill → the rules that exercise it, from the rules themselves."""
    from tutor.rules import all_rules

    found: dict[str, list[str]] = {}
    for rule in all_rules():
        for skill in rule.skills:
            found.setdefault(skill, []).append(rule.id)
    return {name: tuple(found[name]) for name in sorted(found)}


def briefs_of(skill: str) -> tuple[str, ...]:
    """The briefs that ask for a skill."""
    from tutor.rules import all_rules

    return tuple(sorted({b for rule in all_rules() if skill in rule.skills for b in rule.briefs}))


@dataclass(frozen=True, slots=True)
class Skill:
    """What is known of one skill. ``at`` is the time of the last attempt, in seconds since 1970."""

    p: float = START
    attempts: int = 0
    right: int = 0
    spaced: int = 0
    """Right answers that came a day or more after the attempt before: each doubles the half-life."""
    at: float = 0.0
    briefs: tuple[str, ...] = ()

    def now(self, at: float) -> float:
        """The chance that the skill is known at a time: it decays toward that of a newcomer, never past it."""
        return START + (self.p - START) * 0.5 ** (self.days_since(at) / self.half_life_days) if self.p > START else self.p

    @property
    def half_life_days(self) -> float:
        return HALF_LIFE_DAYS * 2.0 ** min(self.spaced, 12)

    def days_since(self, at: float) -> float:
        return max(0.0, at - self.at) / DAY if self.attempts else 0.0

    def due(self, at: float) -> bool:
        """Whether a review is due: 1, 3, 7, then 21 days after the last attempt, the further the more spaced successes."""
        return self.attempts > 0 and self.days_since(at) >= REVIEW_DAYS[min(self.spaced, len(REVIEW_DAYS) - 1)]

    def answered(self, right: bool, at: float, *, brief: str = "", hints: int = 0) -> Skill:
        """After a first attempt; with three hints or more a right answer counts as not known yet."""
        known = right and hints < DEEP_HINT
        spaced = self.spaced + (known and self.attempts > 0 and self.days_since(at) >= 1)
        return Skill(
            traced(self.now(at), known), self.attempts + 1, self.right + known, spaced, max(at, self.at),
            self.briefs if not brief or brief in self.briefs else (*self.briefs, brief),
        )


def traced(p: float, right: bool) -> float:
    """The chance that a skill is known after an answer, learning included.

    A right answer never lowers it; a miss does, unless little was known.

    >>> round(traced(0.3, True), 3), round(traced(0.3, False), 3)
    (0.727, 0.241)
    """
    seen = p * (1 - SLIP) / (p * (1 - SLIP) + (1 - p) * GUESS) if right else p * SLIP / (p * SLIP + (1 - p) * (1 - GUESS))
    return min(1.0, seen + (1 - seen) * LEARN)


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of one learner: skills by name, and the items that were answered already."""

    skills: Mapping[str, Skill] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()

    def skill(self, name: str) -> Skill:
        return self.skills.get(name, Skill())

    def attempt(self, item: str, names: Iterable[str], right: bool, at: float, *, brief: str = "", hints: int = 0) -> Progress:
        """After an answer to an item; only the first one counts."""
        if item in self.seen:
            return self
        after = dict(self.skills)
        known = skills()
        for name in names:
            if name not in known:
                raise unknown("skill", name, known)
            after[name] = self.skill(name).answered(right, at, brief=brief, hints=hints)
        return Progress(after, self.seen | {item})

    def mastered(self, name: str, at: float) -> bool:
        one = self.skill(name)
        return one.now(at) >= MASTERED and one.attempts >= ATTEMPTS and len(one.briefs) >= min(BRIEFS, len(briefs_of(name)))

    def due(self, at: float) -> tuple[str, ...]:
        """Skills to review now, the least certain first."""
        return tuple(sorted((n for n, s in self.skills.items() if s.due(at)), key=lambda n: (self.skill(n).now(at), n)))

    def reviewed(self, review: Any, at: float) -> Progress:
        """After the first review of a brief: each rule that was relevant is an item, met or not.

        Findings that only follow from another are no evidence, and are left out.
        """
        from tutor.rules import rule

        after = self
        for found in review.findings:
            known = rule(found.rule)
            after = after.attempt(f"{review.brief}/{found.rule}", known.skills, found.severity == "praises", at, brief=review.brief)
        return after

    def heard(self, shown: Iterable[Mapping[str, Any]], at: float) -> Progress:
        """After a line of a discussion, with the evidence that `tutor.dialogue.shown` found in it.

        An idea in the learner's own words counts as a right first attempt at its skill, a belief as one that is not right
        yet; whatever is said about the same thing later, in the same brief, counts no more.
        """
        after = self
        for one in shown:
            after = after.attempt(one["item"], (one["skill"],), one["right"], at, brief=one["item"].partition("/")[0], hints=one["hints"])
        return after

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "skills": {
                n: {"p": s.p, "attempts": s.attempts, "right": s.right, "spaced": s.spaced, "at": s.at, "briefs": list(s.briefs)} for n, s in sorted(self.skills.items())
            },
            "seen": sorted(self.seen),
        }


def from_dict(data: Any) -> Progress:
    """The progress in a mapping of the file's shape; one sentence when it is not one."""
    if not isinstance(data, Mapping) or not isinstance(data.get("skills"), Mapping) or not isinstance(data.get("seen"), list):
        raise BadInput("the progress file is not a table of skills and seen items", field="file")
    if data.get("version") != VERSION:
        raise BadInput(f"version = {data.get('version')!r} of the progress file is not known; this program reads version {VERSION}", field="version")
    found = {}
    for name, raw in data["skills"].items():
        try:
            one = Skill(float(raw["p"]), int(raw["attempts"]), int(raw["right"]), int(raw["spaced"]), float(raw["at"]), tuple(map(str, raw["briefs"])))
        except (TypeError, KeyError, ValueError, OverflowError):
            raise BadInput(f"skills.{name} of the progress file lacks a figure or has one that is no number", field="skills") from None
        if not (0 <= one.p <= 1 and 0 <= one.right <= one.attempts and one.spaced >= 0 and math.isfinite(one.at)):
            raise BadInput(f"skills.{name} of the progress file is out of range: p must be between 0 and 1, right at most attempts", field="skills")
        found[str(name)] = one
    return Progress(found, frozenset(map(str, data["seen"])))


def load(path: str | Path) -> tuple[Progress, str]:
    """The progress in a file, and what is to be said about it.

    No file: a fresh start, in silence. A damaged file is kept aside beside the new one, and said.
    """
    path = Path(path)
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8"))), ""
    except FileNotFoundError:
        return Progress(), ""
    except OSError as error:
        raise BadInput(f"{path.name}: {(error.strerror or 'cannot be read').lower()}", field="file") from None
    except (BadInput, ValueError, RecursionError) as error:
        aside = _aside(path)
        os.replace(path, aside)
        why = str(error) if isinstance(error, BadInput) else "the progress file is not JSON"
        return Progress(), f"{why}; it was kept as {aside.name}, and a new one begins."


def _aside(path: Path) -> Path:
    numbers = (path.with_name(f"{path.name}.damaged{'-' + str(i) if i else ''}") for i in range(10_000))
    return next(p for p in numbers if not p.exists())


def save(path: str | Path, progress: Progress) -> None:
    """Write the file whole or not at all."""
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(progress.as_dict(), out, ensure_ascii=False, indent=1, allow_nan=False)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def merged(first: Progress, second: Progress) -> Progress:
    """Two files of one learner: of each skill the record with more attempts, and all items seen."""
    names = {*first.skills, *second.skills}
    pick = {n: max(first.skill(n), second.skill(n), key=lambda s: (s.attempts, s.at, s.p)) for n in names}
    return replace(first, skills=pick, seen=first.seen | second.seen)
