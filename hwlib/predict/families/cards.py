"""Which chip a row means, as plain numbers: from the catalogue, else from `other_chips.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hwlib import catalogue
from hwlib.predict.row import Refused, Row

PATH = Path(__file__).parents[1] / "other_chips.toml"
PLAIN_LINK = "pcie4-x16"
"""What joins cards whose link nobody names."""


@dataclass(frozen=True, slots=True)
class Card:
    """A chip's datasheet as floats: dense peaks, bytes, bytes a second, and its link to its neighbours."""

    id: str
    peaks: Mapping[str, float]
    mem_bytes: float
    mem_bytes_per_s: float
    memory: str
    """"hbm", "gddr" or "lpddr": how many channels a kernel must keep busy."""
    link: str
    link_bytes_per_s: float
    launch_s: float
    hop_s: float
    remembered: bool = False
    stands_for: str = ""
    """The name in the row where it is unknown and this chip is the nearest of its line."""

    def peak(self, *formats: str) -> float:
        """The peak of the first of these formats that the chip has."""
        for fmt in formats:
            if fmt in self.peaks:
                return self.peaks[fmt]
        raise Refused(f"chip = {self.id!r} has no peak for {' or '.join(formats)}", field="chip")


@cache
def _other() -> dict:
    return tomllib.loads(PATH.read_text("utf8"))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(entry["pattern"]), entry["chip"]) for entry in _other()["names"])


@cache
def card_of(name: str) -> Card:
    """The chip that a measurement file means by a name; of an unknown chip of a known line, the nearest of that line.

    >>> card_of("A100-SXM-80GB (330W cap)").id, card_of("M1 Max 32‑Core GPU 64GB").id, card_of("4090 24GB").remembered
    ('a100-80-sxm', 'm1-max', True)
    >>> card_of("TPU v9").id, card_of("TPU v9").stands_for
    ('tpu-v7x', 'TPU v9')
    >>> card_of("Abacus 3000")
    Traceback (most recent call last):
    hwlib.predict.row.Refused: chip = 'Abacus 3000' is neither in the catalogue nor among the other chips with datasheet figures
    """
    text = re.sub(r"[‐‑‒–_-]", "-", name.lower())
    spaced = text.replace("-", " ")
    for pattern, id in _patterns():
        if pattern.search(text) or pattern.search(spaced):
            return _card(id)
    if text in catalogue.chip_ids():
        return _catalogue_card(text)
    if near := _nearest(spaced):
        return replace(_card(near), stands_for=name[:60])
    raise Refused(f"chip = {name[:60]!r} is neither in the catalogue nor among the other chips with datasheet figures", field="chip")


UNKNOWN = "unknown"
USUAL_RIDGE = 250.0
"""FLOP at 16 bits for each byte of memory traffic, of a data-centre chip of which only the peak is known."""


def card_of_row(row: Row) -> Card:
    """The chip of a row: by its name, else by the peak and the bandwidth that the row states; `Refused` where it has neither."""
    if not row.text("chip"):
        raise Refused("chip is missing", field="chip")
    try:
        card = card_of(row.text("chip"))
        if not card.stands_for or not row.text("peak_tflops_used"):
            return card
    except Refused:
        if not row.text("peak_tflops_used"):
            raise
    peak = row.number("peak_tflops_used") * 1e12
    eight = any(word in row.text("precision").lower() for word in ("fp8", "int8"))
    rate = row.number("peak_bw_gbs") * 1e9 if row.text("peak_bw_gbs") else peak / (2 if eight else 1) / USUAL_RIDGE
    usual = _card("h100-sxm")
    return replace(
        usual, id=UNKNOWN, peaks={"fp8": peak, "bf16": peak / 2, "fp16": peak / 2} if eight else {"bf16": peak, "fp16": peak, "fp8": 2 * peak},
        mem_bytes_per_s=rate, stands_for=row.text("chip")[:60],
    )  # fmt: skip


LINES = (
    (r"\btpu\s?v?(\d+)", ("tpu-v4", "tpu-v5p", "tpu-v6e", "tpu-v7x")),
    (r"\bmi\s?(\d{3})", ("mi250x", "mi300x", "mi325x", "mi355x")),
    (r"(?:trainium|trn)\s?(\d+)", ("trainium1", "trainium2", "trainium3")),
    (r"(?:inferentia|inf)\s?(\d+)", ("inferentia1", "inferentia2")),
    (r"gaudi\s?(\d+)", ("gaudi2", "gaudi3")),
    (r"\bg?b(\d{3})\b", ("b100", "b200-sxm", "b300-sxm")),
    (r"\bg?h(\d{2,3})\b", ("h20", "h100-sxm", "h200-sxm", "h800")),
    (r"\ba(\d{2,3})g?\b", ("a10", "a30", "a40", "a100-80-sxm")),
    (r"\bl(\d{1,2})s?\b", ("l4", "l40")),
    (r"(?:rtx|gtx|geforce)\D*(\d{4})", ("rtx-2080-ti", "rtx-3060", "rtx-3070", "rtx-3080", "rtx-3090", "rtx-4060", "rtx-4070", "rtx-4080", "rtx-4090", "rtx-5070", "rtx-5080", "rtx-5090")),
    (r"\bm(\d)\b.*max", ("m1-max", "m2-max", "m3-max", "m4-max")),
    (r"\bm(\d)\b.*ultra", ("m1-ultra", "m2-ultra")),
    (r"\bm(\d)\b.*pro", ("m1-pro",)),
    (r"\bm(\d)\b", ("m1", "m2")),
)
"""How a line of products numbers its chips, and those of it with datasheet figures: an unknown number gets the nearest."""


def _nearest(text: str) -> str:
    """The chip of the same line with the nearest number, the newer of two; nothing where no line fits.

    >>> _nearest("rtx 5060 8gb"), _nearest("mi400x"), _nearest("abacus 3000")
    ('rtx-5070', 'mi355x', '')
    """
    for pattern, ids in LINES:
        if found := re.search(pattern, text):
            return min(reversed(ids), key=lambda id: abs(int(re.search(r"\d+", id)[0]) - int(found[1])))
    return ""


def _card(id: str) -> Card:
    return _other_card(id) if id in _other()["chips"] else _catalogue_card(id)


@cache
def _link(id: str) -> tuple[float, float, float]:
    """Rate, launch and hop of a link; the catalogue's defaults where a figure was not published."""
    link = catalogue.link(id)
    return (
        float(link.bytes_per_s),
        float(link.launch_s or catalogue.constant("link_launch_s")),
        float(link.step_s or catalogue.constant("link_step_s")),
    )


def _catalogue_card(id: str) -> Card:
    chip = catalogue.chip(id)
    if chip.mem_bytes is None or chip.mem_bytes_per_s is None or not chip.peaks:
        raise Refused(f"chip = {id!r} has no published memory, bandwidth or peak, so nothing can be predicted for it", field="chip")
    link = chip.link_id or PLAIN_LINK
    rate, launch, hop = _link(link)
    kind = chip.mem_type.lower()
    memory = "gddr" if "gddr" in kind or "ddr4" in kind else "lpddr" if "lpddr" in kind else "hbm"
    return Card(
        id=id, peaks={k: float(v) for k, v in chip.peaks.items()}, mem_bytes=float(chip.mem_bytes), mem_bytes_per_s=float(chip.mem_bytes_per_s),
        memory=memory, link=link, link_bytes_per_s=float(chip.link_bytes_per_s or rate), launch_s=launch, hop_s=hop,
    )  # fmt: skip


def _other_card(id: str) -> Card:
    raw = _other()["chips"][id]
    link = raw["link"] or PLAIN_LINK
    rate, launch, hop = _link(link)
    return Card(
        id=id, peaks=raw["peak"], mem_bytes=raw["mem_bytes"], mem_bytes_per_s=raw["mem_bytes_per_s"], memory=raw["memory"], link=link,
        link_bytes_per_s=rate, launch_s=launch, hop_s=hop, remembered=True,
    )  # fmt: skip
