"""How many processors a chip has that each take a tile of a product or a row of a matrix, as vendors state them."""

from __future__ import annotations

PROCESSORS = {
    "v100-sxm2": 80, "v100-pcie": 80, "t4": 40, "a100-40-sxm": 108, "a100-80-sxm": 108, "a100-40-pcie": 108, "a100-80-pcie": 108, "a30": 56, "a10": 72, "a10g": 80,
    "a40": 84, "rtx-a6000": 84, "rtx-a5000": 64, "rtx-a4000": 48, "rtx-3070": 46, "rtx-3080": 68, "rtx-3080-ti": 80, "rtx-3090": 82, "rtx-3090-ti": 84,
    "l4": 58, "l40": 142, "l40s": 142, "rtx-4060-ti": 34, "rtx-4070": 46, "rtx-4070-ti": 60, "rtx-4080": 76, "rtx-4090": 128, "rtx-4000-ada": 48,
    "rtx-5000-ada": 100, "rtx-6000-ada": 142, "h20": 78, "h100-sxm": 132, "h100-pcie": 114, "h100-nvl": 132, "h200-sxm": 132, "h800": 132, "gh200": 132,
    "rtx-5080": 84, "rtx-5070-ti": 70, "rtx-5070": 48, "rtx-4060": 24, "rtx-3060": 28, "rtx-2080-ti": 68, "h200-nvl": 132, "mi210": 104, "rx-7900-xtx": 96, "rtx-5090": 170, "rtx-pro-6000-server": 188, "b100": 148, "b200-sxm": 148, "b300-sxm": 148, "gb200": 148, "gb300": 148,
    "mi250x": 220, "mi300x": 304, "mi325x": 304, "mi355x": 256,
}  # fmt: skip
"""Other chips (systolic arrays, integrated GPUs) count as one processor that is never half full."""

CLOCKS = {
    "v100-sxm2": 1.53, "v100-pcie": 1.38, "t4": 1.59, "a100-40-sxm": 1.41, "a100-80-sxm": 1.41, "a100-40-pcie": 1.41, "a100-80-pcie": 1.41, "a30": 1.44, "a10": 1.695,
    "a10g": 1.71, "a40": 1.74, "rtx-a6000": 1.80, "rtx-a5000": 1.695, "rtx-a4000": 1.56, "rtx-3070": 1.725, "rtx-3080": 1.71, "rtx-3080-ti": 1.665, "rtx-3090": 1.695,
    "rtx-3090-ti": 1.86, "l4": 2.04, "l40": 2.49, "l40s": 2.52, "rtx-4060-ti": 2.535, "rtx-4070": 2.475, "rtx-4070-ti": 2.61, "rtx-4080": 2.505, "rtx-4090": 2.52,
    "rtx-4000-ada": 2.175, "rtx-5000-ada": 2.55, "rtx-6000-ada": 2.505, "h20": 1.98, "h100-sxm": 1.98, "h100-pcie": 1.755, "h100-nvl": 1.785, "h200-sxm": 1.98, "h800": 1.98,
    "gh200": 1.98, "h200-nvl": 1.785, "rtx-5080": 2.617, "rtx-5070-ti": 2.452, "rtx-5070": 2.512, "rtx-4060": 2.46, "rtx-3060": 1.777, "rtx-2080-ti": 1.545, "mi210": 1.7, "rx-7900-xtx": 2.5,
    "rtx-5090": 2.41, "rtx-pro-6000-server": 2.6, "mi250x": 1.7, "mi300x": 2.1, "mi325x": 2.1, "mi355x": 2.4,
}  # fmt: skip
"""Highest stated clocks in GHz (vendors' datasheets, remembered)."""
USUAL_GHZ = 1.9


def processors_of(chip: str) -> float:
    """Processors of a chip; one where the vendor's number says nothing of tiles.

    >>> processors_of("a100-80-sxm"), processors_of("tpu-v4")
    (108.0, 1.0)
    """
    return float(PROCESSORS.get(chip, 1))


def cycles_of(chip: str) -> float:
    """Clock cycles a second of all processors together.

    >>> cycles_of("a100-80-sxm") / 1e9
    152.28
    """
    return processors_of(chip) * CLOCKS.get(chip, USUAL_GHZ) * 1e9
