"""Questions of workbook 1: what training and serving each wait for, and what must fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hwlib.catalogue import chip, claim
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit, weight_bytes
from hwlib.queueing import littles_law, peak_requests_from_sessions
from hwlib.roofline import decode_intensity, ridge_point
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons.exercises import Question, Slip
from lessons.questions.verdicts import VERDICTS

MODEL = "llama2-7b"
CHIP = "h100-sxm"
FP16 = defined(2.0, "16 bits")
FP8 = defined(1.0, "8 bits")
SESSION = given(2048.0, "a session that the workbook assumes", "brief")
RESERVE = given(4e9, "the runtime and its buffers, by the workbook's choice", "brief")
ONE = defined(1.0)
USERS = given(10_000.0, "the brief", "brief")
THINK_S = given(30.0, "the brief", "brief")
ANSWER_S = given(8.0, "the workbook's choice", "brief")
BATCH = given(16.0, "the workbook's choice", "brief")
LONG = given(131_072.0, "128 Ki tokens", "brief")


def kv_per_token(attention: str = "as-published", bytes_per_value: Figure = FP16, model: str = MODEL) -> Figure:
    """Bytes of cache that a token leaves in a model."""
    shape = shape_of(model, attention)
    return kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=bytes_per_value)


def weights(bytes_per_param: Figure = FP16) -> Figure:
    """Bytes of the 7B model's weights."""
    return weight_bytes(params=shape_of(MODEL).params, bytes_per_param=bytes_per_param)


def sessions_that_fit(taken: Figure | None = None) -> Figure:
    """Sessions of 2,048 tokens on one H100, once the weights and the reserve are in."""
    room = kv_room_bytes(n_chips=ONE, mem_bytes=chip(CHIP).mem_bytes, reserve_bytes=RESERVE, weight_bytes=weights() if taken is None else taken)
    return sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=kv_per_token(), held_tokens=SESSION)


def in_flight() -> Figure:
    """Requests in the system when 10,000 people ask, wait 8 s, and think for 30 s."""
    arrivals = peak_requests_from_sessions(concurrent_users=USERS, think_time_s=THINK_S, answer_s=ANSWER_S)
    return littles_law(arrivals_per_s=arrivals, time_in_system_s=ANSWER_S)


def waits_for() -> str:
    """What decoding at a batch of 16 waits for on one H100: the side of the ridge that its intensity falls on."""
    session = kv_cache_bytes(kv_bytes_per_token=kv_per_token(), context_tokens=SESSION, sequences=ONE)
    intensity = decode_intensity(matmul_params=shape_of(MODEL).matmul_params, sequences=BATCH, weight_bytes=weights(), kv_bytes_per_sequence=session)
    ridge = ridge_point(peak_flops_per_s=chip(CHIP).peak("bf16"), mem_bytes_per_s=chip(CHIP).mem_bytes_per_s)
    return "memory" if intensity < ridge else "compute"


OTHERWISE = {"scale_out_link": "none", "scheduler": "continuous", "kv_allocation": "paged", "batch_limit": 16}
"""What each field of the flawed design could be instead."""


def flawed() -> ServingDesign:
    """The design that the workbook criticises: the training cluster, put behind a front door."""
    from tutor import briefs

    return briefs.brief("serve-7b").starter


@cache
def idle_money() -> str:
    """The field whose change lowers the cost and moves nothing that a user can feel."""
    from hwlib.serving import estimate_serving
    from tutor import briefs

    load, design = briefs.brief("serve-7b").load, flawed()
    felt = ("sequences_that_fit", "tpot_s", "ttft_floor_s", "utilisation")
    now = estimate_serving(design, load)
    for name, other in OTHERWISE.items():
        then = estimate_serving(replace(design, **{name: other}), load)
        if then.usd_per_hour < now.usd_per_hour and all(getattr(then, f) == getattr(now, f) for f in felt):
            return name
    raise AssertionError("every field of the flawed design earns its cost: choose another design for the workbook")


CLAIM = "S1-24"

QUESTIONS = (
    Question(
        id="w1.kv-heads", ask="how many KV heads does the grouped version of the model keep in each layer?",
        answer=lambda: shape_of(MODEL, "gqa").kv_heads,
        slips=(
            Slip(answer=lambda: shape_of(MODEL).kv_heads, concept="kv-ignores-grouped-heads",
                 words="That is one KV head for each query head, as published. In the grouped version several query heads share one."),
            Slip(answer=lambda: shape_of(MODEL, "mqa").kv_heads, words="One for all is multi-query. The grouped version keeps a few."),
        ),
        hints=("The brief says how many key and value heads the second version shares.", "It is the number of groups, not the number of query heads in a group.",
               "=The brief says {value}."),
        after="{value} KV heads: the query heads of a group read the same keys and values.",
    ),
    Question(
        id="w1.bytes-per-value", ask="how many bytes does one value of the cache take in 8 bits?", unit="B", answer=lambda: FP8,
        slips=(
            Slip(answer=lambda: 8.0, words="That is the number of bits. How many bits make a byte?"),
            Slip(answer=lambda: FP16, concept="weight-quantisation-shrinks-kv",
                 words="That is the 16-bit cache. The cache has a precision of its own: 8-bit weights would not change it, kv_bits does."),
        ),
        hints=("Bits over bits a byte.", "16 bits are two bytes.", "=8 bits are {value}."), after="{value} a value, half of 16 bits.",
    ),
    Question(
        id="w1.sessions", ask="how many sessions of 2,048 tokens fit on one H100 beside the FP16 weights?", answer=sessions_that_fit,
        slips=(
            Slip(answer=lambda: sessions_that_fit(defined(0.0)), words="That is the whole memory. The weights are in it too, before the first user comes."),
            Slip(answer=lambda: chip(CHIP).mem_bytes / weights(), concept="weights-are-all-the-memory",
                 words="That divides the memory by the weights. Weights stand in memory once and are shared; each session brings its own cache."),
            Slip(answer=lambda: 1.0, concept="one-user-per-chip", words="One session is what batching avoids. How many caches fit in what the weights leave?"),
        ),
        hints=("Room for the cache first: memory less reserve less weights. Then how often does a session's cache go into it?",
               "A session's cache is bytes a token times its tokens; half a session does not fit.",
               "memory.kv_room_bytes(…), then memory.sequences_that_fit(…); a session's tokens are its held_tokens.", "=It is {value}."),
        after="{value} sessions. Their caches together are several times the weights.",
    ),
    Question(
        id="w1.in-flight", ask="how many requests are being answered at one moment?", answer=in_flight,
        slips=(
            Slip(answer=lambda: USERS, concept="users-are-sequences-in-flight",
                 words="That counts everybody who is there. Most of them are reading or typing: only who waits for an answer is in flight."),
            Slip(answer=lambda: USERS * ANSWER_S / THINK_S, words="Close: a user's round is thinking and waiting together, not thinking alone."),
            Slip(answer=lambda: USERS / (ANSWER_S + THINK_S), words="That is how many requests come in a second. Each stays for the time of an answer."),
        ),
        hints=("In flight = arrivals a second times seconds in the system.", "A user sends one request in each round, and a round is thinking plus waiting.",
               "queueing.peak_requests_from_sessions(…) gives the arrivals, queueing.littles_law(…) the rest.", "=It is {value}."),
        after="{value} in flight for 10,000 users. This number, not 10,000, sizes the memory.",
    ),
    Question(
        id="w1.waits-for", ask="what does decoding wait for at a batch of 16?", options=("compute", "memory", "network"), answer=waits_for,
        slips=(
            Slip(answer=lambda: "compute", concept="flops-set-decode-speed",
                 words="Compare FLOP per byte with the chip's ridge. Peak arithmetic decides only above it."),
            Slip(answer=lambda: "network", words="One chip, one replica: nothing crosses a network inside a step."),
        ),
        hints=("How much arithmetic does a step do for each byte that it reads?", "roofline.decode_intensity(…) against roofline.ridge_point(…).", "=It waits for {value}."),
        after="{value}: the weights are read once a step for all sixteen, and every session's cache once more.",
    ),
    Question(
        id="w1.idle-money", ask="which field of this design costs money and changes nothing that a user can feel?", options=tuple(OTHERWISE), answer=idle_money,
        slips=(
            Slip(answer=lambda: "scheduler", concept="static-batching-is-fine",
                 words="The scheduler changes a great deal: with static batching a slot waits for the longest answer of its batch."),
            Slip(answer=lambda: "kv_allocation", words="The allocation changes how many sessions fit: contiguous blocks are held for the longest context."),
            Slip(answer=lambda: "batch_limit", words="The limit changes time per token and what a replica carries."),
        ),
        hints=("What do two replicas say to each other while they answer?", "Training sums gradients over all chips at each step. What is summed when serving?",
               "=It is {value}."),
        after="{value}: replicas do not talk to each other. The fabric of the training cluster is idle money here.",
    ),
    Question(
        id="w1.claim-number", ask="how many bytes of cache do 131,072 tokens of Llama 2 70B's shape need in 16 bits?", unit="B",
        answer=lambda: kv_cache_bytes(kv_bytes_per_token=kv_per_token(model="llama2-70b"), context_tokens=LONG, sequences=ONE),
        slips=(
            Slip(answer=lambda: kv_cache_bytes(kv_bytes_per_token=kv_per_token("mha", model="llama2-70b"), context_tokens=LONG, sequences=ONE),
                 concept="kv-ignores-grouped-heads", words="That takes a KV head for each query head. This model groups them."),
        ),
        hints=("Bytes a token, times tokens.", "Layers, KV heads and head size stand in the catalogue: transformer.shape_of('llama2-70b').", "=It is {value}."),
        after="{value}: tens of gigabytes for one user is the right order, for a model whose shape is public.",
    ),
    Question(
        id="w1.claim", ask="what does the claim deserve?", options=tuple(VERDICTS.values()), answer=lambda: VERDICTS[claim(CLAIM).verdict],
        slips=(
            Slip(answer=lambda: "holds", words="The order of size is plausible. But is the shape of that model public? Without layers and KV heads nobody outside can compute it."),
            Slip(answer=lambda: "wrong", words="Nothing shows it to be false either. What would you need to know to compute it?"),
            Slip(answer=lambda: "caveat", words="A caveat needs a claim that stands. Here the very inputs are unpublished."),
        ),
        hints=("Which inputs of the formula are published for that model?", "=The ledger says {value}."),
        after="{value}: the figure may be right, and nobody outside can check it. Say it of a model whose shape is open.",
    ),
)
