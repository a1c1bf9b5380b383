"""Caches kept outside the chip: what a conversation weighs, and whether to bring it back or to compute it again.

Between two turns of a conversation its keys and values can wait in the host's memory or on drives. Bringing them back
takes bytes over a link; reading the prompt again takes arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from hwlib import catalogue
from hwlib.designs import ServingDesign, check_values
from hwlib.errors import BadInput, listed, unknown
from hwlib.formula import Figure, defined, floor, formula, given, least, most
from hwlib.memory import kv_cache_bytes
from hwlib.replica import BYTES, ONE, ZERO, make_pass
from hwlib.transformer import forward_flops_per_token


@formula(gives="store_bytes_per_s", cites="gao2024cost")
def host_bytes_per_s(*, n_chips, link_bytes_per_s, link_efficiency):
    """Rate from the host's memory: each chip brings its share over its own link.

    >>> host_bytes_per_s(n_chips=4, link_bytes_per_s=64e9, link_efficiency=0.8) / 1e9
    204.8
    """
    return n_chips * link_bytes_per_s * link_efficiency


@formula(gives="store_bytes_per_s", cites="gao2024cost")
def drives_bytes_per_s(*, drives, drive_bytes_per_s, host_bytes_per_s):
    """Rate from drives: all of them together, at most what the chips' links take.

    >>> drives_bytes_per_s(drives=4, drive_bytes_per_s=7e9, host_bytes_per_s=204.8e9) / 1e9
    28.0
    """
    return least(drives * drive_bytes_per_s, host_bytes_per_s)


@formula(gives="fetch_s", cites="gao2024cost")
def fetch_s(*, session_bytes, store_bytes_per_s, access_s):
    """Time to bring a conversation's cache back.

    >>> fetch_s(session_bytes=1e9, store_bytes_per_s=50e9, access_s=1e-5)
    0.02001
    """
    return access_s + session_bytes / store_bytes_per_s


@formula(gives="sessions_held", cites="gao2024cost")
def sessions_held(*, store_bytes, session_bytes):
    """Conversations that the store keeps.

    >>> sessions_held(store_bytes=1e12, session_bytes=1.3e9)
    769.0
    """
    return floor(store_bytes / session_bytes)


@formula(gives="fetch_gain", cites="gao2024cost")
def fetch_gain(*, prefill_s, fetch_s):
    """How many times as long it takes to read the prompt again as to bring its cache back.

    >>> fetch_gain(prefill_s=0.4, fetch_s=0.02)
    20.0
    """
    return prefill_s / fetch_s


@formula(gives="break_even_bytes_per_s", cites="gao2024cost")
def break_even_bytes_per_s(*, session_bytes, prefill_s, access_s):
    """Rate above which bringing back beats reading again.

    >>> break_even_bytes_per_s(session_bytes=1e9, prefill_s=0.1, access_s=0.0) / 1e9
    10.0
    """
    return session_bytes / (prefill_s - access_s)


@formula(gives="break_even_tokens", cites="gao2024cost")
def break_even_tokens(*, fetch_token_s, token_s, token_square_s):
    """Prompt from which bringing back wins: bytes grow with the tokens, attention with their square. 0: it always wins.

    Fixed costs and links are left out, so this is what long prompts tend to.

    >>> round(break_even_tokens(fetch_token_s=7.5e-5, token_s=2.5e-5, token_square_s=5e-10))
    100000
    >>> break_even_tokens(fetch_token_s=1e-6, token_s=2.5e-5, token_square_s=5e-10)
    0.0
    """
    return most(0.0, (fetch_token_s - token_s) / token_square_s)


@formula(gives="fetch_token_s", cites="gao2024cost")
def fetch_token_s(*, kv_bytes_per_token, store_bytes_per_s):
    """Time that one token's keys and values take on their way back.

    >>> fetch_token_s(kv_bytes_per_token=327680, store_bytes_per_s=32.768e9)
    1e-05
    """
    return kv_bytes_per_token / store_bytes_per_s


@formula(gives="token_s", cites="pope2022efficiently")
def prefill_token_s(*, forward_flops, tensor_ranks, peak_flops_per_s, compute_efficiency):
    """Arithmetic time of one token of a prompt.

    >>> round(prefill_token_s(forward_flops=14e9, tensor_ranks=1, peak_flops_per_s=1e15, compute_efficiency=0.56) * 1e6, 3)
    25.0
    """
    return forward_flops / (tensor_ranks * peak_flops_per_s * compute_efficiency)


@formula(gives="token_square_s", cites="pope2022efficiently")
def attention_token_s(*, layers, heads, head_dim, tensor_ranks, peak_flops_per_s, compute_efficiency):
    """What each token looked back on adds to that time: two products of all heads in every layer.

    >>> round(attention_token_s(layers=32, heads=32, head_dim=128, tensor_ranks=1, peak_flops_per_s=1e15, compute_efficiency=0.5) * 1e9, 3)
    1.049
    """
    return 4 * layers * heads * head_dim / (tensor_ranks * peak_flops_per_s * compute_efficiency)


@dataclass(frozen=True, slots=True)
class OffloadEstimate:
    """One conversation's cache, kept outside the chip. Bytes, seconds, tokens."""

    session_bytes: Figure
    store_bytes_per_s: Figure
    fetch_s: Figure
    prefill_s: Figure
    fetch_gain: Figure
    sessions_held: Figure
    break_even_bytes_per_s: Figure
    break_even_tokens: Figure

    @property
    def pays(self) -> bool:
        """Whether bringing back is quicker than reading the prompt again."""
        return self.fetch_s < self.prefill_s

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


STORES = ("dram", "nvme")
NO_RATE = defined(math.inf, "the first byte alone takes longer than reading the prompt")


def estimate_offload(
    design: ServingDesign, *, tokens: int, store: Literal["dram", "nvme"] = "dram", store_bytes: float = 1e12, drives: int = 4, host_link: str = "pcie5-x16"
) -> OffloadEstimate:
    """A conversation of ``tokens`` on one replica of the design, kept in the host's memory or on its drives.

    ``store_bytes`` is what one replica may keep, ``host_link`` the link of each chip to its host. Raises `BadInput`.

    >>> long = estimate_offload(ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=1, batch_limit=32), tokens=4096)
    >>> long.pays, round(long.session_bytes / 1e9, 2)
    (True, 1.34)
    """
    check_values(design)
    check_amount("tokens", tokens, 1, 10_000_000)
    check_amount("store_bytes", store_bytes, 1, 1e18)
    check_amount("drives", drives, 1, 1000)
    if store not in STORES:
        raise unknown("store", store, STORES)
    hosts = [x.id for x in catalogue.links() if x.level == "host"]
    if host_link not in hosts:
        raise BadInput(f"host_link = {host_link!r} does not join a chip to its host; {listed(hosts, 'or')} does", field="host_link")
    one = make_pass(design)
    g, shape, link = one.group, one.shape, catalogue.link(host_link)
    per_token = shape.cache_bytes_per_token(BYTES[design.kv_bits])
    length = given(float(tokens))
    session = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=shape.attended_tokens(length), sequences=ONE)
    # What was measured on host links is all-reduces between cards, which pass the host twice; a copy from its memory does not.
    rate = host_bytes_per_s(n_chips=g.n_chips, link_bytes_per_s=link.bytes_per_s, link_efficiency=catalogue.constant("link_efficiency"))
    if store == "nvme":
        rate = drives_bytes_per_s(drives=given(float(drives)), drive_bytes_per_s=catalogue.constant("drive_bytes_per_s"), host_bytes_per_s=rate)
    access = catalogue.constant(f"access_s.{store}")
    fetch = fetch_s(session_bytes=session, store_bytes_per_s=rate, access_s=access)
    prefill = one.prefill(length)[0]
    speed = {"tensor_ranks": g.tensor_ranks, "peak_flops_per_s": g.peak, "compute_efficiency": g.compute_efficiency}
    dims = {"layers": shape.layers, "heads": shape.heads, "head_dim": shape.head_dim}
    return OffloadEstimate(
        session_bytes=session, store_bytes_per_s=rate, fetch_s=fetch, prefill_s=prefill, fetch_gain=fetch_gain(prefill_s=prefill, fetch_s=fetch),
        sessions_held=sessions_held(store_bytes=given(float(store_bytes)), session_bytes=session),
        break_even_bytes_per_s=break_even_bytes_per_s(session_bytes=session, prefill_s=prefill, access_s=access) if prefill > access else NO_RATE,
        break_even_tokens=break_even_tokens(
            fetch_token_s=fetch_token_s(kv_bytes_per_token=per_token, store_bytes_per_s=rate),
            token_s=prefill_token_s(forward_flops=forward_flops_per_token(matmul_params=shape.matmul_params, **dims, attended_tokens=ZERO), **speed),
            token_square_s=attention_token_s(**dims, **speed),
        ),
    )


def check_amount(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Refuse what is no number between two bounds."""
    wanted = f"a {'whole ' if whole else ''}number of at least {low:g} and at most {high:g}"
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) if isinstance(value, float) else True) or not low <= value <= high or whole and value != int(value):
        raise BadInput(f"{name} = {value!r} must be {wanted}", field=name)
