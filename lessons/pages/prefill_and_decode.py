"""The chapter on prefill and decode, run for real: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from functools import cache

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.decoding import prefill_compute_s, prefill_memory_s
from hwlib.formula import defined, given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.roofline import ridge_point
from hwlib.transformer import forward_flops_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.weights_in_sram import Machine, machine

CHIP, MODEL, PROMPT = "h100-sxm", "llama3.1-8b", 512
LENGTH, CARDS_MODEL = 1024, "llama3-8b"


@cache
def at(model: str = MODEL, prompt: int = PROMPT) -> Machine:
    """One answer of a model in 16 bits on one H100, with so many tokens of past."""
    return machine(CHIP, 1, model, 16, 1, prompt)


def times() -> tuple[float, float]:
    """Seconds to read the prompt, and to write one token."""
    return float(at().at.prefill(given(PROMPT))[0]), float(at().step)


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    whole, step = times()
    compute = at().at.prefill(given(PROMPT))[1]
    without = PROMPT * 2 * float(shape_of(MODEL).matmul_params)
    return {
        "chip": catalogue.chip(CHIP).name, "model": shape_of(MODEL).name, "prompt": str(PROMPT), "read": draw.quantity(whole, "s"), "write": draw.quantity(step, "s"), "each": draw.quantity(whole / PROMPT, "s"),
        "times": draw.num(step * PROMPT / whole, 2), "busy": draw.percent(float(compute) / whole), "weights": show(at().at.weights, "B"), "memory": draw.quantity(float(at().memory), "s"), "arithmetic": draw.quantity(float(at().compute), "s"),
        "answer": "300", "answer_s": draw.quantity(300 * step, "s"), "again": draw.quantity(without, "FLOP"), "once": draw.quantity(without / PROMPT, "FLOP"),
    }  # fmt: skip


def question() -> Question:
    """How long does one token take, where 512 are read in so long?"""
    whole, step = times()
    return Question(
        ask="Writing one token", unit="ms", scale=1e-3, base="s", computed=at().step, choice_ask="Most of that time goes to", choices=("arithmetic", "reading the weights", "reading the past"), right="reading the weights",
        example="1", because=f"All {show(at().at.weights, 'B')} pass by for a single token; the arithmetic of it takes {draw.quantity(float(at().compute), 's')}.",
        bought=lambda v: f"Then {draw.num(1 / v)} tokens a second would be written, and {draw.num(PROMPT / whole)} are read.",
        anchors=((f"reading all {PROMPT}", whole, "compute"), ("a read token", whole / PROMPT, "compute")),
    )


def derivation() -> Shown:
    """The prompt's arithmetic and the token's reading, with the numbers plugged in."""
    return Shown(explained(at().at.prefill(given(PROMPT))[1]) + explained(at().memory))


@dataclass(frozen=True, slots=True)
class Card:
    """One card with the same file: tokens a second read and written, and what its datasheet says of the two."""

    name: str
    read: float
    wrote: float
    ridge: float

    @property
    def ratio(self) -> float:
        """How many tokens are read in the time in which one is written."""
        return self.read / self.wrote


@cache
def cards() -> tuple[Card, ...]:
    """Cards that read a prompt of 1,024 tokens and wrote as many, alone, in 16 bits."""
    from hwlib.predict.families.cards import card_of

    found: dict[str, dict[str, float]] = {}
    for file, column, length in (("3_decode_batch1", "tokens_per_s", "output_len"), ("4_static_batch_and_prefill", "prefill_tokens_per_s", "input_len")):
        for row in measured_rows(file):
            if row["group"] == "llama.cpp-gpubench" and row["n_chips"] == "1" and row["model"] == CARDS_MODEL and row["weight_bits"] == "16" and row[length] == str(LENGTH):
                found.setdefault(row["chip"], {})[column] = float(row[column])
    made = []
    for name, speeds in found.items():
        if len(speeds) == 2:
            card = card_of(name)
            made.append(Card(name.replace("‑", "-"), speeds["prefill_tokens_per_s"], speeds["tokens_per_s"], card.peak("fp16", "bf16") / card.mem_bytes_per_s))
    return tuple(sorted(made, key=lambda c: -c.ratio))


def measured() -> Shown:
    """Tokens read in the time of one written, on eight cards, beside the bound of their datasheets."""
    series = [dict(label="eight cards" if len(cards()) == 8 else f"{len(cards())} cards", kind="compute", measured=[(c.ridge, c.ratio) for c in cards()], line=[(x, x) for x in (min(c.ridge for c in cards()), max(c.ridge for c in cards()))])]
    picture = draw.measured_band(series, x_label="ridge of the card, FLOP per byte", y_label="tokens read in the time of one written", y_log=True, x_log=True)
    table = draw.table(["Card", "Read, tokens a second", "Written, tokens a second", "Ratio", "Ridge, FLOP per byte"], [[c.name, f"{c.read:,.0f}", f"{c.wrote:,.1f}", draw.num(c.ratio), draw.num(c.ridge)] for c in cards()], right={1, 2, 3, 4})
    share = statistics.median(c.ratio / c.ridge for c in cards())
    caption = (
        f"Diamonds: Llama 3 8B in 16 bits, {LENGTH:,} tokens read and as many written, one sequence. Line: the bound. With two bytes a weight, a written token does one operation for each byte, and a read one shares each byte with the whole prompt: "
        f"the ridge is the most by which the two can differ. At the median they reach {draw.percent(share)} of it, because arithmetic loses more of its peak than reading does of its bandwidth. The peaks of some gaming cards are from memory."
    )
    return Shown(draw.figure(picture, caption=caption, source="llama.cpp, 2024. XiongjieDai, GPU-Benchmarks-on-LLM-Inference.", table=table))


def claim_computed() -> str:
    """The two kinds of work of this page."""
    whole, step = times()
    return f"Here reading {PROMPT} tokens takes {draw.quantity(whole, 's')}, of which arithmetic is {draw.percent(float(at().at.prefill(given(PROMPT))[1]) / whole)}; writing one takes {draw.quantity(step, 's')}, of which reading memory is {draw.percent(float(at().memory / at().step))}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    chip, shape = catalogue.chip("l40s"), shape_of(MODEL)
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[16])
    one = defined(1.0, "nothing lost")
    memory = prefill_memory_s(weight_bytes=weights, tensor_ranks=one, mem_bytes_per_s=chip.mem_bytes_per_s, memory_efficiency=one)
    flops = forward_flops_per_token(matmul_params=shape.matmul_params, layers=shape.layers, heads=shape.heads, head_dim=shape.head_dim, attended_tokens=given(0.0))
    each = prefill_compute_s(prompt_tokens=one, forward_flops=flops, tensor_ranks=one, peak_flops_per_s=chip.peak("bf16"), compute_efficiency=one)
    whole, step = times()
    return {
        "p1_memory": show(memory, "s"), "p1_each": show(each, "s"), "p1_tokens": draw.num(memory / each), "p1_ridge": draw.num(ridge_point(peak_flops_per_s=chip.peak("bf16"), mem_bytes_per_s=chip.mem_bytes_per_s)), "p2_prompt": f"{2000:,}", "p2_answer": "100", "p2_read": draw.quantity(2000 * whole / PROMPT, "s"),
        "p2_write": draw.quantity(100 * step, "s"), "p2_share": draw.percent(100 * step / (100 * step + 2000 * whole / PROMPT)),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The floor of a token: the weights over the bandwidth."""
    name, chip = rng.choice(("llama3.1-8b", "llama2-13b", "mistral-7b", "llama2-7b")), catalogue.chip(rng.choice((CHIP, "a100-80-sxm", "l40s", "h200-sxm", "mi300x")))
    bits = rng.choice((16, 8))
    weights = weight_bytes(params=shape_of(name).params, bytes_per_param=BYTES[bits])
    one = defined(1.0, "nothing lost")
    answer = prefill_memory_s(weight_bytes=weights, tensor_ranks=one, mem_bytes_per_s=chip.mem_bytes_per_s, memory_efficiency=one)
    return Item(
        ask=f"{shape_of(name).name} in {bits} bits is {show(weights, 'B')}; {chip.name} reads {show(chip.mem_bytes_per_s, 'B/s')}. How many milliseconds does a token of one answer take at least?",
        unit="ms", scale=1e-3, base="s", answer=answer, slips=((1000.0, "seconds and milliseconds"), (0.001, "seconds and milliseconds"), (8.0, "bits for bytes"), (0.5, "look at the bits"), (2.0, "look at the bits")),
    )  # fmt: skip
