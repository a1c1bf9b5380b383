"""Errors of the source text as exercises, the factor of a thousand first: every correction is computed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hwlib import catalogue
from lessons import draw
from lessons.pages import corrections as by
from lessons.pages import (
    fewer_bits,
    ring_of_chips,
    roofline,
    tokens_to_dollars,
    weights_in_sram,
    what_must_fit,
)
from lessons.pages.blocks import checked
from lessons.panels.spot import Error

NOT_HERE = {
    "S1-27": "the same error as S1-25",
    "S4-17": "the same error as S3-27",
    "S4-25": "the same paper, and the same way to find out, as S3-40",
    "S4-33": "what a product was announced for is read, not found by thought",
}
"""Wrong claims that are no exercise, and why."""


def made(id: str, ask: str, right: str, others: dict[str, str], computed: str = "") -> Error:
    """An exercise; the choices are mixed, always alike."""
    choices = tuple(sorted([right, *others], key=lambda text: (len(text) * 7919 + ord(text[0])) % 101))
    return Error(id=id, ask=ask, choices=choices, right=right, not_those=others, shown=checked(id, computed=computed).html)


@cache
def errors() -> tuple[Error, ...]:
    """The exercises in order, by the way in which the claim went astray."""
    kinds = {"Money": _money, "Time": _time, "What was counted": _counted, "What was compared with what": _compared, "What can be known": _known}
    return tuple(replace(error, group=group) for group, of in kinds.items() for error in of())


def _money() -> tuple[Error, ...]:
    return (
        made("S4-10", "Which step of the chain was left out?", "The price is for a thousand tokens", {
            "A year has fewer days": "The days are right: a factor of a thousand is not among them.",
            "Input tokens are cheaper": "True of price lists, and not by a factor of a thousand.",
            "Nobody pays the list price": "A discount is a few tens of per cent.",
        }, tokens_to_dollars.claim_computed()),
        made("S4-12", "Why is the saving wrong?", "It is a tenth of a bill that is wrong itself", {
            "Ten per cent off a token is not ten per cent off the bill": "For a bill of tokens alone it is.",
            "Savings must be discounted": "Within one year that changes little.",
        }, by.tenth()),
        made("S4-11", "What does the conclusion rest on?", "On a bill that is a thousand times too large", {
            "On a training run that is too cheap": "A dearer run would make it take longer still.",
            "On demand that does not grow": "No growth of a known service closes such a gap in months.",
        }, by.months()),
    )


def _time() -> tuple[Error, ...]:
    return (
        made("S2-24", "What was read as what?", "GPU-hours as tokens a second", {
            "Bits as bytes": "That would be a factor of eight.",
            "The peak as what was reached": "The peak would give about twice the true rate, not five times.",
        }, by.rate()),
        made("S2-27", "How can one tell without a source?", "Scale a published rate of failures to this run", {
            "Ask whether such a run could finish": "It could, with frequent checkpoints; that shows nothing.",
            "Count one restart a chip": "Chips do not fail once each.",
        }, by.restarts()),
        made("S2-36", "For which messages does it hold?", "For those of decoding, a few kilobytes", {
            "For gradients": "Gradients are gigabytes, and take milliseconds.",
            "For none": "Start and hops take some ten microseconds, and small messages take no more.",
            "For those that stay in one server": "That is where it was said of, and size still decides.",
        }, ring_of_chips.claim_computed()),
        made("S1-09", "Who reads the weights again?", "Nobody: a step reads them once for all answers", {
            "Every user, because caches differ": "Caches differ and are read by each; weights are shared.",
            "Every token, because layers follow one another": "Layers follow one another within a step, and a step serves everybody.",
        }, by.per_step()),
    )


def _counted() -> tuple[Error, ...]:
    return (
        made("S4-29", "What was forgotten?", "The weights", {
            "The runtime's memory": "Forgotten as well, but it is a few gigabytes.",
            "That GB and GiB differ": "That moves the card by seven per cent.",
        }, by.weights_and_session()),
        made("S2-30", "What is that figure the size of?", "Weights, gradients and optimizer state together", {
            "The optimizer state alone": "Two moments and a master copy are three quarters of it.",
            "The model in 32 bits": "That would be four bytes a parameter.",
        }, by.all_states()),
        made("S1-21", "Under which count does it hold?", "If every state has as many bits as the model", {
            "If activations are counted as well": "They come on top, and make it more.",
            "For no optimizer": "With plain gradient descent there would be less than that.",
        }, what_must_fit.claim_computed()),
        made("S2-10", "What was counted?", "Both directions together", {
            "Two chips together": "It is one chip's links.",
            "The links of a later generation": "It is this generation's, and the figure is on its datasheet.",
        }, by.one_direction()),
        made("S3-23", "Whose figure is it?", "That of no chip: it is probably the whole pod's", {
            "That of one link": "One link is slower still.",
            "That of the next generation": "It is not that of v5e or v5p either.",
        }, by.link()),
        made("S4-31", "What has that memory?", "A pair of cards", {
            "A card of the next generation": "It was announced for this product, but not for one card.",
            "A card with its cache": "Caches are megabytes.",
        }, by.pair()),
        made("S3-29", "Where does that figure belong?", "To a core two generations later", {
            "To all cores of the chip": "Together they have more than that.",
            "To the accumulators": "Those are a few mebibytes.",
        }, by.scratchpads()),
        made("S3-30", "Whose cache is that?", "The H100's", {
            "That of a pair of A100s": "Caches of two chips are not one cache.",
            "The A100's, with its registers": "With registers and shared memory it would be more than that.",
        }, by.caches()),
        made("S1-12", "What sets the figure?", "How many answers share a step", {
            "The chip": "Intensity belongs to the work; the ridge belongs to the chip.",
            "The size of the model": "A larger model has more operations and as many more bytes.",
        }, roofline.claim_computed()),
    )


def _compared() -> tuple[Error, ...]:
    return (
        made("S3-32", "Compared with what?", "With the maker's own last chip", {
            "With one GPU instead of an instance": "No GPU stands in the comparison at all.",
            "With a GPU at another batch": "No GPU stands in the comparison at all.",
        }, by.generations()),
        made("S3-27", "To what does the factor belong?", "To training", {
            "To the generation before v4": "The comparison is with v4.",
            "To the price, not to work for the price": "The maker speaks of performance per dollar.",
        }),
        made("S3-14", "Whose factor of four is it?", "A throughput, over the maker's own last chip", {
            "The price of an hour, over a GPU's": "The statements on price name other factors.",
            "A measurement by a customer": "None was found.",
        }, by.generations()),
        made("S3-08", "What kind of figure is it?", "One reader's speed, which is a latency", {
            "The throughput of one chip": "One chip holds a small part of the model.",
            "The throughput of the whole system": "That was not published.",
        }, weights_in_sram.claim_computed()),
        made("S2-38", "What does not fit together?", "The link is a generation older than the chip", {
            "A node has no such link": "Nodes of the generation before have it.",
            "The link stays inside a node": "It is the one between nodes.",
        }, by.port()),
        made("S3-39", "Which end of the range cannot be?", "Four times: half the bytes give twice at most", {
            "Twice: reading gets no faster": "Reading half the bytes takes half the time.",
            "Neither, if prompts are counted too": "Four times needs a quarter of the bytes, whatever is counted.",
        }, fewer_bits.claim_computed()),
        made("S1-29", "How can one check it?", "Compare with a chip of the same maker that trains", {
            "Compare with a GPU's cache": "Another maker's chip shows nothing about this one's purpose.",
            "Look at when it was announced": "A date says nothing about sizes.",
        }, by.same_core()),
        made("S4-37", "What are the two to each other?", "Bins of the same package with different power", {
            "One trains and one serves": "Both do both.",
            "Two generations": "They were announced together.",
        }, by.same_package()),
    )


def _known() -> tuple[Error, ...]:
    return (
        made("S2-21", "What rules it out?", "The chips that it ran on cannot multiply FP8", {
            "FP8 cannot train": "Later models were trained in FP8.",
            "The paper says BF16": "It names no format of its products; something else rules it out.",
        }, by.formats()),
        made("S2-19", "Who computes the scales?", "A library that the training program asks for", {
            "The Tensor Cores, on their own": "They multiply what they are given.",
            "Nobody: FP8 needs none": "Without scales small gradients become zero.",
        }),
        made("S2-03", "What is it made of?", "Tensor Cores that know FP8, and software", {
            "A unit beside the Tensor Cores": "No document of the maker shows one.",
            "Software alone": "Without cores that multiply FP8 there would be nothing to gain.",
        }, by.formats()),
        made("S1-25", "Where in training is there such a cache?", "Where the model writes answers to learn from", {
            "In the forward pass over known text": "There all tokens are known, and no step waits for the last one.",
            "In the optimizer": "It keeps moments of weights, and no tokens.",
        }, by.rollouts()),
        made("S1-28", "Which computation speaks against it?", "How many tokens of cache that memory would hold", {
            "How fast that memory is": "It is fast, which speaks neither for nor against.",
            "What that memory costs": "Cost was not the claim.",
        }, by.scratchpad_tokens()),
        made("S1-24", "What would one have to know?", "The model's layers and KV heads", {
            "The number of its parameters": "Parameters say nothing about the heads that share a cache.",
            "The memory of its chips": "That says how many sessions fit, not what one needs.",
        }, by.context_of_gpt()),
        made("S3-12", "What does the chip need instead?", "More chips, and code compiled for them", {
            "A model with fewer layers": "Layers spread over chips as they are.",
            "Weights in eight bits": "Sixteen bits are its native format.",
        }, by.pieces()),
        made("S3-40", "What does the paper that is named say about it?", "Nothing: it has no quantised result", {
            "A larger loss": "It has no such figure at all.",
            "The same, for another model": "It has no such figure at all.",
        }, by.perplexity()),
        made("S4-26", "What kind of error is it?", "A score of answers was given in a unit of texts", {
            "The loss was larger": "That may be, but the sentence fails before its number.",
            "The benchmark is too easy": "Easy or not, it measures accuracy.",
        }),
        made("S4-01", "What kind of figure is it?", "An analyst's estimate, and older than said", {
            "Spending that a newspaper saw": "No report of spending was found.",
            "A figure of the firm": "The firm published none.",
        }),
    )


def facts() -> dict[str, str]:
    """Figures of the page's prose."""
    counts = catalogue.verdict_counts()
    wrong = [e for e in errors() if catalogue.claim(e.id).verdict == "wrong"]
    return {
        "errors": draw.num(len(wrong)), "wrong": draw.num(counts["wrong"]), "doubtful": draw.num(len(errors()) - len(wrong)), "doubts": draw.num(counts["holds-with-caveat"] + counts["unsupported"]),
        "left": draw.num(len(NOT_HERE)),
    }
