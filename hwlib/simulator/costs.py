"""What a replica's time and memory cost, as plain numbers that an inner loop can add."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Costs:
    """What a replica needs to know about itself, as plain numbers: seconds, and tokens of room.

    Time of a decode step with B sequences holding K tokens in all: ``fixed + max(weights + per_kv·K, per_seq·B) + comm0 + comm1·B``.
    Time of a prefill of n tokens: ``pre_fixed + max(pre_floor, pre1·n + pre2·n²) + pre_comm·n``.
    """

    fixed: float
    weights: float
    per_kv: float
    per_seq: float
    comm0: float
    comm1: float
    pre_fixed: float
    pre_floor: float
    pre1: float
    pre2: float
    pre_comm: float
    kv_room_tokens: float

    def step(self, batch: int, tokens: float) -> float:
        """Seconds of one decode step of ``batch`` sequences that hold ``tokens`` in all."""
        return self.fixed + max(self.weights + self.per_kv * tokens, self.per_seq * batch) + self.comm0 + self.comm1 * batch

    def steps(self, batch: int, tokens: float, count: int) -> float:
        """Time of ``count`` steps while the cache grows by ``batch`` tokens a step: a sum in closed form.

        >>> c = Costs(0.0, 1.0, 0.5, 2.0, 0.0, 0.0, 0, 0, 0, 0, 0, 1e9)
        >>> c.steps(2, 4, 3) == c.step(2, 4) + c.step(2, 6) + c.step(2, 8)
        True
        """
        flat = count * (self.fixed + self.comm0 + self.comm1 * batch)
        first, rise, floor = self.weights + self.per_kv * tokens, self.per_kv * batch, self.per_seq * batch
        if rise <= 0:
            return flat + count * max(first, floor)
        below = min(count, max(0, math.ceil((floor - first) / rise)))  # steps in which arithmetic is the slower
        above = count - below
        return flat + below * floor + above * first + rise * (above * below + above * (above - 1) / 2)

    def prefill(self, tokens: float, cached: float = 0.0) -> float:
        """Seconds to read ``tokens`` of a prompt after ``cached`` tokens whose keys and values are there already.

        The square stands for attention: token i looks back on i others, so n tokens after c take (c + n)² − c².
        """
        return self.pre_fixed + max(self.pre_floor, self.pre1 * tokens + self.pre2 * (tokens * tokens + 2 * tokens * cached)) + self.pre_comm * tokens

    def check(self) -> None:
        """Refuse numbers with which a clock would stand still, run back or never end.

        >>> Costs(0, 0, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 1e6).check()
        Traceback (most recent call last):
        hwlib.errors.BadInput: costs.fixed + costs.weights + costs.comm0 = 0: a decode step must take some time, so give one of them a value above 0
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
                raise BadInput(f"costs.{field.name} = {value!r} is not a finite number; give {'tokens' if field.name == 'kv_room_tokens' else 'seconds'}", field=field.name)
            if value < -1e-12 or value > 1e15:
                raise BadInput(f"costs.{field.name} = {value!r} is out of range: it must be at least 0 and at most 1e15", field=field.name)
        if self.fixed + self.weights + self.comm0 <= 0:
            raise BadInput(
                "costs.fixed + costs.weights + costs.comm0 = 0: a decode step must take some time, so give one of them a value above 0", field="fixed"
            )


def costs_of(design: ServingDesign, load: ServingLoad) -> Costs:
    """The same formulas as `estimate_serving`, read off at a few points so that the inner loop is plain arithmetic."""
    from hwlib.formula import defined
    from hwlib.memory import kv_room_bytes
    from hwlib.replica import make_pass
    from hwlib.serving import reserve_of

    one = make_pass(design)
    g, shape = one.group, one.shape
    per_token = one.cache_bytes_per_token(design.kv_bits)
    room = kv_room_bytes(n_chips=g.n_chips, mem_bytes=g.mem_bytes, reserve_bytes=reserve_of(g), weight_bytes=one.weights)
    length = defined(load.prompt_tokens + load.output_tokens / 2)
    seen = shape.attended_tokens(length)
    kept = per_token * (seen / length)  # of windowed layers the mean over a sequence's life, since K grows by whole tokens here
    nothing = defined(0.0)
    at1, at2 = one.step(defined(1.0), nothing, seen), one.step(defined(2.0), nothing, seen)
    links1, links2 = at1["comm"] + at1["hops"], at2["comm"] + at2["hops"]
    bandwidth = g.tensor_ranks * g.mem_bytes_per_s * g.memory_efficiency
    half, full = one.prefill(defined(1000.0))[1], one.prefill(defined(2000.0))[1]
    pre2 = (full - 2 * half) / 2e6
    comm1, comm2 = (one.comm_s(defined(n)) + one.hops_s(defined(n)) for n in (1000.0, 2000.0))
    return Costs(
        fixed=float(one.layer_fixed), weights=float(at1["memory"]), per_kv=kept / g.stages / bandwidth, per_seq=float(at1["compute"]),
        comm0=2 * links1 - links2, comm1=links2 - links1,
        pre_fixed=one.layer_fixed + 2 * comm1 - comm2, pre_floor=float(at1["memory"]), pre1=half / 1000 - 1000 * pre2, pre2=pre2,
        pre_comm=(comm2 - comm1) / 1000, kv_room_tokens=max(0.0, room / kept),
    )
