"""Paged memory: the same answers in one pool, reserved in one piece and in blocks, step by step."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib.fleet import live_tokens
from hwlib.formula import Figure, given
from hwlib.paging import Pool, contiguous_used_share, paged_held_tokens, paged_used_share, play
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, steps, wire

POOL = 1024
"""Tokens that the drawn pool has room for: a real one has hundreds of times as many."""
BLOCKS = (4, 8, 16, 32, 64)
RESERVED = (128, 256, 512)
SPREADS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS = tuple(range(0, 244, 4))
PROMPT, ANSWER, COMING, SEED = 32, 48, 60, 3
"""Tokens of a prompt, median of an answer, requests that wait, and the seed of their lengths."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Shown:
    """One pool under the two allocations at a step."""

    step: int
    block: int
    reserved: int
    paged: Pool
    pieces: Pool
    held: Figure
    share: Figure
    pieces_share: Figure


@cache
def coming(spread: float, reserved: int) -> tuple[tuple[int, int], ...]:
    """Who waits at the door: equal prompts, answers spread around their median, none longer than what is reserved."""
    rng = random.Random(SEED)
    drawn = [PROMPT + ANSWER * math.exp(spread * rng.gauss(0, 1)) for _ in range(COMING)]
    return tuple((PROMPT, max(1, min(reserved, round(whole)) - PROMPT)) for whole in drawn)


@cache
def shown(step: int = 40, block: int = 16, reserved: int = 256, spread: float = 0.6) -> Shown:
    """Both allocations of the same requests after the same steps."""
    requests = coming(spread, reserved)
    paged = play(requests, blocks=POOL // block, block_tokens=block, steps=step)
    pieces = play(requests, blocks=POOL // block, block_tokens=block, steps=step, reserved_tokens=reserved)
    live = live_tokens(prompt_tokens=given(float(PROMPT)), output_tokens=given(sum(answer for _, answer in requests) / len(requests), "mean of the answers drawn"))
    held = paged_held_tokens(live_tokens=live, block_tokens=given(float(block)))
    return Shown(step, block, reserved, paged, pieces, held, paged_used_share(live_tokens=live, held_tokens=held), contiguous_used_share(live_tokens=live, reserved_tokens=given(float(reserved))))


def letter(request: int) -> str:
    """The name of a request in the picture."""
    return LETTERS[request % len(LETTERS)]


def lettered(s: Shown) -> tuple[list, list]:
    """Sequences in one piece each, and the blocks of the pool, as the picture wants them."""
    return [(letter(r), tokens) for r, tokens in s.pieces.running], [None if b is None else (letter(b[0]), b[1]) for b in s.paged.blocks]


def picture(s: Shown, wide: float = WIDE) -> str:
    """Both pools."""
    sequences, blocks = lettered(s)
    return draw.kv_blocks(sequences, blocks=blocks, block_tokens=s.block, reserved_tokens=s.reserved, total_blocks=len(blocks), title=f"A pool of {POOL:,} tokens after {s.step} steps, in one piece each and in blocks", wide=wide)


def sentence(s: Shown) -> str:
    """The result in words."""
    at, many = len(s.paged.running), len(s.pieces.running)
    return (
        f"<b>After {s.step} step{'s' if s.step != 1 else ''} {at} answers are written in blocks, and {many} where each reserves {s.reserved} tokens.</b> Of what is taken {draw.percent(s.paged.share)} holds tokens in blocks and {draw.percent(s.pieces.share)} in one piece. "
        f"Done so far: {s.paged.finished} in blocks, {s.pieces.finished} in one piece."
    )


def table(s: Shown) -> str:
    """The two pools as numbers."""
    body = [[name, len(p.running), p.held, p.taken_tokens, draw.percent(p.share), p.finished] for name, p in (("blocks", s.paged), ("one piece each", s.pieces))]
    blocks = draw.kv_blocks_table([(letter(r), tokens) for r, tokens in s.paged.running], block_tokens=s.block, reserved_tokens=s.reserved)
    return draw.table(["", "At work", "Tokens held", "Tokens taken", "Share", "Done"], body, right={1, 2, 3, 4, 5}) + draw.table(*blocks)


def view(step: int = 40, block: int = 16, reserved: int = 256, spread: float = 0.6) -> View:
    """The panel's picture and words for one state of its controls."""
    s = shown(step, block, reserved, spread)
    return View(
        picture=picture(s), readout=sentence(s), table=table(s), why=explained(s.share) + explained(s.pieces_share), named=f"step {step}",
        source=f"A small pool, played token by token: {COMING} requests with prompts of {PROMPT} tokens wait, answers have a median of {ANSWER}; seed {SEED}. An answer comes in when all of it has room. Letters name the answers; hatched is taken for nothing.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "step": steps("Steps so far", STEPS, 40),
            "block": steps("Tokens of a block", BLOCKS, 16),
            "reserved": steps("Reserved in one piece", RESERVED, 256),
            "spread": steps("Spread of answers", SPREADS, 0.6, say=lambda v: f"{v:.1f}"),
        },
        view,
    )
