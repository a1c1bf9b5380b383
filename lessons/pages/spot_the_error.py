"""Errors of the source text as exercises, the factor of a thousand first: every correction is computed."""

from __future__ import annotations

from functools import cache

from hwlib import catalogue
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages import long_context, tokens_to_dollars
from lessons.pages.blocks import checked
from lessons.panels.spot import Error
from lessons.panels.tokens_to_dollars import bill, span
from lessons.questions import training as run_of_llama

TEXT_RUN = 50e6
"""The cheaper of the text's training runs."""
LLAMA3_FAILURES, LLAMA3_DAYS, LLAMA3_CHIPS = 419, 54, 16384
"""Unexpected interruptions that Meta logged for Llama 3 405B."""


def tenth() -> str:
    """Ten per cent of the right bill."""
    b = bill()
    return f"A tenth of {show(b.year_usd, 'usd')} is {show(0.1 * b.year_usd, 'usd')}."


def months() -> str:
    """How long serving takes to equal the cheaper run."""
    b = bill(run=TEXT_RUN)
    return f"At {show(b.year_usd, 'usd')} a year it takes {span(b.months)} to equal a run of {show(TEXT_RUN, 'usd')}."


def rate() -> str:
    """Tokens a second from tokens and GPU-hours."""
    return (
        f"{draw.quantity(float(run_of_llama.TOKENS), '')} tokens over {draw.num(float(run_of_llama.GPU_HOURS))} GPU-hours are {draw.num(run_of_llama.tokens_a_second(1.0))} tokens a second and GPU, "
        f"{draw.quantity(run_of_llama.tokens_a_second(), '')} on {draw.num(float(run_of_llama.GPUS))} of them."
    )


def weights_and_session() -> str:
    """What the card would have to hold."""
    weights, own = weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[16]), long_context.cache_bytes("llama2-70b")
    return f"In 16 bits the weights are {show(weights, 'B')} and the session {show(own, 'B')}: {show(weights + own, 'B')} on a card of {show(catalogue.chip('h100-sxm').mem_bytes, 'B')}."


def restarts() -> str:
    """Failures to expect, from a run that published its own."""
    each = LLAMA3_FAILURES / (LLAMA3_DAYS * LLAMA3_CHIPS)
    days = float(run_of_llama.GPU_HOURS) / float(run_of_llama.GPUS) / 24
    return f"At the rate of a run whose failures are published, {LLAMA3_FAILURES} in {LLAMA3_DAYS} days of {LLAMA3_CHIPS:,} chips, {draw.num(float(run_of_llama.GPUS))} chips see {draw.num(each * float(run_of_llama.GPUS) * days, 2)} in {draw.num(days, 2)} days."


def link() -> str:
    """One chip's links, from the catalogue."""
    one = catalogue.chip("tpu-v4").link_bytes_per_s
    return f"The catalogue has {show(one, 'B/s')} a chip in one direction, {show(8 * one / 1e9, '')} Gb/s."


def pair() -> str:
    """Two cards."""
    one = catalogue.chip("h100-nvl").mem_bytes
    return f"One card has {show(one, 'B')}; a bridged pair has {show(2 * one, 'B')}."


@cache
def errors() -> tuple[Error, ...]:
    """The exercises in order."""

    def made(id: str, ask: str, right: str, others: dict[str, str], computed: str = "") -> Error:
        choices = tuple(sorted([right, *others], key=lambda text: (len(text) * 7919 + ord(text[0])) % 101))
        return Error(id=id, ask=ask, choices=choices, right=right, not_those=others, shown=checked(id, computed=computed).html)

    return (
        made("S4-10", "Which step of the chain was left out?", "The price is for a thousand tokens", {
            "A year has fewer days": "The days are right: a factor of a thousand is not among them.",
            "Input tokens are cheaper": "True of price lists, and not by a factor of a thousand.",
            "Nobody pays the list price": "A discount is a few tens of per cent.",
        }, tokens_to_dollars.claim_computed()),
        made("S4-12", "Why is the saving wrong?", "It is a tenth of a bill that is wrong itself", {
            "Ten per cent off a token is not ten per cent off the bill": "For a bill of tokens alone it is.",
            "Savings must be discounted": "Within one year that changes little.",
        }, tenth()),
        made("S4-11", "What does the conclusion rest on?", "On a bill that is a thousand times too large", {
            "On a training run that is too cheap": "A dearer run would make it take longer still.",
            "On demand that does not grow": "No growth of a known service closes such a gap in months.",
        }, months()),
        made("S2-24", "What was read as what?", "GPU-hours as tokens a second", {
            "Bits as bytes": "That would be a factor of eight.",
            "The peak as what was reached": "The peak would give about twice the true rate, not five times.",
        }, rate()),
        made("S4-29", "What was forgotten?", "The weights", {
            "The runtime's memory": "Forgotten as well, but it is a few gigabytes.",
            "That GB and GiB differ": "That moves the card by seven per cent.",
        }, weights_and_session()),
        made("S2-27", "How can one tell without a source?", "Scale a published rate of failures to this run", {
            "Ask whether such a run could finish": "It could, with frequent checkpoints; that shows nothing.",
            "Count one restart a chip": "Chips do not fail once each.",
        }, restarts()),
        made("S3-23", "Whose figure is it?", "That of no chip: it is probably the whole pod's", {
            "That of one link": "One link is slower still.",
            "That of the next generation": "It is not that of v5e or v5p either.",
        }, link()),
        made("S4-31", "What has that memory?", "A pair of cards", {
            "A card of the next generation": "It was announced for this product, but not for one card.",
            "A card with its cache": "Caches are megabytes.",
        }, pair()),
        made("S3-30", "Whose cache is that?", "The H100's", {
            "That of a pair of A100s": "Caches of two chips are not one cache.",
            "The A100's, with its registers": "With registers and shared memory it would be more than that.",
        }),
        made("S4-26", "What kind of error is it?", "A score of answers was given in a unit of texts", {
            "The loss was larger": "That may be, but the sentence fails before its number.",
            "The benchmark is too easy": "Easy or not, it measures accuracy.",
        }),
    )


def facts() -> dict[str, str]:
    """Figures of the page's prose."""
    wrong = catalogue.verdict_counts()["wrong"]
    return {"errors": draw.num(len(errors())), "wrong": draw.num(wrong)}
