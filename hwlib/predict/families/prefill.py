"""Reading a prompt: tokens a second, and time to the first token with nobody waiting."""

from __future__ import annotations

from hwlib.predict.constants import Constants
from hwlib.predict.families.passes import CONSTANTS, IDEAL, Coefficients, coefficients, pass_s
from hwlib.predict.families.replica_row import Replica, lengths, replica_of
from hwlib.predict.family import Family
from hwlib.predict.row import Row


def prompt_s(r: Replica, c: Coefficients, *, prompts: float, tokens: float) -> float:
    """Seconds to read prompts of so many tokens together: each token looks at those before it."""
    return pass_s(r, c, tokens=prompts * tokens, sequences=prompts, cached=0.0, pairs=prompts * tokens * tokens / 2)


def _both(row: Row, r: Replica, c: Coefficients) -> dict[str, float]:
    batch = row.number("batch", 1.0)
    tokens, _ = lengths(row)
    seconds = prompt_s(r, c, prompts=batch, tokens=tokens)
    return {"prefill_tokens_per_s": batch * tokens / seconds, "ttft_ms": 1e3 * seconds}


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Prompt tokens a second and milliseconds to the first token."""
    r = replica_of(row)
    return _both(row, r, coefficients(constants, r))


def datasheet(row: Row) -> dict[str, float]:
    """Arithmetic at the peak, or the weights at the full bandwidth."""
    return _both(row, replica_of(row), IDEAL)


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Prefill", names=("prefill",), file="4_static_batch_and_prefill.csv", metrics={"prefill": ("prefill_tokens_per_s", "ttft_ms")},
    constants=dict(CONSTANTS), predict=predict, datasheet=datasheet, levels=levels,
)  # fmt: skip
