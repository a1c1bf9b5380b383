"""What the evidence of all briefs shares: sections, pictures with words, the table and the "why" behind them, findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hwlib import why
from hwlib.explain import step_html, symbol
from hwlib.units import show
from lessons import draw
from tutor.context import Context, NotKnown
from tutor.findings import Review

WIDE = 500
"""Between the evidence column's 556 px on a wide page and its 476 px on a tablet, so that type stays near 13 px on both."""
RULES = "../reference/rules.html"
DEEPEST = 5
"""Steps of a derivation that a panel tells."""


@dataclass(frozen=True, slots=True)
class View:
    """What a section is drawn from: the evidence about the design that stands, its review, and what was designed before."""

    ctx: Context
    review: Review
    designed: Any = None
    tried: Any = None
    """Changes that the tutor has last offered: drawn dashed where a picture can."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the evidence. ``after_s``: it costs simulations, and waits until the design has been still that long."""

    key: str
    title: str
    draw: Callable[[View], str]
    after_s: float = 0.0


def drawn(section: Section, view: View) -> str:
    """The section's HTML; what is not known is said in words, with the reason."""
    try:
        return section.draw(view)
    except NotKnown as error:
        return draw.state_line("Nothing to draw", _sentence(str(error)))


def picture(svg: str, *, caption: str = "", table: tuple[list[str], list[list]] | None = None, sums: int = 0, figure: Any = None, asks: str = "") -> str:
    """A picture, its words, the table behind it, and where its main figure comes from. ``caption`` is markup."""
    html = draw.figure(svg, caption=caption, table=draw.table(*table, sums=sums) if table else "")
    return html + why_of(figure, asks) if figure is not None else html


def room(terms: list[tuple[str, str, float]], limit: float = 0.0) -> float:
    """The scale of a waterfall with room for the figure behind its last bar."""
    return 1.12 * max(sum(value for *_, value in terms), limit)


def why_of(figure: Any, asks: str) -> str:
    """A drop-down with the derivation of a figure; nothing for a figure without one.

    The first steps only: a plan of three years rests on some thirty, and a panel is not a ledger.
    """
    if getattr(figure, "origin", None) is None:
        return ""
    told = why(figure)
    if len(told.steps) <= DEEPEST:
        return draw.details(asks, told.html())
    first, *rest = told.steps[:DEEPEST]
    deeper = "".join(draw.details(f"Why {symbol(s.formula.gives).meaning} = {show(s.value, symbol(s.formula.gives).unit)}?", step_html(s)) for s in rest)
    more = draw.caption(f"{len(told.steps) - DEEPEST} more steps: hwlib.why() tells them in a notebook.")
    return draw.details(asks, f'<div class="hw-why">{step_html(first)}{deeper}{more}</div>')


def findings(view: View) -> str:
    """What the rules notice, by severity, each with its figures and a link to its page."""
    return draw.findings_list([finding_row(f) for f in view.review.findings], empty="No rule notices anything. Ask the tutor what could go wrong.")


def finding_row(finding: Any) -> dict[str, str]:
    """A finding as `lessons.draw.findings_list` wants it: the figures that its title does not say already."""
    said = [f"{row.name} {row.shown}" for row in finding.evidence if row.shown not in finding.title and row.shown != "not known"]
    why_line = "; ".join(said[:3])
    return {
        "severity": finding.severity, "says": finding.title, "why": f"{why_line[:1].upper()}{why_line[1:]}." if why_line else "",
        "rule": finding.rule, "href": f"{RULES}#{finding.rule}",
    }


def _sentence(text: str) -> str:
    return draw.esc(text[:1].upper() + text[1:].rstrip(".")) + "."


FINDINGS = Section("findings", "Findings", findings)
