"""`why(x)`: where a number comes from, down to its sources and choices.

One explanation, three dresses: plain text for a terminal, HTML with MathML for notebook cells and live
panels, LaTeX for prose. Nothing here is typed: symbols come from `hwlib.symbols`, expressions from the code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from hwlib.formula import Derivation, Figure
from hwlib.notation import MathML, latex_lines, symbol_mathml, write
from hwlib.sources import Run
from hwlib.symbols import SYMBOLS, Symbol
from hwlib.units import show


def why(value: Any) -> Explanation:
    """Explain a figure. A number without an origin is a `TypeError`, in words.

    >>> from hwlib.memory import weight_bytes
    >>> from hwlib.formula import given
    >>> print(why(weight_bytes(params=given(70e9, "the brief's model"), bytes_per_param=given(2, "BF16"))))
    weights = 140 GB
      = params × bytes per param = 70 × 10⁹ × 2 B/param
      params = 70 × 10⁹   parameters   your choice: the brief's model
      bytes_per_param = 2 B/param   bytes of one weight   your choice: BF16
      source of the formula: kaplan2020scaling
    """
    if getattr(value, "origin", None) is None:
        raise TypeError(f"{value!r} is a bare number: only figures made by formulas, the catalogue or a choice can be explained")
    return Explanation(value)


def symbol(name: str) -> Symbol:
    """The nomenclature's entry, or a plain one made of the name."""
    return SYMBOLS.get(name) or Symbol(rf"\mathrm{{{name}}}", "", name.replace("_", " "))


def origin_words(value: Any) -> str:
    """The "where from" of one input, in words."""
    origin = getattr(value, "origin", None)
    return origin.words() if origin is not None else "not stated"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `why` returns; prints, and shows itself in notebooks."""

    figure: Figure

    @property
    def steps(self) -> list[Derivation]:
        """The derivations, the asked-for one first, then what it rests on."""
        origin = self.figure.origin
        return list(reversed(origin.steps())) if isinstance(origin, Derivation) else []

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Plain text, one block a step."""
        origin = self.figure.origin
        if not self.steps:
            lines = [f"{float(self.figure):,.6g}: {origin.words()}"]
            if isinstance(origin, Run):
                lines += [f"  {n} = {_shown(n, v)}   {origin_words(v)}" for n, v in origin.inputs.items()]
            return "\n".join(lines)
        return "\n".join(_step_text(s, first=i == 0) for i, s in enumerate(self.steps))

    def latex(self, width: int = 60) -> str:
        """The last step as aligned LaTeX: symbols, numbers, value; long lines are broken."""
        origin = self.figure.origin
        if not isinstance(origin, Derivation):
            return rf"\text{{{origin.words()}}}"
        return step_latex(origin, width)

    def html(self) -> str:
        """HTML for a panel: each step's formula and a row for each factor; deeper steps in drop-downs."""
        if not self.steps:
            return _leaf_html(self.figure)
        first, *rest = self.steps
        deeper = "".join(
            f'<details class="hw-why-step"><summary>Why {escape(symbol(s.formula.gives).meaning)} = '
            f"{escape(show(s.value, symbol(s.formula.gives).unit))}?</summary>{step_html(s)}</details>"
            for s in rest
        )
        return f'<div class="hw-why">{step_html(first)}{deeper}</div>'

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html(), "text/latex": self._repr_latex_()}


def cited(key: str) -> str:
    """A bibliography key as a reader says it: the bibliography lists the work under that name and year.

    >>> cited("williams2009roofline"), cited("definition")
    ('Williams 2009', 'a definition')
    """
    found = re.match(r"([a-z]+?)(\d{4})", key)
    return f"{found[1].capitalize()} {found[2]}" if found else f"a {key}"


def _shown(name: str, value: Any, **more: Any) -> str:
    return show(value, symbol(name).unit, **more) if isinstance(value, int | float) else str(value)


def _step_text(step: Derivation, *, first: bool) -> str:
    gives = symbol(step.formula.gives)
    words = {n: n.replace("_", " ") for n in step.inputs}
    numbers = {n: _shown(n, v) for n, v in step.inputs.items()}
    head = "" if first else "\n"
    lines = [
        f"{head}{gives.meaning} = {show(step.value, gives.unit)}",
        f"  = {plain(step, words)} = {plain(step, numbers)}",
        *(f"  {n} = {_shown(n, v)}   {symbol(n).meaning}   {origin_words(v)}" for n, v in step.inputs.items()),
        f"  source of the formula: {step.formula.cites}",
    ]
    return "\n".join(lines)


class _Plain:
    """Plain text, for terminals."""

    def constant(self, value: float) -> str:
        return f"{value:,.10g}"

    def product(self, factors: list[str]) -> str:
        return " × ".join(factors)

    def fraction(self, over: str, under: str) -> str:
        def wrap(text: str) -> str:
            """A numerator or denominator of several pieces keeps together."""
            return f"({text})" if " " in text and not (text.startswith("(") and text.count("(") == 1 and text.endswith(")")) else text

        return f"{wrap(over)} / {wrap(under)}"

    def joined(self, left: str, sign: str, right: str) -> str:
        return f"{left} {'−' if sign == '-' else sign} {right}".strip()

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}"

    def root(self, inner: str) -> str:
        return f"√({inner})"

    def call(self, name: str, inner: list[str]) -> str:
        return f"{name}({', '.join(inner)})"

    def fenced(self, inner: str) -> str:
        return f"({inner})"

    def rounded(self, inner: str, up: bool) -> str:
        return f"⌈{inner}⌉" if up else f"⌊{inner}⌋"


def plain(step: Derivation, names: dict[str, str]) -> str:
    """The step's expression in plain text with the given names or numbers."""
    return write(step.formula.expr, names, _Plain())


def step_latex(step: Derivation, width: int = 60) -> str:
    """One step as an ``aligned`` block."""
    gives = symbol(step.formula.gives)
    names = {n: symbol(n).latex for n in step.inputs}
    numbers = {n: _shown(n, v, latex=True) for n, v in step.inputs.items()}
    rows = []
    for mapping, times in ((names, r"\,"), (numbers, r" \times ")):
        first, *more = latex_lines(step.formula.expr, mapping, times, width)
        rows += [f"&= {first}", *(rf"&\quad {line}" for line in more)]
    rows.append(f"&= {show(step.value, gives.unit, latex=True)}")
    body = r" \\ ".join(rows)
    return rf"\begin{{aligned}} {gives.latex} {body} \end{{aligned}}"


def formula_latex(card: Any) -> str:
    """A formula in symbols only, for the reference page."""
    names = {n: symbol(n).latex for n in card.parameters}
    first, *more = latex_lines(card.expr, names, r"\,", 70)
    body = r" \\ ".join([f"&= {first}", *(rf"&\quad {line}" for line in more)])
    left = symbol(card.gives).latex
    return rf"\begin{{aligned}} {left} {body} \end{{aligned}}" if more else f"{left} = {first}"


def formula_mathml(card: Any) -> str:
    """A formula in symbols only, as MathML."""
    names = {n: symbol_mathml(symbol(n).latex) for n in card.parameters}
    right = write(card.expr, names, MathML())
    return f'<math display="block"><mrow>{symbol_mathml(symbol(card.gives).latex)}<mo>=</mo>{right}</mrow></math>'


def step_html(step: Derivation) -> str:
    """One step: the formula, then a row a factor with its value, meaning and origin, then the result."""
    gives = symbol(step.formula.gives)
    rows = "".join(
        f"<tr><th scope=\"row\"><math>{symbol_mathml(symbol(n).latex)}</math></th><td class=\"r\">{escape(_shown(n, v))}</td>"
        f"<td>{escape(symbol(n).meaning)}</td><td>{escape(origin_words(v))}</td></tr>"
        for n, v in step.inputs.items()
    )
    result = show(step.value, gives.unit)
    exact = f"{step.value:,.0f}" if abs(step.value) >= 1e4 and step.value == int(step.value) else ""
    return (
        f'<div class="hw-eq" tabindex="0" role="group" aria-label="{escape(step.formula.summary)}">{formula_mathml(step.formula)}</div>'
        '<div class="hw-scroll" tabindex="0" role="group" aria-label="The factors"><table class="hw-why-table"><thead><tr><th scope="col">Factor</th>'
        '<th scope="col" class="r">Value</th><th scope="col">What it is</th><th scope="col">Where from</th></tr></thead>'
        f'<tbody>{rows}<tr class="sum"><th scope="row"><math>{symbol_mathml(gives.latex)}</math></th><td class="r">{escape(result)}</td>'
        f"<td>{escape(gives.meaning)}{f' ({exact})' if exact else ''}</td><td>formula: {escape(cited(step.formula.cites))}</td></tr></tbody></table></div>"
    )


def _leaf_html(figure: Figure) -> str:
    origin = figure.origin
    rows = ""
    if isinstance(origin, Run):
        rows = "".join(
            f'<tr><th scope="row">{escape(symbol(n).meaning)}</th><td class="r">{escape(_shown(n, v))}</td><td>{escape(origin_words(v))}</td></tr>'
            for n, v in origin.inputs.items()
        )
        rows = f'<div class="hw-scroll" tabindex="0" role="group" aria-label="The inputs"><table class="hw-why-table"><tbody>{rows}</tbody></table></div>'
    note = getattr(origin, "note", "")
    return f'<div class="hw-why"><p>{float(figure):,.6g}: {escape(origin.words())}{". " + escape(note) if note else ""}</p>{rows}</div>'
