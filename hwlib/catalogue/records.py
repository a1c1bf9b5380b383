"""What the catalogue holds: chips, transformers, links, prices, single figures and checked claims.

Every number is a `Figure` with its source; ``None`` stands where nothing was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hwlib.errors import NotSupported, listed
from hwlib.formula import Figure

FORMATS = ("fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp4")
"""Number formats of matrix units, widest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One accelerator as its vendor describes it: peaks dense, link bandwidth for one direction."""

    id: str
    name: str
    vendor: str
    kind: str
    status: str
    year: int
    process: str
    mem_type: str
    peaks: Mapping[str, Figure] = field(default_factory=lambda: MappingProxyType({}))
    """Format → FLOP/s (or integer operations a second) without sparsity."""
    mem_bytes: Figure | None = None
    mem_bytes_per_s: Figure | None = None
    sram_bytes: Figure | None = None
    """On-chip memory; the figure's note says what was counted."""
    link_bytes_per_s: Figure | None = None
    """To the other chips of the scale-up domain, all links, one direction."""
    domain: Figure | None = None
    """Chips that reach each other over that link; 1 where cards only share PCIe."""
    nic_bytes_per_s: Figure | None = None
    power_w: Figure | None = None
    link_id: str | None = None
    also: tuple[str, ...] = ()
    """Further sources that were read beside the one on each figure."""
    notes: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    announced: bool = False
    graded: bool = True
    """Whether graded work may use it: announced, internal and unpriceable parts may not."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that it has a peak for, widest first."""
        return tuple(self.peaks)

    def peak(self, fmt: str) -> Figure:
        """Dense peak in FLOP/s; `NotSupported` names the formats that the chip has.

        >>> from hwlib.catalogue import chip
        >>> chip("a100-80-sxm").peak("fp8")
        Traceback (most recent call last):
        hwlib.errors.NotSupported: NVIDIA A100 SXM4 80 GB has no fp8 peak in the catalogue; it has fp32, tf32, bf16, fp16 and int8
        """
        if fmt not in self.peaks:
            has = f"it has {listed(self.formats)}" if self.peaks else "no peak of it was published"
            raise NotSupported(f"{self.name} has no {fmt} peak in the catalogue; {has}", field="matmul_precision")
        return self.peaks[fmt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """A decoder by its published dimensions."""

    id: str
    name: str
    publisher: str
    year: int
    attention: str
    attention_detail: str = ""
    layers: Figure | None = None
    hidden: Figure | None = None
    ffn: Figure | None = None
    ffn_gated: bool = False
    """Three feed-forward matrices (gate, up, down) instead of two."""
    heads: Figure | None = None
    kv_heads: Figure | None = None
    head_dim: Figure | None = None
    vocab: Figure | None = None
    tied_embeddings: bool = False
    positions: str = "rotary"
    """"rotary" has no parameters, "learned" a vector a position (and biases, as in GPT-2), "relative" a matrix a layer."""
    context: Figure | None = None
    moe_experts: Figure | None = None
    moe_topk: Figure | None = None
    moe_shared: Figure | None = None
    moe_ffn: Figure | None = None
    moe_dense_first_layers: Figure | None = None
    query_rank: Figure | None = None
    """Of latent attention: width that queries are squeezed to; `kv_rank` the same for keys and values."""
    kv_rank: Figure | None = None
    rope_dim: Figure | None = None
    """Values of a key that carry its position and are shared by all heads."""
    value_dim: Figure | None = None
    """Width of a value head where it differs from the key's."""
    window: Figure | None = None
    """Tokens that a windowed layer looks back on."""
    windowed_layers: Figure | None = None
    params_stated: Figure | None = None
    params_active_stated: Figure | None = None
    train_tokens: Figure | None = None
    train_device_hours: Figure | None = None
    notes: tuple[str, ...] = ()
    estimate: bool = False
    graded: bool = True

    @property
    def is_moe(self) -> bool:
        """Whether only some experts answer each token."""
        return self.moe_experts is not None

    @property
    def is_latent(self) -> bool:
        """Whether keys and values are kept as one narrow vector a token."""
        return self.kv_rank is not None

    @property
    def complete(self) -> bool:
        """Whether the dimensions suffice to compute with."""
        needed = (self.layers, self.hidden, self.ffn, self.heads, self.kv_heads, self.head_dim, self.vocab)
        return all(value is not None for value in needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way between chips: rate for one accelerator and one direction, and what a message costs besides."""

    id: str
    name: str
    level: str
    """"scale-up" inside a domain, "host" for PCIe and the like, "scale-out" between servers."""
    bytes_per_s: Figure
    launch_s: Figure | None = None
    """Time of a collective that does not grow with the number of chips."""
    step_s: Figure | None = None
    """Time that each step of a ring adds, or one hop."""
    efficiency: Figure | None = None
    """Share of the rate that large messages reach."""
    notes: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    announced: bool = False
    graded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An offer of one chip for an hour, on its date."""

    id: str
    chip: str
    provider: str
    offer: str
    kind: str
    usd_per_hour: Figure
    accelerators: int
    region: str
    date: str
    """Year, month or day; "" when the price is remembered."""

    @property
    def remembered(self) -> bool:
        return self.usd_per_hour.origin.remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A single cited number, a definition or an assumption."""

    id: str
    name: str
    unit: str
    figure: Figure
    group: str = ""


VERDICTS = {
    "holds": "Holds",
    "holds-with-caveat": "Holds with a caveat",
    "wrong": "Wrong",
    "unsupported": "No source",
}
"""The ledger's verdicts → the words on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of the source text, checked twice."""

    id: str
    section: int
    claim: str
    kind: str
    verdict: str
    correction: str
    how: str
    """How the figure is computed; "" when nothing is computed."""
    source_title: str
    source_where: str
    source_checked: str
    """"yes" (read), "computed" or "memory"."""

    @property
    def verdict_words(self) -> str:
        return VERDICTS[self.verdict]
