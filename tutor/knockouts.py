"""What binds a design: parts of the hardware made infinitely good, one at a time, and the answer computed again.

"With infinite FLOPS your decode goes from a to b": the figure's own derivation is run again with one leaf replaced, so
a knock-out is as exact as the estimate, and what Python decided on the way (which layout, which chip) stays decided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hwlib.formula import Derivation, Figure, given
from hwlib.sources import Choice
from hwlib.units import show
from tutor.context import Context, NotKnown
from tutor.findings import plain

FREE = Figure(math.inf, Choice("made infinite, to see what binds", "assumption"))
NOTHING = Figure(0.0, Choice("made free, to see what binds", "assumption"))
BINDS = 0.02
"""A knock-out that changes a figure by less than this share says that the part does not bind."""

LINKS = {"link_bytes_per_s": FREE, "launch_s": NOTHING, "hop_s": NOTHING}
SERVING = (
    ("flops", "infinite FLOPS", {"peak_flops_per_s": FREE}),
    ("bandwidth", "infinite memory bandwidth", {"mem_bytes_per_s": FREE}),
    ("links", "links without delay", LINKS),
    ("overhead", "no overhead between kernels", {"step_overhead_s": NOTHING, "kernel_floor_s": NOTHING, "scheduler_s": NOTHING}),
    ("memory", "twice the memory", {}),
)
TRAINING = (
    ("flops", "infinite FLOPS", {"peak_flops_per_s": FREE}),
    ("bandwidth", "infinite memory bandwidth", {"mem_bytes_per_s": FREE}),
    ("links", "links without delay", LINKS),
    ("failures", "machines that never fail", {"mtbf_chip_hours": FREE}),
)
TCO = (
    ("people", "free engineers", {"usd_per_engineer_week": NOTHING}),
    ("training", "free training", {"run_usd": NOTHING}),
    ("serving", "chips that serve at once", {"chip_tokens_per_s": FREE}),
)
PARTS = {"serving": SERVING, "training": TRAINING, "tco": TCO}
FIGURES = {
    "serving": (("tpot_s", "a token", "s"), ("prefill_s", "prefill of the median prompt", "s"), ("sequences_that_fit", "sequences that a replica can hold", "")),
    "training": (("step_s", "a step", "s"), ("days", "the run", "days")),
    "tco": (("total_usd", "three years", "usd"),),
}


@dataclass(frozen=True, slots=True)
class Knockout:
    """One part made infinitely good, and one figure before and after."""

    part: str
    said: str
    figure: str
    label: str
    unit: str
    before: Figure
    after: Figure

    @property
    def change(self) -> float:
        """The share of the figure that the part accounts for; 0 when it does not bind."""
        if not math.isfinite(self.after):
            return math.inf
        return abs(self.after - self.before) / abs(self.before) if self.before else 0.0

    @property
    def binds(self) -> bool:
        return self.change > BINDS

    def words(self) -> str:
        """The experiment in one sentence."""
        start = f"With {self.said}, {self.label} "
        if not self.binds:
            return f"{start}stays at {show(self.before, self.unit)}: that is not what it waits for."
        return f"{start}goes from {show(self.before, self.unit)} to {show(self.after, self.unit)}."

    def as_dict(self) -> dict[str, Any]:
        return {
            "part": self.part, "said": self.said, "figure": self.figure, "label": self.label, "unit": self.unit, "before": plain(self.before),
            "after": plain(self.after), "binds": self.binds, "words": self.words(),
        }


def replayed(figure: Figure, put: dict[str, Figure]) -> Figure:
    """A figure computed again from its derivation with other inputs; each step once, the rest as it was.

    An input is replaced by its name wherever it enters, whether a leaf or an intermediate result.
    """
    done: dict[int, Any] = {}

    def value_of(name: str, value: Any) -> Any:
        if name in put:
            return put[name]
        origin = getattr(value, "origin", None)
        if not isinstance(origin, Derivation):
            return value
        if id(origin) not in done:
            inputs = {key: value_of(key, one) for key, one in origin.inputs.items()}
            if all(inputs[key] is origin.inputs[key] for key in inputs):
                done[id(origin)] = value
            else:
                result = origin.formula.run(**inputs)
                done[id(origin)] = Figure(result, Derivation(origin.formula, inputs, float(result)))
        return done[id(origin)]

    again = value_of("", figure)
    if isinstance(again, float) and math.isnan(again):
        raise NotKnown("without that part the figure has no value")
    return again


def knockouts(ctx: Context) -> tuple[Knockout, ...]:
    """Every knock-out of the design that has a value, in the order of the parts; none where the design has no estimate."""
    try:
        estimate = ctx.estimate
    except NotKnown:
        return ()
    found = []
    for part, said, put in PARTS[ctx.brief.kind]:
        if part == "memory":  # an infinite memory would hold no countable number of sequences
            put = {"mem_bytes": Figure(2 * estimate.mem_bytes, Choice("doubled, to see what binds", "assumption"))}
        for name, label, unit in FIGURES[ctx.brief.kind]:
            if (part == "memory") != (name == "sequences_that_fit"):
                continue
            before = getattr(estimate, name)
            if not math.isfinite(before):
                continue
            try:
                after = replayed(before, put)
            except (NotKnown, ArithmeticError):
                continue
            found.append(Knockout(part, said, name, label, unit, before, after if isinstance(after, Figure) else given(after)))
    return tuple(found)


def binding(ctx: Context, figure: str) -> Knockout | None:
    """The part whose knock-out changes a figure most: what it waits for."""
    ours = [k for k in knockouts(ctx) if k.figure == figure and k.binds]
    return max(ours, key=lambda k: k.change, default=None)


__all__ = ["FIGURES", "PARTS", "Knockout", "binding", "knockouts", "replayed"]
