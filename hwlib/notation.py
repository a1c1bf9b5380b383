"""A formula as people write it, read off its syntax tree: LaTeX for prose, MathML for live panels.

Both come from the expression that runs, so what a reader sees cannot drift from what was computed.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from html import escape
from typing import Protocol

_TIGHT, _SUM, _PRODUCT, _POWER = 0, 1, 2, 3  # how tightly the surroundings bind: decides on parentheses
_FUNCTIONS = {"least": "min", "most": "max", "log2": "log₂", "exp": "exp", "ln": "ln"}


class Writer(Protocol):
    """One notation. Each method takes pieces already written and returns a piece."""

    def constant(self, value: float) -> str: ...
    def product(self, factors: list[str]) -> str: ...
    def fraction(self, over: str, under: str) -> str: ...
    def joined(self, left: str, sign: str, right: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def root(self, inner: str) -> str: ...
    def call(self, name: str, inner: list[str]) -> str: ...
    def fenced(self, inner: str) -> str: ...
    def rounded(self, inner: str, up: bool) -> str: ...


class Latex:
    """LaTeX. ``times`` stands between factors: a thin space for symbols, a cross for numbers."""

    def __init__(self, times: str = r"\,") -> None:
        self.times = times

    def constant(self, value: float) -> str:
        return f"{value:,.10g}".replace(",", "{,}")

    def product(self, factors: list[str]) -> str:
        return self.times.join(factors)

    def fraction(self, over: str, under: str) -> str:
        return rf"\frac{{{over}}}{{{under}}}"

    def joined(self, left: str, sign: str, right: str) -> str:
        return f"{left} {sign} {right}"

    def power(self, base: str, exponent: str) -> str:
        return rf"{{{base}}}^{{{exponent}}}"

    def root(self, inner: str) -> str:
        return rf"\sqrt{{{inner}}}"

    def call(self, name: str, inner: list[str]) -> str:
        head = r"\log_2" if name == "log₂" else rf"\{name}"
        return rf"{head}\left({', '.join(inner)}\right)"

    def fenced(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def rounded(self, inner: str, up: bool) -> str:
        side = "ceil" if up else "floor"
        return rf"\left\l{side} {inner} \right\r{side}"


class MathML:
    """MathML core: what a browser draws by itself, with no script and in a live panel."""

    def __init__(self, times: str = "⁢") -> None:
        self.times = times

    def constant(self, value: float) -> str:
        return f"<mn>{value:,.10g}</mn>"

    def product(self, factors: list[str]) -> str:
        return self._row(f"<mo>{self.times}</mo>".join(factors))

    def fraction(self, over: str, under: str) -> str:
        return f"<mfrac>{self._row(over)}{self._row(under)}</mfrac>"

    def joined(self, left: str, sign: str, right: str) -> str:
        return self._row(f"{left}<mo>{'−' if sign == '-' else sign}</mo>{right}")

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{self._row(base)}{self._row(exponent)}</msup>"

    def root(self, inner: str) -> str:
        return f"<msqrt>{inner}</msqrt>"

    def call(self, name: str, inner: list[str]) -> str:
        return self._row(f"<mi>{name}</mi>{self.fenced('<mo>,</mo>'.join(inner))}")

    def fenced(self, inner: str) -> str:
        return self._row(f"<mo>(</mo>{inner}<mo>)</mo>")

    def rounded(self, inner: str, up: bool) -> str:
        left, right = ("⌈", "⌉") if up else ("⌊", "⌋")
        return self._row(f"<mo>{left}</mo>{inner}<mo>{right}</mo>")

    @staticmethod
    def _row(inner: str) -> str:
        return f"<mrow>{inner}</mrow>"


def write(node: ast.expr, names: Mapping[str, str], writer: Writer, around: int = _TIGHT) -> str:
    """The expression in one notation; ``names`` says how each argument is written."""

    def rec(inner: ast.expr, binding: int = _TIGHT) -> str:
        return write(inner, names, writer, binding)

    match node:
        case ast.Constant(value):
            return writer.constant(value)
        case ast.Name(name):
            return names[name]
        case ast.BinOp(_, ast.Mult(), _):
            text = writer.product([rec(f, _PRODUCT) for f in factors(node)])
            return writer.fenced(text) if around >= _POWER else text
        case ast.BinOp(over, ast.Div(), under):
            text = writer.fraction(rec(over), rec(under))
            return writer.fenced(text) if around >= _POWER else text
        case ast.BinOp(base, ast.Pow(), ast.Constant(0.5)):
            return writer.root(rec(base))
        case ast.BinOp(base, ast.Pow(), exponent):
            return writer.power(rec(base, _POWER), rec(exponent))
        case ast.BinOp(left, ast.Add() | ast.Sub() as sign, right):
            plus = isinstance(sign, ast.Add)
            text = writer.joined(rec(left, _SUM), "+" if plus else "-", rec(right, _SUM if plus else _PRODUCT))
            return writer.fenced(text) if around >= _PRODUCT else text
        case ast.UnaryOp(ast.USub(), inner):
            return writer.fenced(writer.joined("", "-", rec(inner, _PRODUCT)))
        case ast.Call(ast.Name(name), arguments):
            return _call(name, arguments, rec, writer)
    raise TypeError(f"a formula may not hold {ast.unparse(node)!r}: use + - * / ** and least, most, ceil, floor, root, log2, exp, ln")


def _call(name: str, arguments: list[ast.expr], rec, writer: Writer) -> str:
    inner = [rec(a) for a in arguments]
    match name:
        case "ceil" | "floor":
            return writer.rounded(inner[0], up=name == "ceil")
        case "root":
            return writer.root(inner[0])
        case "least" | "most" | "log2" | "exp" | "ln":
            return writer.call(_FUNCTIONS[name], inner)
    raise TypeError(f"a formula may not call {name!r}: hwlib.notation does not know how it is written")


def factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product, left to right.

    >>> len(factors(ast.parse("2 * a * b * c", mode="eval").body))
    4
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*factors(node.left), *factors(node.right)]
    return [node]


def terms(node: ast.expr) -> list[ast.expr]:
    """The terms of a sum, left to right; a difference counts as one term."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*terms(node.left), *terms(node.right)]
    return [node]


def latex_lines(node: ast.expr, names: Mapping[str, str], times: str, width: int) -> list[str]:
    """The expression as LaTeX, broken between factors or terms where a line would grow past ``width``.

    Width is counted in characters as set, roughly: commands count as one.
    """
    writer = Latex(times)
    sums, products = terms(node), factors(node)
    if len(sums) > 1:
        pieces, glue = [write(t, names, writer, _SUM) for t in sums], " + "
    elif len(products) > 1:
        pieces, glue = [write(f, names, writer, _PRODUCT) for f in products], times
    else:
        return [write(node, names, writer)]
    lines, current = [], pieces[0]
    for piece in pieces[1:]:
        if printed_width(current + glue + piece) > width:
            lines.append(current)
            current = glue.strip() + " " + piece if glue.strip() != r"\," else piece
        else:
            current = current + glue + piece
    return [*lines, current]


def printed_width(latex: str) -> int:
    r"""About how many characters a piece of LaTeX takes when set.

    >>> printed_width(r"\frac{a}{b}") < len(r"\frac{a}{b}")
    True
    """
    import re

    plain = re.sub(r"\\(mathrm|text|left|right|frac|,)", "", latex)
    plain = re.sub(r"\\[a-zA-Z]+", "x", plain)
    return len(re.sub(r"[{}_^\\ ]", "", plain))


def symbol_mathml(latex: str) -> str:
    r"""The MathML of a symbol written in the small LaTeX of `hwlib.symbols`.

    >>> symbol_mathml("L"), symbol_mathml(r"n_{kv}"), symbol_mathml(r"\beta")
    ('<mi>L</mi>', '<msub><mi>n</mi><mtext>kv</mtext></msub>', '<mi>β</mi>')
    """
    import re

    base, _, sub = latex.partition("_")
    glyph = base if not base.startswith("\\") else _GREEK.get(base[1:], base[1:])
    head = f"<mi>{escape(glyph)}</mi>"
    if not sub:
        return head
    inner = re.sub(r"\\(mathrm|text)\{([^}]*)\}", r"\2", sub.strip("{}"))
    inner = _GREEK.get(inner[1:], inner) if inner.startswith("\\") else inner
    return f"<msub>{head}<mtext>{escape(inner.strip('{}'))}</mtext></msub>"


_GREEK = {
    "alpha": "α", "beta": "β", "eta": "η", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "tau": "τ", "sigma": "σ",
    "phi": "φ", "ell": "ℓ", "Delta": "Δ", "delta": "δ", "theta": "θ", "gamma": "γ", "kappa": "κ", "omega": "ω",
}
