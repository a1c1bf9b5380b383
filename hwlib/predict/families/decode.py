"""Batch-1 decode: how many tokens a second one reader gets."""

from __future__ import annotations

from collections.abc import Iterator

from hwlib.predict.constants import Constants
from hwlib.predict.families.passes import CONSTANTS, IDEAL, Coefficients, coefficients, pass_s, terms
from hwlib.predict.families.replica_row import WHOLE_CACHE, Replica, lengths, replica_of
from hwlib.predict.family import Family
from hwlib.predict.row import Row

USED = ("memory", "compute", "cache", "activations", "layer_s", "step_s", "latency", "link", "dequantise", "sequence_s", "attention", "scores", "stream", "again", "widen")


def _step(row: Row, r: Replica) -> dict[str, float]:
    """The mean step: the one at the mean context."""
    batch = row.number("batch", 1.0)
    prompt, answer = lengths(row)
    cached = prompt + (answer if r.engine in WHOLE_CACHE else answer / 2)
    return {"tokens": batch, "sequences": batch, "cached": batch * cached}


def _tokens_per_s(row: Row, r: Replica, c: Coefficients) -> float:
    return row.number("batch", 1.0) / pass_s(r, c, **_step(row, r))


def _terms(row: Row, constants: Constants) -> Iterator[tuple[str, float]]:
    r = replica_of(row)
    return terms(r, coefficients(constants, r), **_step(row, r))


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Tokens a second, the prompt not counted.

    >>> from hwlib.predict.constants import Constants
    >>> row = Row({"model": "llama2-7b", "n_layers": "32", "d_model": "4096", "n_heads": "32", "d_ff": "11008", "vocab": "32000", "gated_mlp": "1",
    ...            "chip": "A100-SXM-80GB", "weight_bits": "16", "input_len": "5", "output_len": "200", "software": "gpt-fast"})
    >>> 50 < predict(row, Constants(FAMILY.constants, {}))["tokens_per_s"] < 2039 / 13.2
    True
    """
    r = replica_of(row)
    return {"tokens_per_s": _tokens_per_s(row, r, coefficients(constants, r))}


def datasheet(row: Row) -> dict[str, float]:
    """Weights and cache at the full bandwidth, and nothing else."""
    return {"tokens_per_s": _tokens_per_s(row, replica_of(row), IDEAL)}


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Batch-1 decode", names=("decode_bs1",), file="3_decode_batch1.csv", metrics={"decode_bs1": ("tokens_per_s",)},
    constants={name: CONSTANTS[name] for name in USED}, predict=predict, datasheet=datasheet, levels=levels, terms=_terms,
)  # fmt: skip
