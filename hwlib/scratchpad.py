"""A chip whose memory on the die is managed by hand: how a matrix product is cut so that its pieces fit, and what that moves.

Of a NeuronCore of Inferentia2: a scratchpad for the inputs and a small memory of accumulators for the result. Either
a tile of the result stays put while strips of both inputs stream by, or a panel of one input stays put while the
other input and the result stream. The cut that moves the fewest bytes is found among all that fit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from hwlib import catalogue
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Figure, ceil, defined, formula, given, most, root
from hwlib.gemm import gemm_flops
from hwlib.offload import check_amount
from hwlib.replica import BYTES
from hwlib.roofline import arithmetic_intensity
from hwlib.sources import Choice


@formula(gives="moved_bytes", cites="smith2017tight")
def tiled_bytes(*, gemm_m, gemm_n, gemm_k, tile_m, tile_n, bytes_per_value):
    """Bytes moved while tiles of the result stay put: each input once for every row or column of tiles, the result once.

    >>> tiled_bytes(gemm_m=1024, gemm_n=1024, gemm_k=1024, tile_m=512, tile_n=1024, bytes_per_value=2) / 2**20
    8.0
    """
    return (gemm_m * gemm_k * ceil(gemm_n / tile_n) + gemm_k * gemm_n * ceil(gemm_m / tile_m) + gemm_m * gemm_n) * bytes_per_value


@formula(gives="moved_bytes", cites="smith2017tight")
def panelled_bytes(*, gemm_m, gemm_n, gemm_k, tile_m, bytes_per_value):
    """Bytes moved while a panel of the left input stays put: it once, the right input once for every panel, the result once.

    With the sides of the product exchanged it stands for panels of the right input.

    >>> panelled_bytes(gemm_m=1024, gemm_n=1024, gemm_k=1024, tile_m=1024, bytes_per_value=2) / 2**20
    6.0
    """
    return (gemm_m * gemm_k + gemm_k * gemm_n * ceil(gemm_m / tile_m) + gemm_m * gemm_n) * bytes_per_value


@formula(gives="compulsory_bytes", cites="hong1981complexity")
def compulsory_bytes(*, gemm_m, gemm_n, gemm_k, bytes_per_value):
    """What any cut moves: both inputs in and the result out, once.

    >>> compulsory_bytes(gemm_m=1024, gemm_n=1024, gemm_k=1024, bytes_per_value=2) / 2**20
    6.0
    """
    return (gemm_m * gemm_k + gemm_k * gemm_n + gemm_m * gemm_n) * bytes_per_value


@formula(gives="bound_bytes", cites="smith2017tight")
def bound_bytes(*, gemm_m, gemm_n, gemm_k, scratch_bytes, bytes_per_value, compulsory_bytes):
    """What no cut can go below with so much memory on the die: twice the products over the root of the values held, less twice those values.

    >>> round(bound_bytes(gemm_m=8192, gemm_n=8192, gemm_k=8192, scratch_bytes=2 * 2**20, bytes_per_value=2, compulsory_bytes=402653184.0) / 1e9, 2)
    2.14
    """
    return most(compulsory_bytes, 2 * gemm_m * gemm_n * gemm_k / root(scratch_bytes / bytes_per_value) * bytes_per_value - 2 * scratch_bytes)


@formula(gives="compute_s", cites="williams2009roofline")
def core_compute_s(*, gemm_flops, peak_flops_per_s, cores):
    """Arithmetic of a product on one core, at its share of the chip's peak.

    >>> core_compute_s(gemm_flops=95e9, peak_flops_per_s=190e12, cores=2)
    0.001
    """
    return gemm_flops / (peak_flops_per_s / cores)


@formula(gives="gemm_memory_s", cites="williams2009roofline")
def core_memory_s(*, moved_bytes, mem_bytes_per_s, cores):
    """Moving these bytes at a core's share of the chip's bandwidth.

    >>> core_memory_s(moved_bytes=410e6, mem_bytes_per_s=820e9, cores=2)
    0.001
    """
    return moved_bytes / (mem_bytes_per_s / cores)


@formula(gives="gemm_s", cites="aws2026neuron")
def in_turn_s(*, compute_s, gemm_memory_s):
    """Time when each piece is moved, then worked on.

    >>> in_turn_s(compute_s=0.001, gemm_memory_s=0.002)
    0.003
    """
    return compute_s + gemm_memory_s


@formula(gives="gemm_s", cites="aws2026neuron")
def overlapped_s(*, compute_s, gemm_memory_s, pieces):
    """Time when the next piece comes in while one is worked on: the slower of both, and the first piece's way in or the last one's work.

    >>> overlapped_s(compute_s=0.001, gemm_memory_s=0.002, pieces=100)
    0.00201
    """
    return most(compute_s + gemm_memory_s / pieces, gemm_memory_s + compute_s / pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """One core and its memories, in bytes."""

    name: str
    scratch_bytes: Figure
    accumulator_bytes: Figure
    peak_flops_per_s: Figure
    mem_bytes_per_s: Figure
    cores: Figure
    """Cores that share the chip's peak and bandwidth."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """A product cut to fit one core. ``stays`` says what is held: "result", "left" or "right"."""

    stays: str
    tile_m: Figure
    tile_n: Figure
    tile_k: Figure
    pieces: Figure
    moved_bytes: Figure
    compulsory_bytes: Figure
    bound_bytes: Figure
    intensity: Figure
    compute_s: Figure
    memory_s: Figure
    in_turn_s: Figure
    overlapped_s: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "stays"}


SCRATCH_CHIPS = ("inferentia2", "trainium1")
"""Chips whose cores are in the catalogue: ``cores.<chip>``, ``scratch_bytes.<chip>`` and ``accumulator_bytes.<chip>``."""
STEP = 128
"""Rows of the scratchpad and of the matrix unit: tiles are multiples of it, unless the matrix is smaller."""


def core_of(chip_id: str, precision: str = "bf16") -> Core:
    """One core of the chip. Raises `NotSupported` for a chip whose scratchpad is not known or that lacks the format."""
    chip = catalogue.chip(chip_id)
    if chip_id not in SCRATCH_CHIPS:
        raise NotSupported(f"accelerator = {chip_id!r}: the scratchpad of its cores is not in the catalogue; those of {' and '.join(SCRATCH_CHIPS)} are", field="accelerator")
    get = catalogue.constant
    return Core(
        name=chip.name, scratch_bytes=get(f"scratch_bytes.{chip_id}"), accumulator_bytes=get(f"accumulator_bytes.{chip_id}"), peak_flops_per_s=chip.peak(precision),
        mem_bytes_per_s=chip.mem_bytes_per_s, cores=get(f"cores.{chip_id}"),
    )


def plan_product(core: Core, *, m: int, k: int, n: int, bits: int = 16, buffers: int = 2) -> Tiling:
    """The cut of an m × k by k × n product that moves the fewest bytes. ``buffers`` = 2 leaves room for the next piece.

    >>> core = core_of("inferentia2")
    >>> wide, one = plan_product(core, m=4096, k=4096, n=4096), plan_product(core, m=1, k=4096, n=4096)
    >>> wide.moved_bytes < 1.7 * wide.bound_bytes, one.stays, one.moved_bytes == one.compulsory_bytes
    (True, 'result', True)
    """
    for name, value in (("m", m), ("k", k), ("n", n)):
        check_amount(name, value, 1, 10**7, whole=True)
    check_amount("buffers", buffers, 1, 8, whole=True)
    if bits not in BYTES:
        raise BadInput(f"bits = {bits!r} must be 16, 8 or 4", field="bits")
    stays, (tm, tn, tk) = _best(core, m, k, n, float(BYTES[bits]), buffers)
    size = {"gemm_m": given(float(m)), "gemm_n": given(float(n)), "gemm_k": given(float(k))}
    turned = {"gemm_m": size["gemm_n"], "gemm_n": size["gemm_m"], "gemm_k": size["gemm_k"]}
    tile = {f"tile_{d}": Figure(float(v), Choice("the cut that moves the fewest bytes of all that fit", "assumption")) for d, v in (("m", tm), ("n", tn), ("k", tk))}
    b = BYTES[bits]
    if stays == "result":
        moved = tiled_bytes(**size, tile_m=tile["tile_m"], tile_n=tile["tile_n"], bytes_per_value=b)
    elif stays == "left":
        moved = panelled_bytes(**size, tile_m=tile["tile_m"], bytes_per_value=b)
    else:
        moved = panelled_bytes(**turned, tile_m=tile["tile_n"], bytes_per_value=b)
    least = compulsory_bytes(**size, bytes_per_value=b)
    held = defined(core.scratch_bytes + core.accumulator_bytes, "scratchpad and accumulators together")
    flops = gemm_flops(**size)
    pieces = pieces_of(**size, **tile)
    compute = core_compute_s(gemm_flops=flops, peak_flops_per_s=core.peak_flops_per_s, cores=core.cores)
    memory = core_memory_s(moved_bytes=moved, mem_bytes_per_s=core.mem_bytes_per_s, cores=core.cores)
    turn = in_turn_s(compute_s=compute, gemm_memory_s=memory)
    return Tiling(
        stays=stays, **tile, pieces=pieces, moved_bytes=moved, compulsory_bytes=least,
        bound_bytes=bound_bytes(**size, scratch_bytes=held, bytes_per_value=b, compulsory_bytes=least), intensity=arithmetic_intensity(flops=flops, moved_bytes=moved),
        compute_s=compute, memory_s=memory, in_turn_s=turn, overlapped_s=overlapped_s(compute_s=compute, gemm_memory_s=memory, pieces=pieces) if buffers > 1 else turn,
    )


@formula(gives="pieces", cites="aws2026neuron")
def pieces_of(*, gemm_m, gemm_n, gemm_k, tile_m, tile_n, tile_k):
    """Pieces of work, each with its own inputs.

    >>> pieces_of(gemm_m=1024, gemm_n=1024, gemm_k=1024, tile_m=512, tile_n=1024, tile_k=128)
    16.0
    """
    return ceil(gemm_m / tile_m) * ceil(gemm_n / tile_n) * ceil(gemm_k / tile_k)


def sides(size: int) -> np.ndarray:
    """Tile sides to try: the whole side, and multiples of `STEP` that cut it into different numbers of pieces."""
    pieces = np.unique(np.geomspace(1, max(1, size // STEP), 64).astype(int))
    cut = np.ceil(size / pieces / STEP).astype(int) * STEP
    return np.unique(np.append(cut[cut < size], [size, min(size, STEP)]))


def _best(core: Core, m: int, k: int, n: int, value: float, buffers: int) -> tuple[str, tuple[int, int, int]]:
    """What stays and the tile, over every pair of sides that fits; the fewest bytes, then the fewest pieces."""
    room, accumulators, sums = float(core.scratch_bytes), float(core.accumulator_bytes), 4.0
    tk = min(k, STEP)
    rows, columns = np.meshgrid(sides(m), sides(n), indexing="ij")
    tries = []

    def best(stays: str, moved: np.ndarray, fits: np.ndarray, tile: tuple[np.ndarray, np.ndarray, int]) -> None:
        if fits.any():
            cost = np.where(fits, moved + 1e-9 / (tile[0] * tile[1]), np.inf)
            at = np.unravel_index(np.argmin(cost), cost.shape)
            tries.append((float(cost[at]), stays, (int(tile[0][at]), int(tile[1][at]), tile[2])))

    size = {"gemm_m": m, "gemm_n": n, "gemm_k": k, "bytes_per_value": value}
    best("result", tiled_bytes(**size, tile_m=rows, tile_n=columns), (rows * columns * sums <= accumulators) & (buffers * (rows + columns) * tk * value <= room), (rows, columns, tk))
    small = np.minimum(columns, STEP)
    best("left", panelled_bytes(**size, tile_m=rows), (rows * k * value + buffers * small * k * value <= room) & (np.minimum(rows, STEP) * small * sums <= accumulators), (rows, small, k))
    turned = {"gemm_m": n, "gemm_n": m, "gemm_k": k, "bytes_per_value": value}
    low = np.minimum(rows, STEP)
    best("right", panelled_bytes(**turned, tile_m=columns), (columns * k * value + buffers * low * k * value <= room) & (np.minimum(columns, STEP) * low * sums <= accumulators), (low, columns, k))
    if not tries:
        raise BadInput(f"scratch_bytes = {room:,.0f} and accumulator_bytes = {accumulators:,.0f} of {core.name} hold no tile of {STEP} rows; they must be larger", field="scratch_bytes")
    _, stays, tile = min(tries, key=lambda t: t[0])
    return stays, tile
