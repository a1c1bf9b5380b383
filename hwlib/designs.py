"""What a learner decides: three frozen designs and the loads that they must carry.

The fields carry the names of the dialogue's slots, so that one word means one thing in a design file, in a
form, in a sentence and in a submission. `knob` says of each field what values would do; the form in the
studio, the strict reader, the repair search and the JSON Schema are all made from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal

from hwlib.errors import BadInput, listed, unknown


@dataclass(frozen=True, slots=True)
class Knob:
    """What a field may hold, and how it is called and tried."""

    kind: Literal["count", "number", "choice", "flag", "chip", "model", "link", "text"]
    label: str
    unit: str = ""
    low: float = 0
    high: float = math.inf
    options: tuple[Any, ...] = ()
    tries: tuple[Any, ...] = ()
    """Ordered values that the repair search and the form's arrow keys step through."""
    group: str = ""
    help: str = ""
    repair: bool = True
    """Whether a repair may move this field: assumptions and facts of the brief are not repaired."""


def knob(kind: str, label: str, default: Any = MISSING, **more: Any) -> Any:
    """A dataclass field with its `Knob`; without a default the field must be given."""
    return field(default=default, metadata={"knob": Knob(kind, label, **more)})


POWERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingDesign:
    """A fleet that answers: one model on equal replicas, each of some chips."""

    model: str = knob("model", "Model", group="Model", repair=False)
    attention: str = knob("choice", "KV heads", "as-published", options=("as-published", "mha", "gqa", "mqa"), group="Model",
                          help="mha: a KV head for each query head; gqa: 8; mqa: 1")
    accelerator: str = knob("chip", "Chip", group="Chip")
    chips_per_replica: int = knob("count", "Chips a replica", low=1, high=4096, tries=(1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32), group="Replica")
    weight_bits: int = knob("choice", "Weights, bits", 16, options=(16, 8, 4), group="Replica")
    kv_bits: int = knob("choice", "KV cache, bits", 16, options=(16, 8, 4), group="Replica")
    scheduler: str = knob("choice", "Batching", "continuous", options=("static", "continuous"), group="Scheduler")
    kv_allocation: str = knob("choice", "KV allocation", "paged", options=("contiguous", "paged"), group="Scheduler")
    batch_limit: int = knob("count", "Batch limit", low=1, high=4096, tries=(1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512), group="Scheduler")
    chunked_prefill: bool = knob("flag", "Chunked prefill", False, group="Scheduler")
    context_tokens: int = knob("count", "Longest context", 4096, unit="tokens", low=1, high=10_000_000,
                               tries=(1024, 2048, 4096, 8192, 16384, 32768), group="Scheduler")
    replicas: int = knob("count", "Replicas", low=1, high=100_000, tries=tuple(range(1, 33)), group="Fleet",
                         help="those that serve; spare ones come on top")
    spare_replicas: int = knob("count", "Spare replicas", 0, low=0, high=1000, tries=(0, 1, 2, 3, 4), group="Fleet",
                               help="paid for and waiting; one steps in when a replica is lost")
    scale_out_link: str = knob("link", "Fabric between replicas", "none", group="Fleet",
                               help="none: replicas share nothing but the front door")
    migration_weeks: float = knob("number", "Weeks to port", 0.0, unit="weeks", low=0, high=520, tries=(0, 2, 4, 8, 12, 26), group="Fleet")
    quality_gate: bool = knob("flag", "Quality checked after quantising", False, group="Fleet")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDesign:
    """A cluster that learns: chips, layout, precision and how often to save."""

    accelerator: str = knob("chip", "Chip", group="Cluster")
    nodes: int = knob("count", "Nodes", low=1, high=20_000, tries=(32, 64, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1024), group="Cluster")
    chips_per_node: int = knob("count", "Chips a node", 8, low=1, high=72, group="Cluster", repair=False)
    spare_nodes: int = knob("count", "Spare nodes", 0, low=0, high=2000, tries=(0, 1, 2, 4, 8, 16), group="Cluster")
    scale_out_link: str = knob("link", "Links between nodes", "ib-ndr", group="Cluster")
    topology: str = knob("choice", "Topology", "fat-tree", options=("fat-tree", "torus", "rail"), group="Cluster")
    tensor_parallel: int = knob("count", "Tensor parallel", 1, low=1, high=128, tries=(1, 2, 4, 8, 16), group="Layout")
    pipeline_parallel: int = knob("count", "Pipeline stages", 1, low=1, high=256, tries=(1, 2, 4, 8, 10, 16, 20), group="Layout")
    data_parallel: int = knob("count", "Data parallel", 1, low=1, high=100_000, tries=POWERS, group="Layout")
    interleave: int = knob("count", "Interleaved chunks", 1, low=1, high=16, tries=(1, 2, 4, 5), group="Layout")
    zero_stage: int = knob("choice", "ZeRO stage", 1, options=(0, 1, 2, 3), group="Layout")
    micro_batch: int = knob("count", "Micro-batch", 1, low=1, high=512, tries=(1, 2, 4, 8), group="Batch")
    global_batch_tokens: int = knob("count", "Batch", 4_194_304, unit="tokens", low=1, high=10**9,
                                    tries=(1_048_576, 2_097_152, 4_194_304, 8_388_608, 16_777_216), group="Batch")
    seq_len: int = knob("count", "Sequence", 4096, unit="tokens", low=1, high=10_000_000, tries=(2048, 4096, 8192), group="Batch")
    recompute: str = knob("choice", "Recompute activations", "selective", options=("none", "selective", "full"), group="Batch")
    matmul_precision: str = knob("choice", "Matrix products in", "bf16", options=("fp32", "tf32", "bf16", "fp16", "fp8"), group="Precision")
    state_precision: str = knob("choice", "Master weights and moments in", "fp32", options=("fp32", "bf16", "fp8"), group="Precision")
    loss_scaling: bool = knob("flag", "Scaling factors kept", True, group="Precision")
    checkpoint_interval_s: float = knob("number", "Seconds between checkpoints", 3600.0, unit="s", low=1, high=10**8,
                                        tries=(600, 900, 1200, 1800, 3600, 7200, 14400), group="Reliability")

    @property
    def n_chips(self) -> int:
        """Chips that compute: the spare nodes wait."""
        return self.nodes * self.chips_per_node


@dataclass(frozen=True, slots=True, kw_only=True)
class TcoDesign:
    """A three-year plan: how much is trained, what serves, which levers, how it is paid."""

    tokens_per_day: float = knob("number", "Output tokens a day in year 1", unit="tokens", low=1, high=1e18, group="Demand", repair=False)
    growth_per_year: float = knob("number", "Growth a year", 0.5, low=-0.9, high=20, tries=(0.0, 0.3, 0.5, 1.0), group="Demand")
    prompt_to_output: float = knob("number", "Input tokens for each output token", 3.0, low=0, high=1000, group="Demand", repair=False)
    training_runs: int = knob("count", "Full runs in three years", 3, low=0, high=1000, tries=(0, 1, 2, 3, 6), group="Training")
    experiments_share: float = knob("number", "Experiments, as a share of a run", 1.0, low=0, high=100, tries=(0.0, 0.5, 1.0, 2.0), group="Training")
    training_chip: str = knob("chip", "Chip that trains", "h100-sxm", group="Training", repair=False)
    accelerator: str = knob("chip", "Chip that serves", "h100-sxm", group="Serving")
    utilisation: float = knob("number", "Mean utilisation of the fleet", 0.5, low=0.01, high=1, tries=(0.2, 0.3, 0.4, 0.5, 0.6, 0.7), group="Serving")
    quantise: bool = knob("flag", "Lever: 8-bit weights", False, group="Levers")
    continuous_batching: bool = knob("flag", "Lever: continuous batching", False, group="Levers")
    inference_chip: str = knob("chip", "Lever: move serving to", "none", group="Levers", help="none: no purpose-built chip")
    migration_weeks: float = knob("number", "Weeks to port", 0.0, unit="weeks", low=0, high=520, tries=(0, 8, 12, 26, 52), group="Levers")
    financing: str = knob("choice", "Paid as", "on-demand", options=("on-demand", "reserved", "spot", "owned"), group="Money")
    discount_rate: float = knob("number", "Discount rate", 0.0, low=0, high=1, tries=(0.0, 0.05, 0.08, 0.1, 0.12), group="Money")
    price_decline_per_year: float = knob("number", "Fall of chip prices a year", 0.0, low=0, high=0.95, tries=(0.0, 0.1, 0.2, 0.3), group="Money")
    pue: float = knob("number", "PUE", 1.25, low=1, high=4, tries=(1.1, 1.2, 1.25, 1.4), group="Money")
    usd_per_kwh: float = knob("number", "Power price", 0.08, unit="usd/kWh", low=0, high=10, tries=(0.05, 0.08, 0.12), group="Money")
    range_share: float = knob("number", "Range given to the board, ±", 0.0, low=0, high=5, tries=(0.0, 0.2, 0.3, 0.5), group="Money",
                              help="0: one number without a range")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLoad:
    """Who asks, how often, how much: facts of the brief that a learner may change with a reason."""

    concurrent_users: float = knob("number", "Concurrent users", 0.0, low=0, high=1e10)
    think_time_s: float = knob("number", "Pause between a user's requests", 30.0, unit="s", low=0, high=1e6)
    daily_users: float = knob("number", "Users a day", 0.0, low=0, high=1e10)
    requests_per_user_day: float = knob("number", "Requests a user and day", 12.0, low=0, high=1e6)
    peak_factor: float = knob("number", "Peak to mean", 3.0, low=1, high=100)
    prompt_tokens: float = knob("number", "Prompt, median", 512.0, unit="tokens", low=1, high=1e7)
    prompt_spread: float = knob("number", "Spread of prompts (sigma of the log)", 0.45, low=0, high=3)
    output_tokens: float = knob("number", "Answer, median", 180.0, unit="tokens", low=1, high=1e7)
    output_spread: float = knob("number", "Spread of answers (sigma of the log)", 0.6, low=0, high=3)
    network_s: float = knob("number", "Network and gateway", 0.03, unit="s", low=0, high=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLoad:
    """What is trained: a dense decoder by its dimensions, and how much text it reads."""

    layers: float = knob("count", "Layers", 80, low=1, high=10_000)
    hidden: float = knob("count", "Width", 10240, low=1, high=10**6)
    ffn: float = knob("count", "Feed-forward width", 32768, low=1, high=10**7)
    heads: float = knob("count", "Query heads", 80, low=1, high=10_000)
    kv_heads: float = knob("count", "KV heads", 8, low=1, high=10_000)
    vocab: float = knob("count", "Vocabulary", 32000, low=1, high=10**7)
    train_tokens: float = knob("number", "Tokens of the run", 2e12, unit="tokens", low=1, high=1e17)
    mtbf_chip_hours: float = knob("number", "Chip-hours between failures", 50_000.0, unit="chip·h", low=1, high=1e9)
    storage_bytes_per_s: float = knob("number", "Checkpoint storage", 2e11, unit="B/s", low=1e6, high=1e15)
    restart_s: float = knob("number", "Time to restart", 900.0, unit="s", low=0, high=1e6)
    usd_per_chip_hour: float = knob("number", "Price of a chip-hour, 0: the catalogue's", 0.0, unit="usd/h", low=0, high=1e4)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcoLoad:
    """The price of a run and the people around it."""

    model: str = knob("model", "Model served", "llama3.1-405b", repair=False)
    params: float = knob("number", "Parameters of the model trained", 4.05e11, low=1, high=1e15)
    train_tokens: float = knob("number", "Tokens of a run", 1.5e13, unit="tokens", low=1, high=1e17)
    mfu: float = knob("number", "MFU of a run", 0.4, low=0.01, high=1)
    usd_per_engineer_week: float = knob("number", "An engineer's week", 6000.0, unit="usd", low=0, high=1e6)
    porting_engineers: float = knob("number", "Engineers who port", 6.0, low=0, high=1e4)
    revenue_usd_per_mtoken: float = knob("number", "Price of a million output tokens", 2.0, unit="usd/Mtoken", low=0, high=1e5)


KINDS: dict[str, tuple[type, type]] = {
    "serving": (ServingDesign, ServingLoad),
    "training": (TrainingDesign, TrainingLoad),
    "tco": (TcoDesign, TcoLoad),
}
"""The kind of a brief → the design that it asks for and the load that it fixes."""


@cache
def knobs(cls: type) -> Mapping[str, Knob]:
    """The knobs of a design or load class, by field, in the order of the form; read only."""
    return MappingProxyType({f.name: f.metadata["knob"] for f in fields(cls)})


def build(cls: type, values: Mapping[str, Any], *, where: str = "design") -> Any:
    """A design or load from plain values, each checked; one sentence for the first thing that is wrong.

    >>> build(ServingLoad, {"peak_factor": 0})
    Traceback (most recent call last):
    hwlib.errors.BadInput: design.peak_factor = 0 is out of range: it must be at least 1 and at most 100
    """
    if not isinstance(values, Mapping):
        raise BadInput(f"{where} is {type(values).__name__}; it must be a table of fields and values", field=where)
    known = knobs(cls)
    for name in values:
        if name not in known:
            raise unknown(f"{where} field", name, known)
    missing = [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING and f.name not in values]
    if missing:
        raise BadInput(f"{where} lacks {listed(missing)}; give {'it a value' if len(missing) == 1 else 'each a value'}", field=missing[0])
    return cls(**{name: check(f"{where}.{name}", value, known[name]) for name, value in values.items()})


def check(field_name: str, value: Any, knob: Knob) -> Any:
    """The value as its knob wants it, or `BadInput` in one sentence.

    >>> check("design.replicas", -2, knobs(ServingDesign)["replicas"])
    Traceback (most recent call last):
    hwlib.errors.BadInput: design.replicas = -2 is out of range: it must be a whole number of at least 1 and at most 100,000
    >>> check("design.weight_bits", "8", knobs(ServingDesign)["weight_bits"])
    Traceback (most recent call last):
    hwlib.errors.BadInput: design.weight_bits = '8' is text; it must be 16, 8 or 4 (a number)
    """
    if knob.kind == "flag":
        if not isinstance(value, bool):
            raise BadInput(f"{field_name} = {value!r} must be true or false", field=field_name)
        return value
    if knob.kind in ("count", "number"):
        return _number(field_name, value, knob)
    if knob.kind == "choice":
        if isinstance(value, str) and not any(isinstance(o, str) for o in knob.options):
            raise BadInput(f"{field_name} = {value!r} is text; it must be {listed(map(str, knob.options), 'or')} (a number)", field=field_name)
        if isinstance(value, bool) or value not in knob.options:
            raise unknown(field_name, value, map(str, knob.options), what="one of the choices")
        return next(o for o in knob.options if o == value)
    if not isinstance(value, str):
        raise BadInput(f"{field_name} = {value!r} must be a name in quotes", field=field_name)
    return _name(field_name, value, knob)


def _number(field_name: str, value: Any, knob: Knob) -> float | int:
    whole = knob.kind == "count"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{field_name} = {value!r} must be a {'whole ' if whole else ''}number", field=field_name)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{field_name} = {value} is not a finite number", field=field_name)
    noun = "a whole number of at least" if whole else "at least"
    limits = f"{noun} {knob.low:,.10g}" + (f" and at most {knob.high:,.10g}" if knob.high < math.inf else "")
    if whole and value != int(value):
        raise BadInput(f"{field_name} = {value!r} must be {limits}", field=field_name)
    if not knob.low <= value <= knob.high:
        raise BadInput(f"{field_name} = {value!r} is out of range: it must be {limits}", field=field_name)
    return int(value) if whole else float(value)


def _name(field_name: str, value: str, knob: Knob) -> str:
    from hwlib import catalogue

    known = {"chip": catalogue.chip_ids, "model": catalogue.transformer_ids, "link": catalogue.link_ids}.get(knob.kind)
    if known is None:
        return value
    if value == "none" and (knob.kind == "link" or "none:" in knob.help):
        return value
    names = known()
    if value not in names:
        raise unknown(field_name, value, names, what="in the catalogue")
    return value


@dataclass(frozen=True, slots=True)
class _Limits:
    """What `check_values` compares with, field by field; the getters read many fields in one call."""

    numbers: Callable[[Any], tuple[Any, ...]]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    counts: Callable[[Any], tuple[Any, ...]]
    choices: Callable[[Any], tuple[Any, ...]]
    allowed: tuple[tuple[Any, ...], ...]
    names: Callable[[Any], tuple[Any, ...]]


@cache
def _limits(cls: type) -> _Limits:
    known = knobs(cls)

    def read(*kinds: str) -> Callable[[Any], tuple[Any, ...]]:
        wanted = [n for n, k in known.items() if k.kind in kinds]
        if len(wanted) > 1:
            return attrgetter(*wanted)
        return lambda values: tuple(getattr(values, n) for n in wanted)

    numbers, choices = ([k for k in known.values() if k.kind in kinds] for kinds in (("count", "number"), ("choice", "flag")))
    return _Limits(
        read("count", "number"), tuple(k.low for k in numbers), tuple(k.high for k in numbers), read("count"),
        read("choice", "flag"), tuple(k.options or (False, True) for k in choices), read("chip", "model", "link", "text"),
    )


def check_values(values: Any, *, where: str = "design") -> None:
    """Refuse a design or load, however it was made, that `build` would refuse. Quick when nothing is wrong.

    Whether a name is known is left to the catalogue.

    >>> check_values(ServingLoad(daily_users=float("nan")), where="load")
    Traceback (most recent call last):
    hwlib.errors.BadInput: load.daily_users = nan is not a finite number
    """
    if not _plausible(values):
        for name, each in knobs(type(values)).items():
            check(f"{where}.{name}", getattr(values, name), each)


def _plausible(values: Any) -> bool:
    """Whether every field looks right, by comparisons alone; if not, `check` finds the words."""
    own = _limits(type(values))
    try:
        for value, low, high in zip(own.numbers(values), own.lows, own.highs, strict=True):
            if not low <= value <= high:
                return False
        for value in own.counts(values):
            if value.__class__ is not int and value != int(value):
                return False
    except (TypeError, ValueError):  # text, None, an array
        return False
    for value, allowed in zip(own.choices(values), own.allowed, strict=True):
        if value not in allowed:
            return False
    return all(value.__class__ is str and value for value in own.names(values))


def check_layout(design: TrainingDesign) -> None:
    """Refuse a layout that does not use the chips it has.

    >>> check_layout(TrainingDesign(accelerator="h100-sxm", nodes=2, tensor_parallel=8, data_parallel=4))
    Traceback (most recent call last):
    hwlib.errors.BadInput: tensor_parallel × pipeline_parallel × data_parallel = 8 × 1 × 4 = 32, but nodes × chips_per_node = 2 × 8 = 16; make the two equal
    """
    product = design.tensor_parallel * design.pipeline_parallel * design.data_parallel
    if product != design.n_chips:
        raise BadInput(
            f"tensor_parallel × pipeline_parallel × data_parallel = {design.tensor_parallel} × {design.pipeline_parallel} × "
            f"{design.data_parallel} = {product:,}, but nodes × chips_per_node = {design.nodes:,} × {design.chips_per_node} = "
            f"{design.n_chips:,}; make the two equal",
            field="data_parallel",
        )
