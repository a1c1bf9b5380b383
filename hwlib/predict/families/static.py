"""A batch that starts together and ends together: throughput over prompt and answer, or the time between tokens."""

from __future__ import annotations

from collections.abc import Iterator

from hwlib.predict.constants import Constants
from hwlib.predict.families.passes import CONSTANTS, IDEAL, Coefficients, coefficients, pass_s, terms
from hwlib.predict.families.prefill import prompt_s, prompt_terms
from hwlib.predict.families.replica_row import WHOLE_CACHE, Replica, lengths, replica_of
from hwlib.predict.family import Family
from hwlib.predict.row import Row


def step_s(r: Replica, c: Coefficients, *, batch: float, prompt: float, answer: float) -> float:
    """The mean decode step of the batch: time is linear in the cache, so it is the step at the mean context."""
    context = prompt + (answer if r.engine in WHOLE_CACHE else answer / 2)
    return pass_s(r, c, tokens=batch, sequences=batch, cached=batch * context)


def _all(row: Row, r: Replica, c: Coefficients) -> dict[str, float]:
    batch = row.number("batch", 1.0)
    prompt, answer = lengths(row)
    step = step_s(r, c, batch=batch, prompt=prompt, answer=answer)
    if row.family == "neuron_decode":
        return {"tpot_ms": 1e3 * step}
    total = prompt_s(r, c, prompts=batch, tokens=prompt) + max(0.0, answer - 1) * step
    return {"out_tokens_per_s": batch * answer * r.replicas / total}


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Answer tokens a second with the prompts' time included, or milliseconds between tokens."""
    r = replica_of(row)
    return _all(row, r, coefficients(constants, r))


def _terms(row: Row, constants: Constants) -> Iterator[tuple[str, float]]:
    r = replica_of(row)
    c = coefficients(constants, r)
    batch = row.number("batch", 1.0)
    prompt, answer = lengths(row)
    steps = 1.0
    if row.family != "neuron_decode":
        yield "reading the prompts", sum(s for _, s in prompt_terms(r, c, prompts=batch, tokens=prompt))
        steps = max(0.0, answer - 1)
    context = prompt + (answer if r.engine in WHOLE_CACHE else answer / 2)
    for name, seconds in terms(r, c, tokens=batch, sequences=batch, cached=batch * context):
        yield name, steps * seconds


def datasheet(row: Row) -> dict[str, float]:
    """The same at the peaks."""
    return _all(row, replica_of(row), IDEAL)


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Static batch", names=("static_throughput", "neuron_decode"), file="4_static_batch_and_prefill.csv",
    metrics={"static_throughput": ("out_tokens_per_s",), "neuron_decode": ("tpot_ms",)},
    constants=dict(CONSTANTS), predict=predict, datasheet=datasheet, levels=levels, terms=_terms,
)  # fmt: skip
