"""Every formula gives the unit that its symbol declares, whatever the numbers."""

import re
from collections import Counter
from dataclasses import dataclass

import pytest

from hwlib import all_formulas
from hwlib.formula import formula
from hwlib.notation import symbol_mathml
from hwlib.symbols import SYMBOLS
from hwlib.units import COUNTED

PLAIN = {"%", "1", ""}


@dataclass(frozen=True)
class Dim:
    """A unit without a number: what is left of a quantity when only its dimension is followed."""

    powers: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, unit: str) -> "Dim":
        over, _, under = unit.replace("kWh", "kW·h").partition("/")
        count = Counter(_units(over))
        count.subtract(_units(under))
        return cls._from(count)

    @classmethod
    def _from(cls, count) -> "Dim":
        return cls(tuple(sorted((u, p) for u, p in count.items() if p)))

    def _times(self, other, sign):
        count = Counter(dict(self.powers))
        for unit, power in _powers(other):
            count[unit] += sign * power
        return Dim._from(count)

    def __mul__(self, other):
        return self._times(other, 1)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._times(other, -1)

    def __rtruediv__(self, other):
        return Dim(())._times(self, -1) * other

    def _same(self, other):
        if _powers(other) != self.powers and not (isinstance(other, int | float) and other == 0):
            raise TypeError(f"{other} and {self} do not add or compare")
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = _same

    def _compare(self, other):
        self._same(other)
        return True

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __pow__(self, exponent):
        if isinstance(exponent, Dim):
            exponent._plain()
            self._plain()
            return Dim(())
        return Dim(tuple((u, p * exponent) for u, p in self.powers))

    def _plain(self):
        if self.powers:
            raise TypeError(f"{self} must be a plain number here")
        return self

    def __ceil__(self):
        return self._plain()

    __floor__ = __ceil__

    def __float__(self):
        self._plain()
        return 1.0


def _units(text):
    return [u for u in re.split(r"[*·]", text) if u not in PLAIN and u not in COUNTED]


def _powers(value):
    return value.powers if isinstance(value, Dim) else ()


@pytest.mark.parametrize("each", all_formulas(), ids=lambda f: f"{f.__module__.split('.')[-1]}.{f.__name__}")
def test_a_formula_gives_the_unit_it_declares(each):
    inputs = {n: Dim.of(SYMBOLS[n].unit) for n in each.formula.parameters}
    got = each.formula.run(**inputs)
    assert _powers(got) == Dim.of(SYMBOLS[each.formula.gives].unit).powers


def test_the_test_catches_bytes_added_to_seconds():
    @formula(gives="weight_bytes", cites="definition")
    def bad(*, weight_bytes, step_s):
        return weight_bytes + step_s

    with pytest.raises(TypeError, match="do not add"):
        bad.formula.run(weight_bytes=Dim.of("B"), step_s=Dim.of("s"))


def test_the_test_catches_a_forgotten_factor():
    @formula(gives="step_s", cites="definition")
    def bad(*, weight_bytes, mem_bytes_per_s):
        return weight_bytes * mem_bytes_per_s

    got = bad.formula.run(weight_bytes=Dim.of("B"), mem_bytes_per_s=Dim.of("B/s"))
    assert got.powers != Dim.of("s").powers


def test_every_symbol_is_used_or_named_by_a_formula():
    used = {n for f in all_formulas() for n in (f.formula.gives, *f.formula.parameters)}
    assert set(SYMBOLS) == used


def test_no_symbol_reaches_a_page_as_raw_latex():
    raw = {s.latex for s in SYMBOLS.values() if set(symbol_mathml(s.latex)) & set("\\{}")}
    assert not raw, f"the MathML of these symbols still has LaTeX in it: {sorted(raw)}"
