"""The model of a row: its dimensions, and the parameters and products that follow from them."""

from __future__ import annotations

from typing import NamedTuple

from hwlib.predict.row import MAY_BE_ZERO, Refused, Row

HEAD_DIM = {"qwen3": 128.0, "gemma": 256.0, "palm": 256.0, "gpt-oss": 64.0}
"""Width of a head where it is not the width over the heads."""
EXPERTS = {"deepseek-v3": (1, 3, 2048.0), "deepseek-r1": (1, 3, 2048.0), "kimi-k2": (1, 1, 2048.0)}
"""Shared experts, dense first layers and width of one expert, which the columns of a row do not hold."""
MOST = {"n_layers": 1e4, "d_model": 1e6, "n_heads": 1e5, "n_kv_heads": 1e5, "d_ff": 1e7, "vocab": 1e8, "n_experts": 1e5, "experts_per_tok": 1e5, "seq_len": 1e9, "n_chips": 1e7,
        "global_batch": 1e9, "local_batch": 1e9, "micro_batch": 1e9, "grad_accum": 1e6, "tp": 1e6, "pp": 1e4, "dp": 1e7, "cp": 1e6, "ep": 1e6, "n_slices": 1e5, "interleave": 1e4}  # fmt: skip
"""Beyond these a number is a slip, and loops over it would not end."""
WHOLE = {"n_layers", "n_heads", "n_kv_heads", "n_chips", "tp", "pp", "cp", "ep"}


class Model(NamedTuple):
    """Dimensions. ``ffn`` is the width of one expert in a mixture; the dense first layers have ``dense_ffn``."""

    layers: float
    hidden: float
    heads: float
    kv_heads: float
    head_dim: float
    ffn: float
    matrices: float
    vocab: float
    experts: float
    active: float
    shared: float
    dense_layers: float
    dense_ffn: float
    attention_params: float
    """Of one layer."""

    @property
    def expert_params(self) -> float:
        return self.matrices * self.hidden * self.ffn

    @property
    def layer_params(self) -> float:
        """Stored in one layer, averaged over the dense first layers and the mixtures."""
        return self.attention_params + self._average(self.expert_params * (self.experts + self.shared))

    @property
    def active_layer_params(self) -> float:
        """Multiplied with each token in one layer."""
        return self.attention_params + self._average(self.expert_params * (self.active + self.shared))

    def _average(self, mixture: float) -> float:
        dense = self.matrices * self.hidden * self.dense_ffn
        return (self.dense_layers * dense + (self.layers - self.dense_layers) * mixture) / self.layers

    @property
    def params(self) -> float:
        return self.layers * self.layer_params + 2 * self.vocab * self.hidden


def sane(row: Row) -> Row:
    """The row, or `Refused` for a count that nobody has ever had or that is no whole number where it must be."""
    for name, most in MOST.items():
        if row.text(name):
            value = row.number(name)
            if value > most:
                raise Refused(f"{name} = {row.text(name)[:60]!r} is out of range: it must be at most {most:g}", field=name)
            if name in WHOLE and (value != int(value) or value < 1 and name not in MAY_BE_ZERO):
                raise Refused(f"{name} = {row.text(name)[:60]!r} must be a whole number of at least 1", field=name)
    return row


def model_of(row: Row) -> Model:
    """The dimensions in the row; what is blank is taken from the stated count where it follows."""
    layers, hidden = row.number("n_layers"), row.number("d_model")
    name = row.text("model").lower()
    known_dim = next((d for k, d in HEAD_DIM.items() if name.startswith(k)), None)
    heads = row.number("n_heads", max(1.0, round(hidden / 128)))
    kv_heads = row.number("n_kv_heads", heads)
    head_dim = known_dim or hidden / heads
    matrices = 3.0 if row.number("gated_mlp", 0.0) else 2.0
    vocab = row.number("vocab", 32000.0)
    experts = row.number("n_experts", 0.0)
    active = row.number("experts_per_tok", 0.0)
    if experts < 2:
        experts = active = 1.0
    elif not active:
        raise Refused("experts_per_tok is missing: the arithmetic of a mixture follows from the experts that a token visits", field="experts_per_tok")
    attention = 2 * hidden * head_dim * (heads + kv_heads)
    if name.startswith(("deepseek", "kimi")):  # latent attention: query rank 1,536, key-value rank 512, 128 + 64 values a head
        attention = hidden * (1536 + 576) + heads * (1536 * 192 + 512 * 256 + 128 * hidden)
        head_dim = 160.0  # 192 values for the scores, 128 for the sum: 160 each
    if row.text("d_ff"):
        ffn = row.number("d_ff")
    elif row.text("params_b"):
        ffn = max(1.0, (row.number("params_b") * 1e9 / layers - attention - 2 * vocab * hidden / layers) / (matrices * hidden * experts))
    else:
        raise Refused("d_ff is missing, and params_b too, from which it would follow", field="d_ff")
    shared, dense_layers, expert_ffn = next((e for k, e in EXPERTS.items() if name.startswith(k)), (0, 0, 0.0))
    dense_ffn = ffn
    if expert_ffn and experts > 1:
        ffn = min(ffn, expert_ffn)
    return Model(
        layers, hidden, heads, kv_heads, head_dim, ffn, matrices, vocab, experts, active, float(shared if experts > 1 else 0), float(dense_layers if experts > 1 else 0), dense_ffn, attention
    )
