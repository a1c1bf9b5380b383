"""The chapter on weights in SRAM: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.fleet import weights_per_chip
from hwlib.formula import given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.weights_in_sram import GPU, GROQ, machine, machines, needed

SEVENTY = "llama2-70b"
SYSTEM = 576
"""Chips of the system that Groq showed with Llama 2 70B (ledger S3-04)."""


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    chip, gpu = catalogue.chip(GROQ), catalogue.chip(GPU)
    one, few, eight = machines()
    many = machines(sequences=64)
    wide = machine(GROQ, needed(GROQ, SEVENTY, 16, 1, 512), SEVENTY, 16, 1, 512)
    return {
        "sram": show(chip.mem_bytes, "B"), "bandwidth": show(chip.mem_bytes_per_s, "B/s"), "hbm": show(gpu.mem_bytes_per_s, "B/s"), "times": draw.num(chip.mem_bytes_per_s / gpu.mem_bytes_per_s, 2),
        "weights": show(weight_bytes(params=shape_of(SEVENTY).params, bytes_per_param=BYTES[8]), "B"), "chips": f"{one.chips:,}", "chips16": f"{wide.chips:,}", "gpus": str(few.chips),
        "rate": draw.num(one.per_user), "gpu_rate": draw.num(few.per_user), "eight_rate": draw.num(eight.per_user), "reading": draw.quantity(float(one.memory), "s"),
        "links": draw.percent(one.links_share), "gpu_reading": draw.quantity(float(few.memory), "s"), "step": draw.quantity(float(one.step), "s"),
        "flops": show(chip.peak("fp16"), "FLOP/s"), "gpu_flops": show(gpu.peak("bf16"), "FLOP/s"), "cache_chips": f"{many[0].chips - one.chips:,}", "cache_answers": "64",
    }  # fmt: skip


def question() -> Question:
    """How many chips does it take to hold the weights?"""
    chip = catalogue.chip(GROQ)
    weights = weight_bytes(params=shape_of(SEVENTY).params, bytes_per_param=BYTES[8])
    computed = weights_per_chip(weight_bytes=weights, n_chips=given(float(needed(GROQ, SEVENTY, 8, 1, 512))))
    one = machines()[0]
    return Question(
        ask="Time of one token", unit="ms", scale=1e-3, base="s", computed=one.step, choice_ask="Most of it goes to", choices=("reading weights", "arithmetic", "links between chips"),
        right="links between chips", example="10",
        because=f"{one.chips:,} chips each hold {show(computed, 'B')} of {show(chip.mem_bytes, 'B')}, and read it in no time; the activations have to pass through all of them.",
        bought=lambda v: f"At your figure a reader would see {draw.num(1 / v)} tokens a second.",
        anchors=((f"reading, on {machines()[1].chips} H100", float(machines()[1].memory), "memory"), ("reading, on Groq", float(one.memory), "memory")),
    )


def derivation() -> Shown:
    """The step on Groq chips with the numbers of the panel's first state plugged in."""
    return Shown(explained(machines()[0].step))


def endpoints() -> list[dict[str, str]]:
    """Seven providers of the same model, as one public benchmark saw them from outside."""
    return [r for r in measured_rows("6_serving") if r["group"] == "llmperf-2023-12" and r["tokens_per_s_per_user"]]


def measured() -> Shown:
    """Tokens a second that a user saw from several providers of Llama 2 70B, and what we predict of Groq's."""
    found = sorted(endpoints(), key=lambda r: -float(r["tokens_per_s_per_user"]))
    row = next(r for r in found if r["chip"].startswith("Groq"))
    prompt, answer = float(row["input_len"]), float(row["output_len"])
    said = machine(GROQ, SYSTEM, SEVENTY, 8, 1, int(prompt + answer / 2))
    seen, waited = float(row["tokens_per_s_per_user"]), float(row["ttft_p50_ms"] or row["ttft_mean_ms"]) / 1e3
    alone = answer / (answer / seen - waited)  # the benchmark counts the wait for the first token as writing
    bars = [(r["software"].capitalize(), [("ink" if r is row else "grey2", float(r["tokens_per_s_per_user"]), "")], "") for r in found]
    picture = draw.cost_bars(bars, unit="tokens/s", title="Tokens a second of one reader, Llama 2 70B, December 2023")
    table = draw.table(
        ["Provider", "Tokens a second, the wait counted", "First token, ms"],
        [[r["software"].capitalize(), float(r["tokens_per_s_per_user"]), float(r["ttft_p50_ms"] or r["ttft_mean_ms"])] for r in found], right={1, 2},
    )
    caption = (
        f"Medians seen from outside, {prompt:.0f} tokens in and {answer:.0f} out; the time to the first token counts as writing. Without it Groq's {draw.num(seen)} become {draw.num(alone)} tokens a second. "
        f"We predict {draw.num(said.per_user)} for {SYSTEM} chips, {draw.num(float(said.per_user) / alone)} times what was seen; Groq itself gave 300. "
        "Nothing was fitted, and no other load shared the machine in the prediction. What the others ran on is not known, so no prediction stands beside them."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated('LLMPerf leaderboard')}, ray-project. The number of Groq’s chips is from memory.", table=table))


def claim_computed() -> str:
    """The chips that hold the weights, and how the time of a step divides."""
    one = machines()[0]
    wide = needed(GROQ, SEVENTY, 16, 1, 1)
    return (
        f"{show(catalogue.chip(GROQ).mem_bytes, 'B')} a chip: {wide:,} chips in 16 bits and {needed(GROQ, SEVENTY, 8, 1, 1):,} in 8. "
        f"A step of {draw.quantity(float(one.step), 's')} then spends {draw.quantity(float(one.memory), 's')} on reading and {draw.percent(one.links_share)} on links."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    seven = needed(GROQ, "llama2-7b", 8, 1, 512)
    one, _, eight = machines()
    groq, _, batch = machines(sequences=64)
    servers = groq.chips // 8
    return {
        "p1_chips": f"{seven:,}", "p1_weights": show(weight_bytes(params=shape_of("llama2-7b").params, bytes_per_param=BYTES[8]), "B"), "p1_sram": show(catalogue.chip(GROQ).mem_bytes, "B"),
        "p2_eight": draw.num(eight.per_user), "p2_ratio": draw.num(float(one.per_user / eight.per_user)), "p2_many": "64", "p2_chips": f"{groq.chips:,}",
        "p2_groq_all": draw.num(64 * groq.per_user), "p2_all": draw.num(64 * batch.per_user), "p2_each": draw.num(batch.per_user), "p2_servers": f"{servers:,}",
        "p2_fleet": draw.num(servers * 64 * batch.per_user), "p2_more": draw.num(float(servers * batch.per_user / groq.per_user), 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Chips that hold a model in SRAM."""
    name = rng.choice(("llama2-13b", "llama3.1-8b", "llama3.1-70b", "qwen2.5-72b", "llama3.1-405b", "mistral-7b"))
    bits = rng.choice((16, 8, 4))
    chips = rng.choice((50, 120, 300, 640, 900))
    weights = weight_bytes(params=shape_of(name).params, bytes_per_param=BYTES[bits])
    answer = weights_per_chip(weight_bytes=weights, n_chips=given(chips, "the question"))
    return Item(
        ask=f"{shape_of(name).name} has {draw.quantity(float(shape_of(name).params), '')} parameters. In {bits} bits its weights are spread over {chips:,} chips. How many MB does each hold?",
        unit="MB", scale=1e6, base="B", answer=answer, slips=((8.0, "bits for bytes"), (1000.0, "the answer is in MB"), (0.001, "the answer is in MB"), (2.0, "look at the bits of a weight"), (0.5, "look at the bits of a weight")),
    )  # fmt: skip
