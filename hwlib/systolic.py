"""A systolic array: a square of cells that hold weights still while numbers stream through, in closed form and cell by cell.

The weights of one tile sit in the cells. Rows of the other matrix enter at the left, one cycle later in each further
row of cells; sums run down and leave below. A second set of weights is pushed in from above while the first works, so
that tile follows tile without a gap, as long as a tile streams at least as many rows as the array has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from hwlib import catalogue
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Figure, ceil, defined, formula, given, most
from hwlib.gemm import gemm_bytes


@formula(gives="tiles", cites="kung1982why")
def weight_tiles(*, gemm_k, gemm_n, array_side):
    """Squares of weights that an array holds one after the other; one that is begun counts whole.

    >>> weight_tiles(gemm_k=8192, gemm_n=8192, array_side=128), weight_tiles(gemm_k=129, gemm_n=1, array_side=128)
    (4096.0, 2.0)
    """
    return ceil(gemm_k / array_side) * ceil(gemm_n / array_side)


@formula(gives="array_tiles", cites="jouppi2023tpu")
def tiles_of_an_array(*, tiles, arrays):
    """Tiles that the busiest of a chip's arrays works off.

    >>> tiles_of_an_array(tiles=9, arrays=8)
    2.0
    """
    return ceil(tiles / arrays)


@formula(gives="array_cycles", cites="kung1982why")
def systolic_cycles(*, gemm_m, array_tiles, array_side):
    """Cycles of one array: the first weights in, every tile's rows or the next weights, and the last row's way out.

    The first tile's weights take ``array_side`` cycles. Each following tile starts when the rows of the one before are
    in and its own weights are. The last row crosses the square once more.

    >>> systolic_cycles(gemm_m=6, array_tiles=1, array_side=6)
    22.0
    >>> systolic_cycles(gemm_m=1, array_tiles=64, array_side=128) / systolic_cycles(gemm_m=128, array_tiles=64, array_side=128) > 0.98
    True
    """
    return array_side + (array_tiles - 1) * most(gemm_m, array_side) + gemm_m + 2 * array_side - 2


@formula(gives="array_share", cites="kung1982why")
def systolic_share(*, gemm_m, gemm_k, gemm_n, array_cycles, arrays, array_side):
    """Share of all cells and cycles that add a wanted product.

    >>> round(systolic_share(gemm_m=6, gemm_k=6, gemm_n=6, array_cycles=22, arrays=1, array_side=6), 3)
    0.273
    """
    return gemm_m * gemm_k * gemm_n / (array_cycles * arrays * array_side * array_side)


@formula(gives="peak_flops_per_s", cites="jouppi2023tpu")
def array_peak(*, arrays, array_side, clock_hz):
    """Peak of a chip: each cell of each array multiplies and adds once a cycle.

    >>> array_peak(arrays=8, array_side=128, clock_hz=1.05e9) / 1e12
    275.2512
    """
    return 2 * arrays * array_side * array_side * clock_hz


@formula(gives="clock_hz", cites="jouppi2023tpu")
def array_clock(*, peak_flops_per_s, arrays, array_side):
    """Clock that the stated peak implies.

    >>> round(array_clock(peak_flops_per_s=197e12, arrays=4, array_side=128) / 1e9, 2)
    1.5
    """
    return peak_flops_per_s / (2 * arrays * array_side * array_side)


@formula(gives="compute_s", cites="kung1982why")
def systolic_s(*, array_cycles, clock_hz):
    """Time of these cycles.

    >>> systolic_s(array_cycles=1.05e6, clock_hz=1.05e9)
    0.001
    """
    return array_cycles / clock_hz


@formula(gives="gemm_memory_s", cites="williams2009roofline")
def array_memory_s(*, gemm_bytes, mem_bytes_per_s):
    """Time to bring both inputs and take the result away, at the whole bandwidth.

    >>> array_memory_s(gemm_bytes=1.2e9, mem_bytes_per_s=1.2e12)
    0.001
    """
    return gemm_bytes / mem_bytes_per_s


@formula(gives="gemm_s", cites="williams2009roofline")
def array_product_s(*, compute_s, gemm_memory_s):
    """The slower of the arrays and the memory.

    >>> array_product_s(compute_s=0.001, gemm_memory_s=0.002)
    0.002
    """
    return most(compute_s, gemm_memory_s)


@dataclass(frozen=True, slots=True)
class SystolicEstimate:
    """A matrix product on a chip's systolic arrays; times in seconds at the datasheet's clock and bandwidth."""

    array_side: Figure
    arrays: Figure
    clock_hz: Figure
    tiles: Figure
    array_cycles: Figure
    array_share: Figure
    compute_s: Figure
    memory_s: Figure
    product_s: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


SYSTOLIC_CHIPS = ("tpu-v4", "tpu-v5e", "tpu-v5p")
"""Chips whose arrays are in the catalogue: ``arrays.<chip>`` and ``array_side.<chip>``."""


def estimate_systolic(chip_id: str, *, m: int, k: int, n: int) -> SystolicEstimate:
    """An m × k by k × n product in BF16 on a TPU. Raises `NotSupported` for a chip whose arrays are not known.

    >>> few, many = (estimate_systolic("tpu-v4", m=m, k=8192, n=8192) for m in (1, 4096))
    >>> few.array_share < 0.01 < 0.9 < many.array_share
    True
    """
    for name, value in (("m", m), ("k", k), ("n", n)):
        check_size(name, value, 10**9)
    chip = catalogue.chip(chip_id)
    if chip_id not in SYSTOLIC_CHIPS:
        raise NotSupported(f"accelerator = {chip_id!r}: the size of its systolic arrays is not in the catalogue; {', '.join(SYSTOLIC_CHIPS)} are", field="accelerator")
    side, arrays = catalogue.constant(f"array_side.{chip_id}"), catalogue.constant(f"arrays.{chip_id}")
    size = {"gemm_m": given(float(m)), "gemm_k": given(float(k)), "gemm_n": given(float(n))}
    tiles = weight_tiles(gemm_k=size["gemm_k"], gemm_n=size["gemm_n"], array_side=side)
    cycles = systolic_cycles(gemm_m=size["gemm_m"], array_tiles=tiles_of_an_array(tiles=tiles, arrays=arrays), array_side=side)
    clock = array_clock(peak_flops_per_s=chip.peak("bf16"), arrays=arrays, array_side=side)
    two = defined(2.0, "BF16")
    compute = systolic_s(array_cycles=cycles, clock_hz=clock)
    memory = array_memory_s(gemm_bytes=gemm_bytes(**size, bytes_per_value=two, result_value_bytes=two), mem_bytes_per_s=chip.mem_bytes_per_s)
    return SystolicEstimate(
        array_side=side, arrays=arrays, clock_hz=clock, tiles=tiles, array_cycles=cycles, array_share=systolic_share(**size, array_cycles=cycles, arrays=arrays, array_side=side),
        compute_s=compute, memory_s=memory, product_s=array_product_s(compute_s=compute, gemm_memory_s=memory),
    )


def check_size(name: str, value: object, high: int) -> None:
    """Refuse what is no whole number from 1 to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise BadInput(f"{name} = {value!r} must be a whole number of at least 1 and at most {high:,}", field=name)


@dataclass(frozen=True, slots=True)
class Step:
    """The array in one cycle. Both masks are side × side booleans, row of cells first."""

    cycle: int
    tile: np.ndarray
    """Number of the tile whose product each cell adds, from 0; -1 where it idles."""
    row: np.ndarray
    """Row of the streamed matrix that each cell works on; -1 where it idles."""
    loading: np.ndarray
    """Cells into which a weight of the next tile is pushed."""

    @property
    def busy(self) -> np.ndarray:
        """Cells that add a wanted product."""
        return self.tile >= 0


@dataclass(frozen=True, slots=True)
class Simulated:
    """A product made by the array, and what each cycle looked like."""

    product: np.ndarray
    steps: tuple[Step, ...]
    side: int

    @property
    def cycles(self) -> int:
        return len(self.steps)

    @property
    def busy_share(self) -> float:
        """Share of all cells and cycles that add a wanted product."""
        return sum(int(s.busy.sum()) for s in self.steps) / (self.cycles * self.side**2)


def simulate_systolic(a: np.ndarray, b: np.ndarray, side: int) -> Simulated:
    """Multiply whole numbers on a side × side array, cell by cell and cycle by cycle.

    Each cell knows its own registers and its neighbours' of the cycle before: a number that moves right, a sum that
    moves down, the weight at work and the weight that waits. ``a`` (m × k) streams, ``b`` (k × n) lies still.

    >>> run = simulate_systolic(np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]]), side=2)
    >>> run.product.tolist(), run.cycles
    ([[19, 22], [43, 50]], 6)
    """
    a, b = _matrices(a, b)
    check_size("side", side, 512)
    product = np.zeros((a.shape[0], b.shape[1]), dtype=np.int64)
    return Simulated(product, tuple(_cycles(a, b, side, product)), side)


def _matrices(a: object, b: object) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or not a.size or not b.size:
        raise BadInput(f"matrices of {a.shape} and {b.shape} cannot be multiplied; their inner sizes must agree and be at least 1", field="b")
    if not all(np.issubdtype(x.dtype, np.integer) for x in (a, b)):
        raise BadInput("the matrices must hold whole numbers, so that the product is exact", field="a")
    return a.astype(np.int64), b.astype(np.int64)


def _cycles(a: np.ndarray, b: np.ndarray, side: int, product: np.ndarray) -> Iterator[Step]:
    """Every cycle in turn; sums that leave below are added to ``product``."""
    (m, k), n = a.shape, b.shape[1]
    tiles = [(i, j) for j in range(0, n, side) for i in range(0, k, side)]
    starts = [side + t * max(m, side) for t in range(len(tiles))]
    down, right = np.indices((side, side))
    number = np.zeros((side, side), dtype=np.int64)
    sums, active, waiting = number.copy(), number.copy(), number.copy()
    for cycle in range(starts[-1] + m + 2 * side - 2):
        moved = np.zeros_like(number)
        moved[:, 1:] = number[:, :-1]
        fallen = np.zeros_like(sums)
        fallen[1:] = sums[:-1]
        at_tile, at_row = np.full((side, side), -1), np.full((side, side), -1)
        for t, ((i, j), start) in enumerate(zip(tiles, starts, strict=True)):
            behind = cycle - start - down - right  # the row that reaches each cell in this cycle
            active = np.where(behind == 0, waiting, active)
            here = (behind >= 0) & (behind < m)
            entering = here[:, 0] & (i + np.arange(side) < k)
            moved[entering, 0] = a[behind[entering, 0], i + np.flatnonzero(entering)]
            wanted = here & (i + down < k) & (j + right < n)
            at_tile[wanted], at_row[wanted] = t, behind[wanted]
        waiting, loading = _push(waiting, b, side, cycle, tiles, starts, down, right)
        number, sums = moved, fallen + moved * active
        for (_, j), start in zip(tiles, starts, strict=True):
            done = cycle - start - (side - 1) - np.arange(side)
            leaves = (done >= 0) & (done < m) & (j + np.arange(side) < n)
            product[done[leaves], j + np.flatnonzero(leaves)] += sums[side - 1, leaves]
        yield Step(cycle, at_tile, at_row, loading)


def _push(waiting: np.ndarray, b: np.ndarray, side: int, cycle: int, tiles: list, starts: list, down: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of coming tiles pushed one cell further down. The weight of the lowest row goes in first."""
    above = np.zeros_like(waiting)
    above[1:] = waiting[:-1]
    loading = np.zeros(waiting.shape, dtype=bool)
    columns = np.arange(side)
    for (i, j), begun in zip(tiles, [0, *starts[:-1]], strict=True):
        turn = cycle - begun - right  # column by column, so that no cell loses a weight that it has yet to use
        moves = (turn >= down) & (turn < side)
        row = side - 1 - turn[0]
        fed = moves[0] & (i + row < b.shape[0]) & (j + columns < b.shape[1])
        above[0, fed] = b[i + row[fed], j + columns[fed]]
        loading |= moves
    return np.where(loading, above, waiting), loading
