"""Chips that talk: what an all-reduce moves and how long it takes on a ring."""

from __future__ import annotations

from hwlib.formula import formula


@formula(gives="ring_bytes", cites="patarasuk2009bandwidth")
def ring_all_reduce_bytes(*, message_bytes, ranks):
    """Bytes that each rank sends: nearly twice the message, however many ranks there are.

    >>> ring_all_reduce_bytes(message_bytes=100.0, ranks=2), ring_all_reduce_bytes(message_bytes=100.0, ranks=1000)
    (100.0, 199.8)
    """
    return 2 * (ranks - 1) / ranks * message_bytes


@formula(gives="all_reduce_s", cites="patarasuk2009bandwidth")
def ring_all_reduce_s(*, message_bytes, ranks, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of one ring all-reduce: a launch, 2(n − 1) hops, and the bytes over the link.

    ``link_bytes_per_s`` is one direction of one rank's link.

    >>> t = ring_all_reduce_s(message_bytes=84e6, ranks=8, link_bytes_per_s=450e9, link_efficiency=0.8, launch_s=5e-6, hop_s=1e-6)
    >>> round(t * 1e6)
    427
    """
    return launch_s + 2 * (ranks - 1) * hop_s + 2 * (ranks - 1) / ranks * message_bytes / (link_bytes_per_s * link_efficiency)


@formula(gives="all_gather_s", cites="patarasuk2009bandwidth")
def ring_all_gather_s(*, message_bytes, ranks, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of one ring all-gather (or reduce-scatter): half an all-reduce.

    >>> round(ring_all_gather_s(message_bytes=84e6, ranks=8, link_bytes_per_s=450e9, link_efficiency=0.8, launch_s=5e-6, hop_s=1e-6) * 1e6)
    216
    """
    return launch_s + (ranks - 1) * hop_s + (ranks - 1) / ranks * message_bytes / (link_bytes_per_s * link_efficiency)


@formula(gives="transfer_s", cites="thakur2005optimization")
def point_to_point_s(*, message_bytes, link_bytes_per_s, link_efficiency, hop_s):
    """Time to send a message to one neighbour.

    >>> point_to_point_s(message_bytes=50e6, link_bytes_per_s=50e9, link_efficiency=1.0, hop_s=0.0)
    0.001
    """
    return hop_s + message_bytes / (link_bytes_per_s * link_efficiency)
