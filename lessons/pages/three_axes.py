"""The chapter on the three axes: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.costs import usd_per_mtoken
from hwlib.formula import given
from hwlib.serving import MILLION
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.three_axes import CHIPS, Served, best, say, serve, served
from lessons.panels.weights_in_sram import GROQ

GROUP, MODEL, TOKENS = "aic-silicon-llama3-70b", "llama3-70b", 1024
SYSTEMS = {"H100-SXM-80GB": ("h100-sxm", "eight H100", "ink"), "B200-180GB": ("b200-sxm", "eight B200", "compute")}
EIGHT = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """A system at one number of answers together: seconds, seconds, dollars a million tokens, as timed and as we say."""

    chip: str
    together: int
    ttft: float
    tpot: float
    usd: float
    said: Served


@cache
def seen() -> tuple[Seen, ...]:
    """Timed servers of eight, prompts and answers of 1,024 tokens; of several engines the one with the most tokens."""
    top: dict[tuple[str, int], dict[str, str]] = {}
    for row in measured_rows("6_serving"):
        if row["group"] == GROUP and row["chip"] in SYSTEMS and row["tp"] == str(EIGHT) and row["input_len"] == row["output_len"] == str(TOKENS):
            key = row["chip"], int(row["concurrency"])
            if key not in top or float(row["out_tokens_per_s"]) > float(top[key]["out_tokens_per_s"]):
                top[key] = row
    made = []
    for (chip, together), row in sorted(top.items()):
        ours = SYSTEMS[chip][0]
        hourly = EIGHT * float(catalogue.price(ours))
        usd = usd_per_mtoken(usd_per_hour=hourly, tokens_per_s=float(row["out_tokens_per_s"]), hour_s=3600.0, tokens_per_mtoken=1e6)
        made.append(Seen(chip, together, float(row["ttft_mean_ms"]) / 1e3, float(row["tpot_mean_ms"]) / 1e3, float(usd), serve(ours, EIGHT, MODEL, together, TOKENS, float(TOKENS))))
    return tuple(made)


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    alone, few, many = served(sequences=1), served(), served(sequences=64)
    of = lambda found, chip: next(s for s in found if s.id == chip)  # noqa: E731
    groq, h1, h8 = of(few, GROQ), of(alone, "h100-sxm"), of(few, "h100-sxm")
    long = of(served(prompt=4096), "h100-sxm")
    more = of(served(times=4), "h100-sxm")
    timed = [s for s in seen() if s.chip == "H100-SXM-80GB"]
    first, last = timed[0], timed[-1]
    return {
        "chips": str(len(CHIPS)), "together": "8", "groq": f"{groq.chips:,}", "groq_tpot": say(1, groq.values[1]), "h_tpot": say(1, h8.values[1]), "alone_usd": say(2, h1.values[2]), "few_usd": say(2, h8.values[2]),
        "cheaper": draw.num(h1.values[2] / h8.values[2], 2), "slower": draw.percent(h8.values[1] / h1.values[1] - 1), "prompt": "512", "long": "4,096", "h_ttft": say(0, h8.values[0]), "long_ttft": say(0, long.values[0]), "long_tpot": say(1, long.values[1]),
        "times": "4", "more_ttft": say(0, more.values[0]), "more_tpot": say(1, more.values[1]), "more_usd": say(2, more.values[2]), "many": "64", "many_best": best(many, 2).label, "many_usd": say(2, best(many, 2).values[2]),
        "timed_few": f"{first.together}", "timed_many": f"{last.together}", "timed_tpot": say(1, first.tpot), "timed_tpot_many": say(1, last.tpot), "timed_usd": say(2, first.usd), "timed_usd_many": say(2, last.usd),
    }  # fmt: skip


def question() -> Question:
    """What does a token cost that nobody shares?"""
    one, many = (next(s for s in served(sequences=n) if s.id == "h100-sxm") for n in (1, 8))
    return Question(
        ask="A million tokens, written one answer at a time", unit="$", scale=1.0, base="usd", computed=one.usd, choice_ask="With eight answers together each reader’s token takes",
        choices=("hardly longer", "eight times as long", "twice as long"), right="hardly longer", example="10",
        because=f"{say(1, many.values[1])} instead of {say(1, one.values[1])}: a step reads the weights once for all of them. The million then costs {say(2, many.values[2])}.",
        bought=lambda v: f"At your figure the card would write {draw.num(float(catalogue.price('h100-sxm')) / v * 1e6 / 3600)} tokens a second.",
        anchors=(("eight together", many.values[2]),),
    )


def derivation() -> Shown:
    """The three figures of one H100 in the panel's first state."""
    s = next(s for s in served() if s.id == "h100-sxm")
    return Shown(explained(s.ttft) + explained(s.usd))


def measured() -> Shown:
    """Time of a token against dollars a million, as more answers share a server: timed, and what we say."""
    series = []
    for chip, (_, name, kind) in SYSTEMS.items():
        some = [s for s in seen() if s.chip == chip]
        series.append(dict(label=name, kind=kind, line=[(s.said.values[1] * 1e3, s.said.values[2]) for s in some], measured=[(s.tpot * 1e3, s.usd) for s in some]))
    picture = draw.measured_band(series, x_label="time of each further token, ms", y_label="dollars a million tokens", x_log=True, y_log=True)
    body = [
        [f"{SYSTEMS[s.chip][1]}, {s.together}", say(0, s.ttft), say(0, s.said.values[0]), say(1, s.tpot), say(1, s.said.values[1]), say(2, s.usd), say(2, s.said.values[2])]
        for s in seen()
    ]  # fmt: skip
    table = draw.table(["Answers together", "First token", "Predicted", "Further token", "Predicted", "A million", "Predicted"], body, right={1, 2, 3, 4, 5, 6})
    off = lambda k, of: sorted(abs(s.said.values[k] / of(s) - 1) for s in seen())[len(seen()) // 2]  # noqa: E731
    caption = (
        f"Llama 3 70B in eight bits, {TOKENS:,} tokens in and out, {min(s.together for s in seen())} to {max(s.together for s in seen())} answers together. Diamonds: timed, priced at {' and '.join(show(catalogue.price(c), 'usd/h') for c, *_ in SYSTEMS.values())} a chip. Line: predicted; to the right and down, more answers share the server. "
        f"At the median a further token is off by {draw.percent(off(1, lambda s: s.tpot))} and the cost by {draw.percent(off(2, lambda s: s.usd))}. The timed tokens slow down more in company than ours. The first token is off by {draw.percent(off(0, lambda s: s.ttft))}: real ones pass a server and wait for each other, ours do neither."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated('aiconfigurator silicon_sample (incl. InferenceMAX dumps)')}, ai-dynamo. Of several engines the one with the most tokens a second.", table=table))


def claim_computed() -> str:
    """The lead on each axis, in the panel's first state."""
    found = served()
    return f"Llama 2 70B, eight answers together: {', '.join(f'{name} {say(k, best(found, k).values[k])} on {best(found, k).label}' for k, name in enumerate(('first token', 'further tokens', 'a million tokens')))}. The speed of a stream is an axis of its own."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    one, two = (serve("h100-sxm", n, "llama2-70b", 8, 512) for n in (1, 4))
    l40s, v5e = (next(s for s in served("llama3.1-8b", 16, 1024) if s.id == c) for c in ("l40s", "tpu-v5e"))
    return {
        "p1_many": str(two.chips), "p1_together": "8", "p1_tpot": say(1, one.values[1]), "p1_fast": say(1, two.values[1]), "p1_gain": draw.num(one.values[1] / two.values[1], 2), "p1_usd": say(2, one.values[2]),
        "p1_dear": say(2, two.values[2]), "p1_times": draw.num(two.values[2] / one.values[2], 2), "p2_together": "16", "p2_prompt": "1,024", "p2_l_tpot": say(1, l40s.values[1]), "p2_v_tpot": say(1, v5e.values[1]),
        "p2_l_ttft": say(0, l40s.values[0]), "p2_v_ttft": say(0, v5e.values[0]), "p2_l_usd": say(2, l40s.values[2]), "p2_v_usd": say(2, v5e.values[2]),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Dollars a million tokens from the time of a token."""
    together, chips, price, step = rng.choice((4, 8, 24, 32, 64)), rng.choice((1, 2, 4, 8)), rng.choice((1.2, 1.9, 2.5, 4.0)), rng.choice((12e-3, 20e-3, 30e-3, 50e-3))
    rate = together / step
    answer = usd_per_mtoken(usd_per_hour=given(chips * price, "the question: chips times price"), tokens_per_s=given(rate, "the question: answers over the time of a step"), hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)
    return Item(
        ask=f"{chips} chip{'s' if chips > 1 else ''} at {show(price, 'usd')} an hour each write{'s' if chips == 1 else ''} {together} answers together, a step every {draw.quantity(step, 's')}. Prompts aside, how many dollars does a million tokens cost?",
        unit="$", scale=1.0, base="usd", answer=answer,
        slips=((float(together), "all the answers of a step are tokens"), *(((1 / chips, "every chip is paid for"),) if chips > 1 else ()), (3600.0, "an hour has more seconds than one"), (1e-3, "a million, not a thousand")),
    )  # fmt: skip


