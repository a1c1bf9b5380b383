"""A small decoder in numpy, FP32, with random weights: what it says is noise, what it costs is real.

Each layer is that of today's models: RMS norms, grouped KV heads, causal attention, a gated feed-forward block. With a
`Cache` a step reads the keys and values of the tokens before; without one, every step computes the whole text again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Size:
    """Dimensions of a small model."""

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    ffn: int
    vocab: int

    def __post_init__(self) -> None:
        for field in ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_536:
                raise BadInput(f"{field} = {value!r} must be a whole number of at least 1 and at most 65,536", field=field)
        if self.hidden % self.heads or self.heads % self.kv_heads:
            raise BadInput(f"heads = {self.heads} must divide hidden = {self.hidden}, and kv_heads = {self.kv_heads} must divide heads", field="heads")

    @property
    def head_dim(self) -> int:
        return self.hidden // self.heads

    @property
    def matmul_params(self) -> int:
        """Weights that every token is multiplied with.

        >>> SIZES[0].matmul_params
        622592
        """
        attention = 2 * self.hidden * self.hidden + 2 * self.hidden * self.kv_heads * self.head_dim
        return self.layers * (attention + 3 * self.hidden * self.ffn) + self.hidden * self.vocab


SIZES = (
    Size("0.6 million parameters", 2, 128, 4, 2, 512, 1024),
    Size("3 million parameters", 3, 256, 4, 2, 896, 1024),
    Size("12 million parameters", 4, 512, 8, 4, 1408, 1024),
)
"""From what a browser multiplies in a second to what no cache close to a core holds."""


class Cache:
    """Keys and values of the tokens so far, with room for more."""

    def __init__(self, size: Size, room: int) -> None:
        self.keys, self.values = (np.zeros((size.layers, size.kv_heads, room, size.head_dim), dtype=np.float32) for _ in range(2))
        self.room, self.length = room, 0


class Model:
    """The weights, and one pass over some tokens."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.size = s = size

        def matrix(rows: int, columns: int) -> np.ndarray:
            return (rng.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)

        wide = s.kv_heads * s.head_dim
        self.embedding = rng.standard_normal((s.vocab, s.hidden)).astype(np.float32)
        self.layers = [
            {"qkv": matrix(s.hidden, s.hidden + 2 * wide), "out": matrix(s.hidden, s.hidden), "up": matrix(s.hidden, 2 * s.ffn), "down": matrix(s.ffn, s.hidden)} for _ in range(s.layers)
        ]
        self.head = matrix(s.hidden, s.vocab)

    def __call__(self, tokens: np.ndarray, cache: Cache | None = None) -> np.ndarray:
        """Logits of the last token. A cache is read, and grows by these tokens."""
        tokens = self._tokens(tokens)
        before = cache.length if cache else 0
        if cache and before + tokens.size > cache.room:
            raise BadInput(f"the cache has room for {cache.room:,} tokens and {before + tokens.size:,} are wanted; make it with more", field="tokens")
        x = self.embedding[tokens] + _positions(before, tokens.size, self.size.hidden)
        for i, layer in enumerate(self.layers):
            x = x + self._attention(i, layer, _norm(x), cache, before)
            both = _norm(x) @ layer["up"]
            gate, up = both[:, : self.size.ffn], both[:, self.size.ffn :]
            x = x + (gate / (1 + np.exp(-gate)) * up) @ layer["down"]
        if cache:
            cache.length = before + tokens.size
        return _norm(x[-1:])[0] @ self.head

    def _tokens(self, tokens: np.ndarray) -> np.ndarray:
        tokens = np.asarray(tokens)
        if tokens.ndim != 1 or not tokens.size or tokens.dtype.kind not in "ui" or tokens.min() < 0 or tokens.max() >= self.size.vocab:
            raise BadInput(f"tokens must be a list of whole numbers from 0 to {self.size.vocab - 1:,}", field="tokens")
        return tokens

    def _attention(self, i: int, layer: dict[str, np.ndarray], x: np.ndarray, cache: Cache | None, before: int) -> np.ndarray:
        s, new = self.size, len(x)
        wide = s.kv_heads * s.head_dim
        qkv = x @ layer["qkv"]
        group = s.heads // s.kv_heads
        # Queries that share a KV head stand together, so that each KV head is one product.
        q = qkv[:, : s.hidden].reshape(new, s.kv_heads, group, s.head_dim).transpose(1, 2, 0, 3).reshape(s.kv_heads, group * new, s.head_dim)
        k, v = (part.reshape(new, s.kv_heads, s.head_dim).transpose(1, 0, 2) for part in (qkv[:, s.hidden : s.hidden + wide], qkv[:, s.hidden + wide :]))
        if cache:
            cache.keys[i, :, before : before + new], cache.values[i, :, before : before + new] = k, v
            k, v = cache.keys[i, :, : before + new], cache.values[i, :, : before + new]
        scores = q @ k.transpose(0, 2, 1)
        scores *= np.float32(s.head_dim**-0.5)
        if new > 1:
            ahead = np.triu(np.full((new, before + new), -np.inf, dtype=np.float32), before + 1)
            scores.reshape(s.kv_heads, group, new, before + new)[...] += ahead
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ v).reshape(s.kv_heads, group, new, s.head_dim).transpose(2, 0, 1, 3).reshape(new, s.hidden)
        return mixed @ layer["out"]


def write(model: Model, prompt: np.ndarray, count: int, *, cached: bool) -> tuple[list[int], np.ndarray]:
    """The next tokens, each the likeliest, and the logits behind each."""
    text, said, logits = list(map(int, prompt)), [], []
    cache = Cache(model.size, len(text) + count) if cached else None
    for n in range(count):
        now = model(np.array(text if not cached or n == 0 else text[-1:]), cache)
        logits.append(now)
        said.append(int(now.argmax()))
        text.append(said[-1])
    return said, np.array(logits)


def _norm(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-6))


def _positions(first: int, count: int, hidden: int) -> np.ndarray:
    """Sines and cosines of a token's place."""
    place = np.arange(first, first + count, dtype=np.float32)[:, None]
    angle = place * np.exp(np.arange(0, hidden, 2, dtype=np.float32) * np.float32(-np.log(10_000) / hidden))
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)[:, :hidden].astype(np.float32)
