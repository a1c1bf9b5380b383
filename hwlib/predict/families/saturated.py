"""A replica that always has work: how many answer tokens a second it gives when requests never run out.

The cache decides how many sequences are in flight; a step then decodes one token of each and reads, on average, the
share of a prompt that keeps the place of every finished sequence filled.
"""

from __future__ import annotations

from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.passes import CONSTANTS, IDEAL, Coefficients, coefficients, pass_s
from hwlib.predict.families.replica_row import KV_SHARE, WHOLE_CACHE, Replica, lengths, replica_of
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

MOST_SEQUENCES = {"trtllm": 2048.0, "vllm": 256.0, "sglang": 1024.0}
"""Sequences that an engine's defaults let into a step."""

ROOM = {
    "reserve_bytes": Constant(name="reserve_bytes", start=3.5e9, low=0.5e9, high=9e9, unit="byte", meaning="memory of a chip that neither weights nor cache can use: runtime, buffers, graphs", spread=0.4),
    "lookahead": Constant(name="lookahead", start=0.8, low=0.4, high=1.0, meaning="share of an answer's cache that the engine sets aside when it lets a request in", spread=0.2),
}  # fmt: skip
DRAIN = Constant(name="drain", start=0.4, low=0.05, high=1.0, meaning="how much of one answer's time the replica runs half empty at the end of the run", spread=0.5)


def in_flight(row: Row, r: Replica, *, prompt: float, answer: float, reserve_bytes: float, lookahead: float) -> float:
    """Sequences that the cache holds at once, at most what the engine admits; fewer than one is refused."""
    share = KV_SHARE.get(r.engine, 0.9)
    room = r.cache_tokens(share, reserve_bytes)
    length = prompt + lookahead * answer
    if row.text("kv_cache_len"):
        length = row.number("kv_cache_len")  # each place was allocated at this length
    most = row.number("max_batch") if row.text("max_batch") else MOST_SEQUENCES.get(r.engine, 1024.0)
    if room < 0.25 * length:
        need = (r.resident_bytes + r.kv_bytes(length)) / r.chips / 1e9
        raise Refused(f"chip = {r.card.id!r}: weights and one sequence need {need:.0f} GB a chip, it has {r.card.mem_bytes / 1e9:.0f} GB; more chips (tp) would do", field="n_chips")
    return max(1.0, min(most, room / length))


def mean_step_s(r: Replica, c: Coefficients, *, sequences: float, prompts: float, prompt: float, context: float) -> float:
    """The mean step when ``prompts`` prompts a step are read beside the decoding sequences.

    Fewer than one prompt a step means that most steps decode only and some carry one whole prompt.
    """
    cached = sequences * context
    together = max(1.0, prompts)
    carrying = pass_s(
        r, c, tokens=sequences + together * prompt, sequences=sequences + together, cached=cached, pairs=together * prompt * prompt / 2
    )
    if prompts >= 1:
        return carrying
    return (1 - prompts) * pass_s(r, c, tokens=sequences, sequences=sequences, cached=cached) + prompts * carrying


def _rate(row: Row, r: Replica, c: Coefficients, reserve: float, lookahead: float, drain: float) -> float:
    prompt, answer = lengths(row)
    sequences = in_flight(row, r, prompt=prompt, answer=answer, reserve_bytes=reserve, lookahead=lookahead)
    context = prompt + answer / 2
    if r.engine in WHOLE_CACHE:
        context = row.number("kv_cache_len", prompt + answer)
    waves = 0.0
    if row.text("n_requests"):
        requests = row.number("n_requests") / r.replicas
        sequences = min(sequences, max(1.0, requests))
        waves = requests / sequences
    step = mean_step_s(r, c, sequences=sequences, prompts=sequences / answer, prompt=prompt, context=context)
    rate = sequences / step
    if waves:
        rate *= waves / (waves + drain * (1 - 1 / waves))
    return rate * r.replicas


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Answer tokens a second of all replicas."""
    r = replica_of(row)
    own = (constants.get("reserve_bytes", r.engine, r.stack), constants.get("lookahead", r.engine), constants.get("drain", r.engine))
    return {"out_tokens_per_s": _rate(row, r, coefficients(constants, r), *own)}


def datasheet(row: Row) -> dict[str, float]:
    """The peaks, and a cache of all memory that the weights leave."""
    return {"out_tokens_per_s": _rate(row, replica_of(row), IDEAL, 0.0, 1.0, 0.0)}


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Saturated throughput", names=("saturated_throughput",), file="5_saturated_throughput.csv",
    metrics={"saturated_throughput": ("out_tokens_per_s",)}, constants=CONSTANTS | ROOM | {"drain": DRAIN}, predict=predict, datasheet=datasheet, levels=levels,
)  # fmt: skip
