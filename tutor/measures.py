"""Figures that targets, rules and predictions need besides the estimates' own fields.

Each measure takes a context and returns a figure; arithmetic stands in formulas, so that `why` opens it.
A measure that has no answer raises `NotKnown` and says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hwlib.errors import BadInput, listed
from hwlib.formula import Figure, defined, formula, given
from hwlib.sources import Choice
from tutor.context import Context, NotKnown

HEADROOM = Figure(1.1, Choice("a tenth to spare", "brief"))
COST_FACTOR = Figure(1.25, Choice("1.25 times the best design found", "brief"))
SATURATED = 0.97
"""A queue at more than this utilisation has no useful percentile; screening treats it as a miss."""

MEASURES: dict[str, Callable[[Context], Any]] = {}


def measure(run: Callable[[Context], Any]) -> Callable[[Context], Any]:
    """Register a measure under the function's name."""
    MEASURES[run.__name__] = run
    return run


# Formulas: one return each, as in hwlib.


@formula(gives="sequences", cites="kwon2023pagedattention")
def with_headroom(*, in_flight, replicas, headroom):
    """Sequences that a replica must hold: its share of what is in flight, with headroom."""
    return in_flight / replicas * headroom


@formula(gives="sequences", cites="kwon2023pagedattention")
def per_chip(*, sequences_that_fit, chips_per_replica):
    """A replica's sequences shared out over its chips."""
    return sequences_that_fit / chips_per_replica


@formula(gives="utilisation", cites="kleinrock1975queueing")
def utilisation_without(*, utilisation, replicas, lost):
    """Utilisation of the replicas that are left when some are lost."""
    return utilisation * replicas / (replicas - lost)


@formula(gives="requests_per_s_per_replica", cites="kleinrock1975queueing")
def carried_requests(*, peak_requests_per_s, replicas, utilisation):
    """Requests a second that one replica carries when it never rests: its share of the arrivals over its utilisation."""
    return peak_requests_per_s / replicas / utilisation


@formula(gives="usd_per_mtoken", cites="definition")
def cost_limit(*, best_usd_per_mtoken, factor):
    """The cost that the brief accepts: the best design's, with a margin."""
    return best_usd_per_mtoken * factor


@formula(gives="tokens_per_s_per_user", cites="definition")
def speed_of(*, tpot_s):
    """Tokens a second that a user sees."""
    return 1 / tpot_s


# Serving.


@measure
def needed_sequences(ctx: Context) -> Figure:
    e = ctx.estimate
    return with_headroom(in_flight=e.in_flight, replicas=given(float(max(ctx.design.replicas, 1))), headroom=HEADROOM)


@measure
def sequences_per_chip(ctx: Context) -> Figure:
    return per_chip(sequences_that_fit=ctx.estimate.sequences_that_fit, chips_per_replica=given(float(ctx.design.chips_per_replica)))


@measure
def user_speed_p95(ctx: Context) -> Figure:
    return speed_of(tpot_s=ctx.simulated.tpot_p95_s)


@measure
def replica_requests_per_s(ctx: Context) -> Figure:
    """Requests a second that one replica carries when it never rests."""
    e = ctx.estimate
    if not e.fits or not e.utilisation > 0:
        raise NotKnown("the model does not fit, so a replica carries nothing")
    return carried_requests(peak_requests_per_s=e.peak_requests_per_s, replicas=given(float(ctx.design.replicas)), utilisation=e.utilisation)


@measure
def utilisation_lost(ctx: Context) -> Figure:
    """Utilisation with one replica lost; a spare steps in for it."""
    gone = max(0, 1 - ctx.design.spare_replicas)
    if ctx.design.replicas - gone < 1:
        raise NotKnown("no replica is left when the only one is lost")
    return utilisation_without(
        utilisation=ctx.estimate.utilisation, replicas=given(float(ctx.design.replicas)), lost=defined(float(gone), "one lost, less the spare that steps in"),
    )


@measure
def fast_ttft(ctx: Context) -> float:
    return _fast(ctx, ctx.estimate.utilisation)


@measure
def fast_ttft_lost(ctx: Context) -> float:
    return _fast(ctx, ctx.measure("utilisation_lost"))


def _fast(ctx: Context, utilisation: float) -> float:
    e = ctx.estimate
    if not e.fits or utilisation >= SATURATED:
        return math.inf
    return e.ttft_floor_p99_s


@measure
def utilisation_at_limit(ctx: Context) -> Figure:
    """The utilisation at which the simulated p99 first exceeds its limit: arrivals are scaled until it does."""
    limit = ctx.brief.target("ttft-p99").limit
    low = high = None
    for utilisation in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        peak = utilisation / ctx.estimate.utilisation
        run = ctx.run(peak=round(peak, 3))
        if run.ttft_p99_s > limit:
            high = utilisation
            break
        low = utilisation
    if low is None:
        raise NotKnown("the p99 is over the limit even at a utilisation of 30%")
    return Figure((low + (high or 1.0)) / 2, run.ttft_p99_s.origin)


@measure
def best_cost(ctx: Context) -> Figure:
    """Cost of a million tokens of the best design found, under this entry's load."""
    from tutor.best import best_context

    return best_context(ctx).estimate.usd_per_mtoken


@measure
def best_cost_limit(ctx: Context) -> Figure:
    return cost_limit(best_usd_per_mtoken=ctx.measure("best_cost"), factor=COST_FACTOR)


# Training.


@measure
def training_bottleneck(ctx: Context) -> str:
    return max(training_shares(ctx).items(), key=lambda item: item[1])[0]


def training_shares(ctx: Context) -> dict[str, float]:
    """Shares of a step: arithmetic, exposed network, bubble; the bubble idles the time of the other two."""
    e = ctx.estimate
    network = e.exposed_comm_share
    bubble = float(e.bubble) * (1 - float(network))
    return {"compute": 1 - float(network) - bubble, "network": float(network), "bubble": bubble}


# Three years.


@measure
def estimated_annual_bill(ctx: Context) -> Figure:
    """A year of year-1 tokens at the list price."""
    return ctx.estimate.revenue_usd


@measure
def predicted_annual_bill(ctx: Context) -> Figure:
    return _predicted(ctx, "annual_bill_usd", "the bill of a year")


@measure
def predicted_saving(ctx: Context) -> Figure:
    if not pulled(ctx):
        raise NotKnown("no lever is pulled yet")
    return _predicted(ctx, "saving_all_usd", "the saving of all levers together")


def _predicted(ctx: Context, name: str, words: str) -> Figure:
    if name not in ctx.predictions:
        raise NotKnown(f"you have not predicted {words} yet")
    return Figure(ctx.predictions[name], Choice("predicted"))


@measure
def largest_share(ctx: Context) -> str:
    e = ctx.estimate
    parts = {"training": e.training_usd, "serving": e.serving_usd, "people": e.people_usd}
    return max(parts.items(), key=lambda item: item[1])[0]


@measure
def sum_of_singles(ctx: Context) -> Figure:
    return ctx.estimate.sum_of_singles


def pulled(ctx: Context) -> tuple[str, ...]:
    """The levers that the design pulls."""
    d = ctx.design
    return tuple(name for name, on in (("quantise", d.quantise), ("batching", d.continuous_batching), ("chip", d.inference_chip != "none")) if on)


@measure
def worst_saving(ctx: Context) -> Figure:
    """The levers' saving in the worst corner of the learner's own range, over volume and utilisation."""
    share = ctx.design.range_share
    if not pulled(ctx):
        raise NotKnown("no lever is pulled yet")
    if share <= 0:
        raise NotKnown("no range is given yet")
    _ = ctx.estimate  # a plan that cannot be estimated has no corners either
    return min(c.measure("joint_saving") for c in corners(ctx, min(share, 0.95)))


@measure
def joint_saving(ctx: Context) -> Figure:
    """What all levers save together: of the estimate where there is one already, else computed without the rest."""
    from hwlib.economics import levers_saving

    if ctx.estimated:
        return ctx.estimate.saving_all
    try:
        return levers_saving(ctx.design, ctx.load)
    except BadInput as error:
        raise NotKnown(str(error)) from None


def corners(ctx: Context, share: float) -> list[Context]:
    """The design with volume, utilisation and the porting bill at the ends of a range."""
    found = []
    for volume in (1 - share, 1 + share):
        for use in (1 - share, 1 + share):
            design = replace(
                ctx.design, tokens_per_day=ctx.design.tokens_per_day * volume,
                utilisation=min(1.0, max(0.01, ctx.design.utilisation * use)),
            )
            found.append(Context(replace(ctx.entry, design=design), simulate=False))
    return found


@measure
def named_conditions(ctx: Context) -> Figure:
    """How many different conditions the memo names that would change its recommendation."""
    from tutor.dialogue.memo import conditions

    if not ctx.entry.rationale.strip():
        raise NotKnown("there is no memo yet")
    return Figure(float(len(conditions(ctx.entry.rationale))), Choice("counted in the memo"))



@formula(gives="bytes", cites="kwon2023pagedattention")
def held_before_traffic(*, weight_bytes_per_chip, reserve_bytes):
    """What a chip holds before the first sequence: its share of the weights, and the runtime's reserve."""
    return weight_bytes_per_chip + reserve_bytes


@measure
def held_bytes(ctx: Context) -> Figure:
    e = ctx.estimate
    return held_before_traffic(weight_bytes_per_chip=e.weight_bytes_per_chip, reserve_bytes=e.reserve_bytes)


@measure
def all_heads_kv_bytes(ctx: Context) -> Figure:
    """The cache of a sequence if every query head kept its own keys and values."""
    return Context(ctx.entry.changed(attention="mha"), simulate=False).estimate.kv_bytes_per_sequence


@measure
def model_context(ctx: Context) -> Figure:
    """The context that the model was trained for."""
    from hwlib.catalogue import transformer

    found = transformer(ctx.design.model).context
    if found is None:
        raise NotKnown("the model's context is not published")
    return found


@formula(gives="tpot_s", cites="definition")
def time_of(*, tokens_per_s_per_user):
    """Seconds a token at a speed."""
    return 1 / tokens_per_s_per_user


@measure
def slowest_tpot(ctx: Context) -> Figure:
    """The time a token that the brief's floor on a user's speed allows."""
    target = ctx.brief.target("speed")
    return time_of(tokens_per_s_per_user=Figure(target.limit, Choice(target.reason, "brief")))


@measure
def fp8_gain(ctx: Context) -> Figure:
    """What FP8 products do to the arithmetic of a step, on the design's chip or else on an H100."""
    chip = ctx.design.accelerator if "fp8" in ctx.chip.formats else "h100-sxm"
    return ctx.variant(matmul_precision="fp8", accelerator=chip).estimate.precision_gain


@measure
def chip_formats(ctx: Context) -> str:
    """The formats for which the chip has a published peak, in words."""
    return ", ".join(ctx.chip.formats)


def _with_levers(ctx: Context) -> Context:
    """The plan with the levers that it pulls, or with two of them when it pulls fewer: overlap needs two."""
    return ctx if len(pulled(ctx)) >= 2 else ctx.variant(quantise=True, continuous_batching=True)


@measure
def levers_sum(ctx: Context) -> Figure:
    return _with_levers(ctx).estimate.sum_of_singles


@measure
def levers_all(ctx: Context) -> Figure:
    return _with_levers(ctx).estimate.saving_all


@measure
def levers_shown(ctx: Context) -> str:
    """The levers of that plan, in words."""
    names = {"quantise": "8-bit weights", "batching": "continuous batching", "chip": "another chip"}
    return listed(names[name] for name in pulled(_with_levers(ctx)))
