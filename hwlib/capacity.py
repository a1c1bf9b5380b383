"""Capacity first: on a chip that keeps all in on-chip memory, what must be held decides how many chips there are.

A GPU's memory holds a large model on a few chips, and speed decides how many more to take. A chip with a quarter of a
gigabyte decides the other way round: weights and caches are laid over as many chips as hold them, eight share a
matrix, and the groups stand in a row that each token passes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from hwlib import catalogue
from hwlib.decoding import user_tokens_per_s
from hwlib.designs import ServingDesign
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Figure, ceil, formula, given
from hwlib.memory import kv_cache_bytes, weight_bytes
from hwlib.offload import check_amount
from hwlib.replica import BYTES, ONE, make_pass
from hwlib.serving import reserve_of
from hwlib.transformer import shape_of


@formula(gives="held_bytes", cites="abts2022software")
def held_bytes(*, weight_bytes, kv_cache_bytes):
    """All that a replica must hold.

    >>> held_bytes(weight_bytes=70e9, kv_cache_bytes=3e9) / 1e9
    73.0
    """
    return weight_bytes + kv_cache_bytes


@formula(gives="n_chips", cites="abts2022software")
def chips_to_hold(*, held_bytes, mem_bytes, reserve_bytes):
    """Chips whose memories together hold it, each less what its runtime keeps.

    >>> chips_to_hold(held_bytes=70e9, mem_bytes=230e6, reserve_bytes=0.0)
    305.0
    """
    return ceil(held_bytes / (mem_bytes - reserve_bytes))


@formula(gives="chip_power_w", cites="definition")
def power_of_chips(*, n_chips, power_w):
    """Power of all chips at their rating.

    >>> power_of_chips(n_chips=305, power_w=215.0)
    65575.0
    """
    return n_chips * power_w


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """The smallest replica that holds a model and its caches, and how fast it answers."""

    held_bytes: Figure
    n_chips: Figure
    tensor_ranks: Figure
    stages: Figure
    step_s: Figure
    step_memory_s: Figure
    hops_s: Figure
    tokens_per_s_per_user: Figure
    chip_power_w: Figure | None

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) is not None}


MOST_CHIPS = 4096


def estimate_capacity(model: str, accelerator: str, *, weight_bits: int = 8, sequences: int = 1, context_tokens: int = 2048) -> CapacityEstimate:
    """The fewest chips that hold a model with its caches, and a decode step on them. Raises `BadInput`.

    >>> lpu, gpu = (estimate_capacity("llama2-70b", chip) for chip in ("groq-lpu-v1", "h100-sxm"))
    >>> int(lpu.n_chips), int(gpu.n_chips)
    (303, 1)
    """
    check_amount("sequences", sequences, 1, 100_000, whole=True)
    check_amount("context_tokens", context_tokens, 1, 10_000_000, whole=True)
    if weight_bits not in BYTES:
        raise BadInput(f"weight_bits = {weight_bits!r} must be 16, 8 or 4", field="weight_bits")
    chip, shape = catalogue.chip(accelerator), shape_of(model)
    if chip.mem_bytes is None:
        raise NotSupported(f"accelerator = {chip.id!r}: no memory size is published, so nothing can be laid out on it", field="accelerator")
    users, context = given(float(sequences)), given(float(context_tokens))
    seen = shape.attended_tokens(context)
    token = shape.cache_bytes_per_token(BYTES[16])
    held = held_bytes(
        weight_bytes=weight_bytes(params=shape.params, bytes_per_param=BYTES[weight_bits]),
        kv_cache_bytes=kv_cache_bytes(kv_bytes_per_token=token, context_tokens=seen, sequences=users),
    )
    chips = chips_to_hold(held_bytes=held, mem_bytes=chip.mem_bytes, reserve_bytes=reserve_of(chip))
    if chips > MOST_CHIPS:
        raise BadInput(f"{chips:,.0f} chips of {chip.name} would be needed; at most {MOST_CHIPS:,} make one replica, so take fewer sequences, a shorter context or fewer bits", field="accelerator")
    one = make_pass(ServingDesign(model=model, accelerator=accelerator, chips_per_replica=int(chips), weight_bits=weight_bits, batch_limit=1, replicas=1))
    step = one.step(users, kv_cache_bytes(kv_bytes_per_token=token, context_tokens=seen, sequences=ONE), seen)
    return CapacityEstimate(
        held_bytes=held, n_chips=chips, tensor_ranks=one.group.tensor_ranks, stages=one.group.stages, step_s=step["step"], step_memory_s=step["memory"], hops_s=step["hops"],
        tokens_per_s_per_user=user_tokens_per_s(tpot_s=step["step"]), chip_power_w=power_of_chips(n_chips=chips, power_w=chip.power_w) if chip.power_w is not None else None,
    )
