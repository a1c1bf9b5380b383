"""The parallelism chapter: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.formula import defined, given
from hwlib.memory import params_per_chip, state_bytes, state_bytes_total
from hwlib.parallelism import pipeline_bubble
from hwlib.replica import ONE
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import band_words, dated_cases
from lessons.panels import evidence
from lessons.panels.parallelism import NODES, PER_NODE, lay_out
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

TWO, TWELVE, STATE = defined(2.0, "16 bits"), defined(12.0, "master copy and two moments in FP32"), defined(16.0, "bytes of state a parameter")


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    first, e = lay_out(), lay_out().estimate
    deep = lay_out(8, 16, 2**22, 1)
    wide = lay_out(16, 4, 2**22, 1)
    small = lay_out(8, 8, 2**20, 1)
    return {
        "params": draw.quantity(float(e.params)), "chips": f"{NODES * PER_NODE:,}", "state": show(e.state_bytes_total, "B"),
        "memory": show(e.mem_bytes, "B"), "layout": first.words,
        "mfu": draw.percent(e.mfu), "bubble": draw.percent(e.bubble), "micro": str(first.micro_batches), "deep": deep.words, "deep_bubble": draw.percent(deep.estimate.bubble),
        "deep_micro": str(deep.micro_batches), "wide_share": draw.percent(wide.estimate.exposed_comm_share),
        "share": draw.percent(e.exposed_comm_share), "wide_mfu": draw.percent(wide.estimate.mfu), "small_batch": draw.quantity(small.design.global_batch_tokens),
        "small_bubble": draw.percent(small.estimate.bubble), "small_micro": str(small.micro_batches), "node": str(PER_NODE),
    }  # fmt: skip


def question() -> Question:
    """How long does a step of the first layout take?"""
    layout = lay_out()
    e = layout.estimate
    ideal = float(e.compute_s)
    return Question(
        ask=f"A step of {layout.design.global_batch_tokens / 1e6:.1f} million tokens", unit="seconds", scale=1.0, base="s", computed=e.step_s,
        choice_ask="Besides the products, most time goes to", choices=("the pipeline’s bubble", "all-reduces of tensor parallelism", "the gradients’ all-reduce"),
        right="all-reduces of tensor parallelism", example="10",
        because=f"They take {draw.quantity(float(e.tensor_comm_s), 's')} of the step, and nothing hides them: the next product waits for the sum. "
                f"The bubble takes {draw.percent(e.bubble)}.",
        bought=lambda v: f"At your figure the run would take {draw.num(float(e.ideal_days) * v / float(e.step_s), 2)} days.",
        anchors=(("products alone", ideal, "compute"),),
    )  # fmt: skip


def derivation() -> Shown:
    """The bubble and the utilisation, with the numbers of the panel's first state plugged in."""
    e = lay_out().estimate
    return Shown(explained(e.bubble) + explained(e.mfu))


def measured() -> Shown:
    """Published training runs beside the prediction."""
    held = evidence.training()
    spread = evidence.band(held)
    series = [evidence.series(held, spread, label="dense models of 6 billion and more", kind="compute")]
    picture = draw.measured_band(series, x_label="tokens a second and chip, predicted", y_label="tokens a second and chip, measured", x_log=True, y_log=True)
    names: dict[str, list[evidence.Held]] = {}
    for h in held:
        names.setdefault(h.case.chip, []).append(h)
    rows = []
    for chip, mine in names.items():
        own = evidence.band(mine)
        rows.append([catalogue.chip(chip).name, len(mine), draw.percent(own.middle), f"{draw.percent(own.low)} to {draw.percent(own.high)}", spread.inside(h.ratio for h in mine)])
    table = draw.table(["Chip", "Cases", "Measured over predicted, median", "80% of cases", "Inside the common band"], rows, right={1, 2, 3, 4})
    return Shown(draw.figure(picture, caption=band_words(spread, "one constant a chip was chosen, the share of the peak that the products reach."),
                             source=dated_cases(held) + ".", table=table))  # fmt: skip


def claim_computed() -> str:
    """175 billion parameters without any model parallelism: sharded over 64 chips."""
    params, shards = given(175e9, "the claim's model", "brief"), given(64, "data-parallel ranks")
    whole = state_bytes_total(params=params, state_bytes_per_param=STATE)
    own = state_bytes(
        params_per_chip=params_per_chip(params=params, tensor_parallel=ONE, pipeline_parallel=ONE), weight_value_bytes=TWO, weight_shards=shards,
        gradient_value_bytes=TWO, gradient_shards=shards, optimizer_value_bytes=TWELVE, optimizer_shards=shards,
    )
    return f"{show(whole, 'B')} of state over {draw.num(shards)} chips: {show(own, 'B')} each, before activations."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    bubble = pipeline_bubble(pipeline_parallel=given(16), micro_batches=given(16), interleave=ONE)
    better = pipeline_bubble(pipeline_parallel=given(16), micro_batches=given(16), interleave=given(5))
    plain, split = lay_out(1, 16, 2**22, 1), lay_out(8, 8, 2**22, 1)
    return {
        "p1_bubble": draw.percent(bubble), "p1_better": draw.percent(better), "p1_stages": "16", "p1_pieces": "5", "p1_over": "15", "p1_under": "31", "p1_under5": "95",
        "p2_plain": plain.words, "p2_split": split.words, "p2_plain_total": show(plain.estimate.total_bytes, "B"), "p2_split_total": show(split.estimate.total_bytes, "B"),
        "p2_activations": show(plain.estimate.activation_bytes, "B"), "p2_memory": show(plain.estimate.mem_bytes, "B"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The bubble of a pipeline."""
    p, m, v = rng.choice((4, 6, 8, 12, 16)), rng.choice((8, 16, 24, 32, 48, 64)), rng.choice((1, 1, 2, 4))
    stages, batches, chunks = given(p, "the question"), given(m, "the question"), given(v, "the question")
    answer = pipeline_bubble(pipeline_parallel=stages, micro_batches=batches, interleave=chunks)
    pieces = f", each stage holding its layers in {v} pieces" if v > 1 else ""
    over_work = (p - 1) / (v * m)
    no_chunks = (p - 1) / (m + p - 1)
    return Item(
        ask=f"A pipeline of {p} stages works through {m} micro-batches{pieces}. What percentage of the step does a stage idle?",
        unit="%", scale=0.01, base="%", answer=answer,
        slips=((over_work / answer, "that is the bubble over the work; the step is work and bubble"), (no_chunks / answer, "interleaving shortens the bubble"),
               (p / (v * m + p) / answer, "filling takes one step less than there are stages"), (0.01, "a share for a percentage")),
    )  # fmt: skip
