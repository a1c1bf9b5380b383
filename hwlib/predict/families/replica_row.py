"""A row of an inference file as numbers: chips, bytes, products and what the engine does by default.

Only inputs are read here. What a cell does not say is filled from the row's dimensions or from a rule of the engine
that is written down below; what cannot be filled is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from hwlib.predict.families.cards import Card, card_of_row
from hwlib.predict.families.model_names import filled
from hwlib.predict.row import Refused, Row

INPUTS = (
    "group", "software", "model", "params_b", "active_params_b", "n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff", "vocab", "gated_mlp",
    "n_experts", "experts_per_tok", "chip", "n_chips", "tp", "pp", "weight_bits", "act_bits", "kv_bits", "batch", "max_batch", "kv_cache_len",
    "input_len", "output_len", "n_requests", "concurrency", "target_qps",
)  # fmt: skip
"""Every column that a prediction may read; a measured one is not among them."""

MEAN_LENGTHS = {"sharegpt": (215.0, 200.0), "openorca": (294.0, 290.0)}
"""Mean prompt and answer of two public sets of requests, in tokens: ShareGPT as the vLLM benchmark filters it
(remembered), OpenOrca as MLPerf Inference samples it (the row names the prompt's mean, the logs the answer's)."""

HEAD_DIM = {"qwen3-32b": 128, "qwen3-8b": 128, "qwen3-30b-a3b": 128, "qwen3-235b-a22b": 128, "gemma-7b": 256, "gemma-2b": 256}
"""Models whose heads are not as wide as hidden size over heads."""

ENGINES = (
    ("llama.cpp", "llama.cpp"), ("tensorrt", "trtllm"), ("trtllm", "trtllm"), ("sglang", "sglang"), ("vllm", "vllm"), ("gpt-fast", "gpt-fast"),
    ("jetstream", "jetstream"), ("neuron", "neuron"), ("awq", "autoawq"), ("fastertransformer", "ft"), ("deepspeed", "deepspeed"),
)  # fmt: skip
WHOLE_CACHE = {"neuron", "jetstream"}
"""Engines whose compiled programs have fixed shapes and read the cache as long as it was allocated, not as long as it is filled."""
UNFUSED = {"llama.cpp", "neuron"}
"""Engines that (in the versions measured) write the attention scores to memory instead of keeping them on the chip."""
ALL_QUANTISED = {"llama.cpp", "gpt-fast"}
"""Engines that store the output projection in the weights' format too; others keep it at 16 bits."""
CACHE_AS_WEIGHTS = {"trtllm"}
"""Engines whose 8-bit checkpoints bring an 8-bit cache; elsewhere a cache that is not stated is at 16 bits."""
BY_LAYER = {"llama.cpp"}
"""Engines that by default put whole layers on each card."""
KV_SHARE = {"trtllm": 0.95, "vllm": 0.90, "sglang": 0.88, "jetstream": 1.0}
"""Share of the free memory that an engine gives to its cache."""


@dataclass(frozen=True, slots=True)
class Replica:
    """The chips that hold one copy of the model, and what a token costs them. Bytes and FLOPs are of the whole replica."""

    engine: str
    stack: str
    card: Card
    chips: float
    """Of one replica."""
    ranks: float
    """Processors that split each matrix; more than the chips where a chip counts as two."""
    replicas: float
    layers: float
    hidden: float
    ffn: float
    heads: float
    kv_heads: float
    head_dim: float
    vocab: float
    attention_params: float
    ffn_params: float
    """Of one expert in one layer, times the layers."""
    experts: float
    active: float
    head_params: float
    weight_bits: float
    peak: float
    peak16: float
    layer_bits: float
    kv_token_bytes: float
    kv_ranks: float
    """Ranks over which a sequence's cache is split; ranks beyond the key-value heads hold copies."""

    @property
    def resident_bytes(self) -> float:
        """All weights of the replica with both embeddings, the input one at 16 bits."""
        layers = (self.attention_params + self.ffn_params * self.experts) * self.layer_bits / 8
        return layers + self.head_bytes + self.head_params * (2 if self.engine not in ALL_QUANTISED else self.layer_bits / 8)

    @property
    def head_bytes(self) -> float:
        return self.head_params * (self.layer_bits / 8 if self.engine in ALL_QUANTISED else max(2.0, self.layer_bits / 8 if self.layer_bits > 16 else 2.0))

    def touched_experts(self, tokens: float) -> float:
        """Experts of a layer that at least one of these tokens goes to, when each chooses at random.

        >>> from hwlib.predict.families.replica_row import touched
        >>> touched(8, 2, 1), round(touched(8, 2, 8), 2), round(touched(8, 2, 1000), 6)
        (2.0, 7.2, 8.0)
        """
        return touched(self.experts, self.active, tokens)

    @property
    def active_params(self) -> float:
        """Weights in products of one token's layers, the output projection apart."""
        return self.attention_params + self.ffn_params * self.active

    def kv_bytes(self, tokens: float) -> float:
        return self.kv_token_bytes * tokens

    def cache_tokens(self, share: float, reserve_bytes: float) -> float:
        """Tokens that the replica's memory can cache beside the weights; none when the weights leave no room."""
        per_chip = self.card.mem_bytes - self.resident_bytes / self.chips - reserve_bytes
        return max(0.0, per_chip * share) * self.chips / (self.kv_token_bytes * self.ranks / self.kv_ranks)


def touched(experts: float, active: float, tokens: float) -> float:
    """Expected number of different experts chosen by ``tokens`` tokens, ``active`` each."""
    if experts <= 1:
        return 1.0
    return experts * (1 - (1 - active / experts) ** max(1.0, tokens))


def engine_of(software: str, group: str = "") -> str:
    """The engine's short name.

    >>> engine_of("TensorRT-LLM 0.17 in-flight batching"), engine_of("vLLM fp8 NeuralMagic/..."), engine_of("my own")
    ('trtllm', 'vllm', 'other')
    """
    for text in (software.lower(), group.lower()):
        for needle, name in ENGINES:
            if needle in text:
                return name
    return "other"


def lengths(row: Row) -> tuple[float, float]:
    """Mean tokens of prompt and answer; a named set of requests stands for its documented means.

    >>> lengths(Row({"input_len": "ShareGPT (<=1024)", "output_len": "ShareGPT (<=1024)"})), lengths(Row({"input_len": "500", "output_len": "290.1"}))
    ((215.0, 200.0), (500.0, 290.1))
    """
    found = []
    for place, name in enumerate(("input_len", "output_len")):
        text = row.text(name)
        known = next((means[place] for key, means in MEAN_LENGTHS.items() if key in text.lower()), None)
        mean = re.search(r"mean\s*~?\s*([\d.]+)", text)
        found.append(float(mean[1]) if mean else known if known is not None else max(0.0, row.number(name, least=-1e-9)))
    return found[0], max(1.0, found[1])


@lru_cache(maxsize=8192)
def _replica(key: tuple[tuple[str, str], ...]) -> Replica:
    row = filled(Row(dict(key)))
    card = card_of_row(row)
    engine = engine_of(row.text("software"), row.text("group"))
    group = row.text("group")
    bits = row.number("weight_bits")
    act = row.number("act_bits", 8.0 if bits == 8 and engine in ("trtllm", "vllm", "sglang") else 16.0)
    kv_bits = row.number("kv_bits", min(bits, 8.0) if engine in CACHE_AS_WEIGHTS and bits <= 8 else 16.0)
    layers, hidden = (row.number(n) for n in ("n_layers", "d_model"))
    heads = row.number("n_heads", max(1.0, round(hidden / 128)))
    kv_heads = row.number("n_kv_heads", heads)
    vocab = row.number("vocab", 32000.0)
    head_dim = float(HEAD_DIM.get(row.text("model"), hidden / heads))
    matrices = 3 if row.number("gated_mlp", 1.0) else 2
    experts = max(1.0, row.number("n_experts", 0.0))
    active = max(1.0, row.number("experts_per_tok", 0.0)) if experts > 1 else 1.0
    attention = layers * hidden * head_dim * 2 * (heads + kv_heads)
    head = vocab * hidden
    if row.text("d_ff"):
        ffn = row.number("d_ff")
    elif row.text("params_b"):  # what the other dimensions leave of the stated count
        ffn = max(hidden, (row.number("params_b") * 1e9 - attention - 2 * head) / (layers * hidden * matrices * experts))
    else:
        _no("d_ff")
    n = row.number("n_chips", row.number("tp", 1.0))
    tp = row.number("tp", 0.0) if row.text("tp") else 0.0
    resident = (attention + layers * hidden * ffn * matrices * experts) * bits / 8 + 4 * head
    if engine in BY_LAYER:  # cards one after the other: a token sees one of them at a time
        tp = n = 1.0
    if not tp:  # not stated: the fewest chips (a power of two) that leave a third of their memory to the cache
        tp = 1.0
        while tp < n and resident / tp > card.mem_bytes * 2 / 3:
            tp *= 2
        tp = min(tp, n)
    cores = tp / n if tp > n else 1.0  # ranks finer than chips: two cores of a Neuron chip
    chips = min(n, tp / cores)
    if act <= 4 and bits < 8 and "fp4" in card.peaks:
        peak = card.peak("fp4")
    elif act <= 8 and bits <= 8:
        peak = card.peak("fp8", "int8", "bf16", "fp16")
    else:
        peak = card.peak("fp16", "bf16", "fp8")
    return Replica(
        engine=engine, stack=f"{engine}@{group}" if group else engine, card=card, chips=chips, ranks=tp, replicas=max(1.0, n // chips), layers=layers,
        hidden=hidden, ffn=ffn, heads=heads, kv_heads=kv_heads, head_dim=head_dim, vocab=vocab, attention_params=attention,
        ffn_params=layers * hidden * ffn * matrices, experts=experts, active=active, head_params=head, weight_bits=bits, peak=peak,
        peak16=card.peak("fp16", "bf16", "fp8"), layer_bits=bits, kv_token_bytes=2 * layers * kv_heads * head_dim * kv_bits / 8,
        kv_ranks=min(tp, kv_heads),
    )  # fmt: skip


def _no(name: str):
    raise Refused(f"{name} is missing", field=name)


def replica_of(row: Row) -> Replica:
    """The replica that a row describes; `Refused` names the first input that is missing."""
    cells: Mapping[str, str] = row.cells
    return _replica(tuple((name, cells[name]) for name in REPLICA_INPUTS if cells.get(name)))


REPLICA_INPUTS = (
    "group", "software", "model", "params_b", "n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff", "vocab", "gated_mlp", "n_experts",
    "experts_per_tok", "chip", "n_chips", "tp", "weight_bits", "act_bits", "kv_bits", "peak_tflops_used", "peak_bw_gbs",
)  # fmt: skip
