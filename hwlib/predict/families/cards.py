"""Which chip a row means, as plain numbers: from the catalogue, else from `other_chips.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hwlib import catalogue
from hwlib.predict.row import Refused

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
    """The chip that a measurement file means by a name.

    >>> card_of("A100-SXM-80GB (330W cap)").id, card_of("M1 Max 32‑Core GPU 64GB").id, card_of("4090 24GB").remembered
    ('a100-80-sxm', 'm1-max', True)
    >>> card_of("Abacus 3000")
    Traceback (most recent call last):
    hwlib.predict.row.Refused: chip = 'Abacus 3000' is neither in the catalogue nor among the other chips with datasheet figures
    """
    text = re.sub(r"[‐‑‒–_-]", "-", name.lower())
    spaced = text.replace("-", " ")
    for pattern, id in _patterns():
        if pattern.search(text) or pattern.search(spaced):
            return _other_card(id) if id in _other()["chips"] else _catalogue_card(id)
    if text in catalogue.chip_ids():
        return _catalogue_card(text)
    raise Refused(f"chip = {name[:60]!r} is neither in the catalogue nor among the other chips with datasheet figures", field="chip")


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
