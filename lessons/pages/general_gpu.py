"""The chapter on the L40S: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from functools import cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.collectives import ring_all_reduce_s
from hwlib.decoding import layer_comm_s
from hwlib.formula import given
from hwlib.roofline import ridge_point
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import band_words, dated_cases
from lessons.panels import evidence, roofline
from lessons.panels.general_gpu import CHIP, shared
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

OTHERS = {"a100-80-sxm": "A100", "h100-sxm": "H100", "tpu-v5e": "TPU v5e"}
RIVAL, CARDS = "a100-80-sxm", "4"
"""Cards of the published runs; those whose links are compared."""


def ridge(chip: str = CHIP):  # noqa: ANN201 - a Figure
    """FLOP a byte at which the chip's arithmetic keeps up with its memory."""
    found = catalogue.chip(chip)
    return ridge_point(peak_flops_per_s=found.peak("bf16"), mem_bytes_per_s=found.mem_bytes_per_s)


@cache
def held() -> tuple[evidence.Held, ...]:
    """Busy servers of L40S, each predicted by constants chosen without it."""
    return tuple(h for h in evidence.saturated() if h.case.chip == CHIP)


@cache
def rivals() -> tuple[tuple[int, int, float, float], ...]:
    """(prompt, answer, tokens a second on four L40S, on four A100) of the same engine and model."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for h in evidence.saturated():
        row = h.case.row
        if h.case.chip in (CHIP, RIVAL) and row["model"] == held()[0].case.row["model"] and row["group"] == held()[0].case.group and row["tp"] == CARDS:
            found.setdefault((int(row["input_len"]), int(row["output_len"])), {})[h.case.chip] = h.case.observed
    return tuple((*k, v[CHIP], v[RIVAL]) for k, v in sorted(found.items()) if len(v) == 2)


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    chip, link, fast = catalogue.chip(CHIP), catalogue.link("pcie4-x16"), catalogue.link("nvlink4")
    found, ideal = shared(), shared(link="nvlink4")
    one, last = found[0], found[-1]
    short = shared(prompt=128)
    ratios = [a / s for *_, s, a in rivals()]
    return {
        "peak": show(chip.peak("bf16"), "FLOP/s"), "memory": show(chip.mem_bytes_per_s, "B/s"), "ridge": draw.num(ridge()), "power": draw.quantity(float(chip.power_w), "W"), "h100_power": draw.quantity(float(catalogue.chip("h100-sxm").power_w), "W"),
        "ridges": ", ".join(f"{draw.num(ridge(c))} of the {n}" for c, n in OTHERS.items()), "pcie": show(link.bytes_per_s, "B/s"), "nvlink": show(fast.bytes_per_s, "B/s"), "slower": draw.num(fast.bytes_per_s / link.bytes_per_s, 2),
        "cards": str(last.cards), "prompt": "2,048", "one_prompt": draw.quantity(float(one.prompt), "s"), "last_prompt": draw.quantity(float(last.prompt), "s"), "gain": draw.num(one.prompt / last.prompt, 2), "links": draw.percent(last.links_share),
        "one_step": draw.quantity(float(one.step), "s"), "last_step": draw.quantity(float(last.step), "s"), "step_gain": draw.num(one.step / last.step, 2), "together": "16", "nv_gain": draw.num(ideal[0].prompt / ideal[-1].prompt, 2),
        "reach": draw.percent(calibrated("decode_memory_efficiency", CHIP)), "short": "128", "short_links": draw.percent(short[-1].links_share), "four": CARDS, "runs": str(len(held())), "rival_low": draw.num(min(ratios), 2), "rival_high": draw.num(max(ratios), 2),
    }  # fmt: skip


def question() -> Question:
    """Eight cards for one prompt."""
    found = shared()
    return Question(
        ask=f"Time to read a prompt of {2048:,} tokens on {found[-1].cards} cards", unit="ms", scale=1e-3, base="s", computed=found[-1].prompt, choice_ask="Most of it goes to", choices=("arithmetic", "links between cards", "reading weights"),
        right="links between cards", example="40", because=f"Two all-reduces a layer carry every token’s activations over PCIe: {draw.percent(found[-1].links_share)} of the time.",
        bought=lambda v: f"One card needs {draw.quantity(float(found[0].prompt), 's')}; yours would be {draw.num(float(found[0].prompt) / v, 2)} times as fast.",
        anchors=(("one card", float(found[0].prompt), "compute"), ("its arithmetic, split", float(found[-1].prompt_compute), "compute")),
    )


def derivation() -> Shown:
    """The ridge, and the prompt of the panel's first state on all cards."""
    return Shown(explained(ridge()) + explained(shared()[-1].prompt))


def measured() -> Shown:
    """Four L40S under full load, predicted without the case itself, and the same loads on four A100."""
    some = held()
    spread = evidence.band(some)
    picture = draw.measured_band([evidence.series(some, spread, label="four L40S", kind="network")], x_label="predicted tokens a second", y_label="measured", x_log=True, y_log=True)
    other = {(p, o): a for p, o, _, a in rivals()}
    body = []
    for h in sorted(some, key=lambda h: (float(h.case.row["input_len"]), float(h.case.row["output_len"]))):
        key = int(h.case.row["input_len"]), int(h.case.row["output_len"])
        body.append([f"{key[0]:,} in, {key[1]:,} out", f"{h.predicted:,.0f}", f"{h.case.observed:,.0f}", f"{h.ratio:.2f}", f"{other[key]:,.0f}" if key in other else "–", f"{other[key] / h.case.observed:.1f}" if key in other else "–"])
    table = draw.table(["Tokens", "Four L40S, predicted", "Measured", "Measured over predicted", "Four A100, measured", "Times the L40S"], body, right={1, 2, 3, 4, 5})
    caption = band_words(spread, "every point is four cards with Llama 3 70B in FP8, all matrices split over PCIe.") + " The table has four A100 on the same loads: they run in 16 bits, having no FP8, with more memory bandwidth and NVLink."
    return Shown(draw.figure(picture, caption=caption, source=dated_cases(some) + ".", table=table))


def claim_computed() -> str:
    """The ridge, and what one answer gets of the card's bandwidth."""
    chip, seventy = catalogue.chip(CHIP), float(shape_of("llama2-70b").params)
    return f"The ridge is {draw.num(ridge())} FLOP a byte, {draw.num(ridge() / ridge(RIVAL), 2)} times the A100’s. With {draw.quantity(seventy, 'B')} of weights in eight bits spread over cards, each card’s bandwidth adds at most {draw.num(float(chip.mem_bytes_per_s) / seventy)} tokens a second to one answer."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    p = roofline.place(CHIP, "llama3.1-8b", 32, 1024)
    full = roofline.place(CHIP, "llama3.1-8b", int(p.fit), 1024)
    found = shared()
    four, one = next(s for s in found if s.cards == 4), found[0]
    return {
        "p1_ridge": draw.num(p.ridge), "p1_tokens": "1,024", "p1_fit": draw.num(p.fit), "p1_reach": draw.num(full.decode, 3), "p1_memory": show(p.chip.mem_bytes, "B"),
        "p2_cards": "4", "p2_together": "16", "p2_step": draw.quantity(float(four.step), "s"), "p2_rate": draw.num(16 / float(four.step)), "p2_one_step": draw.quantity(float(one.step), "s"), "p2_all": draw.num(4 * 16 / float(one.step)),
        "p2_prompt": draw.quantity(float(four.prompt), "s"), "p2_one_prompt": draw.quantity(float(one.prompt), "s"), "p2_reads": draw.num(1 / float(four.prompt), 2), "p2_reads_all": draw.num(4 / float(one.prompt), 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The all-reduces of a prompt over a slow link."""
    layers, width = rng.choice(((32, 4096), (40, 5120), (80, 8192)))
    tokens, cards, rate = rng.choice((512, 1024, 2048, 4096)), rng.choice((2, 4, 8)), rng.choice((12e9, 25e9, 50e9))
    each = ring_all_reduce_s(
        message_bytes=given(2.0 * tokens * width, "the question: two bytes a value"), ranks=given(cards, "the question"), link_bytes_per_s=given(rate, "the question"), link_efficiency=given(1.0, "the question"),
        launch_s=given(0.0, "the question"), hop_s=given(0.0, "the question"),
    )  # fmt: skip
    return Item(
        ask=f"A model of {layers} layers, {width:,} wide, is split over {cards} cards; each sends {draw.quantity(rate, 'B/s')}. A prompt has {tokens:,} tokens, an activation two bytes. How many ms do the all-reduces take, start and hops aside?",
        unit="ms", scale=1e-3, base="s", answer=layer_comm_s(all_reduce_s=each, layers=given(layers, "the question")),
        slips=((0.5, "count the all-reduces of a layer, and the way of the sums back"), (0.25, "two a layer, and each goes round twice"), (1000.0, "the answer is in milliseconds"), (float(cards), "that is what all cards send")),
    )  # fmt: skip
