"""The chapter on footprints: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.formula import defined, given
from hwlib.memory import state_bytes_per_param, state_bytes_total
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.what_must_fit import CHIP, FOUR, TWO, footprint

GIB = 2**30
SAME = 5e-4
"""Less than this apart, two counts are printed alike."""


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    f, big = footprint(), footprint("llama3.1-70b")
    chip = catalogue.chip(CHIP)
    need = -int(-big.state // chip.mem_bytes)
    long = footprint(sequences=64, context=32768)
    return {
        "params": draw.quantity(float(shape_of("llama3.1-8b").params), ""), "weights": show(f.weights, "B"), "chip": chip.name, "memory": show(chip.mem_bytes, "B"), "state": show(f.state, "B"),
        "each": draw.num(f.per_param), "times": draw.num(f.state / f.weights), "big_state": show(big.state, "B"), "big_weights": show(big.weights, "B"), "need": str(need),
        "cache": show(f.cache, "B"), "served": str(f.sequences), "context": f"{f.context:,}", "long": show(long.cache, "B"), "long_served": str(long.sequences), "long_context": f"{long.context:,}",
    }  # fmt: skip


def question() -> Question:
    """How much memory does training an 8B model take?"""
    f = footprint()
    return Question(
        ask="Memory to train it, activations left out", unit="GB", scale=1e9, base="B", computed=f.state, choice_ask="Most of it is", choices=("weights", "gradients", "the optimizer’s state"),
        right="the optimizer’s state", example="50", because="Adam keeps a master copy and two moments of every weight, each in 32 bits.",
        bought=lambda v: f"Your figure would be {draw.num(v / float(shape_of('llama3.1-8b').params))} bytes a parameter.", anchors=(("the weights", float(f.weights), "weights"), ("one H100", float(catalogue.chip(CHIP).mem_bytes))),
    )


def derivation() -> Shown:
    """The training state with the numbers of the panel's first state plugged in."""
    return Shown(explained(footprint().state))


def measured() -> Shown:
    """State and activations of one chip as the paper on activation recomputation gives them, beside our count."""
    from hwlib.predict.families.memory import FAMILY
    from hwlib.predict.row import Row

    body, errors, bars = [], [], []
    for cells in measured_rows("2_training_memory"):
        row = Row(cells)
        seen = [row.measured(m) for m in ("params_opt_gib", "activations_gib")]
        if None in seen:
            continue
        said = FAMILY.predict(row, None)
        ours = [said["params_opt_gib"], said["activations_gib"]]
        errors += [abs(a / b - 1) for a, b in zip(ours, seen, strict=True)]
        name = row.text("model").replace("gpt-", "").replace("gpt3-", "").replace("mt-nlg-", "").upper()
        how = "everything kept" if row.text("recompute") == "none" else "recomputed selectively"
        body.append([f"{name}, {how}", *(f"{v:.1f}" for pair in zip(seen, ours, strict=True) for v in pair)])
        bars.append((f"{name}, {how}", [("optimizer", seen[0] * GIB, "state"), ("activations", seen[1] * GIB, "activations")], ""))
    table = draw.table(["Model", "State, paper, GiB", "State, ours", "Activations, paper, GiB", "Activations, ours"], body, right={1, 2, 3, 4})
    picture = draw.memory_bars(bars, capacity_bytes=float(catalogue.chip("a100-80-sxm").mem_bytes), capacity_label="one A100", title="State and activations of one chip")
    agrees = "is the same to the last digit printed, so this tests our arithmetic and predicts nothing" if max(errors) < SAME else f"differs from theirs by {draw.percent(max(errors))} at most"
    caption = (
        f"What one A100 of each run holds, by the paper on activation recomputation, whose authors at NVIDIA counted it and checked the count. Ours {agrees}. "
        "With everything kept no run fits. Here the state is 18 bytes a parameter, because gradients are kept in 32 bits."
    )
    return Shown(draw.figure(picture, caption=caption, source="Korthikanti et al. 2022, figure 1, by way of Calculon’s validation data.", table=table))


def claim_computed() -> str:
    """Bytes a parameter under three ways to count."""
    said = []
    for words, values in (("all states in 16 bits", (2, 2, 0, 2)), ("the usual mix", (2, 2, 4, 4)), ("the usual mix and 32-bit gradients", (2, 4, 4, 4))):
        weight, gradient, master, moment = (defined(float(v)) for v in values)
        per = state_bytes_per_param(weight_value_bytes=weight, gradient_value_bytes=gradient, master_value_bytes=master, moment_value_bytes=moment)
        said.append(f"{draw.num(per)} bytes a parameter, {draw.num(per / 2)} times the 16-bit weights, with {words}")
    return f"{said[0][0].upper()}{said[0][1:]}; {said[1]}; {said[2]}. Activations come on top of each."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    chip = catalogue.chip(CHIP)
    gpt = shape_of("gpt3-175b").params
    per = state_bytes_per_param(weight_value_bytes=TWO, gradient_value_bytes=TWO, master_value_bytes=FOUR, moment_value_bytes=FOUR)
    state = state_bytes_total(params=gpt, state_bytes_per_param=per)
    tune, lora = footprint("llama3.1-70b"), 0.01
    adapters = float(tune.state) * lora
    return {
        "p1_params": draw.quantity(float(gpt), ""), "p1_each": draw.num(per), "p1_state": show(state, "B"), "p1_chips": str(-int(-state // chip.mem_bytes)), "p1_memory": show(chip.mem_bytes, "B"),
        "p2_share": draw.percent(lora), "p2_frozen": show(tune.weights, "B"), "p2_adapters": draw.quantity(adapters, "B"), "p2_both": draw.quantity(float(tune.weights) + adapters, "B"), "p2_full": show(tune.state, "B"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The state of a model under a recipe."""
    params = rng.choice((1.3e9, 7e9, 13e9, 34e9, 70e9, 180e9))
    gradient, words = rng.choice(((2.0, "16 bits"), (4.0, "32 bits")))
    per = state_bytes_per_param(weight_value_bytes=TWO, gradient_value_bytes=defined(gradient, words), master_value_bytes=FOUR, moment_value_bytes=FOUR)
    answer = state_bytes_total(params=given(params, "the question"), state_bytes_per_param=per)
    bytes_ = float(per)
    return Item(
        ask=f"A model of {draw.quantity(params, '')} parameters trains with Adam: weights in 16 bits, gradients in {words}, a master copy and two moments in 32 bits. How many GB of state?",
        unit="GB", scale=1e9, base="B", answer=answer,
        slips=((2 / bytes_, "those are the weights alone"), ((bytes_ - 4) / bytes_, "one of the two moments, or the master copy, is missing"), ((2 + gradient) / bytes_, "the optimizer’s state is missing"), (8.0, "bits for bytes")),
    )  # fmt: skip
