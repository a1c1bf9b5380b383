"""A number that explains itself.

One formula is one function: a docstring, one ``return``, keyword-only arguments in base units, a citation.
`formula` leaves the function callable and adds what a learner asks of a number. Called with scalars it
returns a `Figure`, a float that carries the very inputs it was computed from; called with numpy arrays it
returns plain arrays, so that sweeps and searches run the same code at numpy speed.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, wraps
from typing import Any

import numpy as np
from numpy import ndarray

from hwlib.sources import DEFINITION, Choice, Run, Source


class Figure(float):
    """A float that knows its origin: a `Source`, a `Choice`, a `Derivation` or a `Run`.

    Arithmetic on a figure gives a plain float: new figures come from formulas only.

    >>> Figure(2.0, Choice("FP16")).origin.reason
    'FP16'
    """

    __slots__ = ("_origin",)
    _origin: Source | Choice | Derivation | Run | tuple[Formula, dict[str, Any]]
    """A formula leaves itself and its inputs here; they become a `Derivation` when somebody asks."""

    def __new__(cls, value: float, origin: Any) -> Figure:
        self = super().__new__(cls, value)
        self._origin = origin
        return self

    @property
    def origin(self) -> Source | Choice | Derivation | Run:
        """Where the number comes from; the same object whenever it is asked."""
        found = self._origin
        if found.__class__ is tuple:
            found = self._origin = Derivation(*found, float(self))
        return found

    def __reduce__(self):
        return (Figure, (float(self), self.origin))


@dataclass(slots=True, eq=False)
class Derivation:
    """How one value was computed: the formula and the inputs it was given, in order.

    Never changed once made; not frozen, because a frozen one takes three times as long to make.
    """

    formula: Formula
    inputs: dict[str, Any]
    value: float

    def words(self) -> str:
        """The "where from" of a derived value: the formula's name without the unit that ends it."""
        name = self.formula.name
        name = f"{name.removesuffix('_per_s')}_a_second" if name.endswith("_per_s") else name.removesuffix("_s")
        return f"computed: {name.replace('usd', 'dollars').replace('_', ' ')}"

    def steps(self) -> list[Derivation]:
        """Every derivation that this one rests on, inputs first, each once, itself last."""
        seen: set[int] = set()
        order: list[Derivation] = []

        def visit(step: Derivation | Run) -> None:
            if id(step) in seen:
                return
            seen.add(id(step))
            for value in step.inputs.values():
                origin = getattr(value, "origin", None)
                if isinstance(origin, Derivation | Run):
                    visit(origin)
            if isinstance(step, Derivation):
                order.append(step)

        visit(self)
        return order

    def leaves(self) -> list[Leaf]:
        """The inputs that no formula produced, step by step.

        A list, not a mapping: two steps may each have an input of the same name with different values.
        """
        return [
            Leaf(name, value, step)
            for step in self.steps()
            for name, value in step.inputs.items()
            if not isinstance(getattr(value, "origin", None), Derivation)
        ]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One input at one step that came from outside the formulas."""

    name: str
    value: Any
    step: Derivation

    @property
    def bare(self) -> bool:
        """Whether this input is a number without an origin: a gap in the explanation."""
        return getattr(self.value, "origin", None) is None


@dataclass(frozen=True)
class Formula:
    """What is known of a formula besides how to run it."""

    run: Callable[..., Any]
    gives: str
    cites: str
    parameters: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def summary(self) -> str:
        """The first line of the docstring, which says what the formula gives."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.run) or ""

    @cached_property
    def expr(self) -> ast.expr:
        """The expression after ``return``, read from the source on first need (parsing costs start-up time)."""
        body = ast.parse(textwrap.dedent(inspect.getsource(self.run))).body[0].body
        *before, last = body
        only_docstring = all(isinstance(b, ast.Expr) and isinstance(b.value, ast.Constant) for b in before)
        if len(before) > 1 or not only_docstring or not isinstance(last, ast.Return) or last.value is None:
            raise TypeError(f"{self.name}: a formula is a docstring and one return")
        return last.value


def formula(*, gives: str, cites: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of one ``return`` explain itself.

    ``gives`` is the symbol of the result (`hwlib.symbols`), ``cites`` a key of the bibliography.

    >>> @formula(gives="weight_bytes", cites="kaplan2020scaling")
    ... def doubled(*, params, bytes_per_param):
    ...     "Bytes of the weights."
    ...     return params * bytes_per_param
    >>> doubled(params=70e9, bytes_per_param=2)
    140000000000.0
    >>> doubled(params=np.array([1.0, 2.0]), bytes_per_param=2)
    array([2., 4.])
    """

    def decorate(run: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(run)
        for parameter in signature.parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
                raise TypeError(f"{run.__name__}: every argument of a formula is keyword-only and required")
        card = Formula(run, gives, cites, tuple(signature.parameters))
        call = wraps(run)(_caller(card))
        call.formula = card
        return call

    return decorate


_CALL = """
def call(*, {names}):
    value = run({pairs})
    if value.__class__ is ndarray:
        return value
    figure = new(Figure, value)
    figure._origin = (card, {{{items}}})
    return figure
"""
"""What stands between a formula and its caller. Written out for its very arguments, since an estimate makes a hundred
figures and a general ``**inputs`` would take half as long again."""


def _caller(card: Formula) -> Callable[..., Any]:
    names = card.parameters
    text = _CALL.format(names=", ".join(names), pairs=", ".join(f"{n}={n}" for n in names), items=", ".join(f"{n!r}: {n}" for n in names))
    scope = {"run": card.run, "card": card, "Figure": Figure, "new": float.__new__, "ndarray": ndarray}
    exec(compile(text, f"<formula {card.name}>", "exec"), scope)
    return scope["call"]


@cache
def _choice(reason: str, by: str) -> Choice:
    """One object for each reason: an estimate is told a dozen values by the same brief."""
    return Choice(reason, by)


def given(value: float, reason: str = "", by: str = "learner") -> Figure:
    """A figure that somebody chose; a figure that already has an origin keeps it."""
    if isinstance(value, Figure):
        return value
    figure = float.__new__(Figure, value)
    figure._origin = _choice(reason, by)
    return figure


def defined(value: float, note: str = "definition") -> Figure:
    """A figure true by definition: seconds in an hour, bytes of a format."""
    return Figure(value, DEFINITION if note == "definition" else Source("definition", kind="definition", note=note))


# What a formula may call. Each takes floats or arrays; the names are what `hwlib.latex` knows.


def least(*values: Any) -> Any:
    """The smallest, element by element on arrays.

    >>> least(3.0, 2.0), least(np.array([1.0, 5.0]), 3.0)
    (2.0, array([1., 3.]))
    """
    for value in values:
        if isinstance(value, ndarray):
            return np.minimum.reduce(np.broadcast_arrays(*values))
    return min(values)


def most(*values: Any) -> Any:
    """The largest, element by element on arrays.

    >>> most(3.0, 2.0), most(np.array([1.0, 5.0]), 3.0)
    (3.0, array([3., 5.]))
    """
    for value in values:
        if isinstance(value, ndarray):
            return np.maximum.reduce(np.broadcast_arrays(*values))
    return max(values)


def ceil(value: Any) -> Any:
    """Rounded up.

    >>> ceil(2.1), ceil(np.array([2.1, 3.0]))
    (3, array([3., 3.]))
    """
    return np.ceil(value) if isinstance(value, ndarray) else math.ceil(value)


def floor(value: Any) -> Any:
    """Rounded down.

    >>> floor(2.9), floor(np.array([2.1, 3.0]))
    (2, array([2., 3.]))
    """
    return np.floor(value) if isinstance(value, ndarray) else math.floor(value)


def root(value: Any) -> Any:
    """The square root.

    >>> root(9.0)
    3.0
    """
    return value**0.5


def log2(value: Any) -> Any:
    """The logarithm to base two.

    >>> log2(8.0)
    3.0
    """
    return np.log2(value) if isinstance(value, ndarray) else math.log2(value)


def exp(value: Any) -> Any:
    """e to the power of a value.

    >>> exp(0.0)
    1.0
    """
    return np.exp(value) if isinstance(value, ndarray) else math.exp(value)


def ln(value: Any) -> Any:
    """The natural logarithm.

    >>> ln(1.0)
    0.0
    """
    return np.log(value) if isinstance(value, ndarray) else math.log(value)


def formulas_in(module: Any) -> Iterator[Callable[..., Any]]:
    """The formulas that a module defines, in the order of their names."""
    for name, value in sorted(vars(module).items()):
        if hasattr(value, "formula") and value.__module__ == module.__name__ and not name.startswith("_"):
            yield value
