"""The chapter on long context: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from collections import defaultdict

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit, weight_bytes
from hwlib.offload import estimate_offload, fetch_s
from hwlib.replica import BYTES, ONE
from hwlib.transformer import forward_flops_per_token, kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.long_context import CHIP, DRIVES, MODEL, STORE, session
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

LONG = 131072
LENGTHS = (512, 1024, 4096, 8192)
CARDS_MODEL = "llama3-8b"


def cache_bytes(model: str = MODEL, context: float = LONG, bits: int = 16, attention: str = "as-published") -> Figure:
    """One session's cache."""
    shape = shape_of(model, attention)
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[bits])
    return kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=given(context), sequences=ONE)


def pair_fit(bits: int, *, binary: bool = False) -> Figure:
    """Sessions of the page's length on a bridged pair of H100 NVL, beside the weights in 16 bits; `binary` reads the card's label as GiB."""
    card, shape = catalogue.chip("h100-nvl"), shape_of(MODEL)
    mem = given(float(card.mem_bytes) / 1e9 * 2**30, "the label read as GiB") if binary else card.mem_bytes
    room = kv_room_bytes(n_chips=given(2), mem_bytes=mem, reserve_bytes=catalogue.constant("runtime_reserve_bytes"), weight_bytes=weight_bytes(params=shape.params, bytes_per_param=BYTES[16]))
    return sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=shape.cache_bytes_per_token(BYTES[bits]), held_tokens=given(LONG))


def pair_computed() -> str:
    """One card, a pair, and what is left in it for sessions."""
    card = catalogue.chip("h100-nvl")
    return f"{card.name}: {show(card.mem_bytes, 'B')} a card, {show(2 * card.mem_bytes, 'B')} a pair, {show(card.mem_bytes_per_s, 'B/s')} each. A pair holds {show(weight_bytes(params=shape_of(MODEL).params, bytes_per_param=BYTES[16]), 'B')} of weights and {draw.num(pair_fit(16))} sessions of {LONG:,} tokens in 16 bits, {draw.num(pair_fit(8))} in 8."


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    nvl = catalogue.chip("h100-nvl")
    s, short, c2c, disks = session(), session(context=8192), session(place="nvlink-c2c"), session(place="drives")
    return {
        "context": f"{LONG:,}", "cache": show(s.cache, "B"), "fit": draw.num(s.fit), "chips": draw.num(s.chips), "fetch": show(s.fetch_s, "s"), "again": show(s.again_s, "s"), "step": show(s.step_s, "s"),
        "short": f"{8192:,}", "short_fit": draw.num(short.fit), "c2c": show(c2c.fetch_s, "s"), "times": draw.num(float(s.fetch_s / s.step_s), 2), "faster": draw.num(float(s.again_s / s.fetch_s), 2), "eight": show(session(bits=8).cache, "B"),
        "params": draw.quantity(float(shape_of(MODEL).params), "", 2), "nvl": show(nvl.mem_bytes, "B"), "sxm": show(s.mem, "B"), "h200": show(catalogue.chip("h200-sxm").mem_bytes, "B"), "nvl_fit": draw.num(pair_fit(16)), "nvl_eight": draw.num(pair_fit(8)), "nvl_more": draw.num(pair_fit(16, binary=True)), "nvl_more_eight": draw.num(pair_fit(8, binary=True)),
        "store": show(STORE, "B"), "kept": draw.num(s.aside.sessions_held), "needs": show(s.aside.break_even_bytes_per_s, "B/s"), "rate": show(s.aside.store_bytes_per_s, "B/s"), "drives": str(DRIVES), "disks": show(disks.fetch_s, "s"),
    }  # fmt: skip


def question() -> Question:
    """How long until a session that was put aside can go on?"""
    s = session()
    return Question(
        ask="From the host’s memory over PCIe 5, four links at once, it is back after", unit="seconds", scale=1.0, base="s", computed=s.fetch_s,
        choice_ask="Reading all its tokens again would take", choices=("less", "about as long", "many times as long"), right="many times as long", example="2",
        because=f"Prefill of {LONG:,} tokens takes {show(s.again_s, 's')} on these chips by this course’s estimate.",
        bought=lambda v: f"That would be {draw.quantity(float(s.cache) / v, 'B/s')} over all four links together.", anchors=(("one token", float(s.step_s)), ("read again", float(s.again_s))),
    )


def derivation() -> Shown:
    """The cache, and the way back, with the numbers plugged in."""
    s = session()
    return Shown(explained(s.cache) + explained(s.fetch_s))


def slowing() -> dict[str, dict[int, float]]:
    """Prompt tokens a second by card and length, 16 bits, one sequence; cards with every length."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for row in measured_rows("4_static_batch_and_prefill"):
        if row["group"] == "llama.cpp-gpubench" and row["n_chips"] == "1" and row["model"] == CARDS_MODEL and row["weight_bits"] == "16" and int(row["input_len"]) in LENGTHS:
            found[row["chip"].replace("‑", "-")][int(row["input_len"])] = float(row["prefill_tokens_per_s"])
    return {card: speeds for card, speeds in sorted(found.items()) if len(speeds) == len(LENGTHS)}


def counted(length: int) -> float:
    """Operations of a prompt's mean token against those of the shortest prompt: attention looks at half the prompt on average."""
    shape = shape_of(CARDS_MODEL)

    def flops(tokens: int) -> Figure:
        return forward_flops_per_token(matmul_params=shape.matmul_params, layers=shape.layers, heads=shape.heads, head_dim=shape.head_dim, attended_tokens=defined(tokens / 2, "half the prompt on average"))

    return float(flops(length) / flops(LENGTHS[0]))


def measured() -> Shown:
    """How much slower a token of a long prompt is read, on cards, beside the count of operations."""
    cards = slowing()
    series = [dict(label="Llama 3 8B", kind="compute", line=[(n, counted(n)) for n in LENGTHS], measured=[(n, speeds[LENGTHS[0]] / speeds[n]) for speeds in cards.values() for n in LENGTHS[1:]])]
    picture = draw.measured_band(series, x_label="tokens of the prompt", y_label="time of a token, × that in a short prompt", x_log=True, unit="×", title="Reading long prompts")
    body = [[card, *(f"{speeds[LENGTHS[0]] / speeds[n]:.2f}" for n in LENGTHS[1:])] for card, speeds in cards.items()]
    body.append(["counted", *(f"{counted(n):.2f}" for n in LENGTHS[1:])])
    last = sorted(speeds[LENGTHS[0]] / speeds[LENGTHS[-1]] for speeds in cards.values())
    caption = (
        f"Time of a prompt’s token, against a prompt of {LENGTHS[0]} tokens, on {len(cards)} cards (diamonds) and by the count of operations (line). At {LENGTHS[-1]:,} tokens the count grows by {draw.percent(counted(LENGTHS[-1]) - 1)}, "
        f"the time by {draw.percent(last[0] - 1)} to {draw.percent(last[-1] - 1)}: the engine loses efficiency with length, or does work that the count leaves out. On most of these cards reading again would be dearer than the panel says, and fetching would look better still. "
        "No measurement of a cache fetched from a host or a disk is in our collection: the link’s usual share of its rate is an assumption here."
    )
    return Shown(draw.figure(picture, caption=caption, source="llama.cpp, 2024. XiongjieDai, GPU-Benchmarks-on-LLM-Inference: Llama 3 8B, 16 bits.", table=draw.table(["Card", *(f"{n:,} tokens, ×" for n in LENGTHS[1:])], body, right={1, 2, 3})))


def claim_computed() -> str:
    """The claim's session by the shape of the model, and what it leaves out."""
    grouped, all_heads, weights = cache_bytes("llama2-70b"), cache_bytes("llama2-70b", attention="mha"), weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[16])
    one = catalogue.chip("h100-sxm").mem_bytes
    return (
        f"{LONG:,} tokens of Llama 2 70B’s shape: {show(grouped, 'B')} of cache with its 8 KV heads, {show(all_heads, 'B')} if every query head had its own. "
        f"The weights are {show(weights, 'B')} in 16 bits beside it, and one H100 has {show(one, 'B')}: in 16 bits it serves no such session at all."
    )


def neighbour_computed() -> str:
    """Sessions of the claim's length that one and four H100 hold beside the weights, in 16 bits."""
    one, four = session(chips=1), session(chips=4)
    return f"With Llama 3.1 70B in 16 bits, one H100 holds {draw.num(one.fit) if one.fit >= 1 else 'no'} session of {LONG:,} tokens, because the weights alone do not fit; four hold {draw.num(four.fit)} beside them."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    own, h200 = cache_bytes("llama3.1-8b", 65536), catalogue.chip("h200-sxm")
    reserve, weights = catalogue.constant("runtime_reserve_bytes"), weight_bytes(params=shape_of("llama3.1-8b").params, bytes_per_param=BYTES[16])
    room = kv_room_bytes(n_chips=ONE, mem_bytes=h200.mem_bytes, reserve_bytes=reserve, weight_bytes=weights)
    shape = shape_of("llama3.1-8b")
    fit = sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16]), held_tokens=given(65536.0))
    disk = estimate_offload(ServingDesign(model=MODEL, accelerator=CHIP, chips_per_replica=session().chips, batch_limit=1, replicas=1, context_tokens=LONG), tokens=LONG, store="nvme", drives=1)
    return {
        "p1_context": f"{65536:,}", "p1_cache": show(own, "B"), "p1_room": show(room, "B"), "p1_memory": show(h200.mem_bytes, "B"), "p1_binary": f"{float(h200.mem_bytes) / 2**30:.0f} GiB", "p1_sold": h200.mem_bytes.origin.as_printed, "p1_fit": draw.num(fit),
        "p2_rate": show(disk.store_bytes_per_s, "B/s"), "p2_wait": show(disk.fetch_s, "s"), "p2_less": draw.num(float(disk.fetch_gain), 2), "p2_need": show(disk.break_even_bytes_per_s, "B/s"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Milliseconds until a cache is back."""
    model, context, bits = rng.choice(("llama3.1-8b", "llama3.1-70b", "qwen2.5-72b")), rng.choice((16384, 32768, 65536, 131072)), rng.choice((16, 8))
    link = catalogue.link(rng.choice(("pcie4-x16", "pcie5-x16", "nvlink-c2c")))
    own = cache_bytes(model, context, bits)
    answer = fetch_s(session_bytes=own, store_bytes_per_s=link.bytes_per_s, access_s=defined(0.0, "left out: small against the bytes"))
    return Item(
        ask=f"A session of {shape_of(model).name} holds {context:,} tokens in a cache of {bits} bits, {show(own, 'B')}. At the full rate of one {link.name}, {show(link.bytes_per_s, 'B/s')} in one direction, after how many milliseconds is it back?",
        unit="ms", scale=1e-3, base="s", answer=answer, slips=((0.001, "seconds and milliseconds"), (1000.0, "seconds and milliseconds"), (8.0, "bits for bytes"), (0.5, "one direction counts, not both"), (2.0, "one direction counts, once")),
    )  # fmt: skip
