"""One matrix product: TFLOP/s from arithmetic, traffic, tiles and the start of a kernel.

Kernels that run for long draw so much power that the chip lowers its clock: the share of the peak falls from what a
short kernel reaches towards what a long one holds.
"""

from __future__ import annotations

from dataclasses import replace

from hwlib.gemm import gemm_bytes, gemm_compute_s, gemm_flops, gemm_memory_s, gemm_s, tiles_of, wave_share
from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.cards import UNKNOWN, Card, card_of_row
from hwlib.predict.families.processors import processors_of
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

FORMATS = {
    "fp32": ("fp32",), "tf32": ("tf32",), "fp16": ("fp16", "bf16"), "bf16": ("bf16", "fp16"), "fp8": ("fp8",), "int8": ("int8",), "fp4": ("fp4",), "nvfp4": ("fp4",),
}  # fmt: skip
"""Peaks that serve a precision: 16-bit formats share theirs, nothing else stands in for another."""
WIDTH = {"fp32": 4.0, "tf32": 4.0, "fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "nvfp4": 0.5625}
"""Bytes of a value, with its share of block scales."""
SYSTOLIC = {"tpu", "gaudi"}
"""Vendors whose products run on few large systolic arrays with a fixed clock."""
TILES = ((128.0, 256.0), (256.0, 128.0), (128.0, 128.0), (64.0, 128.0))
SPLITS = (1.0, 2.0, 4.0)
"""In how many parts a library may cut the sum when tiles are few."""
PART_BYTES = 8.0
"""A part's result is written at 32 bits and read again."""
LONG_S = 4e-4
"""Time after which a chip has lowered its clock by half of what it will."""

# compute of "amd": its own maxima, 54% of the 16-bit peak on the MI300X, over the 70% of other chips after long kernels (AMD, "Measuring
# max-achievable FLOPs", 2025): its parts lower their clock under load more than others.
CONSTANTS = {
    c.name: c
    for c in (
        Constant(name="compute", start=0.82, low=0.30, high=0.98, meaning="share of the peak that full waves of tiles reach in a short kernel", spread=0.12, known={"amd": 0.75}),
        Constant(name="throttle", start=0.15, low=0.005, high=0.5, meaning="share that a long kernel loses because the power limit lowers the clock", spread=0.5),
        Constant(name="small_tile", start=0.92, low=0.60, high=1.0, meaning="share that a tile of 128 × 128 reaches of a tile twice as large", spread=0.1),
        Constant(name="ramp_k", start=100.0, low=5.0, high=600.0, meaning="steps of a tile's sum that its start and its end cost", spread=0.4),
        Constant(name="memory", start=0.82, low=0.30, high=0.98, meaning="share of the bandwidth at which inputs are read", spread=0.12),
        Constant(name="narrow", start=300.0, low=10.0, high=4000.0, meaning="columns that a result needs before half of the processors read at full rate", spread=0.4),
        Constant(name="launch_s", start=3.0e-6, low=0.5e-6, high=30e-6, unit="s", meaning="start and end of a kernel", spread=0.4),
        Constant(name="overlap", start=3.0, low=1.0, high=8.0, meaning="how sharply arithmetic and traffic hand over: one is one after the other, infinity is the plain roofline", spread=0.3),
    )
}  # fmt: skip


class Product:
    """A row's shape, precision and chip."""

    __slots__ = ("bandwidth", "card", "flops", "k", "m", "n", "peak", "precision", "processors", "stack", "vendor", "width")

    def __init__(self, row: Row) -> None:
        self.m, self.n, self.k = (row.number(name, least=0.0) for name in ("m", "n", "k"))
        for name, value in (("m", self.m), ("n", self.n), ("k", self.k)):
            if not 1 <= value <= 1e9 or value != int(value):
                raise Refused(f"{name} = {value:g} is not a matrix dimension: a whole number from 1 to 10⁹ would do", field=name)
        text = row.text("precision").lower()
        if not text:
            raise Refused("precision is missing", field="precision")
        self.precision = next((p for p in sorted(FORMATS, key=len, reverse=True) if text.startswith(p)), "")
        if not self.precision:
            raise Refused(f"precision = {text[:30]!r} is not a format known here; it can be {', '.join(FORMATS)}", field="precision")
        if not row.text("chip"):
            raise Refused("chip is missing", field="chip")
        self.card, share = _card(row, self.precision)
        self.peak = row.number("peak_tflops_used") * 1e12 if row.text("peak_tflops_used") else self.card.peak(*FORMATS[self.precision])
        self.bandwidth = self.card.mem_bytes_per_s * share
        self.width = WIDTH[self.precision]
        self.processors = processors_of(self.card.id)
        self.flops = gemm_flops(gemm_m=self.m, gemm_n=self.n, gemm_k=self.k)
        id = self.card.id
        self.vendor = "tpu" if id.startswith("tpu") else "amd" if id.startswith("mi") else "gaudi" if id.startswith("gaudi") else "nvidia"
        software = row.text("software").lower()
        self.stack = next((name for name in ("vidur", "torch", "tpu-recipes", "jax") if name in software), "other")


def _card(row: Row, precision: str) -> tuple[Card, float]:
    """The chip, and the share of it that the row calls a device: a row may count one chiplet of two."""
    card = card_of_row(row)
    if card.id == UNKNOWN:
        return replace(card, peaks={FORMATS[precision][0]: row.number("peak_tflops_used") * 1e12}), 1.0
    catalogue = card.peak(*FORMATS[precision])  # refuses a precision that the chip does not have
    if not row.text("peak_tflops_used"):
        return card, 1.0
    share = row.number("peak_tflops_used") * 1e12 / catalogue
    if not 0.05 < share < 2.5:
        raise Refused(f"peak_tflops_used = {row.text('peak_tflops_used')} is far from the {catalogue / 1e12:g} of {card.id}'s datasheet", field="peak_tflops_used")
    return card, 0.5 if 0.4 < share < 0.6 else 1.0


def _once(p: Product, tile: tuple[float, float], parts: float, *, compute: float, memory: float, launch: float, overlap: float) -> float:
    """Seconds with one shape of tiles and so many parts of the sum."""
    tile_m, tile_n = tile
    traffic = gemm_bytes(gemm_m=p.m, gemm_n=p.n, gemm_k=p.k, bytes_per_value=p.width, result_value_bytes=2.0)
    if parts > 1:
        traffic = traffic + PART_BYTES * parts * p.m * p.n
    share = 1.0
    if p.processors > 1:
        tiles = tiles_of(gemm_m=p.m, gemm_n=p.n, tile_m=tile_m, tile_n=tile_n) * parts
        rows = min(p.m, tile_m)  # a library has flatter tiles for few rows, so these are not counted as padding
        share = wave_share(gemm_m=p.m * tile_m / rows if p.m < tile_m else p.m, gemm_n=p.n * parts, tile_m=tile_m, tile_n=tile_n, tiles=tiles, multiprocessors=p.processors)
    return gemm_s(
        gemm_compute_s=gemm_compute_s(gemm_flops=p.flops, peak_flops_per_s=p.peak, compute_efficiency=compute, wave_share=share),
        gemm_memory_s=gemm_memory_s(gemm_bytes=traffic, mem_bytes_per_s=p.bandwidth, memory_efficiency=memory), kernel_launch_s=launch, join_power=overlap,
    )  # fmt: skip


def seconds(p: Product, k: Constants) -> float:
    """One product with the tiles that suit it best."""
    array = "systolic" if p.vendor in SYSTOLIC else ""
    compute = k.get("compute", p.precision if p.width < 2 else "", array, p.vendor, p.stack, p.card.id)
    throttle = k.get("throttle", array, p.vendor, p.card.id)
    small = k.get("small_tile", p.vendor, p.card.id)
    memory = k.get("memory", p.vendor, p.card.id) * p.n / (p.n + k.get("narrow", p.vendor))
    launch = k.get("launch_s", p.vendor, p.card.id)
    overlap = k.get("overlap", p.vendor, p.card.id)
    long = p.flops / (p.peak * compute)
    compute *= p.k / (p.k + k.get("ramp_k", p.vendor, p.card.id))
    compute *= 1 - throttle * long / (long + LONG_S)
    if p.processors <= 1:
        return _once(p, TILES[0], 1.0, compute=compute, memory=memory, launch=launch, overlap=overlap)
    return min(
        _once(p, tile, parts, compute=compute * small ** _smaller(tile), memory=memory, launch=launch, overlap=overlap) for tile in TILES for parts in SPLITS
    )


def _smaller(tile: tuple[float, float]) -> int:
    """How often a tile is half of the largest."""
    return {32768.0: 0, 16384.0: 1, 8192.0: 2}[tile[0] * tile[1]]


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """TFLOP/s of one product.

    >>> row = Row({"m": "4096", "n": "4096", "k": "4096", "precision": "fp16", "chip": "A100-SXM-80GB"})
    >>> 150 < predict(row, Constants(FAMILY.constants, {}))["tflops"] < 312
    True
    >>> predict(Row({"m": "64", "n": "64", "k": "64", "precision": "fp8", "chip": "A100-SXM-80GB"}), Constants(FAMILY.constants, {}))
    Traceback (most recent call last):
    hwlib.predict.row.Refused: chip = 'a100-80-sxm' has no peak for fp8
    """
    p = Product(row)
    return {"tflops": p.flops / seconds(p, constants) / 1e12}


def datasheet(row: Row) -> dict[str, float]:
    """The roofline of the datasheet's peaks."""
    p = Product(row)
    traffic = gemm_bytes(gemm_m=p.m, gemm_n=p.n, gemm_k=p.k, bytes_per_value=p.width, result_value_bytes=2.0)
    return {"tflops": p.flops / max(p.flops / p.peak, traffic / p.bandwidth) / 1e12}


def levels(row: Row) -> tuple[str, ...]:
    p = Product(row)
    return (p.vendor, p.card.id, f"{p.stack}/{p.card.id}")


FAMILY = Family(
    title="Matrix products", names=("gemm",), file="8_gemm_micro.csv", metrics={"gemm": ("tflops",)}, constants=CONSTANTS, predict=predict,
    datasheet=datasheet, levels=levels,
)  # fmt: skip
