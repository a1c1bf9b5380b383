"""The chapter on the fork: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.cases import decode_cases, training_cases
from hwlib.cases import rows as measured_rows
from hwlib.formula import defined, given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.roofline import decode_intensity, ridge_point
from hwlib.transformer import shape_of
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.the_fork import fork

A100 = "a100-80-sxm"
READ_TOKENS = 512
MANY, CROWD = 256, 64
"""Answers written together: a full chip, and the crowd of the second problem."""
LONGEST = 4096
"""Longer sequences do much arithmetic in attention, which six operations a parameter and token leave out."""


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    f, alone, many = fork(), fork(together=1), fork(together=MANY)
    learn, read, write = f.works
    return {
        "learn": draw.percent(learn.compute), "together": "eight", "ridge": draw.num(f.ridge), "learn_int": draw.num(learn.intensity), "read_int": draw.num(read.intensity), "write_int": draw.num(write.intensity),
        "params": draw.quantity(float(shape_of("llama3.1-8b").params), "", 1), "alone": draw.percent(alone.works[2].compute), "many": draw.percent(many.works[2].compute), "many_together": str(MANY), "read_times": draw.num(read.tokens_per_hour / write.tokens_per_hour, 2),
    }  # fmt: skip


def question() -> Question:
    """Which share of the arithmetic does writing use?"""
    f = fork()
    write = f.works[2]
    return Question(
        ask="Eight answers keep busy", unit="% of arithmetic", scale=0.01, base="%", computed=defined(write.compute, "share of the peak"), choice_ask="Reading a prompt of one page waits for", choices=("memory", "arithmetic"),
        right="arithmetic", example="40", because=f"A prompt of {READ_TOKENS} tokens does {draw.num(f.works[1].intensity)} operations for each byte, and the ridge lies at {draw.num(f.ridge)}.",
        bought=lambda v: f"At that share the chip would write {draw.quantity(write.tokens_per_hour * v / write.compute, '')} tokens an hour.", anchors=(("learning", f.works[0].compute),),
    )


def derivation() -> Shown:
    """The two intensities with the numbers plugged in."""
    f = fork()
    return Shown(explained(f.works[0].intensity) + explained(f.works[2].intensity))


def published() -> list[tuple[str, str, float, float, str]]:
    """Work, what it was, measured share of the peak, the roof's share, and the source; all on A100s of 80 GB in 16 bits."""
    peak = float(catalogue.chip(A100).peak("bf16"))
    found = []
    for case in training_cases():
        if case.chip == A100 and case.row["model"] == "mpt-7b" and float(case.row["seq_len"]) <= LONGEST:
            params = float(case.row["params_b"]) * 1e9
            found.append(("learning", f"MPT 7B, {case.row['n_chips']} chips, {int(float(case.row['seq_len'])):,} tokens", 6 * params * case.observed / peak, fork(A100, "llama2-7b").works[0].compute, case.source))
    for row in measured_rows("4_static_batch_and_prefill"):
        if row["group"] == "llama.cpp-gpubench" and row["n_chips"] == "1" and row["chip"].startswith("A100") and row["model"] == "llama3-8b" and row["weight_bits"] == "16" and row["input_len"] == str(READ_TOKENS):
            found.append(("reading", f"Llama 3 8B, {READ_TOKENS} tokens", 2 * float(shape_of("llama3-8b").matmul_params) * float(row["prefill_tokens_per_s"]) / peak, fork(A100, "llama3.1-8b").works[1].compute, row["source_title"]))
    for case in decode_cases():
        if case.chip == A100 and case.row["model"] == "llama2-7b" and case.row["weight_bits"] == "16" and case.row["tp"] == "1":
            found.append(("writing", "Llama 2 7B, one answer", 2 * float(shape_of("llama2-7b").matmul_params) * case.observed / peak, fork(A100, "llama2-7b", together=1).works[2].compute, case.source))
    return found


def measured() -> Shown:
    """Shares of the peak that were measured in the three kinds of work, beside their roofs."""
    cases = published()
    bars, body, ends = [], [], {}
    for kind in ("learning", "reading", "writing"):
        own = [c for c in cases if c[0] == kind]
        shares = sorted(seen for _, _, seen, _, _ in own)
        middle, roof = shares[len(shares) // 2], own[0][3]
        ends[kind] = (middle, roof)
        bars += [(kind, [("ink", 100 * middle, "")], f"measured, {len(own)} run{'s' if len(own) > 1 else ''}"), ("", [("grey", 100 * roof, "")], "roof")]
        body += [[kind, what, draw.percent(seen), draw.percent(bound), draw.esc(source)] for _, what, seen, bound, source in own]
    picture = draw.cost_bars(bars, unit="%", most=100, title="Share of an A100’s arithmetic that was useful", says="; ".join(f"{label or 'its roof'}: {draw.num(parts[0][1])}% {note}" for label, parts, note in bars))
    caption = (
        "Black: useful operations over the dense peak of an A100 of 80 GB, the middle of the runs. Grey: the roof by this page’s count. Three models of about the same size, each in 16 bits; nothing was fitted. "
        f"No run passes its roof; real kernels and links take the rest. Between learning and writing one answer lies a factor of {draw.num(ends['learning'][0] / ends['writing'][0], 2)} as measured, "
        f"{draw.num(ends['learning'][1] / ends['writing'][1], 2)} by the roofs."
    )
    sources = dated(*sorted({c[4] for c in cases}))
    return Shown(draw.figure(picture, caption=caption, source=f"{sources}.", table=draw.table(["Work", "Run", "Measured", "Roof", "Source"], body, right={2, 3})))


def claim_computed() -> str:
    """The same chips do both; what differs is what they wait for."""
    f = fork()
    learn, _, write = f.works
    return (
        f"On one H100 learning does {draw.num(learn.intensity)} operations for each byte and writing {draw.num(write.intensity)}, a factor of {draw.num(float(learn.intensity / write.intensity), 2)}. "
        f"With {MANY} answers together the factor is {draw.num(float(learn.intensity / fork(together=MANY).works[2].intensity), 2)}: the difference is one of load, not of two species of chip."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    l40s, h100 = fork("l40s"), fork("h100-sxm")
    lone = fork(together=1).works[2]
    return {
        "p1_l40s": draw.num(l40s.ridge), "p1_h100": draw.num(h100.ridge), "p1_write": draw.percent(l40s.works[2].compute), "p1_write_h100": draw.percent(h100.works[2].compute),
        "p2_tokens": draw.quantity(lone.tokens_per_hour, ""), "p2_int": draw.num(lone.intensity, 2), "p2_crowd": str(CROWD), "p2_more": draw.num(fork(together=CROWD).works[2].tokens_per_hour / lone.tokens_per_hour, 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The share of the arithmetic that writing uses, without a cache."""
    model, chip = rng.choice(("llama3.1-8b", "llama2-13b", "mistral-7b", "llama3.1-70b")), catalogue.chip(rng.choice(("a100-80-sxm", "h100-sxm", "h200-sxm", "l40s", "mi300x")))
    together = rng.choice((2, 4, 8, 16, 32))
    shape = shape_of(model)
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[16])
    intensity = decode_intensity(matmul_params=shape.matmul_params, sequences=given(together, "the question"), weight_bytes=weights, kv_bytes_per_sequence=defined(0.0, "short contexts"))
    ridge = ridge_point(peak_flops_per_s=chip.peak("bf16"), mem_bytes_per_s=chip.mem_bytes_per_s)
    return Item(
        ask=f"{together} answers of {shape.name} are written together in 16 bits, with contexts so short that their caches do not count. {chip.name} has its ridge at {draw.num(ridge)} FLOP per byte. How many operations does a step do for each byte that it reads?",
        unit="FLOP per byte", scale=1.0, base="FLOP/B", answer=intensity, slips=((1 / together, "the weights are read once for all answers"), (2.0, "a weight in 16 bits is two bytes"), (float(ridge / intensity), "that is where the ridge lies")),
    )  # fmt: skip
