"""The continuous-batching chapter: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import math
import random
from functools import cache

from hwlib import catalogue
from hwlib.decoding import batch_tokens_per_s
from hwlib.fleet import working_sequences
from hwlib.formula import defined, given
from hwlib.memory import weight_bytes
from hwlib.queueing import static_batch_share
from hwlib.replica import BYTES
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import band_words, dated_cases
from lessons.panels import evidence
from lessons.panels.continuous_batching import DESIGN, rate_of, rate_words, serve
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    pair, busy, even = serve(), serve(1.0), serve(0.5, 16, 0.0, 180)
    say = lambda v: draw.quantity(float(v), "s")  # noqa: E731
    share = static_share(0.6, 16)
    return {
        "rate": rate_words(0.5), "limit": str(DESIGN.batch_limit), "static": say(pair.static.ttft_p99_s), "continuous": say(pair.continuous.ttft_p99_s), "tpot": say(pair.continuous.tpot_p50_s), "static_tpot": say(pair.static.tpot_p50_s),
        "share": draw.percent(share), "idle": draw.percent(1 - share), "double": rate_words(1.0), "even_static": say(even.static.ttft_p99_s),
        "drawn": draw.percent(drawn_share(0.6, 16)), "static_rate": draw.num(rate_of(busy.static)), "continuous_rate": draw.num(rate_of(busy.continuous)),
    }  # fmt: skip


def static_share(spread: float, limit: int) -> float:
    """Share of a static batch that still generates, on average over its life."""
    return static_batch_share(output_spread=given(spread), sequences=given(limit))


@cache
def drawn_share(spread: float, limit: int, batches: int = 4000) -> float:
    """The same share with the answers drawn at random: mean length over mean longest, seeded."""
    rng = random.Random(1)
    lots = [[math.exp(spread * rng.gauss(0.0, 1.0)) for _ in range(limit)] for _ in range(batches)]
    return sum(map(sum, lots)) / limit / sum(map(max, lots))


def question() -> Question:
    """How long do 99 of 100 readers wait under static batching?"""
    pair = serve()
    return Question(
        ask="Static: 99 of 100 wait at most", unit="seconds", scale=1.0, base="s", computed=pair.static.ttft_p99_s,
        choice_ask="Under continuous batching a token takes", choices=("half the time", "about the same", "twice the time"), right="about the same", example="2",
        because=f"{draw.quantity(float(pair.continuous.tpot_p50_s), 's')} at the median, and {draw.quantity(float(pair.static.tpot_p50_s), 's')} under static: "
                "a step reads all weights either way. What goes is the waiting.",
        bought=lambda v: f"Under continuous batching the same readers wait {draw.quantity(float(pair.continuous.ttft_p99_s), 's')}.",
        anchors=(("continuous", float(pair.continuous.ttft_p99_s)), ("a step", float(pair.estimate.step_s), "memory")),
    )  # fmt: skip


def derivation() -> Shown:
    """How much of a static batch still works, and what that does to the tokens a second."""
    pair = serve()
    share = static_batch_share(output_spread=given(0.6), sequences=given(DESIGN.batch_limit))
    working = working_sequences(running_batch=given(DESIGN.batch_limit), busy_share=share)
    return Shown(explained(batch_tokens_per_s(sequences=working, step_s=pair.estimate.full_step_s)))


def measured() -> Shown:
    """Published rates of servers that always have work, which batch continuously, beside the prediction."""
    held = evidence.saturated()
    spread = evidence.band(held)
    series = [evidence.series(held, spread, label="Llama 3 8B and 70B, four chips", kind="memory")]
    picture = draw.measured_band(series, x_label="output tokens a second of a replica, predicted", y_label="output tokens a second, measured", x_log=True, y_log=True)
    rows = []
    for chip in sorted({h.case.chip for h in held}):
        mine = [h for h in held if h.case.chip == chip]
        own = evidence.band(mine)
        rows.append([catalogue.chip(chip).name, len(mine), draw.percent(own.middle), f"{draw.percent(own.low)} to {draw.percent(own.high)}", spread.inside(h.ratio for h in mine)])
    table = draw.table(["Chip", "Cases", "Measured over predicted, median", "80% of cases", "Inside the common band"], rows, right={1, 2, 3, 4})
    words = band_words(spread, "two constants a chip were chosen, the shares of bandwidth and of the peak.")
    return Shown(draw.figure(picture, caption=words + " All of them batch continuously: the static half of the panel is computed only.",
                             source=dated_cases(held) + ", in-flight batching.", table=table))  # fmt: skip


def claim_computed() -> str:
    """One pass over the weights a step, whoever shares it."""
    weights = weight_bytes(params=given(70e9, "the claim's model", "brief"), bytes_per_param=BYTES[16])
    bandwidth = catalogue.chip("a100-80-sxm").mem_bytes_per_s
    steps = bandwidth / weights
    return f"{show(bandwidth, 'B/s')} over {show(weights, 'B')} are {draw.num(steps)} steps a second, for one reader or for sixteen: {draw.num(16 * steps)} tokens then."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    share = static_share(0.6, 16)
    narrow = static_share(0.6, 4)
    one, many = serve(0.5, 1, 0.6, 180), serve(0.5, 16, 0.6, 180)
    e = many.estimate
    return {
        "p1_share": draw.percent(share), "p1_narrow": draw.percent(narrow), "p1_limit": "16", "p1_small": "4", "p1_gain": draw.times(1 / share), "p1_drawn_narrow": draw.percent(drawn_share(0.6, 4)), "p1_drawn_gain": draw.times(1 / drawn_share(0.6, 16)),
        "p2_one": draw.quantity(float(one.continuous.ttft_p99_s), "s"), "p2_many": draw.quantity(float(many.continuous.ttft_p99_s), "s"),
        "p2_step": draw.quantity(float(e.step_s), "s"), "p2_answer": draw.num(e.mean_output_tokens), "p2_rate": rate_words(0.5),
        "p2_service": draw.quantity(float(e.mean_output_tokens * e.step_s), "s"), "p2_demand": draw.num(0.5 * e.mean_output_tokens * e.step_s, 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """How many requests a second keep a batch of a size busy, by Little's law."""
    from hwlib.queueing import littles_law

    rate = given(rng.choice((0.4, 0.6, 0.8, 1.2, 1.5, 2.0)), "the question")
    step = given(rng.choice((0.03, 0.04, 0.05, 0.06)), "the question")
    tokens = given(rng.choice((100, 150, 200, 300)), "the question")
    time = defined(float(step * tokens), "tokens of an answer times the time of a step")
    answer = littles_law(arrivals_per_s=rate, time_in_system_s=time)
    return Item(
        ask=f"Requests come at {draw.num(rate)} a second. Each wants {draw.num(tokens)} tokens and a step takes {draw.quantity(float(step), 's')}; nobody queues. "
            "How many sequences are in the batch on average?",
        unit="sequences", scale=1.0, base="", answer=answer,
        slips=((float(1 / rate), "that is the time of one answer; how many arrive meanwhile?"), (1000.0, "milliseconds for seconds"), (float(1 / step), "the time of a step is missing"),
               (float(1 / tokens), "an answer is many steps")),
    )  # fmt: skip
