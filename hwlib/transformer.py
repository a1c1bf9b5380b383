"""A decoder-only transformer by its dimensions: parameters, arithmetic and bytes a token.

The counts are those of the catalogue's dense models; grouped, multi-query and multi-head attention differ
only in ``kv_heads``. Mixtures of experts and latent attention are not modelled here yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwlib import catalogue
from hwlib.formula import Figure, defined, formula


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


_GATED = {True: defined(3.0, "a gated block has three matrices"), False: defined(2.0, "a plain block has two matrices")}
_TIED = {True: defined(1.0, "tied: one table"), False: defined(2.0, "one table in, one out")}


def make_shape(*, name, layers, hidden, ffn, gated, heads, kv_heads, head_dim, vocab, tied, context=None) -> Shape:
    """Dimensions with their parameter counts."""
    matrices, tables = _GATED[bool(gated)], _TIED[bool(tied)]
    attention = attention_params(layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim)
    feed = feed_forward_params(layers=layers, ffn_matrices=matrices, hidden=hidden, ffn=ffn)
    embedding = embedding_params(embeddings=tables, vocab=vocab, hidden=hidden)
    return Shape(
        name=name, layers=layers, hidden=hidden, ffn=ffn, ffn_matrices=matrices, heads=heads, kv_heads=kv_heads,
        head_dim=head_dim, vocab=vocab, embeddings=tables, context=context, attention_params=attention, feed_forward_params=feed,
        params=param_count(attention_params=attention, feed_forward_params=feed, embedding_params=embedding, layers=layers, hidden=hidden),
        matmul_params=matmul_params(attention_params=attention, feed_forward_params=feed, vocab=vocab, hidden=hidden),
    )


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
        )
    return _shapes[key]
