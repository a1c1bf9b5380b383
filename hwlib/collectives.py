"""Chips that talk: what each collective moves, and how long it takes on a ring, a tree, in switches, on a torus and over nodes."""

from __future__ import annotations

from hwlib.formula import formula, log2, most


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


@formula(gives="sent_bytes", cites="patarasuk2009bandwidth")
def ring_all_gather_bytes(*, message_bytes, ranks):
    """Bytes that each rank sends in an all-gather or reduce-scatter of a message in all: half of an all-reduce.

    >>> ring_all_gather_bytes(message_bytes=100.0, ranks=4)
    75.0
    """
    return (ranks - 1) / ranks * message_bytes


@formula(gives="sent_bytes", cites="thakur2005optimization")
def all_to_all_bytes(*, message_bytes, ranks):
    """Bytes that each rank sends when it has a different part of its message for every other rank.

    >>> all_to_all_bytes(message_bytes=100.0, ranks=2)
    50.0
    """
    return (ranks - 1) / ranks * message_bytes


@formula(gives="sent_bytes", cites="klenk2020network")
def switch_all_reduce_bytes(*, message_bytes, ranks):
    """Bytes on a rank's link, one direction, when the switches add up: the message once, and a rank's share of the sums.

    >>> switch_all_reduce_bytes(message_bytes=100.0, ranks=8)
    112.5
    """
    return (1 + 1 / ranks) * message_bytes


@formula(gives="transfer_s", cites="hockney1994communication")
def filling_transfer_s(*, sent_bytes, link_bytes_per_s, link_efficiency, fill_bytes):
    """Time on a link whose pipeline has to fill first: a small message is paid nearly twice, a large one as ``fill_bytes`` more.

    Data moves in chunks through buffers; the chunks of a small message are small, so that filling takes as long as the
    message itself. One line of latency and bandwidth cannot serve both ends.

    >>> small, large = (filling_transfer_s(sent_bytes=m, link_bytes_per_s=1e9, link_efficiency=1.0, fill_bytes=1e6) for m in (1e3, 1e9))
    >>> round(small * 1e6, 3), round(large * 1e6)
    (1.999, 1000999)
    """
    return (sent_bytes + sent_bytes * fill_bytes / (sent_bytes + fill_bytes)) / (link_bytes_per_s * link_efficiency)


@formula(gives="all_reduce_s", cites="sanders2009two")
def tree_all_reduce_s(*, message_bytes, ranks, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-reduce up and down two trees: the bytes of a ring, but hops that grow with the logarithm only.

    >>> ring, tree = (f(message_bytes=1e3, ranks=1024, link_bytes_per_s=50e9, link_efficiency=0.9, launch_s=1e-5, hop_s=5e-6) for f in (ring_all_reduce_s, tree_all_reduce_s))
    >>> round(ring * 1e3, 2), round(tree * 1e3, 2)
    (10.24, 0.11)
    """
    return launch_s + 2 * log2(ranks) * hop_s + 2 * (ranks - 1) / ranks * message_bytes / (link_bytes_per_s * link_efficiency)


@formula(gives="all_reduce_s", cites="klenk2020network")
def switch_all_reduce_s(*, message_bytes, ranks, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-reduce that the switches add up: two hops, whatever the number of ranks.

    >>> round(switch_all_reduce_s(message_bytes=84e6, ranks=8, link_bytes_per_s=450e9, link_efficiency=0.65, launch_s=5e-6, hop_s=1e-6) * 1e6)
    330
    """
    return launch_s + 2 * hop_s + (1 + 1 / ranks) * message_bytes / (link_bytes_per_s * link_efficiency)


@formula(gives="all_to_all_s", cites="thakur2005optimization")
def all_to_all_s(*, message_bytes, ranks, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-to-all in which every rank sends to all others at once.

    >>> round(all_to_all_s(message_bytes=84e6, ranks=8, link_bytes_per_s=450e9, link_efficiency=0.7, launch_s=5e-6, hop_s=1e-6) * 1e6)
    239
    """
    return launch_s + hop_s + (ranks - 1) / ranks * message_bytes / (link_bytes_per_s * link_efficiency)


@formula(gives="node_share_bytes", cites="thakur2005optimization")
def node_share_bytes(*, message_bytes, ranks_per_node):
    """What each rank has to carry out of its node after the node has added up: every network card takes its share.

    >>> node_share_bytes(message_bytes=80.0, ranks_per_node=8)
    10.0
    """
    return message_bytes / ranks_per_node


@formula(gives="all_reduce_s", cites="thakur2005optimization")
def hierarchical_all_reduce_s(
    *, message_bytes, ranks_per_node, nodes, link_bytes_per_s, link_efficiency, nic_bytes_per_s, nic_efficiency, launch_s, hop_s, nic_hop_s
):
    """Time of an all-reduce over nodes: reduce-scatter inside, all-reduce of each share through every card, all-gather inside.

    Both levels work at the same time on different chunks, so the slower one sets the pace; the hops add up.

    >>> def over(nodes):
    ...     return round(1e3 * hierarchical_all_reduce_s(message_bytes=1e9, ranks_per_node=8, nodes=nodes, link_bytes_per_s=450e9, link_efficiency=0.8,
    ...         nic_bytes_per_s=50e9, nic_efficiency=0.9, launch_s=1e-5, hop_s=1e-6, nic_hop_s=5e-6), 2)
    >>> over(2), over(16), over(128)
    (4.9, 5.38, 6.81)
    """
    return (
        launch_s + 2 * (ranks_per_node - 1) * hop_s + 2 * (nodes - 1) * nic_hop_s
        + most(
            2 * (ranks_per_node - 1) / ranks_per_node * message_bytes / (link_bytes_per_s * link_efficiency),
            2 * (nodes - 1) / nodes * message_bytes / ranks_per_node / (nic_bytes_per_s * nic_efficiency),
        )
    )  # fmt: skip


@formula(gives="all_reduce_s", cites="thakur2005optimization")
def two_level_all_reduce_s(
    *, message_bytes, ranks_per_node, nodes, link_bytes_per_s, link_efficiency, nic_bytes_per_s, nic_efficiency, launch_s, hop_s, nic_hop_s
):
    """The same for a message too small to be cut into chunks that keep both levels busy, as in every layer of tensor parallelism: one level after the other.

    >>> at = dict(message_bytes=84e6, ranks_per_node=8, link_bytes_per_s=450e9, link_efficiency=0.8, nic_bytes_per_s=50e9, nic_efficiency=0.9, launch_s=5e-6, hop_s=1e-6, nic_hop_s=5e-6)
    >>> round(two_level_all_reduce_s(nodes=1, **at) * 1e6), round(two_level_all_reduce_s(nodes=2, **at) * 1e6)
    (427, 671)
    """
    return (
        launch_s + 2 * (ranks_per_node - 1) * hop_s + 2 * (nodes - 1) * nic_hop_s
        + 2 * (ranks_per_node - 1) / ranks_per_node * message_bytes / (link_bytes_per_s * link_efficiency)
        + 2 * (nodes - 1) / nodes * message_bytes / ranks_per_node / (nic_bytes_per_s * nic_efficiency)
    )  # fmt: skip


@formula(gives="all_reduce_s", cites="jouppi2023tpu")
def torus_all_reduce_s(*, message_bytes, side_ranks, torus_axes, link_bytes_per_s, link_efficiency, launch_s, hop_s):
    """Time of an all-reduce on a torus: a ring along every axis, in both directions, each with its part of the message.

    ``link_bytes_per_s`` is one direction of one of the two links that a chip has on each axis.

    >>> flat, cube = (torus_all_reduce_s(message_bytes=1e9, side_ranks=s, torus_axes=a, link_bytes_per_s=50e9, link_efficiency=0.8, launch_s=0.0, hop_s=1e-6) for s, a in ((64, 1), (4, 3)))
    >>> round(flat * 1e3, 1), round(cube * 1e3, 1)
    (24.7, 8.2)
    """
    return (
        launch_s + 2 * torus_axes * (side_ranks - 1) * hop_s
        + 2 * (1 - 1 / side_ranks**torus_axes) * message_bytes / (2 * torus_axes * link_bytes_per_s * link_efficiency)
    )  # fmt: skip
