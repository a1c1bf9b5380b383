"""The catalogue: chips, models, links, prices and checked claims, each number with where it comes from.

The data are the TOML files of this folder. Nothing is read at import; each file is read once, when first
asked for. A chip's peaks are dense and link rates count one direction.

>>> from hwlib.catalogue import chip, transformer, link, price
>>> chip("h100-sxm").peak("bf16"), chip("h100-sxm").peak("bf16").origin.as_printed
(989400000000000.0, '1,979 TFLOPS with sparsity')
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Any

from hwlib.catalogue.ledger import claim, claims, verdict_counts
from hwlib.catalogue.pricing import price, priced_chip_ids, prices
from hwlib.catalogue.reading import figure, ids_in, table
from hwlib.catalogue.records import FORMATS, VERDICTS, Chip, Claim, Constant, Link, Price, Transformer
from hwlib.errors import unknown
from hwlib.formula import Figure

__all__ = [
    "FORMATS", "VERDICTS", "Chip", "Claim", "Constant", "Link", "Price", "Transformer",
    "chip", "chip_ids", "chips", "claim", "claims", "constant", "constant_ids", "constants", "link", "link_ids",
    "links", "price", "priced_chip_ids", "prices", "transformer", "transformer_ids", "transformers", "verdict_counts",
]  # fmt: skip

_CHIP_FIGURES = ("mem_bytes", "mem_bytes_per_s", "sram_bytes", "link_bytes_per_s", "domain", "nic_bytes_per_s", "power_w")
_CHIP_WORDS = ("id", "name", "vendor", "kind", "status", "year", "process", "mem_type", "announced", "graded")
_MODEL_FIGURES = (
    "layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocab", "context", "moe_experts", "moe_topk", "moe_shared",
    "moe_ffn", "moe_dense_first_layers", "query_rank", "kv_rank", "rope_dim", "value_dim", "window", "windowed_layers", "params_stated", "params_active_stated", "train_tokens", "train_device_hours",
)  # fmt: skip
_MODEL_WORDS = ("id", "name", "publisher", "year", "attention", "attention_detail", "estimate", "graded")
_LINK_FIGURES = ("bytes_per_s", "launch_s", "step_s", "efficiency")


def _lists(raw: Any, *names: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(raw.get(name, ())) for name in names}


@cache
def chip_ids(*, graded: bool = False) -> tuple[str, ...]:
    """Ids of all chips; with ``graded`` only those that graded work may use.

    >>> "h100-sxm" in chip_ids(), "tpu-8t" in chip_ids(graded=True)
    (True, False)
    """
    names = ids_in("chips")
    return tuple(n for n in names if chip(n).graded) if graded else names


@cache
def chip(id: str) -> Chip:
    """The chip of this id; `Unknown` with the nearest ids when there is none.

    >>> chip("l40s").mem_bytes_per_s, chip("l40s").link_id
    (864000000000.0, 'pcie4-x16')
    >>> chip("h10")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    hwlib.errors.Unknown: accelerator = 'h10' is not in the catalogue; did you mean ...
    """
    if id not in ids_in("chips"):
        raise unknown("accelerator", id, ids_in("chips"), what="in the catalogue")
    raw = table("chips", id)
    subject = raw["name"]
    peaks = {fmt: figure(raw["peak"][fmt], subject) for fmt in FORMATS if fmt in raw.get("peak", {})}
    return Chip(
        **{name: raw[name] for name in _CHIP_WORDS},
        peaks=MappingProxyType(peaks),
        **{name: figure(raw.get(name), subject) for name in _CHIP_FIGURES},
        link_id=raw["link"] or None,
        **_lists(raw, "also", "notes", "disagreements"),
    )


@cache
def chips() -> tuple[Chip, ...]:
    """Every chip, by vendor, then year."""
    return tuple(sorted(map(chip, chip_ids()), key=lambda c: (c.vendor, c.year, c.id)))


@cache
def transformer_ids() -> tuple[str, ...]:
    """Ids of the models whose dimensions are published; an estimate without a width is not among them.

    >>> "llama2-70b" in transformer_ids(), "gpt4-class-estimate" in transformer_ids()
    (True, False)
    """
    # By the name, because opening forty files to check one id is felt in a browser; a test holds the two together.
    return tuple(n for n in ids_in("transformers") if not n.endswith("-estimate"))


@cache
def transformer(id: str) -> Transformer:
    """The model of this id; `Unknown` with the nearest ids when there is none.

    >>> m = transformer("llama2-70b")
    >>> m.layers, m.kv_heads, m.ffn_gated, m.layers.origin.key
    (80.0, 8.0, True, 'google2026maxtext')
    """
    if id not in ids_in("transformers"):
        raise unknown("model", id, transformer_ids(), what="in the catalogue")
    raw = table("transformers", id)
    return Transformer(
        **{name: raw[name] for name in _MODEL_WORDS},
        **{name: figure(raw.get(name), raw["name"]) for name in _MODEL_FIGURES},
        ffn_gated=raw.get("ffn_gated", False),
        tied_embeddings=raw.get("tied_embeddings", False),
        positions=raw.get("positions", "rotary"),
        **_lists(raw, "notes"),
    )


@cache
def transformers() -> tuple[Transformer, ...]:
    """Every model, by year, then size; an estimated one is among them, marked."""
    return tuple(sorted(map(transformer, ids_in("transformers")), key=lambda m: (m.year, m.params_stated, m.id)))


@cache
def link_ids() -> tuple[str, ...]:
    """Ids of all links.

    >>> {"nvlink4", "pcie5-x16", "ib-ndr", "roce-400"} <= set(link_ids())
    True
    """
    return ids_in("links")


@cache
def link(id: str) -> Link:
    """The link of this id; `Unknown` with the nearest ids when there is none.

    >>> link("nvlink4").bytes_per_s, link("nvlink4").step_s, link("eth-800").launch_s
    (450000000000.0, 7.9e-07, None)
    """
    if id not in link_ids():
        raise unknown("link", id, link_ids(), what="in the catalogue")
    raw = table("links", id)
    return Link(
        **{name: raw[name] for name in ("id", "name", "level", "announced", "graded")},
        **{name: figure(raw.get(name), raw["name"]) for name in _LINK_FIGURES},
        **_lists(raw, "notes", "disagreements"),
    )


@cache
def links() -> tuple[Link, ...]:
    """Every link: inside a domain first, then the host's, then between servers; by rate."""
    order = ("scale-up", "host", "scale-out")
    return tuple(sorted(map(link, link_ids()), key=lambda x: (order.index(x.level), x.bytes_per_s, x.id)))


@cache
def constant_ids() -> tuple[str, ...]:
    """Ids of the single figures, in the order of the file.

    >>> {"hour_s", "runtime_reserve_bytes", "matmul_efficiency.h100-sxm", "buy.h100-sxm"} <= set(constant_ids())
    True
    """
    return tuple(entry["id"] for entry in table("constants")["constant"])


@cache
def constants() -> tuple[Constant, ...]:
    """Every single figure with its name and unit."""
    return tuple(
        Constant(id=raw["id"], name=raw["name"], unit=raw["unit"], group=raw["group"], figure=figure(raw, raw["name"]))
        for raw in table("constants")["constant"]
    )


@cache
def _constants_by_id() -> dict[str, Constant]:
    return {c.id: c for c in constants()}


def constant(id: str) -> Figure:
    """One cited number, definition or assumption in base units.

    >>> constant("hour_s"), constant("matmul_efficiency.h100-sxm"), constant("hour_s").origin.words()
    (3600.0, 0.803, 'seconds in an hour')
    """
    if id not in _constants_by_id():
        raise unknown("constant", id, constant_ids(), what="in the catalogue")
    return _constants_by_id()[id].figure
