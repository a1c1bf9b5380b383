"""What a learner has shown to know in the workbooks, kept in one local file if the learner asks for it, and what is due.

`remember()` turns it on: from then on the first answer to each question counts, with the hints that were taken before
it, by the tutor's model of knowing and forgetting. `revise()` says which questions to come back to. The file has no
name in it; it is the learner's, to keep, to copy or to delete.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from hwlib.errors import BadInput
from lessons import exercises
from tutor.mastery import DEFAULT_FILE, REVIEW_DAYS, Progress, load, save

SKILLS = {
    "w1.kv-heads": ("grouped-heads",), "w1.bytes-per-value": ("kv-size",), "w1.sessions": ("capacity-first", "kv-size"), "w1.in-flight": ("littles-law",), "w1.waits-for": ("roofline",),
    "w1.idle-money": ("no-training-fabric",), "w1.claim-number": ("kv-size", "unit-conversion"), "w1.claim": ("kv-size",),
    "w2.optimizer-bytes": ("state-bytes",), "w2.shards": ("state-bytes",), "w2.days": ("mfu",), "w2.bubble": ("pipeline-bubble",), "w2.all-reduce": ("overlap", "unit-conversion"),
    "w2.failures": ("checkpointing",), "w2.costly": ("tp-placement",), "w2.claim-number": ("unit-conversion",), "w2.claim": ("unit-conversion",),
    "w3.day-s": ("peak-arithmetic",), "w3.peak-factor": ("peak-arithmetic",), "w3.lpus": ("capacity-first",), "w3.prefill": ("ttft-decomposition",), "w3.step": ("roofline",), "w3.waits-for": ("roofline",),
    "w3.usd": ("utilisation-cost",), "w3.floor": ("ttft-decomposition",), "w3.claim-number": ("precision",), "w3.claim": ("precision",),
    "w4.tokens-in-price": ("tco-chain", "unit-conversion"), "w4.days": ("tco-chain",), "w4.months": ("tco-chain",), "w4.made": ("utilisation-cost",), "w4.today": ("growth",), "w4.power": ("power",),
    "w4.together": ("lever-overlap",), "w4.share": ("lever-overlap",), "w4.hidden": ("tco-chain",), "w4.claim-number": ("tco-chain", "unit-conversion"), "w4.claim": ("tco-chain",),
}  # fmt: skip
"""Question → the tutor's skills that it exercises."""
BRIEFS = {"w1": "serve-7b", "w2": "train-100b", "w3": "serve-70b", "w4": "tco-3y"}
DAY = 86_400.0


class Keeper:
    """Counts answers into a learner's file. ``clock`` gives seconds since 1970."""

    def __init__(self, path: str | Path = DEFAULT_FILE, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = Path(path), clock
        self.progress, self.said = load(self.path)

    def __call__(self, id: str, good: bool, hints: int = 0) -> None:
        """One answer. The first counts; another one counts when a review of its skill is due."""
        if id not in SKILLS:
            return
        now, item = self.clock(), id
        if id in self.progress.seen:
            if not set(SKILLS[id]) & set(self.progress.due(now)):
                return
            item = f"{id}@{int(now // DAY)}"
        after = self.progress.attempt(item, SKILLS[id], good, now, brief=BRIEFS[id.partition(".")[0]], hints=hints)
        if after is not self.progress:
            self.progress = after
            try:
                save(self.path, after)
            except OSError as error:
                raise BadInput(f"{self.path.name}: {(error.strerror or 'cannot be written').lower()}; start Jupyter in a folder that you may write to", field="file") from None


def remember(path: str | Path = DEFAULT_FILE) -> str:
    """From now on keep what is answered; returns what is to be said."""
    kept = Keeper(path)
    exercises.answered_by = kept
    known = len(kept.progress.skills)
    said = f"{kept.said} " if kept.said else ""
    return f"{said}Kept in {kept.path.name}: {known} skill{'s' if known != 1 else ''} so far. Delete the file to forget."


def revise() -> str:
    """Which questions to come back to today, the least certain skill first."""
    kept = exercises.answered_by
    if not isinstance(kept, Keeper):
        return "◌ Nothing is kept. Write remember() in a cell at the top, if you want to be told what to come back to."
    return due_text(kept.progress, kept.clock())


def due_text(progress: Progress, now: float) -> str:
    """The due skills with their questions; else when the next review comes."""
    due = progress.due(now)
    if due:
        lines = ["Come back to:"]
        for skill in due:
            ids = [id for id, names in SKILLS.items() if skill in names]
            lines.append(f"  {skill.replace('-', ' ')}: {', '.join(ids)}" if ids else f"  {skill.replace('-', ' ')}")
        return "\n".join(lines)
    if not progress.skills:
        return "Nothing was answered yet."
    days = min(REVIEW_DAYS[min(s.spaced, len(REVIEW_DAYS) - 1)] - s.days_since(now) for s in progress.skills.values())
    whole = max(1, round(days))
    return f"Nothing is due today; the next review comes in {whole} day{'s' if whole != 1 else ''}."
