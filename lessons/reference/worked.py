"""The ledger's arithmetic, run: every step of a computation that consists of numbers is computed again when the page is built."""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass

SUPERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "m": 1e-3, "µ": 1e-6}
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow}
LARGEST_POWER = 400
ROUNDED = 0.003
"""Relative difference up to which a stated figure is the computed one: three digits, or rounded up to whole chips."""
NUMBER = re.compile(r"\$?[\d.,]+(?: × 10[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?: ?[A-Za-z%/-]+(?: [A-Za-z]+)*)?")


@dataclass(frozen=True, slots=True)
class Step:
    """One expression of numbers, its value, and what the ledger states for it (None: nothing)."""

    expression: str
    value: float
    stated: float | None = None
    digits: float = 0.0
    """Half of the last digit that is stated."""

    @property
    def agrees(self) -> bool:
        """Whether the stated figure is the computed one, rounded; whole chips are rounded up."""
        return self.stated is None or abs(self.value - self.stated) <= max(self.digits * 1.01, ROUNDED * abs(self.value))


def steps(how: str) -> list[Step]:
    """The steps of a computation that consist of numbers; formulas in symbols have none.

    >>> [(s.value, s.stated, s.agrees) for s in steps("12 × 50 = 600; /2 = 300")]
    [(600.0, 600.0, True), (300.0, 300.0, True)]
    >>> [(s.value, s.stated) for s in steps("MFU = 6 × N × D/(GPU_hours × peak)")], steps("1 × 10³/8 = 126")[0].agrees
    ([], False)
    """
    found: list[Step] = []
    last = base = 0.0  # what a step that goes on multiplies: the last value, or that value without its last factor
    for part in how.split(";"):
        segments = [s.strip() for s in part.split("=")]
        for at, segment in enumerate(segments):
            expression = _expression(segment)
            follows = expression is not None and expression[:1] in "*/"
            if expression is None or follows and not found or at and NUMBER.fullmatch(segment):
                continue
            tried = []
            for start in (last, base) if follows else (0.0,):
                value, without = _value(f"{start!r}{expression}" if follows else expression)
                if value is not None:
                    stated, digits = _stated(segments[at + 1], value) if at + 1 < len(segments) else (None, 0.0)
                    tried.append((Step(_shown(segment), value, stated, digits), without))
            if tried:
                step, base = next(((s, w) for s, w in tried if s.agrees), tried[0])
                last = step.value
                found.append(step)
    return found


def _shown(segment: str) -> str:
    return re.sub(r"^[^\d×/(√]*?(?:[A-Za-z][\w' -]*:? )(?=[\d(])", "", segment).strip()


def _expression(segment: str) -> str | None:
    """The arithmetic in a segment as Python, or None: words before it, units and notes behind numbers are dropped."""
    text = re.sub(r"\((?:w|g|master|m|v)\)", "", segment)  # notes of the ledger on what is counted
    text = _shown(text).replace("$", "").replace("−", "-")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d)([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: f"{m[1]}**{m[2].translate(SUPERS)}", text).replace("×", "*")
    text = re.sub(r"(?<=\d) (?:SM|FMA|B)(?=\s|$)", "", re.sub(r"(?<=\d) Gb/s", "*10**9", text)).strip()
    if not re.fullmatch(r"[\d.+\-*/() ]+", text) or not re.search(r"\d\s*[-+*/]|^[*/]", text):
        return None
    return text


def _value(expression: str) -> tuple[float | None, float]:
    """The value, and the value without the last factor."""
    try:
        body = ast.parse(expression.strip(), mode="eval").body
        return _run(body), _run(body.left) if isinstance(body, ast.BinOp) else 0.0
    except (SyntaxError, ZeroDivisionError, OverflowError, TypeError, KeyError):
        return None, 0.0


def _run(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_run(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _run(node.left), _run(node.right)
        if isinstance(node.op, ast.Pow) and abs(right) > LARGEST_POWER:
            raise OverflowError
        return OPERATORS[type(node.op)](left, right)
    raise KeyError(type(node))


def _stated(segment: str, value: float) -> tuple[float | None, float]:
    """The figure that follows, and half of its last digit; a prefix or a word counts where it brings the two together."""
    found = re.match(r"\$?(\d[\d,]*\.?\d*)(?:\s*×\s*10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?\s*(%|[A-Za-zµ]+)?", segment)
    if not found or "/" in segment[: found.end(1) + 1]:
        return None, 0.0
    number, half = float(found[1].replace(",", "")), 0.5 * 10.0 ** -len(found[1].partition(".")[2])
    scale = 10.0 ** int(found[2].translate(SUPERS)) if found[2] else 1.0
    unit = found[3] or ""
    scales = [scale, scale * (0.01 if unit == "%" else WORDS.get(unit, PREFIXES.get(unit[:1], 1.0) if len(unit) > 1 or unit in PREFIXES else 1.0))]
    best = min(scales, key=lambda s: abs(number * s - value))
    return number * best, half * best
