"""Chips on the catalogue page: two tables to compare, a card for each with the source of every figure."""

from __future__ import annotations

from collections.abc import Iterator

from hwlib.catalogue import Chip, chips
from hwlib.formula import Figure
from hwlib.units import GIB, show
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.sources import linked
from lessons.reference.tables import Shown, items, memory, number, table

FORMATS = {"fp32": "FP32", "tf32": "TF32", "bf16": "BF16", "fp16": "FP16", "fp8": "FP8", "int8": "INT8", "fp4": "FP4"}


def _name(chip: Chip) -> Html:
    said = [str(chip.year)] if chip.status in ("available", "legacy") else [str(chip.year), chip.status]
    if not chip.graded:
        said.append("not for graded work")
    return Html(f'<a href="#card-{esc(chip.id)}">{esc(chip.name)}</a><br><span class="hw-small">{esc(", ".join(said))}</span>')


def chip_peaks() -> Shown:
    """Dense peaks of the matrix units by number format; FP32 stands on the cards."""
    formats = [fmt for fmt in FORMATS if fmt != "fp32"]
    rows = [[_name(c), *(number(c.peaks.get(fmt), 1e12, 5) for fmt in formats)] for c in chips()]
    head = ["Chip", *(FORMATS[fmt] for fmt in formats)]
    return Shown(
        table(head, rows, caption="Peaks without sparsity, TFLOP/s; INT8 in TOP/s", ids=[f"chip-{c.id}" for c in chips()], right=range(1, 7), first=170)
    )


def _ridge(chip: Chip) -> Figure | None:
    from hwlib.roofline import ridge_point

    peak = chip.peaks.get("bf16") or chip.peaks.get("fp16")
    if peak is None or chip.mem_bytes_per_s is None:
        return None
    return ridge_point(peak_flops_per_s=peak, mem_bytes_per_s=chip.mem_bytes_per_s)


def _gb(figure: Figure | None) -> Html | None:
    """Gigabytes, with the GiB below when that is how the vendor means it."""
    if figure is None:
        return None
    text = str(number(figure, 1e9, 4))
    gib = float(figure) / GIB
    if "GiB" in figure.origin.note and gib >= 1:
        text = text.replace("<br>", f'<br><span class="hw-small">{gib:.4g} GiB</span><br>', 1) if "<br>" in text else f'{text}<br><span class="hw-small">{gib:.4g} GiB</span>'
    return Html(text)


def _printed(figure: Figure | None) -> Html | None:
    """On-chip memory in the unit that its vendor uses."""
    return None if figure is None else Html(f'<span style="white-space:nowrap">{esc(figure.origin.as_printed)}</span>{memory(figure)}')


def chip_table() -> Shown:
    """Memory, links, network and power."""
    rows = [
        [
            _name(c), _gb(c.mem_bytes), c.mem_type.partition(" (")[0], number(c.mem_bytes_per_s, 1e9), number(_ridge(c), 1, 3),
            _printed(c.sram_bytes), number(c.link_bytes_per_s, 1e9), number(c.domain, 1, 5),
            number(c.nic_bytes_per_s, 1e9), number(c.power_w, 1, 5),
        ]
        for c in chips()
    ]  # fmt: skip
    head = [
        "Chip", "Memory, GB", "Type", "Bandwidth, GB/s", "Ridge, FLOP/byte", "On chip", "Links, GB/s one way",
        "Chips in the domain", "Network, GB/s", "Power, W",
    ]  # fmt: skip
    return Shown(
        table(head, rows, caption="Memory, links, network and power", ids=[f"system-{c.id}" for c in chips()], right=(1, 3, 4, 5, 6, 7, 8, 9), wide=860, first=170)
    )


def figures(chip: Chip) -> Iterator[tuple[str, Figure, str]]:
    """Every figure of a chip with its name and unit, in the order of the card."""
    for fmt, figure in chip.peaks.items():
        yield f"{FORMATS[fmt]} peak", figure, "FLOP/s"
    named = {
        "Memory": ("mem_bytes", "B"), "Memory bandwidth": ("mem_bytes_per_s", "B/s"), "On-chip memory": ("sram_bytes", "B"),
        "Links, one way": ("link_bytes_per_s", "B/s"), "Chips in the domain": ("domain", ""),
        "Network": ("nic_bytes_per_s", "B/s"), "Power": ("power_w", "W"),
    }  # fmt: skip
    for name, (attribute, unit) in named.items():
        if (figure := getattr(chip, attribute)) is not None:
            yield name, figure, unit


def _source(figure: Figure) -> Html:
    origin = figure.origin
    when = origin.checked or "from memory"
    return Html(f'{linked(origin.key)}<br><span class="hw-small">{esc(origin.where)}{"; " if origin.where else ""}{esc(when)}</span>')


def chip_cards() -> Shown:
    """A drop-down for each chip: figures as printed, how they were read, who says so, notes, disagreements."""
    cards = []
    for chip in chips():
        rows = [
            [name, show(figure, unit, digits=4), figure.origin.as_printed, figure.origin.note, _source(figure)]
            for name, figure, unit in figures(chip)
        ]
        grid = table(["Figure", "Held here", "As printed", "How it was read", "Source"], rows, caption=f"{chip.name}: every figure and its source", right=(1,), wide=700)
        also = f'<p class="hw-src">Read beside it: {", ".join(linked(k) for k in chip.also)}.</p>' if chip.also else ""
        disagree = f"<p>Sources disagree:</p>{items(chip.disagreements)}" if chip.disagreements else ""
        process = f", {chip.process}" if chip.process else ""
        cards.append(
            f'<details class="hw-more" id="card-{esc(chip.id)}"><summary>{esc(chip.name)}</summary>'
            f'<p class="hw-src">{esc(chip.vendor)}, {chip.year}{esc(process)}, {esc(chip.status)}. In designs: <code>{esc(chip.id)}</code></p>'
            f"{items(chip.notes)}{disagree}{grid}{also}</details>"
        )
    return Shown("".join(cards))


def chip_disagreements() -> Shown:
    """What sources say differently, chip by chip and link by link."""
    from hwlib.catalogue import links

    rows, ids = [], []
    for thing, kind in [*((c, "chip") for c in chips()), *((x, "link") for x in links())]:
        for k, text in enumerate(thing.disagreements):
            about, _, rest = text.partition(": ")
            rows.append([thing.name, *((about, rest) if rest and len(about) < 26 else ("", text))])
            ids.append(f"disagree-{kind}-{thing.id}-{k + 1}")
    return Shown(table(["Part", "About", "What the sources say"], rows, caption="Where sources disagree", ids=ids, wide=560))
