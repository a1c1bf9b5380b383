"""Which layouts exist: every split of the chips that divides, in one fixed order, block by block.

A layout is refused when something would be cut into unequal pieces: chips into ranks, heads into tensor ranks,
layers into chunks of stages, sequences into micro-batches. `hwlib.layout.reason` says so of one layout in a sentence;
`rows` lists those that remain, as arrays. Both follow the same rules, and a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from hwlib.designs import TrainingDesign, TrainingLoad, check, knobs
from hwlib.errors import BadInput

AXES = ("nodes", "global_batch_tokens", "tensor_parallel", "pipeline_parallel", "data_parallel", "interleave", "micro_batch")
"""The columns of a row, in the order in which layouts are numbered; ZeRO stage and recomputation follow inside a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What may vary. ``()`` takes the design's own value; for the layout's axes, all values that divide."""

    accelerator: tuple[str, ...] = ()
    matmul_precision: tuple[str, ...] = ()
    nodes: tuple[int, ...] = ()
    global_batch_tokens: tuple[int, ...] = ()
    tensor_parallel: tuple[int, ...] = ()
    pipeline_parallel: tuple[int, ...] = ()
    interleave: tuple[int, ...] = ()
    micro_batch: tuple[int, ...] = ()
    zero_stage: tuple[int, ...] = (0, 1, 2, 3)
    recompute: tuple[str, ...] = ("none", "selective", "full")

    def __post_init__(self) -> None:
        known = knobs(TrainingDesign)
        for f in fields(self):
            values = getattr(self, f.name)
            if isinstance(values, str) or not isinstance(values, tuple | list | range):
                raise BadInput(f"space.{f.name} = {values!r} must be a list of values", field=f.name)
            checked = tuple(check(f"space.{f.name}", v, known[f.name]) for v in values)
            if len(set(checked)) != len(checked):
                raise BadInput(f"space.{f.name} = {list(checked)!r} names a value twice; give each once", field=f.name)
            object.__setattr__(self, f.name, checked)
        if not self.zero_stage or not self.recompute:
            raise BadInput("space.zero_stage and space.recompute need at least one value each", field="zero_stage")

    def of(self, design: TrainingDesign, name: str) -> tuple:
        """The values of an axis that falls back on the design."""
        return getattr(self, name) or (getattr(design, name),)


def divisors(number: int, most: float) -> tuple[int, ...]:
    """Whole divisors up to a bound, in order.

    >>> divisors(96, 16)
    (1, 2, 3, 4, 6, 8, 12, 16)
    """
    return tuple(d for d in range(1, int(min(number, most)) + 1) if number % d == 0)


def rows(design: TrainingDesign, load: TrainingLoad, space: Space, at_most: int) -> Iterator[np.ndarray]:
    """Blocks of rows that divide, a column for each of `AXES` (as the first index), in order; about ``at_most`` rows each."""
    heads, kv_heads, layers = int(load.heads), int(load.kv_heads), int(load.layers)
    known = knobs(TrainingDesign)
    nodes, batches = (np.array(space.of(design, name), dtype=np.int64) for name in ("nodes", "global_batch_tokens"))
    tensor = np.array(space.tensor_parallel or divisors(heads, known["tensor_parallel"].high), dtype=np.int64)
    tensor = tensor[(heads % tensor == 0) & ((kv_heads % tensor == 0) | (tensor % kv_heads == 0)) & (int(load.hidden) % tensor == 0) & (int(load.ffn) % tensor == 0)]
    stages = np.array(space.pipeline_parallel or divisors(layers, known["pipeline_parallel"].high), dtype=np.int64)
    batches, stages = batches[batches % design.seq_len == 0], stages[layers % stages == 0]
    chunks = np.array(space.interleave or divisors(layers, known["interleave"].high), dtype=np.int64)
    micro = _Micro(space.micro_batch, int(known["micro_batch"].high))
    each = max(1, batches.size * tensor.size * stages.size)
    step = max(1, at_most // 4)
    for i in range(0, nodes.size, max(1, _SIFTED // each)):
        N, B, T, P = (a.ravel() for a in np.meshgrid(nodes[i : i + max(1, _SIFTED // each)], batches, tensor, stages, indexing="ij"))
        D, rest = np.divmod(N * design.chips_per_node, T * P)
        keep = rest == 0
        N, B, T, P, D = (a[keep] for a in (N, B, T, P, D))
        S, rest = np.divmod(B // design.seq_len, np.maximum(D, 1))
        keep = (rest == 0) & (D > 0)
        columns = [a[keep] for a in (N, B, T, P, D, S)]
        for k in range(0, columns[0].size, step):
            yield _inside([a[k : k + step] for a in columns], layers, chunks, micro)


_SIFTED = 1 << 17
"""Splits sifted at a time, before chunks and micro-batches are tried."""


def _inside(columns: list[np.ndarray], layers: int, chunks: np.ndarray, micro: _Micro) -> np.ndarray:
    """The splits with every interleaving and micro-batch that divides. The last column holds the sequences of a rank."""
    stages = columns[3][:, None]
    at, chunk = np.nonzero((layers % (stages * chunks) == 0) & ((chunks == 1) | (stages > 1)))
    share = columns[5][at]
    repeat, sizes = micro.of(share)
    table = np.stack([*(a[at][repeat] for a in columns[:5]), chunks[chunk][repeat], sizes])
    keep = (table[5] == 1) | (share[repeat] // sizes % table[3] == 0)
    return table if keep.all() else table[:, keep]


class _Micro:
    """Micro-batches that divide a rank's sequences: found once for each number of sequences."""

    def __init__(self, wanted: tuple[int, ...], most: int) -> None:
        self.wanted, self.most = wanted, most
        self.known: dict[int, np.ndarray] = {}

    def sizes(self, sequences: int) -> np.ndarray:
        if sequences not in self.known:
            tried = np.array(self.wanted, dtype=np.int64) if self.wanted else np.arange(1, min(self.most, sequences) + 1)
            self.known[sequences] = tried[sequences % tried == 0]
        return self.known[sequences]

    def of(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each rank's sequences, its micro-batches: positions in ``shares``, repeated, and the sizes beside them."""
        different, which = np.unique(shares, return_inverse=True)
        lists = [self.sizes(int(s)) for s in different]
        counts = np.array([a.size for a in lists], dtype=np.intp)  # 32 bits in a browser
        starts = np.cumsum(counts) - counts
        count = counts[which]
        repeat = np.repeat(np.arange(shares.size), count)
        inside = np.arange(repeat.size) - np.repeat(np.cumsum(count) - count, count)
        flat = np.concatenate(lists) if lists else np.empty(0, dtype=np.int64)
        return repeat, flat[starts[which][repeat] + inside]


def designed(design: TrainingDesign, row: np.ndarray, zero_stage: int, recompute: str) -> TrainingDesign:
    """The design with a row's layout."""
    return replace(design, **{name: int(value) for name, value in zip(AXES, row, strict=True)}, zero_stage=zero_stage, recompute=recompute)
