"""Checked questions of the workbooks: rules give the feedback, `hwlib` gives the number.

`check` answers in words: not answered yet, as computed, a known slip by name, a unit that is off, or how far off and
where to look. `hint` goes one step further at each call. Nothing is scored and nothing is locked.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hwlib.errors import BadInput, listed, unknown
from hwlib.units import show

SECTIONS = ("two_workloads", "training", "inference_chips", "economics")
CLOSE = 0.02
"""An answer within 2% is the computed one, rounded."""
SIGNATURE = 0.04
"""Within 4% of what a known slip gives, and far from the value, it is that slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A way to go astray: the answer it leads to, what to think about, the misconception's id in the course's list."""

    answer: Callable[[], Any]
    words: str
    concept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `answer` computes a figure, or a word out of `options`."""

    id: str
    ask: str
    answer: Callable[[], Any]
    unit: str = ""
    options: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()
    hints: tuple[str, ...] = ()
    after: str = ""
    """What the answer means, said once it is found. `{value}` is the computed figure."""
    close: float = CLOSE


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is said to one answer. `good` is None while there is none; `figure` can be asked why."""

    question: str
    good: bool | None
    text: str
    figure: Any = None
    concept: str = ""
    hint: bool = False

    @property
    def mark(self) -> str:
        if self.hint:
            return "→ Hint"
        return {True: "✓ As computed", False: "○ Look again", None: "◌ Not answered yet"}[self.good]

    def __str__(self) -> str:
        return f"{self.mark}. {self.text}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f'<p role="status"><strong>{self.mark}.</strong> {html.escape(self.text)}</p>'


def questions() -> dict[str, Question]:
    """Every question by its id."""
    return {question.id: question for name in SECTIONS for question in import_module(f"lessons.questions.{name}").QUESTIONS}


def question(id: str) -> Question:
    """One question, or the nearest names."""
    known = questions()
    if id not in known:
        raise unknown("question", id, known)
    return known[id]


def answered(answer: Any) -> bool:
    """Whether something was filled in: `...`, None and empty text are blanks.

    >>> answered(...), answered(0), answered("  ")
    (False, True, False)
    """
    return answer is not None and answer is not ... and not (isinstance(answer, str) and not answer.strip())


answered_by: Callable[[str, bool, int], None] | None = None
"""Who is told of each answer: nobody, until the learner asks for it with `lessons.remembering.remember`."""


def check(id: str, answer: Any) -> Feedback:
    """Feedback for an answer: a number in base units, a text with a unit ("64 KiB"), or one of the words offered."""
    asked = question(id)
    if not answered(answer):
        return Feedback(id, None, f"Put your answer in place of the three dots: {asked.ask}")
    reply = _word(asked, answer) if asked.options else _number(asked, answer)
    if answered_by is not None and reply.good is not None:
        answered_by(id, reply.good, hint.step.get(id, 0))
    return reply


def _word(asked: Question, answer: Any) -> Feedback:
    said, right = str(answer).strip().lower(), str(asked.answer())
    if said == right:
        return Feedback(asked.id, True, asked.after.replace("{value}", right))
    for slip in asked.slips:
        if said == str(slip.answer()):
            return Feedback(asked.id, False, slip.words, concept=slip.concept)
    if said not in asked.options:
        return Feedback(asked.id, None, f"{said[:40]!r} is none of the words offered; they are: {', '.join(asked.options)}.")
    return Feedback(asked.id, False, f"Not {said}. {asked.hints[0] if asked.hints else ''}".strip())


def _number(asked: Question, answer: Any) -> Feedback:
    said, trouble = read_number(answer, asked.unit)
    if trouble:
        return Feedback(asked.id, None, trouble)
    value = asked.answer()
    if _near(said, float(value), asked.close):
        return Feedback(asked.id, True, asked.after.replace("{value}", show(value, asked.unit)), figure=value)
    for slip in asked.slips:
        if _near(said, float(slip.answer()), SIGNATURE):
            return Feedback(asked.id, False, slip.words, concept=slip.concept)
    return Feedback(asked.id, False, f"{show(said, asked.unit)}: {_gap(said, float(value), asked.unit)} {asked.hints[0] if asked.hints else ''}".strip())


_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "m": 1e-3, "µ": 1e-6, "u": 1e-6,
          "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
_WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_WRITTEN = re.compile(r"([-+]?[\d.,_]*\d(?:[eE][-+]?\d{1,3})?)\s*([A-Za-zµ%$/·]*)")


def read_number(answer: Any, unit: str) -> tuple[float, str]:
    """The answer in base units, or what is wrong with how it was written.

    >>> read_number("64 KiB", "B"), read_number("1,024", "")
    ((65536.0, ''), (1024.0, ''))
    >>> read_number("4.5%", "%"), read_number("$0.73 million", "usd")
    ((0.045, ''), (730000.0, ''))
    >>> read_number("4 ms", "B")[1]
    "'ms' is not a unit of this answer; it is in B. Write for example 64 KiB or 65_536."
    """
    text = answer
    if isinstance(answer, str):
        found = _WRITTEN.fullmatch(answer.strip()[:80].removeprefix("$" if unit.startswith("usd") else ""))
        if not found:
            return math.nan, f"{answer.strip()[:40]!r} cannot be read as a number; write for example 1_024 or 1.5e9."
        number, given = found[1].replace(",", "").replace("_", ""), found[2]
        scale = next((factor for prefix, factor in _SCALE.items() if given in (f"{prefix}{unit}", *([prefix] if not unit else []))), None)
        scale = 0.01 if unit == given == "%" else _WORDS.get(given, scale)
        if given and scale is None and given != unit:
            example = " Write for example 64 KiB or 65_536." if unit == "B" else ""
            return math.nan, f"{given!r} is not a unit of this answer; it is {f'in {unit}' if unit else 'a plain count'}.{example}"
        text = float(number) * (scale or 1.0) if number.count(".") <= 1 else math.nan
    if isinstance(text, bool) or not isinstance(text, int | float):
        return math.nan, f"This answer is a number, not {type(answer).__name__}."
    if isinstance(text, int) and abs(text) > 10**300 or not math.isfinite(text):  # no float holds such an integer
        return math.nan, "This answer is a finite number."
    return float(text), ""


def _near(said: float, value: float, share: float) -> bool:
    return abs(said - value) <= share * abs(value)


def _gap(said: float, value: float, unit: str) -> str:
    """How far off, and the unit slips that look like this."""
    if said <= 0 or value <= 0:
        return "that is not above zero, and the answer is."
    factor = said / value
    known = [(10.0**power, "a prefix is off (kilo, mega, giga)") for power in (-9, -6, -3, 3, 6, 9)]
    if unit.startswith("B") or unit.endswith("B"):
        known += [(8.0, "bits were taken for bytes"), (1 / 8, "bytes were taken for bits"),
                  *((1.024**power, "GB and GiB are mixed") for power in (-3, 3))]
    known += [(2.0, "it is twice the computed value"), (0.5, "it is half of the computed value")]
    for ratio, words in known:
        if _near(factor, ratio, 0.015):
            return f"{words}."
    times = max(factor, 1 / factor)
    return f"{show(times)} times too {'high' if factor > 1 else 'low'}."


class Hints:
    """Counts how far each question's ladder was climbed in this session; `hint("…")` gives the next step."""

    def __init__(self) -> None:
        self.step: dict[str, int] = {}

    def __call__(self, id: str) -> Feedback:
        asked = question(id)
        step = self.step.get(id, 0)
        self.step[id] = min(step + 1, len(asked.hints) - 1) if asked.hints else 0
        text = asked.hints[min(step, len(asked.hints) - 1)] if asked.hints else asked.ask
        return Feedback(id, None, text[1:].format(value=_shown(asked)) if text.startswith("=") else text, hint=True)


hint = Hints()


def _shown(asked: Question) -> str:
    value = asked.answer()
    return str(value) if asked.options else show(value, asked.unit)


@dataclass(frozen=True, slots=True)
class Card:
    """A brief as a learner reads it: the situation, the targets with their limits, and what the learner's ticket changes."""

    title: str
    situation: str
    targets: tuple[str, ...]
    own: tuple[str, ...] = ()
    trouble: str = ""

    def __str__(self) -> str:
        own = ["", "Your numbers:", "", *(f"- {line}" for line in self.own)] if self.own else []
        return "\n".join([self.title, "", self.situation, "", *(f"- {line}" for line in self.targets), *own, *(["", self.trouble] if self.trouble else [])])

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        own = ["", "Your numbers, in place of the brief's:", "", *(f"- {line}" for line in self.own)] if self.own else []
        return "\n".join([f"**{self.title}**", "", self.situation, "", "Targets:", "", *(f"- {line}" for line in self.targets), *own, *(["", self.trouble] if self.trouble else [])])


def card(brief: str, *, ticket: str = "") -> Card:
    """The brief, to be read in a notebook; with the text of a ticket, also the numbers of whoever holds it."""
    from tutor import briefs, tickets

    known = briefs.brief(brief)
    lines = []
    for target in known.targets:
        limit = "computed" if target.limit_measure else f"{target.direction} {show(target.limit, target.unit)}"
        lines.append(f"{target.label}: {limit} ({target.reason})")
    own, trouble = (), ""
    if ticket:
        try:
            held = tickets.told(ticket.strip())
            if tickets.brief_of(ticket.strip()) != brief:
                raise BadInput(f"ticket is for {tickets.brief_of(ticket.strip())}, and this is {brief}", field="ticket")
            own = tuple(line for line in held if not line.startswith("brief: "))
        except BadInput as error:
            trouble = _look_again(error)
    return Card(known.title, known.situation, tuple(lines), own, trouble)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A design in the making: an entry and its review once every blank is filled, else what is still open."""

    brief: str
    entry: Any = None
    review: Any = None
    open: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be handed in."""
        return self.entry is not None

    def __str__(self) -> str:
        if self.open:
            return f"◌ Not answered yet. Still open: {listed(self.open)}."
        return self.trouble or str(self.review)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        # fixed width, so that the tutor's tables stand as they do in a terminal
        return f'<pre role="status" style="white-space:pre-wrap">{html.escape(str(self))}</pre>'


def attempt(brief: str, design: dict[str, Any], *, predictions: dict[str, Any] | None = None, rationale: Any = "",
            assumptions: dict[str, Any] | None = None, reasons: dict[str, str] | None = None, ticket: str = "") -> Attempt:
    """The tutor's review of a design whose blanks are filled; one sentence about what is open or not right otherwise.

    Predictions that are still blank are left out: they cost points and stop nothing. With the text of a ticket its
    numbers take the place of the brief's, and of ``assumptions``, as in the grading.
    """
    import tutor
    from tutor import designfile, tickets

    still = tuple(name for name, value in design.items() if not answered(value))
    if still:
        return Attempt(brief, open=still)
    said = {name: value for name, value in (predictions or {}).items() if answered(value)}
    try:
        entry = designfile.from_dict({
            "brief": brief, "design": design, "predictions": said, "assumptions": assumptions or {}, "reasons": reasons or {},
            "rationale": rationale.strip() if answered(rationale) else "",
        })
        if ticket:
            entry = tickets.told_by(entry, ticket)
        return Attempt(brief, entry, tutor.review(brief, entry))
    except BadInput as error:
        return Attempt(brief, trouble=_look_again(error))


def _look_again(error: BadInput) -> str:
    return f"○ Look again. {error}."
