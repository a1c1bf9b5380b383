"""The evidence about one entry, computed when somebody asks and then kept.

Rules, targets, the repair search and the dialogue read the same context, so a design is estimated once and
simulated at most once. What cannot be known raises `NotKnown` with the reason in words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from typing import Any

from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Figure, given
from tutor.briefs import Brief, brief
from tutor.designfile import Entry

SIMULATED_REQUESTS = 2000
SEED = 1


class NotKnown(Exception):
    """A figure that cannot be had for this design; ``str()`` says why, in words that fit after "not known:"."""


class Context:
    """One entry and everything that is computed about it, lazily.

    ``simulate=False`` refuses simulations: the repair search screens thousands of designs that way.
    """

    def __init__(self, entry: Entry, *, simulate: bool = True) -> None:
        self.entry = entry
        self.simulate = simulate
        self._measured: dict[str, Any] = {}
        self._variants: dict[tuple[Any, ...], Context] = {}
        self.shared: dict[str, Any] = {}
        """What no text and no prediction changes: other hand-ins with the same design find it here."""

    @property
    def brief(self) -> Brief:
        return brief(self.entry.brief)

    @property
    def design(self) -> Any:
        return self.entry.design

    @property
    def load(self) -> Any:
        return self.entry.load

    @property
    def predictions(self) -> Any:
        return self.entry.predictions

    @cached_property
    def chip(self) -> Any:
        """The chip of the design, from the catalogue."""
        from hwlib.catalogue import chip

        return chip(self.design.accelerator)

    @cached_property
    def _estimated(self) -> Any:
        try:
            return _estimator(self.brief.kind)(self.design, self.load)
        except (BadInput, ArithmeticError) as error:
            return error

    @property
    def estimate(self) -> Any:
        """The estimate of the brief's kind; `NotKnown` when hwlib refuses the design."""
        if isinstance(self._estimated, Exception):
            raise NotKnown(_sentence(self._estimated)) from None
        return self._estimated

    @property
    def estimated(self) -> bool:
        """Whether the estimate was asked for already."""
        return "_estimated" in self.__dict__

    @property
    def refusal(self) -> str:
        """Why hwlib refuses the design; empty when it does not."""
        return _sentence(self._estimated) if isinstance(self._estimated, Exception) else ""

    @cached_property
    def _simulations(self) -> dict[tuple[int, float], Any]:
        return {}

    def run(self, *, lost: int = 0, peak: float = 1.0) -> Any:
        """A seeded simulation of the peak, with replicas lost or the arrivals scaled."""
        if not self.simulate:
            raise NotKnown("not simulated here")
        if lost <= getattr(self.design, "spare_replicas", 0):
            lost = 0  # spares step in: nothing is lost
        key = (lost, peak)
        if key not in self._simulations:
            self._simulations[key] = _simulated(self.design, self.load, lost, peak, self.estimate)
        result = self._simulations[key]
        if isinstance(result, Exception):
            raise NotKnown(str(result)) from None
        return result

    @property
    def simulated(self) -> Any:
        return self.run()

    @property
    def lost(self) -> Any:
        return self.run(lost=1)

    def measure(self, name: str) -> Any:
        """The figure of that name, kept: "estimate.x", "simulated.x", "lost.x", "design.x", or a measure of `tutor.measures`."""
        if name not in self._measured:
            try:
                self._measured[name] = self._measure(name)
            except NotKnown as error:
                self._measured[name] = error
            except ArithmeticError:
                self._measured[name] = NotKnown("the model has no answer for these values")
        value = self._measured[name]
        if isinstance(value, NotKnown):
            raise value
        return value

    def _measure(self, name: str) -> Any:
        from tutor.measures import MEASURES

        if name in MEASURES:
            value = MEASURES[name](self)
        else:
            where, _, attribute = name.partition(".")
            if where == "design":
                value = getattr(self.design, attribute)
                return given(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
            value = getattr(getattr(self, where), attribute)
        if isinstance(value, float) and value != value:
            raise NotKnown(getattr(value.origin, "note", "") or "a figure that it needs is not published")
        return value

    def variant(self, **changes: Any) -> Context:
        """The same entry with fields of its design changed, not simulated; kept, since rules ask for the same ones."""
        key = tuple(sorted(changes.items()))
        if key not in self._variants:
            self._variants[key] = Context(self.entry.changed(**changes), simulate=False)
        return self._variants[key]

    def known(self, name: str) -> bool:
        """Whether the measure can be had."""
        try:
            self.measure(name)
        except NotKnown:
            return False
        return True

    def get(self, name: str, default: Any = float("nan")) -> Any:
        """The measure, or the default when it is not known."""
        try:
            return self.measure(name)
        except NotKnown:
            return default


def sure_to_miss(ctx: Context, *, limit_s: float, lost: int = 0) -> bool:
    """Whether the p99 of the time to first token is over its limit, told by a run that stops when it is; False also where nothing can be simulated."""
    from hwlib.simulator import simulation_misses

    d = ctx.design
    if not ctx.estimate.fits or d.replicas - max(0, lost - d.spare_replicas) < 1:
        return False
    try:
        return simulation_misses(d, ctx.load, limit_s=limit_s, seed=SEED, requests=SIMULATED_REQUESTS, lost=lost)
    except (BadInput, ArithmeticError):
        return False


def _estimator(kind: str) -> Callable[[Any, Any], Any]:
    """Imported on use: a page about training does not load the simulator."""
    if kind == "serving":
        from hwlib.serving import estimate_serving

        return estimate_serving
    if kind == "training":
        from hwlib.training import estimate_training

        return partial(estimate_training, uneven=True)  # rules of the tutor name what does not divide, and the talk goes on
    from hwlib.economics import estimate_tco

    return estimate_tco


def _simulated(design: Any, load: Any, lost: int, peak: float, estimate: Any) -> Any:
    """A simulation, or the exception that says why there is none."""
    from hwlib.serving import simulate_serving

    if not estimate.fits:
        return NotKnown("the model does not fit, so nothing can be simulated")
    if design.replicas - max(0, lost - design.spare_replicas) < 1:
        return NotKnown("no replica is left")
    try:
        return simulate_serving(design, load, seed=SEED, requests=SIMULATED_REQUESTS, lost=lost, peak=peak)
    except (BadInput, ArithmeticError) as error:
        return NotKnown(_sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, NotSupported | BadInput):
        return str(error)
    return f"the model has no answer for these values ({type(error).__name__.lower()})"


@lru_cache(maxsize=64)
def _kept(key: tuple[Any, ...], text: tuple[Any, ...], holder: _Holder) -> Context:
    made = Context(holder.entry)
    if made.brief.kind != "tco":  # a plan's targets read its memo and its predictions
        first = _first((key, tuple(sorted(holder.entry.reasons.items()))), _Holder(made))
        made._measured, made._variants, made.shared, made.__dict__["_simulations"] = first._measured, first._variants, first.shared, first._simulations
        made.__dict__["_estimated"] = first._estimated
    return made


@lru_cache(maxsize=32)
def _first(key: tuple[Any, ...], holder: _Holder) -> Context:
    """The first context of a design under its assumptions and their reasons, whoever handed it in."""
    return holder.entry


class _Holder:
    """Carries something past the cache's key: every holder is equal, so the key alone decides."""

    __slots__ = ("entry",)

    def __init__(self, entry: Any) -> None:
        self.entry = entry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder)

    def __hash__(self) -> int:
        return 0


def context(entry: Entry) -> Context:
    """The context of an entry; the same one for the same entry, so that a session computes nothing twice."""
    text = (tuple(sorted(entry.predictions.items())), entry.rationale, tuple(sorted(entry.reasons.items())), entry.title)
    return _kept(entry.key(), text, _Holder(entry))


def same_value(value: Any) -> Figure | Any:
    """The value as a figure of the learner's choice, for evidence rows."""
    return given(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
