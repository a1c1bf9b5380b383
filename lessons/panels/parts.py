"""What every panel shares: controls at the left, a picture, a sentence under it, and the last good state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hwlib.errors import BadInput
from hwlib.explain import step_html, symbol, why
from hwlib.formula import Figure
from hwlib.units import show
from lessons import draw

WIDE = 452
"""Width of a picture beside the controls of an idea page; look.css shows the narrow drawing below that."""

DEEPEST = 40
"""Steps of a derivation that a page carries: a bill over three years has hundreds, most of them alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a panel shows for one state of its controls. All fields are markup made by the course's own code."""

    picture: str
    readout: str
    """The result in one or two sentences; a screen reader says it when it changes."""
    source: str = ""
    why: str = ""
    table: str = ""
    named: str = ""
    """What this state is, in a few words: said when a later input is refused and this one still stands."""

    @property
    def under(self) -> str:
        """What stands under controls and picture."""
        parts = [draw.readout(self.readout)]
        if self.source:
            parts.append(draw.source_line(self.source))
        if self.why:
            parts.append(draw.details("Why this number", self.why))
        if self.table:
            parts.append(draw.details("The table behind it", self.table))
        return "".join(parts)

    def __str__(self) -> str:
        return self.picture + self.under


def explained(figure: Figure) -> str:
    """`why` for a page: the last step in the open, all that it rests on in one drop-down of drop-downs."""
    steps = why(figure).steps
    if not steps:
        return why(figure).html()
    first, *rest = steps
    inner = "".join(
        f'<details class="hw-why-step"><summary>{draw.esc(symbol(s.formula.gives).meaning)}: {draw.esc(show(s.value, symbol(s.formula.gives).unit))}</summary>'
        f"{step_html(s)}</details>"
        for s in rest[:DEEPEST]
    )
    if len(rest) > DEEPEST:
        inner += draw.caption(f"The {DEEPEST} steps nearest to the result; `hwlib.why` tells all {len(rest)} in a notebook.")
    deeper = draw.details(f"What it rests on: {len(rest)} further step{'s' if len(rest) > 1 else ''}", inner) if rest else ""
    return f'<div class="hw-why">{step_html(first)}{deeper}</div>'


def steps(label: str, values: Iterable[Any], value: Any, say: Callable[[Any], str] = draw.num) -> Any:
    """A slider over given stops; its value stands in bold at the end of its label line."""
    import ipywidgets as w

    return w.SelectionSlider(options=[(say(v), v) for v in values], value=value, description=label, continuous_update=True)


def choice(label: str, options: Mapping[str, Any], value: Any) -> Any:
    """A drop-down: words for the reader, values for the model."""
    import ipywidgets as w

    return w.Dropdown(options=list(options.items()), value=value, description=label)


def either(label: str, options: Mapping[str, Any], value: Any) -> Any:
    """Two or three radio buttons under their label."""
    import ipywidgets as w

    return w.RadioButtons(options=list(options.items()), value=value, description=label)


def wire(controls: Mapping[str, Any], view: Callable[..., View]) -> Any:
    """The panel: every change of a control shows ``view`` of all of them.

    An input that the model refuses, or a fault of the picture, leaves the last good state standing and says so.
    """
    import ipywidgets as w

    picture, under = w.HTML(), w.HTML()
    under.add_class("hw-under")
    good: list[View] = []

    def update(_: Any = None) -> None:
        said = ""
        try:
            good[:] = [view(**{name: control.value for name, control in controls.items()})]
        except BadInput as refused:
            said = draw.state_line("Refused", draw.esc(sentence(str(refused))) + _still(good), error=True)
        except Exception as fault:  # noqa: BLE001 - a reader gets the last good picture, not a traceback
            if not good:
                raise
            said = draw.state_line("Broke", f"This picture failed and was left as it was ({draw.esc(type(fault).__name__)}).{_still(good)}", error=True)
        if good:
            _set(picture, good[0].picture)
            _set(under, said + good[0].under)

    update()
    for control in controls.values():
        control.observe(update, names="value")
    box = w.Box([stack(*controls.values(), cls="hw-controls"), picture, under])
    box.add_class("hw-panel")
    return wrap(box)


def later(seconds: float, run: Callable[[], None]) -> None:
    """Run when the page has shown what is quick; at once where no event loop runs. Whether something newer has come is the caller's to ask."""
    try:
        asyncio.get_running_loop().call_later(seconds, run)
    except RuntimeError:
        run()


def sentence(text: str) -> str:
    """The text with a full stop at its end.

    >>> sentence("too small"), sentence("Too small.")
    ('too small.', 'Too small.')
    """
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _still(good: list[View]) -> str:
    return f" What stands here is still for {draw.esc(good[0].named)}." if good and good[0].named else ""


def _set(widget: Any, html: str) -> None:
    """Only what changed is sent, so that a screen reader is not told the same twice."""
    if widget.value != html:
        widget.value = html


def stack(*children: Any, cls: str) -> Any:
    """Widgets under one another."""
    import ipywidgets as w

    box = w.VBox(list(children))
    box.add_class(cls)
    return box


def wrap(*children: Any) -> Any:
    """The outermost box: look.css styles what lies inside it."""
    return stack(*children, cls="hw-wrap")


@dataclass(frozen=True, slots=True)
class Shown:
    """Markup that a static cell shows; it needs no IPython."""

    html: str

    def _repr_html_(self) -> str:
        return self.html
