"""Reading a prompt: tokens a second, and time to the first token with nobody waiting."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hwlib.predict.constants import Constants
from hwlib.predict.families.passes import CHUNK, CONSTANTS, IDEAL, PLAIN, Coefficients, coefficients, terms
from hwlib.predict.families.replica_row import Replica, lengths, replica_of
from hwlib.predict.family import Family
from hwlib.predict.row import Row


def prompt_s(r: Replica, c: Coefficients, *, prompts: float, tokens: float) -> float:
    """Seconds to read prompts of so many tokens together."""
    return sum(seconds for _, seconds in prompt_terms(r, c, prompts=prompts, tokens=tokens))


def prompt_terms(r: Replica, c: Coefficients, *, prompts: float, tokens: float) -> Iterator[tuple[str, float]]:
    """What reading them spends its seconds on: each token looks at those before it.

    A plain engine reads a prompt chunk by chunk, its weights anew for each, and computes the masked part of a chunk too.
    """
    if r.engine not in PLAIN or c is IDEAL:
        return terms(r, c, tokens=prompts * tokens, sequences=prompts, cached=0.0, pairs=prompts * tokens * tokens / 2)
    chunk = min(CHUNK, tokens)
    chunks = math.ceil(prompts * tokens / chunk)
    pairs = prompts * tokens * (tokens + chunk) / 2
    one = terms(r, c, tokens=prompts * tokens / chunks, sequences=prompts / chunks, cached=0.0, pairs=pairs / chunks)
    return ((name, chunks * seconds) for name, seconds in one)


def _prompt(row: Row) -> float:
    return lengths(Row({**row.cells, "output_len": row.text("output_len", "1")}))[0]  # the answer does not matter here


def _both(row: Row, r: Replica, c: Coefficients) -> dict[str, float]:
    batch = row.number("batch", 1.0)
    tokens = _prompt(row)
    seconds = prompt_s(r, c, prompts=batch, tokens=tokens)
    return {"prefill_tokens_per_s": batch * tokens / seconds, "ttft_ms": 1e3 * seconds}


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Prompt tokens a second and milliseconds to the first token."""
    r = replica_of(row)
    return _both(row, r, coefficients(constants, r))


def _terms(row: Row, constants: Constants) -> Iterator[tuple[str, float]]:
    r = replica_of(row)
    return prompt_terms(r, coefficients(constants, r), prompts=row.number("batch", 1.0), tokens=_prompt(row))


def datasheet(row: Row) -> dict[str, float]:
    """Arithmetic at the peak, or the weights at the full bandwidth."""
    return _both(row, replica_of(row), IDEAL)


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Prefill", names=("prefill",), file="4_static_batch_and_prefill.csv", metrics={"prefill": ("prefill_tokens_per_s", "ttft_ms")},
    constants=dict(CONSTANTS), predict=predict, datasheet=datasheet, levels=levels, terms=_terms,
)  # fmt: skip
