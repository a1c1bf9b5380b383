"""A decoder-only transformer by its dimensions: parameters, arithmetic and bytes a token.

Grouped, multi-query and multi-head attention differ only in ``kv_heads``. Latent attention squeezes queries, keys and
values through narrow vectors; mixtures hold many experts and multiply with a few; windowed layers look back on less.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwlib import catalogue
from hwlib.formula import Figure, defined, formula, least


@formula(gives="attention_params", cites="vaswani2017attention")
def attention_params(*, layers, hidden, heads, kv_heads, head_dim):
    """Parameters of the query, key, value and output matrices.

    >>> f"{attention_params(layers=80, hidden=8192, heads=64, kv_heads=8, head_dim=128):,.0f}"
    '12,079,595,520'
    """
    return layers * (2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim)


@formula(gives="feed_forward_params", cites="shazeer2020glu")
def feed_forward_params(*, layers, ffn_matrices, hidden, ffn):
    """Parameters of the feed-forward blocks: two matrices a layer, three when gated.

    >>> f"{feed_forward_params(layers=80, ffn_matrices=3, hidden=8192, ffn=28672):,.0f}"
    '56,371,445,760'
    """
    return layers * ffn_matrices * hidden * ffn


@formula(gives="attention_params", cites="deepseek2024v2")
def latent_attention_params(*, layers, hidden, heads, query_rank, kv_rank, nope_dim, rope_dim, value_dim):
    """Parameters of latent attention: down to narrow vectors, up to the heads, and the output matrix.

    >>> f"{latent_attention_params(layers=61, hidden=7168, heads=128, query_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128):,.0f}"
    '11,413,422,080'
    """
    return layers * (
        hidden * query_rank + query_rank * heads * (nope_dim + rope_dim)
        + hidden * (kv_rank + rope_dim) + kv_rank * heads * (nope_dim + value_dim)
        + heads * value_dim * hidden
    )  # fmt: skip


@formula(gives="feed_forward_params", cites="deepseek2024v3")
def mixture_params(*, layers, dense_layers, ffn_matrices, hidden, ffn, expert_ffn, experts, shared_experts):
    """Parameters of the feed-forward blocks of a mixture: dense first layers, then experts, shared experts and a router.

    With ``experts`` the number that a token visits it counts what the token is multiplied with, the router apart.

    >>> f"{mixture_params(layers=32, dense_layers=0, ffn_matrices=3, hidden=4096, ffn=14336, expert_ffn=14336, experts=8, shared_experts=0):,.0f}"
    '45,098,205,184'
    """
    return dense_layers * ffn_matrices * hidden * ffn + (layers - dense_layers) * hidden * (ffn_matrices * expert_ffn * (experts + shared_experts) + experts)


@formula(gives="embedding_params", cites="vaswani2017attention")
def embedding_params(*, embeddings, vocab, hidden):
    """Parameters of the tables that turn tokens into vectors and back: one when tied, two otherwise.

    >>> embedding_params(embeddings=2, vocab=32000, hidden=8192)
    524288000.0
    """
    return embeddings * vocab * hidden


@formula(gives="params", cites="kaplan2020scaling")
def param_count(*, attention_params, feed_forward_params, embedding_params, layers, hidden):
    """All parameters; the last term is the scales of the normalisation layers.

    >>> p = param_count(attention_params=12079595520, feed_forward_params=56371445760, embedding_params=524288000, layers=80, hidden=8192)
    >>> f"{p:,.0f}"
    '68,976,648,192'
    """
    return attention_params + feed_forward_params + embedding_params + (2 * layers + 1) * hidden


@formula(gives="extra_params", cites="narayanan2021efficient")
def bias_and_position_params(*, layers, hidden, context_tokens):
    """What GPT-2 and its heirs hold besides: a bias for every matrix and norm, and a vector for every position.

    Four widths of biases in attention, five in a block four times as wide, two in the norms.

    >>> f"{bias_and_position_params(layers=36, hidden=4096, context_tokens=2048):,.0f}"
    '10,014,720'
    """
    return (11 * layers + 1 + context_tokens) * hidden


@formula(gives="extra_params", cites="isaev2023calculon")
def relative_position_params(*, layers, hidden, heads, head_dim):
    """What relative positions in the way of Transformer-XL hold besides: a fifth attention matrix in each layer.

    >>> f"{relative_position_params(layers=80, hidden=8192, heads=64, head_dim=128):,.0f}"
    '5,368,709,120'
    """
    return layers * hidden * heads * head_dim


@formula(gives="params", cites="narayanan2021efficient")
def param_count_with_extra(*, attention_params, feed_forward_params, embedding_params, extra_params, layers, hidden):
    """All parameters of a model that has biases or parameters for positions.

    >>> p = param_count_with_extra(attention_params=2415919104, feed_forward_params=4831838208, embedding_params=209715200, extra_params=10014720, layers=36, hidden=4096)
    >>> f"{p:,.0f}"  # Megatron's 7.5 billion
    '7,467,786,240'
    """
    return attention_params + feed_forward_params + embedding_params + extra_params + (2 * layers + 1) * hidden


@formula(gives="matmul_params", cites="kaplan2020scaling")
def matmul_params(*, attention_params, feed_forward_params, vocab, hidden):
    """Parameters that every token is multiplied with: looking up an embedding costs no arithmetic.

    >>> matmul_params(attention_params=12e9, feed_forward_params=56e9, vocab=32000, hidden=8192)
    68262144000.0
    """
    return attention_params + feed_forward_params + vocab * hidden


@formula(gives="forward_flops", cites="kaplan2020scaling")
def forward_flops_per_token(*, matmul_params, layers, heads, head_dim, attended_tokens):
    """Arithmetic of one token on the way forward: a multiply and an add for each parameter, and attention.

    Attention costs two products of ``heads × head_dim`` for each token looked back on.

    >>> forward_flops_per_token(matmul_params=7e9, layers=32, heads=32, head_dim=128, attended_tokens=0)
    14000000000.0
    """
    return 2 * matmul_params + 4 * layers * heads * head_dim * attended_tokens


@formula(gives="kv_bytes_per_token", cites="pope2022efficiently")
def kv_bytes_per_token(*, layers, kv_heads, head_dim, bytes_per_value):
    """Bytes that one token leaves in the cache: a key and a value in each layer and KV head.

    >>> kv_bytes_per_token(layers=80, kv_heads=8, head_dim=128, bytes_per_value=2)
    327680.0
    >>> kv_bytes_per_token(layers=32, kv_heads=32, head_dim=128, bytes_per_value=2) / 2**20
    0.5
    """
    return 2 * layers * kv_heads * head_dim * bytes_per_value


@formula(gives="kv_bytes_per_token", cites="deepseek2024v2")
def latent_kv_bytes_per_token(*, layers, kv_rank, rope_dim, bytes_per_value):
    """The same under latent attention: one narrow vector and one positional key for all heads.

    >>> latent_kv_bytes_per_token(layers=61, kv_rank=512, rope_dim=64, bytes_per_value=2)
    70272.0
    """
    return layers * (kv_rank + rope_dim) * bytes_per_value


@formula(gives="attended_tokens", cites="google2025gemma")
def windowed_attended_tokens(*, context_tokens, window, windowed_layers, layers):
    """Tokens looked back on, the mean over the layers, when some see a window only. The cache holds as many.

    >>> windowed_attended_tokens(context_tokens=32768, window=1024, windowed_layers=40, layers=48)
    6314.666666666667
    >>> windowed_attended_tokens(context_tokens=512, window=1024, windowed_layers=40, layers=48)
    512.0
    """
    return ((layers - windowed_layers) * context_tokens + windowed_layers * least(context_tokens, window)) / layers


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's dimensions, each a figure, and the counts that follow from them."""

    name: str
    layers: Figure
    hidden: Figure
    ffn: Figure
    ffn_matrices: Figure
    heads: Figure
    kv_heads: Figure
    head_dim: Figure
    vocab: Figure
    embeddings: Figure
    context: Figure | None
    attention_params: Figure
    feed_forward_params: Figure
    params: Figure
    matmul_params: Figure
    """Of one token: of a mixture, the experts that it visits."""
    active_params: Figure | None = None
    """All that one token touches, embeddings included; None where it is all there is."""
    experts: Figure | None = None
    kv_rank: Figure | None = None
    rope_dim: Figure | None = None
    window: Figure | None = None
    windowed_layers: Figure | None = None

    def cache_bytes_per_token(self, bytes_per_value: Figure) -> Figure:
        """Bytes that one token leaves in the cache of all layers, windows not yet full."""
        if self.kv_rank is not None:
            return latent_kv_bytes_per_token(layers=self.layers, kv_rank=self.kv_rank, rope_dim=self.rope_dim, bytes_per_value=bytes_per_value)
        return kv_bytes_per_token(layers=self.layers, kv_heads=self.kv_heads, head_dim=self.head_dim, bytes_per_value=bytes_per_value)

    def attended_tokens(self, context_tokens: Figure) -> Figure:
        """Mean tokens that a layer looks back on at this context."""
        if self.window is None:
            return context_tokens
        return windowed_attended_tokens(context_tokens=context_tokens, window=self.window, windowed_layers=self.windowed_layers, layers=self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """The experts of a mixture; ``dense_layers`` come first and have one plain block each."""

    experts: Figure
    active_experts: Figure
    expert_ffn: Figure
    shared_experts: Figure
    dense_layers: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The narrow vectors of latent attention."""

    query_rank: Figure
    kv_rank: Figure
    nope_dim: Figure
    rope_dim: Figure
    value_dim: Figure


_GATED = {True: defined(3.0, "a gated block has three matrices"), False: defined(2.0, "a plain block has two matrices")}
_TIED = {True: defined(1.0, "tied: one table"), False: defined(2.0, "one table in, one out")}


def make_shape(
    *, name, layers, hidden, ffn, gated, heads, kv_heads, head_dim, vocab, tied, context=None,
    mixture: Mixture | None = None, latent: Latent | None = None, window: Figure | None = None, windowed_layers: Figure | None = None,
    positions: str = "rotary",
) -> Shape:  # fmt: skip
    """Dimensions with their parameter counts. ``positions`` are "rotary" (no parameters), "learned" (with biases) or "relative"."""
    matrices, tables = _GATED[bool(gated)], _TIED[bool(tied)]
    if latent is None:
        attention = attention_params(layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim)
    else:
        attention = latent_attention_params(
            layers=layers, hidden=hidden, heads=heads, query_rank=latent.query_rank, kv_rank=latent.kv_rank, nope_dim=latent.nope_dim,
            rope_dim=latent.rope_dim, value_dim=latent.value_dim,
        )  # fmt: skip
    embedding = embedding_params(embeddings=tables, vocab=vocab, hidden=hidden)
    if mixture is None:
        feed = visited = feed_forward_params(layers=layers, ffn_matrices=matrices, hidden=hidden, ffn=ffn)
    else:
        block = {
            "layers": layers, "dense_layers": mixture.dense_layers, "ffn_matrices": matrices, "hidden": hidden, "ffn": ffn,
            "expert_ffn": mixture.expert_ffn, "shared_experts": mixture.shared_experts,
        }  # fmt: skip
        feed, visited = mixture_params(**block, experts=mixture.experts), mixture_params(**block, experts=mixture.active_experts)
    whole = {"attention_params": attention, "embedding_params": embedding, "layers": layers, "hidden": hidden}
    count = param_count
    if positions == "learned" and context is not None:
        count, whole["extra_params"] = param_count_with_extra, bias_and_position_params(layers=layers, hidden=hidden, context_tokens=context)
    elif positions == "relative":
        count, whole["extra_params"] = param_count_with_extra, relative_position_params(layers=layers, hidden=hidden, heads=heads, head_dim=head_dim)
    return Shape(
        name=name, layers=layers, hidden=hidden, ffn=ffn, ffn_matrices=matrices, heads=heads, kv_heads=kv_heads,
        head_dim=head_dim, vocab=vocab, embeddings=tables, context=context, attention_params=attention, feed_forward_params=feed,
        params=count(feed_forward_params=feed, **whole),
        matmul_params=matmul_params(attention_params=attention, feed_forward_params=visited, vocab=vocab, hidden=hidden),
        active_params=count(feed_forward_params=visited, **whole) if mixture is not None else None,
        experts=mixture.experts if mixture is not None else None,
        kv_rank=latent.kv_rank if latent is not None else None, rope_dim=latent.rope_dim if latent is not None else None,
        window=window, windowed_layers=windowed_layers,
    )  # fmt: skip


def _mixture(model: catalogue.Transformer) -> Mixture | None:
    """The experts of a model of the catalogue."""
    if not model.is_moe:
        return None
    return Mixture(
        experts=model.moe_experts, active_experts=model.moe_topk, expert_ffn=model.moe_ffn or model.ffn,
        shared_experts=model.moe_shared or defined(0.0, "no shared expert"), dense_layers=model.moe_dense_first_layers or defined(0.0, "every layer is a mixture"),
    )  # fmt: skip


def _latent(model: catalogue.Transformer) -> Latent | None:
    """The narrow vectors of a model of the catalogue; a query head is wider than a value head by the positional part."""
    if not model.is_latent:
        return None
    return Latent(
        query_rank=model.query_rank, kv_rank=model.kv_rank, rope_dim=model.rope_dim, value_dim=model.value_dim,
        nope_dim=defined(model.head_dim - model.rope_dim, "width of a query head without its positional part"),
    )  # fmt: skip


_KV_HEADS = {
    "mha": lambda model: model.heads,
    "gqa": lambda _: defined(8.0, "grouped: eight KV heads"),
    "mqa": lambda _: defined(1.0, "multi-query: one KV head"),
}
_shapes: dict[tuple[str, str], Shape] = {}


def shape_of(model_id: str, attention: str = "as-published") -> Shape:
    """The shape of a model of the catalogue; ``attention`` asks what another number of KV heads would do.

    >>> f"{shape_of('llama2-70b').params:,.0f}"
    '68,976,648,192'
    """
    key = (model_id, attention)
    if key not in _shapes:
        model = catalogue.transformer(model_id)
        kv_heads = model.kv_heads if attention == "as-published" else _KV_HEADS[attention](model)
        _shapes[key] = make_shape(
            name=model.name, layers=model.layers, hidden=model.hidden, ffn=model.ffn, gated=model.ffn_gated, heads=model.heads,
            kv_heads=kv_heads, head_dim=model.head_dim, vocab=model.vocab, tied=model.tied_embeddings, context=model.context,
            mixture=_mixture(model), latent=_latent(model) if attention == "as-published" else None, window=model.window, windowed_layers=model.windowed_layers,
            positions=model.positions,
        )
    return _shapes[key]
