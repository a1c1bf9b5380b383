"""The verdict: one sentence, then one row a target in the order of the brief. A view: a review in, HTML out."""

from __future__ import annotations

from typing import Any

from lessons import draw
from lessons.draw import esc

WORDS = {True: "meets", False: "misses", None: "unknown"}


def verdict(review: Any) -> str:
    """The headline and the table of targets."""
    first, dot, rest = review.headline.partition(" met.")
    said = f"<b>{esc(first)}{esc(dot)}</b>{esc(rest)}" if dot else f"<b>{esc(first)}</b>"
    return draw.headline(said) + draw.targets_table([target_row(t) for t in review.targets])


def target_row(target: Any) -> dict[str, str]:
    """A target as `lessons.draw.targets_table` wants it: figures are the review's own words."""
    row = {
        "verdict": WORDS[target.met], "target": target.label, "yours": target.yours_shown, "limit": limit_words(target), "margin": target.margin_words,
    }
    if target.met is None:
        row["why"] = target.why[:1].upper() + target.why[1:]
    if target.low is not None and target.high is not None:
        row["interval"] = interval_words(target)
    return row


def limit_words(target: Any) -> str:
    """"at least 15", "500 ms": floors are named, ceilings are what a limit is."""
    shown = target.limit_shown
    if target.limit is None or target.direction == "at most":
        return shown
    return f"{target.direction} {shown}"


def interval_words(target: Any) -> str:
    """The interval under a figure, in the figure's unit."""
    from hwlib.units import show

    return f"{show(target.low, target.unit)} to {show(target.high, target.unit)}"


def covered() -> str:
    """What stands in the verdict's place while the learner predicts."""
    return draw.state_line("Covered", "Predict first; then the verdict, the evidence and what the rules notice stand here again.")


def tabs(review: Any | None) -> str:
    """The line of links that stays on top on a phone."""
    met = f"{review.met} of {len(review.targets)} met" if review else "Verdict"
    links = (("#studio-verdict", met), ("#studio-design", "Design"), ("#studio-evidence", "Evidence"), ("#studio-tutor", "Tutor"))
    return '<nav class="hw-tabline" aria-label="Places of the studio">' + "".join(f'<a href="{to}">{esc(word)}</a>' for to, word in links) + "</nav>"


def refused(words: str, standing: str) -> str:
    """The line for a value that cannot stand: the field, its range, and which result still stands."""
    return draw.state_line("Refused", f"{esc(words)}. {esc(standing)}", error=True)


def broke(error: Exception) -> str:
    """The line for a fault of the course itself: its name, and that what stands below is older."""
    return draw.state_line("Not redrawn", f"{esc(type(error).__name__)}: {esc(error)}. What stands here is from before.", error=True)


