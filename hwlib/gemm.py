"""One matrix product on one chip: its arithmetic, its traffic, its tiles, and the time that they take.

A product of an m × k and a k × n matrix is cut into tiles of the result; each of the chip's processors takes one at a
time. What does not fill a tile, or a last wave of tiles, is lost.
"""

from __future__ import annotations

from hwlib.formula import ceil, formula, least, most


@formula(gives="gemm_flops", cites="nvidia2023matmul")
def gemm_flops(*, gemm_m, gemm_n, gemm_k):
    """Arithmetic: one multiplication and one addition for each entry of the result and each step of its sum.

    >>> gemm_flops(gemm_m=4096, gemm_n=4096, gemm_k=4096) / 1e9
    137.438953472
    """
    return 2 * gemm_m * gemm_n * gemm_k


@formula(gives="gemm_bytes", cites="nvidia2023matmul")
def gemm_bytes(*, gemm_m, gemm_n, gemm_k, bytes_per_value, result_value_bytes):
    """Traffic when both inputs are read once and the result is written once.

    >>> gemm_bytes(gemm_m=1, gemm_n=4096, gemm_k=4096, bytes_per_value=2, result_value_bytes=2) / 1e6
    33.570816
    """
    return (gemm_m * gemm_k + gemm_k * gemm_n) * bytes_per_value + gemm_m * gemm_n * result_value_bytes


@formula(gives="tiles", cites="nvidia2023matmul")
def tiles_of(*, gemm_m, gemm_n, tile_m, tile_n):
    """Tiles of the result; one that is begun counts whole.

    >>> tiles_of(gemm_m=257, gemm_n=1024, tile_m=128, tile_n=256)
    12.0
    """
    return ceil(gemm_m / tile_m) * ceil(gemm_n / tile_n)


@formula(gives="wave_share", cites="nvidia2023matmul")
def wave_share(*, gemm_m, gemm_n, tile_m, tile_n, tiles, multiprocessors):
    """Share of all places in all waves that does wanted work: the rest is padding of tiles and an unfilled last wave.

    >>> round(wave_share(gemm_m=2048, gemm_n=4096, tile_m=128, tile_n=256, tiles=256, multiprocessors=108), 2)
    0.79
    >>> wave_share(gemm_m=128 * 108, gemm_n=256, tile_m=128, tile_n=256, tiles=108, multiprocessors=108)
    1.0
    """
    return gemm_m * gemm_n / (tile_m * tile_n * multiprocessors * ceil(tiles / multiprocessors))


@formula(gives="gemm_compute_s", cites="nvidia2023matmul")
def gemm_compute_s(*, gemm_flops, peak_flops_per_s, compute_efficiency, wave_share):
    """Time of the arithmetic at the share of the peak that full waves reach.

    >>> round(gemm_compute_s(gemm_flops=1e12, peak_flops_per_s=312e12, compute_efficiency=0.85, wave_share=0.8) * 1e3, 2)
    4.71
    """
    return gemm_flops / (peak_flops_per_s * compute_efficiency * wave_share)


@formula(gives="gemm_memory_s", cites="williams2009roofline")
def gemm_memory_s(*, gemm_bytes, mem_bytes_per_s, memory_efficiency):
    """Time of the traffic at the share of the bandwidth that kernels reach.

    >>> round(gemm_memory_s(gemm_bytes=1e9, mem_bytes_per_s=2e12, memory_efficiency=0.8) * 1e6)
    625
    """
    return gemm_bytes / (mem_bytes_per_s * memory_efficiency)


@formula(gives="gemm_s", cites="williams2009roofline")
def gemm_s(*, gemm_compute_s, gemm_memory_s, kernel_launch_s, join_power):
    """Time of one product: the start of its kernel, and the longer of arithmetic and traffic, joined smoothly where both are near.

    >>> round(gemm_s(gemm_compute_s=4.0, gemm_memory_s=3.0, kernel_launch_s=0.5, join_power=2.0), 2)
    5.5
    """
    return kernel_launch_s + most(gemm_compute_s, gemm_memory_s) * (
        1 + (least(gemm_compute_s, gemm_memory_s) / most(gemm_compute_s, gemm_memory_s)) ** join_power
    ) ** (1 / join_power)
