"""A fleet of several kinds of replica at least cost, as a mixed-integer program.

How many replicas of each kind to hold, and what each does in each part of the day: read prompts, write answers, or
both in turn. Whole replicas are bought or rented; their time is divided. Solved by HiGHS through SciPy, with the gap
to the proven bound stated; when nothing carries the demand, the answer says which part of the day and by how much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput, NotSupported, unknown
from hwlib.formula import Figure, defined, formula, given

BILLING = ("always", "as-used")


@formula(gives="usd", cites="barroso2018datacenter")
def replicas_usd(*, replicas, usd_per_hour, hours):
    """Price of some replicas for some hours.

    >>> replicas_usd(replicas=3, usd_per_hour=10.0, hours=24.0)
    720.0
    """
    return replicas * usd_per_hour * hours


@formula(gives="total_usd", cites="definition")
def usd_so_far(*, before_usd, amount_usd):
    """A sum of money, item by item.

    >>> usd_so_far(before_usd=720.0, amount_usd=80.0)
    800.0
    """
    return before_usd + amount_usd


@formula(gives="tokens_per_s", cites="pope2022efficiently")
def reading_rate(*, prompt_tokens, prefill_s):
    """Prompt tokens that a replica reads in a second when it does nothing else.

    >>> reading_rate(prompt_tokens=512, prefill_s=0.064)
    8000.0
    """
    return prompt_tokens / prefill_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of replica. Rates are tokens a second of a replica that does nothing else."""

    name: str
    usd_per_hour: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    available: int | None = None
    """Replicas that can be had; ``None``: as many as are wanted."""
    reads: bool = True
    """Whether it meets the objective for the first token; if not, it reads no prompts."""
    writes: bool = True
    """Whether it meets the objective for the tokens after; if not, it writes no answers."""
    billing: str = "always"
    """``always``: paid all day; ``as-used``: paid in the parts of the day that use it."""

    def __post_init__(self) -> None:
        for field in ("usd_per_hour", "prefill_tokens_per_s", "decode_tokens_per_s"):
            _number(f"{self.name}.{field}", getattr(self, field))
        if self.available is not None and (isinstance(self.available, bool) or not isinstance(self.available, int) or self.available < 0):
            raise BadInput(f"{self.name}.available = {self.available!r} must be a whole number of at least 0, or None", field="available")
        if self.billing not in BILLING:
            raise unknown(f"{self.name}.billing", self.billing, BILLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the day with a steady demand, in tokens a second."""

    name: str
    hours: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float

    def __post_init__(self) -> None:
        for field in ("prefill_tokens_per_s", "decode_tokens_per_s"):
            _number(f"{self.name}.{field}", getattr(self, field))
        if _number(f"{self.name}.hours", self.hours) == 0:
            raise BadInput(f"{self.name}.hours = 0 must be more than 0", field="hours")


@dataclass(frozen=True, slots=True)
class Use:
    """What one kind does in one part of the day, in replicas."""

    kind: str
    part: str
    replicas: int
    reading: float
    writing: float


@dataclass(frozen=True, slots=True)
class Mix:
    """The cheapest fleet found."""

    uses: tuple[Use, ...]
    usd_per_day: Figure
    bound_usd_per_day: float
    """No mix costs less than this: what the solver proved."""
    gap: float
    """Cost over that bound, less one: 0 is proved optimal."""
    notes: tuple[str, ...] = ()

    def replicas(self, kind: str) -> int:
        """The most replicas of a kind in any part of the day."""
        return max((u.replicas for u in self.uses if u.kind == kind), default=0)


class Infeasible(BadInput):
    """No mix carries the demand; the text says where and by how much."""


def cheapest_mix(
    kinds: Sequence[Kind], day: Sequence[Part], *, utilisation: float = 0.8, split: bool = False, gap: float = 0.0, time_limit_s: float = 20.0
) -> Mix:
    """The cheapest fleet that carries every part of the day.

    ``utilisation`` is the share of a replica's time that may be planned with; with ``split`` each replica keeps to one
    task (disaggregated prefill and decode) instead of taking both in turn. Raises `Infeasible` in words.
    """
    _check(kinds, day, utilisation, gap, time_limit_s)
    program = _Program(kinds, day, utilisation, split)
    solved = program.cost(gap, time_limit_s)
    if solved.x is None:
        if solved.status != 1:  # 1: out of time
            raise Infeasible(_where(kinds, day, program), field="available")
        raise Infeasible(f"the solver gave up after {time_limit_s:g} s without a mix; allow it more time or a wider gap", field="time_limit_s")
    uses = program.uses(solved.x)
    if solved.mip_gap is not None and solved.mip_gap > max(gap, 1e-9):
        note = (f"stopped after {time_limit_s:g} s at a gap of {solved.mip_gap:.2%}",)
    else:
        note = ()
    usd = _bill(kinds, day, uses)
    bound = float(solved.mip_dual_bound) * program.scale if solved.mip_dual_bound is not None else float(usd)
    return Mix(uses, usd, min(bound, float(usd)), float(solved.mip_gap or 0.0), note + _left_out(kinds))


def kind_of(design, load, *, ttft_s: float, tpot_s: float, name: str = "", available: int | None = None, billing: str = "always") -> Kind:
    """A kind of replica from a serving design: its rates, its price, and whether it meets the two objectives.

    The objectives are held against the times without a queue; what a queue adds is what ``utilisation`` leaves room for.
    """
    from hwlib.serving import estimate_serving

    e = estimate_serving(design, load)
    if not e.fits:
        raise BadInput(f"chips_per_replica = {design.chips_per_replica}: {design.model} does not fit {design.accelerator}; take more chips or fewer bits", field="chips_per_replica")
    if math.isnan(e.usd_per_chip_hour):
        raise NotSupported(f"accelerator = {design.accelerator!r} has no price in the catalogue; build its Kind with a price of your own", field="accelerator")
    return Kind(
        name=name or f"{design.accelerator} × {design.chips_per_replica}", usd_per_hour=replicas_usd(replicas=given(design.chips_per_replica), usd_per_hour=e.usd_per_chip_hour, hours=defined(1.0, "one hour")),
        prefill_tokens_per_s=reading_rate(prompt_tokens=given(load.prompt_tokens, by="brief"), prefill_s=e.prefill_s), decode_tokens_per_s=e.replica_tokens_per_s,
        available=available, billing=billing, reads=e.ttft_floor_s <= ttft_s, writes=e.full_step_s <= tpot_s,
    )


class _Program:
    """The program's columns: for each kind its replicas (one column, or one a part), then time reading and writing."""

    def __init__(self, kinds: Sequence[Kind], day: Sequence[Part], utilisation: float, split: bool) -> None:
        self.kinds, self.day, self.utilisation, self.split = kinds, day, utilisation, split
        self.count = {}
        columns = 0
        for k, kind in enumerate(kinds):
            for p in range(len(day)):
                self.count[k, p] = columns if kind.billing == "as-used" or p == 0 else self.count[k, 0]
                columns = max(columns, self.count[k, p] + 1)
        self.first_time = columns
        self.columns = columns + 2 * len(kinds) * len(day)
        self.most = [self._most(kind) for kind in kinds]
        hours = sum(part.hours for part in day)
        self.price = np.zeros(self.columns)
        for k, kind in enumerate(kinds):
            for p, part in enumerate(day):
                if kind.billing == "as-used" or p == 0:
                    self.price[self.count[k, p]] = kind.usd_per_hour * (part.hours if kind.billing == "as-used" else hours)
        self.scale = float(self.price.max()) or 1.0

    def time(self, k: int, p: int, task: int) -> int:
        return self.first_time + 2 * (k * len(self.day) + p) + task

    def rate(self, kind: Kind, task: int) -> float:
        """Tokens a second that one replica may be planned with."""
        able, rate = (kind.reads, kind.prefill_tokens_per_s) if task == 0 else (kind.writes, kind.decode_tokens_per_s)
        return rate * self.utilisation if able else 0.0

    def _most(self, kind: Kind) -> float:
        """Replicas that would carry everything alone, task by task: more are never needed."""
        need = 0.0
        for part in self.day:
            alone = [d / self.rate(kind, t) for t, d in enumerate(_demand(part)) if d and self.rate(kind, t)]
            need = max(need, sum(math.ceil(a) for a in alone))
        return min(need, math.inf if kind.available is None else kind.available)

    def constraints(self, carried: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Rows ``A x ≥ low``; with ``carried`` the demand is multiplied by that column."""
        rows, low = [], []
        for p, part in enumerate(self.day):
            for task, demand in enumerate(_demand(part)):
                if demand:
                    row = np.zeros(self.columns + (carried is not None))
                    for k, kind in enumerate(self.kinds):
                        row[self.time(k, p, task)] = self.rate(kind, task) / demand
                    if carried is not None:
                        row[carried] = -1.0
                    rows.append(row)
                    low.append(1.0 if carried is None else 0.0)
            for k in range(len(self.kinds)):
                row = np.zeros(self.columns + (carried is not None))
                row[self.count[k, p]] = 1.0
                row[[self.time(k, p, 0), self.time(k, p, 1)]] = -1.0
                rows.append(row)
                low.append(0.0)
        return np.array(rows), np.array(low)

    def _bounds(self) -> np.ndarray:
        top = np.empty(self.columns)
        for k in range(len(self.kinds)):
            for p in range(len(self.day)):
                top[[self.count[k, p], self.time(k, p, 0), self.time(k, p, 1)]] = self.most[k]
        return top

    def _whole(self) -> np.ndarray:
        return np.where((np.arange(self.columns) < self.first_time) | self.split, 1, 0)

    def cost(self, gap: float, time_limit_s: float):
        optimize = _scipy()
        rows, low = self.constraints()
        return optimize.milp(
            self.price / self.scale, integrality=self._whole(), bounds=optimize.Bounds(0, self._bounds()), constraints=optimize.LinearConstraint(rows, low, np.inf),
            options={"mip_rel_gap": gap, "time_limit": time_limit_s},
        )

    def carried(self) -> float:
        """The largest share of the demand, in every part at once, that all replicas together carry."""
        optimize = _scipy()
        rows, low = self.constraints(self.columns)
        top = np.append(self._bounds(), np.inf)
        gain = np.zeros(self.columns + 1)
        gain[-1] = -1.0
        solved = optimize.milp(
            gain, integrality=np.append(self._whole(), 0), bounds=optimize.Bounds(0, top), constraints=optimize.LinearConstraint(rows, low, np.inf), options={"time_limit": 10.0}
        )
        return float(solved.x[-1]) if solved.x is not None else 0.0

    def uses(self, x: np.ndarray) -> tuple[Use, ...]:
        return tuple(
            Use(kind.name, part.name, round(x[self.count[k, p]]), float(x[self.time(k, p, 0)]), float(x[self.time(k, p, 1)]))
            for k, kind in enumerate(self.kinds) for p, part in enumerate(self.day) if round(x[self.count[k, p]])
        )  # fmt: skip


def _scipy():
    try:
        from scipy import optimize
    except ImportError as missing:
        raise NotSupported("the fleet mix needs SciPy, which is not installed; pip install scipy", field="scipy") from missing
    return optimize


def _demand(part: Part) -> tuple[float, float]:
    return part.prefill_tokens_per_s, part.decode_tokens_per_s


def _number(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1e15:
        raise BadInput(f"{name} = {value!r} must be a finite number between 0 and 10¹⁵", field=name.rsplit(".", 1)[-1])
    return float(value)


def _check(kinds: Sequence[Kind], day: Sequence[Part], utilisation: float, gap: float, time_limit_s: float) -> None:
    for what, items in (("kinds", kinds), ("day", day)):
        if not items:
            raise BadInput(f"{what} is empty; give at least one", field=what)
        names = [i.name for i in items]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise BadInput(f"{what} names {twice[0]!r} twice; give each its own name", field=what)
    if not 0 < _number("utilisation", utilisation) <= 1:
        raise BadInput(f"utilisation = {utilisation} must be more than 0 and at most 1", field="utilisation")
    if _number("gap", gap) >= 1:
        raise BadInput(f"gap = {gap} must be less than 1: 0.01 stops within 1 % of the optimum", field="gap")
    if _number("time_limit_s", time_limit_s) == 0:
        raise BadInput("time_limit_s = 0 leaves the solver no time; give it seconds", field="time_limit_s")


def _bill(kinds: Sequence[Kind], day: Sequence[Part], uses: Sequence[Use]) -> Figure:
    """The day's bill as a figure: an item for each kind, or for each part of the day that uses it."""
    total = defined(0.0, "nothing yet")
    hours = sum(part.hours for part in day)
    for kind in kinds:
        own = [u for u in uses if u.kind == kind.name]
        for use in own if kind.billing == "as-used" else own[:1]:
            paid = hours if kind.billing == "always" else next(part.hours for part in day if part.name == use.part)
            item = replicas_usd(replicas=defined(float(use.replicas), "chosen by the solver"), usd_per_hour=given(kind.usd_per_hour, f"an hour of {kind.name}", "assumption"), hours=given(paid, "hours a day", "assumption"))
            total = usd_so_far(before_usd=total, amount_usd=item)
    return total


def _left_out(kinds: Sequence[Kind]) -> tuple[str, ...]:
    said = []
    for kind in kinds:
        missed = [words for able, words in ((kind.reads, "the first token"), (kind.writes, "the tokens after")) if not able]
        if missed:
            said.append(f"{kind.name} misses the objective for {' and '.join(missed)}" + (" and is not used" if len(missed) == 2 else ", so it does only the other task"))
    return tuple(said)


def _where(kinds: Sequence[Kind], day: Sequence[Part], program: _Program) -> str:
    """Why nothing works, in one sentence: the part of the day that is carried least, and what would do."""
    for task, (words, objective) in enumerate((("reads prompts", "the first token"), ("writes answers", "the tokens after"))):
        if any(_demand(part)[task] for part in day) and not any(program.rate(kind, task) for kind in kinds):
            return f"no kind that {words} meets the objective for {objective}; add a faster kind or relax the objective"
    shares = []
    for part in day:
        one = _Program(kinds, [part], program.utilisation, program.split)
        alone = [sum(one.rate(kind, t) * (kind.available if kind.available is not None else math.inf) for kind in kinds if one.rate(kind, t)) / d if d else math.inf for t, d in enumerate(_demand(part))]
        shares.append((one.carried(), part, alone))
    share, part, (prefill, decode) = min(shares, key=lambda s: s[0])
    each = " and ".join(f"{a:.0%} of its {word}" for a, word in ((prefill, "prompts"), (decode, "answers")) if math.isfinite(a))
    return (
        f"no mix carries {part.name!r}: with every available replica at {program.utilisation:.0%} utilisation it would carry {share:.0%} of the demand"
        + (f" (alone, {each})" if each else "") + "; raise an availability, add a kind or plan for less"
    )
