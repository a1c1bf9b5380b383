"""Models, links, prices and single figures on the catalogue page."""

from __future__ import annotations

from hwlib import catalogue
from hwlib.errors import BadInput
from hwlib.sources import Choice
from hwlib.units import show
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.sources import linked
from lessons.reference.tables import Shown, memory, number, table


def model_table() -> Shown:
    """Transformers by their dimensions."""
    rows, ids = [], []
    for m in catalogue.transformers():
        notes = "".join(f'<br><span class="hw-small">{esc(n)}</span>' for n in m.notes)
        experts = f"{m.moe_experts:.0f}, {m.moe_topk:.0f} at a time" if m.is_moe else ""
        rows.append([
            Html(f"{esc(m.name)}<br><code>{esc(m.id)}</code>"), str(m.year), number(m.params_stated, 1e9, 4), number(m.params_active_stated, 1e9, 4),
            number(m.layers), number(m.hidden, 1, 6), Html(f"{number(m.ffn, 1, 6)}{'<br><span class=hw-small>gated</span>' if m.ffn_gated else ''}") if m.ffn else None,
            number(m.heads), number(m.kv_heads), number(m.head_dim), number(m.vocab, 1, 7), number(m.context, 1, 7), experts,
            number(m.train_tokens, 1e9, 5), Html(f"{linked(m.params_stated.origin.key)}{notes}"),
        ])  # fmt: skip
        ids.append(f"model-{m.id}")
    head = [
        "Model", "Year", "Parameters, 10⁹", "Active, 10⁹", "Layers", "Width", "Feed-forward", "Heads", "KV heads", "Head width", "Vocabulary",
        "Context", "Experts", "Training tokens, 10⁹", "Source and notes",
    ]  # fmt: skip
    return Shown(table(head, rows, caption="Models", ids=ids, right=(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13), wide=1400, first=150))


def link_table() -> Shown:
    """Links between chips, with what a message costs besides its bytes."""
    rows, ids = [], []
    for x in catalogue.links():
        notes = "<br>".join(f'<span class="hw-small">{esc(n)}</span>' for n in x.notes)
        rows.append([
            Html(f"{esc(x.name)}<br><code>{esc(x.id)}</code>"), x.level, Html(f'{number(x.bytes_per_s, 1e9)}<br><span class="hw-small">{esc(x.bytes_per_s.origin.as_printed)}</span>'),
            number(x.launch_s, 1e-6, 3), number(x.step_s, 1e-6, 3), number(x.efficiency, 0.01, 3), Html(f"{linked(x.bytes_per_s.origin.key)}{'<br>' if notes else ''}{notes}"),
        ])  # fmt: skip
        ids.append(f"link-{x.id}")
    head = ["Link", "Where", "Rate, GB/s one way; as printed", "Launch, µs", "Step, µs", "Reached, %", "Source and notes"]
    return Shown(table(head, rows, caption="Links", ids=ids, right=(3, 4, 5), tight=(1,), wide=680, first=150))


def price_table() -> Shown:
    """Every offer with its date; the one that a design is charged is named."""
    rows, ids = [], []
    for id in catalogue.priced_chip_ids():
        name = catalogue.chip(id).name
        charged = {}
        for kind in ("on-demand", "reserved", "spot"):
            try:
                charged[id_of(catalogue.price(id, kind), id)] = kind
            except BadInput:
                continue
        for p in catalogue.prices(id):
            said = f'<br><span class="hw-small">charged to designs: {charged[p.id]}</span>' if p.id in charged else ""
            note = p.usd_per_hour.origin.note
            rows.append([
                Html(f"{esc(name)}{said}"), p.provider, p.offer, p.kind, Html(f"{float(p.usd_per_hour):,.4g}{memory(p.usd_per_hour)}"),
                p.date or "not dated", Html(f'{linked(p.usd_per_hour.origin.key)}{f"<br><span class=hw-small>{esc(note)}</span>" if note else ""}'),
            ])  # fmt: skip
            ids.append(f"price-{p.id}")
    head = ["Chip", "Provider", "Offer", "Kind", "$ an hour and chip", "Date", "Source and notes"]
    return Shown(table(head, rows, caption="Prices of an hour, on the date given", ids=ids, right=(4,), tight=(3, 5), wide=680, first=130))


def id_of(figure: object, chip_id: str) -> str:
    """The offer that a charged price is."""
    return next(p.id for p in catalogue.prices(chip_id) if p.usd_per_hour is figure)


def _value(constant: catalogue.Constant) -> str:
    if constant.unit == "1":
        return f"{float(constant.figure):.4g}"
    return show(constant.figure, constant.unit, digits=4)


def _origin(constant: catalogue.Constant) -> Html:
    origin = constant.figure.origin
    if isinstance(origin, Choice):
        return Html(f"assumed: {esc(origin.reason)}")
    when = "" if origin.kind == "definition" else f'<br><span class="hw-small">{esc("; ".join(t for t in (origin.where, origin.checked or "from memory") if t))}</span>'
    return Html(linked(origin.key) + when)


def constant_tables() -> Shown:
    """Definitions, assumptions and single numbers, a table for each group."""
    parts = []
    every = catalogue.constants()
    for group in dict.fromkeys(c.group for c in every):  # a group may have grown in two places of the file
        members = [c for c in every if c.group == group]
        rows = [
            [
                Html(f"{esc(c.name)}<br><code>{esc(c.id)}</code>"), _value(c), getattr(c.figure.origin, "as_printed", ""),
                getattr(c.figure.origin, "note", "") if getattr(c.figure.origin, "kind", "") != "definition" else "", _origin(c),
            ]
            for c in members
        ]  # fmt: skip
        parts.append(
            table(["Figure", "Held here", "As printed", "Note", "Source"], rows, caption=group, ids=[f"constant-{c.id}" for c in members], right=(1,), wide=700)
        )
    return Shown("".join(parts))
