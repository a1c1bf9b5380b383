"""Networks by their shape: what a torus and a fat tree carry across their middle, and collectives on the torus of a TPU.

A torus gives each chip a link to both neighbours on every axis; an axis whose ends are not joined is a line, which
carries half as much. A fat tree lets every port send at once, unless its upper tiers have fewer links than its lower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from hwlib import catalogue
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Figure, defined, formula, given
from hwlib.offload import check_amount


@formula(gives="link_bytes_per_s", cites="google2026tpu")
def one_link_bytes_per_s(*, chip_bytes_per_s, chip_links):
    """Rate of one of a chip's links, one direction: the rate of a chip is that of all its links together.

    >>> one_link_bytes_per_s(chip_bytes_per_s=300e9, chip_links=6) / 1e9
    50.0
    """
    return chip_bytes_per_s / chip_links


@formula(gives="all_reduce_s", cites="jouppi2023tpu")
def torus_lanes_all_reduce_s(*, message_bytes, ranks, torus_hops, torus_lanes, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-reduce whose message is shared among all directions of all axes that have a link.

    ``torus_lanes`` counts two for an axis that is a ring and one for a line, ``torus_hops`` the steps along all axes.

    >>> ring, line = (torus_lanes_all_reduce_s(message_bytes=1e9, ranks=16, torus_hops=6, torus_lanes=w, link_bytes_per_s=50e9, link_efficiency=1.0, launch_s=0.0, hop_s=0.0) for w in (4, 2))
    >>> line / ring
    2.0
    """
    return launch_s + 2 * torus_hops * hop_s + 2 * (ranks - 1) / ranks * message_bytes / (torus_lanes * link_bytes_per_s * link_efficiency)


@formula(gives="side_ranks", cites="jouppi2023tpu")
def torus_side(*, ranks, torus_axes):
    """Ranks along each axis when a group fills a torus of equal sides.

    >>> round(torus_side(ranks=64, torus_axes=3), 6)
    4.0
    """
    return ranks ** (1 / torus_axes)


@formula(gives="all_gather_s", cites="jouppi2023tpu")
def torus_lanes_all_gather_s(*, message_bytes, ranks, torus_hops, torus_lanes, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-gather or reduce-scatter in the same way: half an all-reduce.

    >>> round(torus_lanes_all_gather_s(message_bytes=1e9, ranks=16, torus_hops=6, torus_lanes=4, link_bytes_per_s=50e9, link_efficiency=1.0, launch_s=0.0, hop_s=0.0) * 1e3, 4)
    4.6875
    """
    return launch_s + torus_hops * hop_s + (ranks - 1) / ranks * message_bytes / (torus_lanes * link_bytes_per_s * link_efficiency)


@formula(gives="bisection_bytes_per_s", cites="google2026tpu")
def torus_bisection(*, ranks, longest_side, cut_links, link_bytes_per_s):
    """Rate across the middle of the longest axis, one direction: two links for each line of chips when it is a ring.

    >>> torus_bisection(ranks=256, longest_side=16, cut_links=2, link_bytes_per_s=50e9) / 1e12
    1.6
    """
    return ranks / longest_side * cut_links * link_bytes_per_s


@formula(gives="ranks", cites="alfares2008scalable")
def two_tier_ports(*, switch_ports, oversubscription):
    """Chips that a leaf and spine network of equal switches joins; with ``oversubscription`` 1 each leaf has as many links up as down.

    >>> two_tier_ports(switch_ports=64, oversubscription=1), two_tier_ports(switch_ports=64, oversubscription=3)
    (2048.0, 3072.0)
    """
    return switch_ports * switch_ports * oversubscription / (1 + oversubscription)


@formula(gives="ranks", cites="alfares2008scalable")
def three_tier_ports(*, switch_ports):
    """Chips that a full fat tree of three tiers joins.

    >>> three_tier_ports(switch_ports=64)
    65536.0
    """
    return switch_ports**3 / 4


@formula(gives="bisection_bytes_per_s", cites="leiserson1985fat")
def fat_tree_bisection(*, ranks, nic_bytes_per_s, oversubscription):
    """Rate across the middle of a fat tree, one direction: half the chips send to the other half.

    >>> fat_tree_bisection(ranks=1024, nic_bytes_per_s=50e9, oversubscription=1) / 1e12
    25.6
    """
    return ranks / 2 * nic_bytes_per_s / oversubscription


@formula(gives="nic_bytes_per_s", cites="alfares2008scalable")
def across_bytes_per_s(*, nic_bytes_per_s, oversubscription):
    """What is left of a card's rate when all chips send through the upper tier at once.

    >>> across_bytes_per_s(nic_bytes_per_s=50e9, oversubscription=2) / 1e9
    25.0
    """
    return nic_bytes_per_s / oversubscription


@dataclass(frozen=True, slots=True)
class Rule:
    """Which slices of a TPU generation there are: axes, and when an axis is a ring."""

    axes: int
    longest: int
    """Chips along an axis at most."""

    def ring(self, side: int) -> bool:
        """Whether the ends of an axis of this length are joined: a flat pod's only at full length, a cubic one's every fourth chip."""
        return side == self.longest if self.axes == 2 else side % 4 == 0


RULES = {"tpu-v4": Rule(3, 16), "tpu-v5p": Rule(3, 28), "tpu-v5e": Rule(2, 16), "tpu-v6e": Rule(2, 16)}
"""Cubes of 4 × 4 × 4 chips joined by optical switches (v4, v5p), and flat pods of 16 × 16 (v5e, v6e)."""


@dataclass(frozen=True, slots=True)
class TorusEstimate:
    """A slice of a torus and its collectives. Seconds, bytes a second of one direction."""

    n_chips: Figure
    link_bytes_per_s: Figure
    torus_lanes: Figure
    torus_hops: Figure
    bisection_bytes_per_s: Figure
    all_reduce_s: Figure
    all_gather_s: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def estimate_torus(chip_id: str, sides: Sequence[int], *, message_bytes: float) -> TorusEstimate:
    """Collectives over a slice of ``sides`` chips along its axes. Raises `BadInput` for a slice that the pod does not have.

    >>> flat, cube = estimate_torus("tpu-v5e", (8, 8), message_bytes=1e9), estimate_torus("tpu-v4", (4, 4, 4), message_bytes=1e9)
    >>> round(flat.all_reduce_s * 1e3, 1), round(cube.all_reduce_s * 1e3, 1)
    (21.9, 7.3)
    """
    chip, rule = catalogue.chip(chip_id), RULES.get(chip_id)
    if rule is None or chip.link_id is None:
        raise NotSupported(f"accelerator = {chip_id!r} is not joined in a torus of the catalogue; {', '.join(RULES)} are", field="accelerator")
    shape = _sides(chip_id, rule, sides)
    check_amount("message_bytes", message_bytes, 1, 1e15)
    link = catalogue.link(chip.link_id)
    used = [s for s in shape if s > 1]
    if not used:
        raise BadInput(f"sides = {shape} is a single chip, which has nobody to talk to", field="sides")
    ranks = given(float(math.prod(shape)))
    lanes = defined(float(sum(2 if rule.ring(s) else 1 for s in used)), "two directions of an axis that is a ring, one of a line")
    hops = defined(float(sum(s - 1 for s in used)), "steps along all axes")
    one = one_link_bytes_per_s(chip_bytes_per_s=chip.link_bytes_per_s, chip_links=catalogue.constant(f"chip_links.{chip_id}"))
    longest = max(used)
    cost = {"launch_s": link.launch_s or catalogue.constant("link_launch_s"), "hop_s": link.step_s or catalogue.constant("link_step_s"), "link_efficiency": link.efficiency or catalogue.constant("link_efficiency")}
    at = {"message_bytes": given(float(message_bytes)), "ranks": ranks, "torus_hops": hops, "torus_lanes": lanes, "link_bytes_per_s": one, **cost}
    return TorusEstimate(
        n_chips=ranks, link_bytes_per_s=one, torus_lanes=lanes, torus_hops=hops,
        bisection_bytes_per_s=torus_bisection(
            ranks=ranks, longest_side=given(float(longest)), cut_links=defined(2.0 if rule.ring(longest) else 1.0, "a ring is cut twice, a line once"), link_bytes_per_s=one
        ),
        all_reduce_s=torus_lanes_all_reduce_s(**at), all_gather_s=torus_lanes_all_gather_s(**at),
    )


def _sides(chip_id: str, rule: Rule, sides: object) -> tuple[int, ...]:
    if isinstance(sides, str) or not isinstance(sides, Sequence) or len(sides) != rule.axes:
        raise BadInput(f"sides = {sides!r} must be {rule.axes} whole numbers: the torus of {chip_id} has {rule.axes} axes", field="sides")
    for side in sides:
        check_amount("sides", side, 1, rule.longest, whole=True)
    return tuple(int(s) for s in sides)
