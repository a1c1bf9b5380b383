"""The chapter on paged memory: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.fleet import full_tokens, live_tokens
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_room_bytes, sequences_that_fit, weight_bytes
from hwlib.paging import contiguous_used_share, paged_held_tokens, paged_used_share
from hwlib.replica import BYTES, ONE
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.paged_memory import POOL, SPREADS, STEPS, shown
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

MODEL, CHIP = "llama2-7b", "a100-80-sxm"
LONGEST, PROMPT, ANSWER, BLOCK = 2048, 500, 200, 16
"""Tokens: what is reserved, an example's prompt and answer, a block of vLLM."""
MEASURED = {"least of three systems": 0.204, "most of three systems": 0.382}
"""Shares of the cache that held tokens before paging, as the authors of PagedAttention measured (ledger, S3-44)."""
LOST_PAGED = 0.04
"""At most so much is lost with paging, by the same source."""


def live(prompt: float = PROMPT, answer: float = ANSWER) -> Figure:
    """Tokens that an answer holds on average."""
    return live_tokens(prompt_tokens=given(float(prompt)), output_tokens=given(float(answer)))


def share(reserved: float = LONGEST, tokens: Figure | None = None) -> Figure:
    """Share of a reservation that is used."""
    return contiguous_used_share(live_tokens=live() if tokens is None else tokens, reserved_tokens=given(float(reserved)))


def paged(block: float = BLOCK, tokens: Figure | None = None) -> Figure:
    """Share of blocks that is used."""
    tokens = live() if tokens is None else tokens
    return paged_used_share(live_tokens=tokens, held_tokens=paged_held_tokens(live_tokens=tokens, block_tokens=given(float(block))))


def fit(held: Figure, *, chip: str = CHIP, model: str = MODEL, kv_bits: int = 16) -> Figure:
    """Answers that fit beside the weights, each holding so much."""
    shape, one = shape_of(model), catalogue.chip(chip)
    room = kv_room_bytes(n_chips=ONE, mem_bytes=one.mem_bytes, reserve_bytes=catalogue.constant("runtime_reserve_bytes"), weight_bytes=weight_bytes(params=shape.params, bytes_per_param=BYTES[16]))
    return sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[kv_bits]), held_tokens=held)


def at_end(block: float = BLOCK) -> Figure:
    """Room that an answer needs by its end, in blocks."""
    return paged_held_tokens(live_tokens=full_tokens(prompt_tokens=given(float(PROMPT)), output_tokens=given(float(ANSWER))), block_tokens=given(float(block)))


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    s, wide = shown(), shown(block=64)
    pieces, blocks = fit(given(float(LONGEST))), fit(at_end())
    return {
        "longest": f"{LONGEST:,}", "prompt": str(PROMPT), "answer": str(ANSWER), "chip": catalogue.chip(CHIP).name, "model": shape_of(MODEL).name, "share": show(share(), "%"), "live": draw.num(live()),
        "pieces": draw.num(pieces), "blocks": draw.num(blocks), "more": draw.times(float(blocks / pieces)), "block": str(BLOCK), "half": draw.num((BLOCK - 1) / 2), "paged": show(paged(), "%"),
        "pool": f"{POOL:,}", "drawn": draw.num(len(s.paged.running)), "drawn_pieces": draw.num(len(s.pieces.running)), "wide": draw.percent(wide.paged.share), "narrow": draw.percent(s.paged.share), "wide_block": "64",
    }  # fmt: skip


def question() -> Question:
    """Which share of the cache holds a token?"""
    return Question(
        ask="Of the cache set aside, tokens fill on average", unit="%", scale=0.01, base="%", computed=share(),
        choice_ask="If the space came in blocks of sixteen tokens, how many more answers would fit?", choices=("as many", "half as many again", "about three times as many"), right="about three times as many", example="50",
        because=f"{draw.num(fit(at_end()))} instead of {draw.num(fit(given(float(LONGEST))))}: nobody holds what nobody has written.",
        bought=lambda v: f"That would be {draw.num(v * LONGEST)} tokens of the {LONGEST:,} reserved.", anchors=(("all of it", 1.0), ("in blocks", float(paged()))),
    )


def derivation() -> Shown:
    """Both shares with the numbers plugged in."""
    return Shown(explained(share()) + explained(paged()))


def played(reserved: int) -> tuple[float, float]:
    """The panel's pool over all its steps and spreads but the first ones: mean share in one piece, and in blocks."""
    found = [shown(step=step, reserved=reserved, spread=spread) for spread in SPREADS for step in STEPS[10:]]
    return sum(s.pieces.share for s in found) / len(found), sum(s.paged.share for s in found) / len(found)


def measured() -> Shown:
    """What was measured on serving systems before paging and with it, beside the share computed and the pool played."""
    piece, block = played(256)
    rows = [(f"measured, {words}", [("kv", 100 * value, "tokens"), ("idle", 100 - 100 * value, "held for nothing")], "") for words, value in MEASURED.items()]
    rows += [("computed above, one piece", [("kv", 100 * float(share()), "tokens"), ("idle", 100 - 100 * float(share()), "held for nothing")], ""), ("played in the panel, one piece", [("kv", 100 * piece, "tokens"), ("idle", 100 - 100 * piece, "held for nothing")], "")]
    rows += [("measured, in blocks, at least", [("kv", 100 - 100 * LOST_PAGED, "tokens"), ("idle", 100 * LOST_PAGED, "held for nothing")], ""), ("computed above, in blocks", [("kv", 100 * float(paged()), "tokens"), ("idle", 100 - 100 * float(paged()), "held for nothing")], ""), ("played in the panel, in blocks", [("kv", 100 * block, "tokens"), ("idle", 100 - 100 * block, "held for nothing")], "")]
    picture = draw.cost_bars(rows, unit="%", most=100, title="Of the cache taken, what holds tokens", says="; ".join(f"{label}: {draw.num(parts[0][1])}%" for label, parts, _ in rows))
    caption = (
        f"The authors of PagedAttention measured that {draw.percent(MEASURED['least of three systems'])} to {draw.percent(MEASURED['most of three systems'])} of the cache held tokens in the systems of 2023, and that less than {draw.percent(LOST_PAGED)} is lost with blocks. "
        "They wrote the better system themselves, and no second measurement is in our collection. Our two figures for one piece are examples: the share is that of the lengths, so other lengths give any other share. "
        "The played pool lies lower in blocks because its answers are short, and half a block is more of a short answer."
    )
    return Shown(draw.figure(picture, caption=caption, source="Kwon and others, 2023; vLLM’s announcement of 20 June 2023, by the ledger.", table=draw.table(["", "Tokens, % of what is taken"], [[label, draw.num(parts[0][1])] for label, parts, _ in rows], right={1})))


def claim_computed() -> str:
    """What the measured shares leave unused, and what the lengths of this page give."""
    low, high = MEASURED.values()
    return f"Unused were {draw.percent(1 - high)} to {draw.percent(1 - low)}. A prompt of {PROMPT} and an answer of {ANSWER} tokens in {LONGEST:,} reserved leave {draw.percent(1 - float(share()))} unused."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    short = live(100, 60)
    return {
        "p1_prompt": "100", "p1_answer": "60", "p1_small": draw.percent(paged(16, short)), "p1_large": draw.percent(paged(256, short)), "p1_block": "16", "p1_wide": "256", "p1_live": draw.num(short), "p1_held": draw.num(paged_held_tokens(live_tokens=short, block_tokens=given(256.0))),
        "p2_pieces": draw.num(fit(given(float(LONGEST)), chip="l40s")), "p2_eight": draw.num(fit(given(float(LONGEST)), chip="l40s", kv_bits=8)), "p2_blocks": draw.num(fit(at_end(), chip="l40s")), "p2_both": draw.num(fit(at_end(), chip="l40s", kv_bits=8)), "p2_longest": f"{LONGEST:,}",
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The share of reservations that holds tokens."""
    prompt, answer, reserved = rng.choice((150, 250, 400, 700)), rng.choice((120, 200, 300, 500)), rng.choice((2048, 4096, 8192))
    tokens = live(prompt, answer)
    found = contiguous_used_share(live_tokens=tokens, reserved_tokens=defined(float(reserved), "the longest context admitted"))
    whole = (prompt + answer) / float(tokens)
    return Item(
        ask=f"A scheduler sets {reserved:,} tokens aside for each answer. Prompts have {prompt} tokens, answers grow to {answer}. Which share of the reserved cache holds tokens, on average over an answer, in per cent?",
        unit="%", scale=0.01, base="%", answer=found, slips=((whole, "that is at its end; on average half of the answer is there"), (100.0, "a share was meant in per cent"), (0.01, "a share was meant in per cent"), (prompt / float(tokens), "the answer's own tokens lie there too")),
    )  # fmt: skip
