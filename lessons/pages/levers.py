"""The chapter on levers: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from collections import defaultdict

from hwlib.cases import decode_cases, predict_decode
from hwlib.costs import shapley_of_three
from hwlib.formula import given
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.levers import NAMES, plan, shares
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    e, small = plan(), plan(tokens=1e8)
    own = shares(e)
    other = plan(target="tpu-v5e")
    return {
        "tokens": draw.quantity(1e10, ""), "bare": show(e.bare_usd, "usd"), "alone_bits": draw.quantity(float(e.singles["quantise"]), "$"), "alone_batching": draw.quantity(float(e.singles["continuous_batching"]), "$"),
        "alone_chip": draw.quantity(float(e.singles["inference_chip"]), "$"), "sum": draw.quantity(float(e.sum_of_singles), "$"), "all": show(e.saving_all, "usd"), "share_bits": draw.quantity(float(own["quantise"]), "$"),
        "share_batching": draw.quantity(float(own["continuous_batching"]), "$"), "share_chip": draw.quantity(float(own["inference_chip"]), "$"), "training": show(e.training_usd, "usd"),
        "small": draw.quantity(1e8, ""), "small_share": draw.percent(small.saving_all / small.bare_usd), "share_of": draw.percent(e.saving_all / e.bare_usd), "other_alone": draw.quantity(-float(other.singles["inference_chip"]), "$"), "other_share": draw.quantity(-float(shares(other)["inference_chip"]), "$"),
    }  # fmt: skip


def question() -> Question:
    """What do three levers save together?"""
    e = plan()
    said = ", ".join(f"{draw.quantity(float(v), '$')} by {NAMES[k]}" for k, v in e.singles.items())
    return Question(
        ask="Together they save", unit="million dollars", scale=1e6, base="usd", computed=e.saving_all, choice_ask="Against the sum of what each saves alone that is", choices=("more", "the same", "less"),
        right="less", example="200", because=f"Alone: {said}. A dollar that one lever has saved cannot be saved again.",
        bought=lambda v: f"That would be {draw.percent(v / float(e.bare_usd))} of the bill.", anchors=(("the bill", float(e.bare_usd)), ("the sum", float(e.sum_of_singles))),
    )


def derivation() -> Shown:
    """One lever's share with the numbers of the panel's first state plugged in."""
    return Shown(explained(plan().saving_quantise))


def measured() -> Shown:
    """What fewer bits gained on A100s, and what the model of the bill would have said."""
    found: dict[tuple[str, str], dict[str, tuple[float, float]]] = defaultdict(dict)
    source = ""
    for case in decode_cases():
        if case.metric == "tokens_per_s":
            found[case.row["model"], case.row["tp"]][case.row["weight_bits"]] = (case.observed, float(predict_decode(case)))
            source = case.source
    body, bars = [], []
    for (model, chips), speeds in sorted(found.items()):
        for bits, (seen, said) in sorted(speeds.items(), key=lambda item: -float(item[0])):
            if bits == "16" or "16" not in speeds:
                continue
            name = f"{shape_of(model).name}, {chips} chip{'s' if chips != '1' else ''}, {float(bits):.0f} bits"
            gain, model_gain = seen / speeds["16"][0], said / speeds["16"][1]
            body.append([name, f"{gain:.2f}", f"{model_gain:.2f}"])
            bars += [(name, [("ink", gain, "")], "measured"), ("", [("grey", model_gain, "")], "predicted")]
    picture = draw.cost_bars(bars, unit="×", title="Speed against 16 bits, one sequence on A100s")
    caption = (
        f"One lever where it was measured: gains of fewer bits over 16, for one sequence. Black: measured. Grey: predicted. The model promises more than these {len(body)} runs gave, because unpacking costs time that it does not count; a plan that rests on this lever should assume the measured gain. "
        "For continuous batching and for moves to other chips nobody has published the same work before and after, so no figure stands here."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated(source)}.", table=draw.table(["Run", "Measured, ×", "Predicted, ×"], body, right={1, 2})))


def claim_computed() -> str:
    """What a tenth off a token saves, as a share of a whole plan."""
    e = plan()
    tenth = 0.1 * float(e.years[0].serving_usd)
    return f"In the plan above a tenth off the first year's serving is {draw.quantity(tenth, '$')} of {show(e.years[0].total_usd, 'usd')}: it touches neither training nor people."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    half, third = 0.5, 0.3
    left = (1 - half) * (1 - third)
    share = shapley_of_three(
        alone_usd=given(50.0), with_second_usd=given(65.0), second_usd=given(30.0), with_third_usd=given(50.0), third_usd=given(0.0), all_usd=given(65.0), others_usd=given(30.0),
    )  # fmt: skip
    return {
        "p1_first": draw.percent(half), "p1_second": draw.percent(third), "p1_left": draw.percent(left), "p1_saved": draw.percent(1 - left), "p1_sum": draw.percent(half + third),
        "p2_bill": "$100", "p2_alone": "$50", "p2_second": "$30", "p2_all": "$65", "p2_share": show(share, "usd"), "p2_other": draw.quantity(65 - float(share), "$"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Two levers that take their share one after the other."""
    bill, first, second = rng.choice((40e6, 90e6, 250e6)), rng.choice((0.2, 0.3, 0.4, 0.5)), rng.choice((0.1, 0.25, 0.35))
    alone, other = bill * first, bill * second
    both = bill * (1 - (1 - first) * (1 - second))
    answer = shapley_of_three(
        alone_usd=given(alone, "alone"), with_second_usd=given(both, "both"), second_usd=given(other, "the other alone"), with_third_usd=given(alone, "alone"), third_usd=given(0.0, "no third"), all_usd=given(both, "both"), others_usd=given(other, "the other alone"),
    )  # fmt: skip
    return Item(
        ask=f"A bill of {draw.quantity(bill, '$')}. One lever takes off {draw.percent(first)} of what is left when it is pulled, the other {draw.percent(second)}. What is the first one’s fair share of the joint saving, in million dollars: its step averaged over both orders?",
        unit="million dollars", scale=1e6, base="usd", answer=answer, slips=((alone / float(answer), "that is what it saves alone"), ((both - other) / float(answer), "that is its step when it comes second"), (both / float(answer), "that is what both save")),
    )  # fmt: skip
