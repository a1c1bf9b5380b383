"""Questions of workbook 3: how many chips hold a model, what the first token waits for, what a million tokens cost."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from hwlib import catalogue
from hwlib.catalogue import chip, claim
from hwlib.costs import usd_at_utilisation
from hwlib.decoding import prefill_compute_s
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, weight_bytes
from hwlib.queueing import peak_requests_from_daily_users
from hwlib.roofline import ridge_point
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons.exercises import Question, Slip
from lessons.questions.verdicts import VERDICTS

MODEL = "llama2-70b"
CHIPS = ("groq-lpu-v1", "inferentia2", "tpu-v5e", "l40s")
CHIP = "l40s"
N_CHIPS = given(4.0, "the workbook's replica", "brief")
FP16, FP8 = defined(2.0, "16 bits"), defined(1.0, "8 bits")
ONE = defined(1.0)
USERS, REQUESTS, PEAK = given(50_000.0, "the brief", "brief"), given(12.0, "the brief", "brief"), given(3.0, "the brief", "brief")
PROMPT = given(512.0, "the brief's median", "brief")
RATE = given(250.0, "tokens a second of one chip, by the workbook's choice", "brief")
BUSY = given(0.4, "the mean over a day, by the workbook's choice", "brief")
BATCH, HELD = given(32.0, "the workbook's batch", "brief"), given(700.0, "tokens that a sequence holds half-way through its answer", "brief")


def weights(bytes_per_param: Figure = FP8) -> Figure:
    """Bytes of the 70B model's weights."""
    return weight_bytes(params=shape_of(MODEL).params, bytes_per_param=bytes_per_param)


def chips_that_hold(chip_id: str, bytes_per_param: Figure = FP8) -> int:
    """The fewest chips whose memory holds the weights, with nothing beside them."""
    return math.ceil(weights(bytes_per_param) / chip(chip_id).mem_bytes)


def peak_requests(peak_factor: float = float(PEAK), day_s: float | None = None) -> Figure:
    """Requests a second at the busiest hour."""
    return peak_requests_from_daily_users(
        daily_users=USERS, requests_per_user_day=REQUESTS, peak_factor=peak_factor, day_s=catalogue.constant("day_s") if day_s is None else day_s,
    )


def prefill(n_chips: Figure = N_CHIPS) -> Figure:
    """The least time for a median prompt: its arithmetic at the peak of the replica's chips."""
    flops = defined(2 * float(shape_of(MODEL).matmul_params), "two FLOP a parameter and token")
    return prefill_compute_s(prompt_tokens=PROMPT, forward_flops=flops, tensor_ranks=n_chips, peak_flops_per_s=chip(CHIP).peak("fp8"), compute_efficiency=ONE)


def step_s(n_chips: float = float(N_CHIPS)) -> float:
    """The least time for a step of one sequence: the weights once, over the memory of all the replica's chips."""
    return float(weights()) / (n_chips * float(chip(CHIP).mem_bytes_per_s))


def usd(busy: Figure = BUSY, rate: Figure = RATE) -> Figure:
    """Dollars for a million tokens from rented L40S at a mean load."""
    return usd_at_utilisation(
        usd_per_chip_hour=catalogue.price(CHIP), chip_tokens_per_s=rate, utilisation=busy, hour_s=catalogue.constant("hour_s"),
        tokens_per_mtoken=defined(1e6, "tokens in a million"),
    )


OTHERWISE = {"accelerator": {"accelerator": "tpu-v5e", "chips_per_replica": 8}, "replicas": {"replicas": 32}, "kv_bits": {"kv_bits": 8}, "batch_limit": {"batch_limit": 16}}
"""What each field of the flawed design could be instead."""


def flawed() -> ServingDesign:
    """The design that the workbook criticises: many cards on PCIe, and a first token that no queue spoils but the prompt itself."""
    from tutor import briefs

    design = briefs.brief("serve-70b").reference
    return replace(design, accelerator="l40s", chips_per_replica=4, batch_limit=32, chunked_prefill=False, replicas=16, migration_weeks=0.0)


@cache
def floor_mover() -> str:
    """The field whose change brings the first token down most when nobody waits."""
    from hwlib.serving import estimate_serving
    from tutor import briefs

    load, design = briefs.brief("serve-70b").load, flawed()
    return min(OTHERWISE, key=lambda name: estimate_serving(replace(design, **OTHERWISE[name]), load).ttft_floor_p99_s)


CLAIM = "S3-39"


def gain() -> float:
    """How much faster a step can be with 8-bit weights when the cache stays as it is: bytes before over bytes after."""
    shape = shape_of(MODEL)
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=FP16)
    cache_bytes = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=HELD, sequences=BATCH)
    return float(weights(FP16) + cache_bytes) / float(weights(FP8) + cache_bytes)


QUESTIONS = (
    Question(
        id="w3.day-s", ask="over how many seconds are the day's requests spread?", unit="s", answer=lambda: catalogue.constant("day_s"),
        slips=(
            Slip(answer=lambda: catalogue.constant("hour_s"), words="That is an hour. The brief counts requests a day."),
            Slip(answer=lambda: 1.0, concept="daily-users-are-concurrent", words="That has everybody ask in the same second. They come over a day."),
        ),
        hints=("Hours times seconds.", "=It is {value}."), after="{value}: fifty thousand people turn out to be a few dozen requests a second.",
    ),
    Question(
        id="w3.peak-factor", ask="by what must the day's mean be multiplied to plan for the busiest hour?", answer=lambda: PEAK,
        slips=(
            Slip(answer=lambda: 1.0, concept="average-load-is-enough", words="That plans for the mean. At the busiest hour more come, and the objective counts then too."),
            Slip(answer=lambda: 24.0, words="That would put the whole day into one hour. The brief says how far the peak stands above the mean."),
        ),
        hints=("The brief's peak against its mean.", "=It is {value}."), after="{value} times the mean.",
    ),
    Question(
        id="w3.lpus", ask="how many of Groq's chips hold the weights in 8 bits?", answer=lambda: chips_that_hold("groq-lpu-v1"),
        slips=(
            Slip(answer=lambda: 1.0, concept="fits-one-lpu", words="One chip has memory for a fraction of a per cent of the weights. It keeps everything on the chip itself."),
            Slip(answer=lambda: chips_that_hold("groq-lpu-v1", FP16), words="That is in 16 bits."),
            Slip(answer=lambda: chips_that_hold("groq-lpu-v1") * 1.024**3, words="GB and GiB are mixed."),
        ),
        hints=("Bytes of the weights over bytes of one chip, rounded up.", "given.weights() and catalogue.chip('groq-lpu-v1').mem_bytes.", "=It is {value}."),
        after="{value} chips before the first request, and none of them holds a cache yet. Capacity comes before speed.",
    ),
    Question(
        id="w3.prefill", ask="at least how long do four L40S take to read the median prompt?", unit="s", answer=prefill,
        slips=(
            Slip(answer=lambda: prefill(ONE), words="That is one chip. The four share the arithmetic."),
            Slip(answer=lambda: prefill() / float(PROMPT), words="That is one token of the prompt."),
            Slip(answer=step_s, concept="decode-speed-sets-ttft", words="That is one step of writing. Reading a prompt is arithmetic, not one pass over memory."),
            Slip(answer=lambda: prefill() / 2, words="Two FLOP a parameter and token; or the peak with sparsity was used."),
        ),
        hints=("Arithmetic of the prompt over the peak of four chips.", "decoding.prefill_compute_s(…), forward_flops is two FLOP a parameter; compute_efficiency 1 makes it a floor.", "=It is {value}."),
        after="{value} at the very least. Real kernels reach half of the peak or less, and a long prompt takes three times as long.",
    ),
    Question(
        id="w3.step", ask="at least how long is one step of one sequence on this replica?", unit="s", answer=step_s,
        slips=(
            Slip(answer=lambda: step_s(1.0), concept="fits-one-card", words="That reads everything through one card's memory. Each of the four reads its part."),
            Slip(answer=lambda: 2 * step_s(), words="That is in 16 bits."),
        ),
        hints=("Every weight is read once a step.", "Bytes of the weights over the bandwidth of four chips.", "=It is {value}."),
        after="{value}, whether one user waits for it or thirty.",
    ),
    Question(
        id="w3.waits-for", ask="which of the four chips needs the most arithmetic for each byte before it stops waiting for memory?", options=CHIPS,
        answer=lambda: max(CHIPS, key=lambda c: ridge_point(peak_flops_per_s=_peak(c), mem_bytes_per_s=chip(c).mem_bytes_per_s)),
        slips=(Slip(answer=lambda: "groq-lpu-v1", words="The opposite: its memory is on the chip and very fast, so its ridge is low."),),
        hints=("Compare the ridge points: peak over bandwidth.", "A general card with ordinary memory has a high one.", "=It is {value}."),
        after="{value}: much arithmetic, ordinary memory. Of the four it leaves the largest share of its arithmetic idle when it writes for one user; that says nothing about its price.",
    ),
    Question(
        id="w3.usd", ask="what does a million tokens cost?", unit="usd", answer=usd,
        slips=(
            Slip(answer=lambda: usd(ONE), concept="full-utilisation", words="That is a fleet that is never idle. Chips are paid for through the night as well."),
            Slip(answer=lambda: float(catalogue.price(CHIP)), concept="cheapest-hour-is-cheapest-token", words="That is the hour's price. How many tokens come out of the hour?"),
            Slip(answer=lambda: usd() / 1000, words="That is a thousand tokens."),
        ),
        hints=("The hour's price over the tokens of an hour, times a million.", "costs.usd_at_utilisation(…).", "=It is {value}."),
        after="{value}. Half the load would double it.",
    ),
    Question(
        id="w3.floor", ask="which change brings the first token down most when nobody waits?", options=tuple(OTHERWISE), answer=floor_mover,
        slips=(
            Slip(answer=lambda: "replicas", concept="decode-speed-sets-ttft", words="Replicas shorten the queue. Here nobody waits: what is left is the way, the prompt and one step."),
            Slip(answer=lambda: "kv_bits", words="The cache is read when writing. A first token waits for the prompt's arithmetic, and for what the chips must tell each other."),
            Slip(answer=lambda: "batch_limit", words="A smaller batch makes the steps a little shorter. Most of the time goes into the prompt."),
        ),
        hints=("Take the floor apart: network, prefill, one step. Which part is the largest?", "All-reduces of a whole prompt go over the links between the chips. Which links are these?", "=It is {value}."),
        after="{value}: with other links and other arithmetic. No scheduler and no number of replicas gets below the floor.",
    ),
    Question(
        id="w3.claim-number", ask="how many times faster can a step be with 8-bit weights, the cache unchanged?", answer=gain,
        slips=(
            Slip(answer=lambda: 2.0, concept="int4-is-four-times-everywhere", words="That is for the weights alone. The cache is read in every step, too, and it did not shrink."),
            Slip(answer=lambda: 4.0, words="8 bits are half of 16, not a quarter."),
        ),
        hints=("Bytes of a step before over bytes of a step after.", "Weights once, cache of all sequences once.", "=It is {value}."),
        after="At most {value} times, and only if unpacking costs nothing.", close=0.01,
    ),
    Question(
        id="w3.claim", ask="what does the claim deserve?", options=tuple(VERDICTS.values()), answer=lambda: VERDICTS[claim(CLAIM).verdict],
        slips=(
            Slip(answer=lambda: "holds", words="Its lower end is your ceiling, without a cache. How would its upper end come about from half the bytes?"),
            Slip(answer=lambda: "wrong", words="Its lower end can be reached. What must be said beside it?"),
            Slip(answer=lambda: "no-source", words="It can be bounded without a source: by bytes."),
        ),
        hints=("Which part of the range does the roofline allow, and for how many bits?", "=The ledger says {value}."), after="{value}: the roofline gives the ceiling, bits by bits; a measurement would come below it.",
    ),
)


def _peak(chip_id: str) -> Figure:
    """The 16-bit peak, or the nearest that the catalogue has."""
    formats = chip(chip_id).formats
    return chip(chip_id).peak("bf16" if "bf16" in formats else "fp16")
