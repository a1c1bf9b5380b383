"""What a family of measurements must say of itself to be fitted, predicted and validated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hwlib.predict.constants import Constant, Constants
from hwlib.predict.row import Refused, Row


def _as_measured(row: Row, metric: str) -> float | None:
    return row.measured(metric)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """One model for the rows of some families of the measurement files.

    ``predict(row, constants)`` gives each metric that it can, and raises `Refused` with the reason when it can give none.
    ``datasheet(row)`` gives the same metrics from datasheet peaks alone, with no fitted constant.
    """

    title: str
    names: tuple[str, ...]
    """Values of the `family` column."""
    file: str
    """The file of `hwlib/measured` that the rows come from."""
    metrics: Mapping[str, tuple[str, ...]]
    """Metrics by value of the `family` column, as the contract lists them."""
    constants: Mapping[str, Constant]
    predict: Callable[[Row, Constants], dict[str, float]]
    datasheet: Callable[[Row], dict[str, float]]
    levels: Callable[[Row], tuple[str, ...]]
    """The levels of a row, general to special: what cross-validation calls "seen" when the last is known."""
    observed: Callable[[Row, str], float | None] = _as_measured
    weights: Mapping[str, float] = field(default_factory=dict)
    derived: Callable[[Row, dict[str, float]], dict[str, float]] | None = None
    """Metrics that follow from the predicted ones."""
    regime: Callable[[Row], str] | None = None
    """Where errors differ by size or kind of case: intervals are kept apart by this word."""

    terms: Callable[[Row, Constants], Iterable[tuple[str, float]]] | None = None
    """What the time of a row goes to: names and seconds, for an explanation."""

    @property
    def key(self) -> str:
        """The family's name in `fitted.toml`."""
        return self.names[0]

    def metrics_of(self, row: Row) -> tuple[str, ...]:
        return self.metrics.get(row.family, ())

    def weight(self, metric: str) -> float:
        """How much a metric counts in the fit; zero for one that is only scored."""
        return self.weights.get(metric, 1.0)


__all__ = ["Constant", "Constants", "Family", "Refused", "Row"]
