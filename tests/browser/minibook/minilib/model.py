"""Decoding on a chip, at its simplest."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

PARAMETERS = 7e9
BYTES_PER_PARAMETER = 2


@cache
def chips():
    """The chips of the data file, by name."""
    return tomllib.loads(Path(__file__).with_name("chips.toml").read_text())


def tokens_per_s(chip, sequences):
    """Tokens a second: limited by reading the weights, or by arithmetic."""
    sequences = np.asarray(sequences, dtype=float)
    reading = PARAMETERS * BYTES_PER_PARAMETER / chip["mem_bytes_per_s"]
    computing = 2 * PARAMETERS * sequences / chip["flop_per_s"]
    return sequences / np.maximum(reading, computing)
