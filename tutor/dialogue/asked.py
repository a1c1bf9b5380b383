"""What people ask in passing: where to begin, what a word means, which chip is the better one, whether a change would help.

Each is answered from the design at hand. What can be tried is tried, so that the answer is a figure and not an opinion.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from hwlib.designs import knobs
from hwlib.errors import BadInput
from hwlib.units import show
from tutor.context import Context
from tutor.dialogue.slots import chips_named
from tutor.dialogue.spoken import lowered
from tutor.dialogue.text import words

if TYPE_CHECKING:
    from hwlib.catalogue import Chip
    from tutor.dialogue.discussion import Discussion

TASK = re.compile(
    r"\bwhat (?:am i|are we|is one) (?:supposed|meant|expected|asked|required) to\b|\bwhat (?:do|should|must|can) (?:i|we)(?: have to)? do (?:here|first|on this page)\b"
    r"|\bwhat is (?:the|this|my|our) (?:task|exercise|brief|goal|job|assignment|problem|aim|point)(?: here| about| of this)?\W*$|\bwhat (?:is|are) (?:this|we doing)(?: all)? (?:about|here)\b"
)
"""Asks what the exercise is."""
LEFT = re.compile(r"^\W*(?:and |so |ok,? )*(?:(?:is there )?(?:what|anything|something) (?:else|more|next)\b|what (?:is|remains)? ?(?:left|missing|still open|next)\b|what (?:am i|have i|did i|do i) (?:miss\w*|forg\w*|overlook\w*))")
"""Asks what there is still to find."""
MEANS = re.compile(
    r"\b(?:do not|dont|never|did not|can not|not sure) (?:really |quite |fully )?(?:understand|know|get|see|remember|follow|grasp|recall) what (?:an? |the )?(?P<a>.{2,40}?)(?: (?:is|are|means?|stands? for|does|do))?\W*$"
    r"|\bwhat (?:does|do|did) (?:an? |the )?(?P<b>.{2,40}?) (?:mean|stand for)\b|\b(?:meaning|definition) of (?:an? |the )?(?P<c>.{2,40}?)\W*$|\b(?P<d>[\w' /-]{2,30}) means what\b"
    r"|\b(?:never heard of|unfamiliar with|remind me(?: of)? what) (?:an? |the )?(?P<e>.{2,40}?)(?: is| are| means)?\W*$"
)
"""Asks what a word means without the form of a question."""
BETTER = re.compile(r"\b(?:cheap\w*|fast\w*|slow\w*|better|best|worse|dear\w*|expensive|big\w*|small\w*|strong\w*|versus|vs|compar\w*|difference|instead of|rather than|or (?:the|an?)|worth|powerful|beats?|same)\b")
"""Compares."""
HELPS = re.compile(
    r"^\W*(?:(?:and|but|so|ok|well|then),? )*(?:is|are|do|does|did|can|could|will|would|should|must|might|how much|by how much|what (?:does|would|if|happens|about)|if|why not)\b"
    r"|\b(?:right|correct|no|yes)\?\s*$|\bhelps?\b.*\?"
)
"""Asks whether something would help."""


def task(talk: Discussion) -> str:
    """What is asked of the learner, and where the design stands."""
    found = len(talk.problems)
    state = f"Now {found} {'thing is' if found == 1 else 'things are'} amiss in it, of which this weighs most: {lowered(talk.figure())}" if found else f"Nothing is amiss in it now. {talk.figure()}"
    return f"{' '.join(talk.brief.short.split())} You set the design and say why; I compute what it does. {state}"


def left(talk: Discussion) -> str:
    """How much there is still to find, and the next of it."""
    from tutor.dialogue.frames import concepts

    ideas = [c for c in concepts(talk.brief.id) if c.kind == "expectation"]
    unsaid = sum(c.id not in talk.covered for c in ideas)
    found = len(talk.problems)
    return f"Still open: {found} {'finding' if found == 1 else 'findings'} about the design, and {unsaid} of the {len(ideas)} ideas that it rests on."


def meant_word(text: str) -> str:
    """The word whose meaning is asked for in passing; empty when none is.

    >>> meant_word("i do not understand what tpot means"), meant_word("what does pue stand for?"), meant_word("the bill is too high")
    ('tpot', 'pue', '')
    """
    found = MEANS.search(text)
    return next((part.strip() for part in found.groups() if part), "") if found else ""


def compared(ctx: Context, text: str) -> str:
    """Two chips side by side, where a question names one or two and compares; empty otherwise."""
    from hwlib.catalogue import chip

    named = chips_named(text)
    if not named or not BETTER.search(text):
        return ""
    own = ctx.design.accelerator
    pair = list(dict.fromkeys([*named, own]))[:2]
    if len(pair) < 2:
        return ""
    one, other = (chip(id) for id in pair)
    parts = [_described(c) for c in (one, other)]
    said = f"{parts[0]}; {'your ' if pair[1] == own else ''}{parts[1]}."
    rates = [_price(c) for c in (one, other)]
    if all(rates) and all(c.mem_bytes_per_s for c in (one, other)):
        per = [float(c.mem_bytes_per_s) / float(rate) for c, rate in zip((one, other), rates, strict=True)]
        said += f" A dollar an hour buys {show(per[0], 'B/s')} of memory bandwidth in the one and {show(per[1], 'B/s')} in the other."
    elif not all(rates):
        bare = one if not rates[0] else other
        said += f" No rent of {bare.name} is published, so its cost has to be an assumption of yours."
    return said


def _described(c: Chip) -> str:
    rate = _price(c)
    figures = [show(c.mem_bytes, "B") if c.mem_bytes else "", show(c.mem_bytes_per_s, "B/s") if c.mem_bytes_per_s else "", f"{show(rate, 'usd')} an hour" if rate else ""]
    return f"{c.name} has {', '.join(f for f in figures if f)}"


def _price(c: Chip) -> Any:
    from hwlib.catalogue import price

    try:
        return price(c.id)
    except BadInput:
        return None


@cache
def _trials() -> tuple[tuple[tuple[str, ...], re.Pattern[str], dict[str, Any]], ...]:
    return tuple((tuple(t["kinds"]), re.compile(t["ask"]), t["set"]) for t in words("answers")["trial"])


def implied(ctx: Context, text: str) -> dict[str, Any]:
    """The change that a question is about without saying a value: "does quantisation halve the bill?" is about 8-bit weights.

    A value "×2" stands for twice the design's own, "+0.3" for so much more. A switch that is on already is tried off.
    """
    if not HELPS.search(text):
        return {}
    for kinds, asked, wanted in _trials():
        if ctx.brief.kind in kinds and asked.search(text):
            found = {name: _value(ctx, name, value) for name, value in wanted.items()}
            return {name: value for name, value in found.items() if value is not None}
    return {}


def _value(ctx: Context, name: str, value: Any) -> Any:
    where = ctx.design if name in knobs(type(ctx.design)) else ctx.load
    now = getattr(where, name)
    if isinstance(value, str) and value[0] in "×+":
        moved = now * float(value[1:]) if value[0] == "×" else now + float(value[1:])
        return int(moved) if isinstance(now, int) else moved
    if isinstance(value, bool) and value == now:
        return not value
    return value if value != now else None
