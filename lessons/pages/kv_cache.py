"""The chapter on the KV cache: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.formula import defined, given
from hwlib.memory import kv_cache_bytes, weight_bytes
from hwlib.replica import BYTES
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.evidence import SHARE
from lessons.panels.kv_cache import hold
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

PEOPLE = 10_000
GIGA = 1e9
A100 = "A100 PCIe 80GB"
SHORTEST = 512
MODEL = "llama3-8b"


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    one, all_ = hold(sequences=1), hold(sequences=PEOPLE)
    seventy, k128 = shape_of("llama2-70b"), 131_072
    token = kv_bytes_per_token(layers=seventy.layers, kv_heads=seventy.kv_heads, head_dim=seventy.head_dim, bytes_per_value=BYTES[16])
    each = one.ways[0]
    return {
        "weights": show(one.weights, "B"), "people": f"{PEOPLE:,}", "context": f"{one.context:,}", "all": show(all_.ways[0].cache, "B"),
        "token": draw.quantity(float(each.per_token), "B"), "one": show(each.cache, "B"), "grouped": show(one.ways[1].cache, "B"), "shared": str(int(one.ways[1].shape.kv_heads)),
        "chips": f"{-int(-all_.ways[0].cache // all_.chip.mem_bytes):,}", "chip": all_.chip.name,
        "seventy_token": f"{int(token):,}", "long": f"{k128:,}", "seventy_long": show(kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(k128), sequences=given(1)), "B"),
        "seventy_heads": str(int(seventy.kv_heads)), "seventy_queries": str(int(seventy.heads)), "latent": f"{latent_bytes():,}", "latent_as": draw.num(latent_bytes() / head_bytes(), 3),
    }  # fmt: skip


def latent_bytes() -> int:
    """Bytes that a token of DeepSeek-V3 leaves: one latent vector and one rotary key in each layer, in 16 bits."""
    rows = _deepseek()
    return int(rows.layers) * (LATENT + ROTARY) * 2


def head_bytes() -> int:
    """What one KV head of 128 would leave in as many layers."""
    return 2 * int(_deepseek().layers) * 128 * 2


LATENT, ROTARY = 512, 64
"""Widths of the compressed key-value vector and of the shared rotary key of DeepSeek-V3 (DeepSeek-AI 2024, section 4.2)."""


def _deepseek():
    return catalogue.transformer("deepseek-v3")


def question() -> Question:
    """How much memory do ten thousand conversations need?"""
    c = hold(sequences=PEOPLE)
    own = c.ways[0]
    return Question(
        ask=f"Memory of {PEOPLE:,} conversations", unit="GB", scale=GIGA, base="B", computed=own.cache,
        choice_ask="It grows with", choices=("the number of parameters", "conversations and their length", "the words of the vocabulary"),
        right="conversations and their length", example="500", because=f"Each token leaves {draw.quantity(float(own.per_token), 'B')} behind, so one conversation is {draw.quantity(float(own.cache) / PEOPLE, 'B')}.",
        bought=lambda v: f"Your figure would hold {draw.num(max(1, v / (own.cache / PEOPLE)))} such conversations.",
        anchors=(("the weights", float(c.weights), "weights"),),
    )


def derivation() -> Shown:
    """The bytes of the cache with the numbers of the panel's first state plugged in."""
    return Shown(explained(hold().own.cache))


@dataclass(frozen=True, slots=True)
class Run:
    """One card with one file: tokens a second at each length, and the bytes that a token reads. Bytes, tokens a second."""

    chip: str
    bits: float
    model: str
    speeds: tuple[tuple[int, float], ...]

    def slower(self) -> tuple[tuple[int, float], ...]:
        """Time for a token at each length, against the shortest run."""
        first = dict(self.speeds)[SHORTEST]
        return tuple((length, first / speed) for length, speed in self.speeds)

    def predicted(self, length: int, share: float) -> float:
        """The same from bytes: weights, and the cache at a share of the speed at which weights are read."""
        shape = shape_of(self.model)
        weights = float(weight_bytes(params=shape.params, bytes_per_param=defined(self.bits / 8, "the file's bits")))
        token = float(kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16]))
        read = lambda tokens: weights + token * tokens / 2 / share  # noqa: E731 - half the answer is there on average
        return read(length) / read(SHORTEST)


@cache
def runs() -> tuple[Run, ...]:
    """Runs of one card each, of llama.cpp, that have the shortest length and a longer one."""
    found: dict[tuple[str, float, str], list[tuple[int, float]]] = defaultdict(list)
    for row in measured_rows("3_decode_batch1"):
        if row["group"] == "llama.cpp-gpubench" and row["n_chips"] == "1":
            found[row["chip"], float(row["weight_bits"]), row["model"]].append((int(row["output_len"]), float(row["tokens_per_s"])))
    made = (Run(*key, tuple(sorted(speeds))) for key, speeds in sorted(found.items()))
    return tuple(r for r in made if r.speeds[0][0] == SHORTEST and len(r.speeds) > 1)


def _errors(share: float, among: tuple[Run, ...]) -> list[float]:
    return [float(np.log(seen / run.predicted(length, share))) for run in among for length, seen in run.slower() if length > SHORTEST]


@cache
def fitted() -> tuple[float, int, float, float]:
    """The share, from every card but the A100; how many points it rests on; and the band of the others' errors."""
    others = tuple(r for r in runs() if r.chip != A100)
    share = min((k / 100 for k in range(10, 101)), key=lambda s: float(np.median(np.abs(_errors(s, others)))))
    edge = (1 - SHARE) / 2
    low, high = np.quantile(_errors(share, others), [edge, 1 - edge])
    return share, len(_errors(share, others)), float(np.exp(low)), float(np.exp(high))


def measured() -> Shown:
    """How much a long past slows an A100 down: measured, and predicted by a constant that never saw an A100."""
    share, count, low, high = fitted()
    mine = [r for r in runs() if r.chip == A100 and r.model == MODEL]
    series, rows = [], []
    for run, kind in zip(mine, ("kv", "weights"), strict=False):
        lengths = np.linspace(SHORTEST, run.speeds[-1][0], 16)
        line = [(float(n), run.predicted(float(n), share)) for n in lengths]
        name = f"weights in {run.bits:.3g} bits"
        series.append(dict(label=name, kind=kind, line=line, band=[(x, y * low, y * high) for x, y in line[1:]], measured=[(float(a), b) for a, b in run.slower()]))
        rows += [[name, f"{length:,}", f"{slower:.2f}", f"{run.predicted(length, share):.2f}", f"{run.predicted(length, 1.0):.2f}"] for length, slower in run.slower()]
    ticks = [length for length, _ in mine[0].speeds]
    picture = draw.measured_band(series, x_label="tokens generated", y_label=f"time for a token, against the run of {SHORTEST} tokens", unit="×", x_ticks=ticks)
    words = "; ".join(f"by {draw.percent(run.slower()[-1][1] - 1)} with weights in {run.bits:.3g} bits" for run in mine)
    inside = sum(run.predicted(n, share) * low <= slower <= run.predicted(n, share) * high for run in mine for n, slower in run.slower() if n > SHORTEST)
    total = sum(len(run.slower()) - 1 for run in mine)
    caption = (
        f"At {ticks[-1]:,} tokens an A100 takes longer for a token than at {SHORTEST}: {words}. Diamonds: measured. Line: bytes read, with the cache at {draw.percent(share)} of the speed at which weights are read, "
        f"a constant fitted on {count} points of other cards, the A100 held out. The band should hold {draw.percent(SHARE)} of cases; here it holds {inside} of {total}."
    )
    table = draw.table(["Llama 3 8B, A100", "tokens", "measured, ×", "predicted, ×", "bytes alone, ×"], rows, right={1, 2, 3, 4})
    return Shown(draw.figure(picture, caption=caption, source="llama.cpp, 2024, one sequence. XiongjieDai, GPU-Benchmarks-on-LLM-Inference.", table=table))


def claim_computed() -> str:
    """Weights and one session of 128K tokens on one card, at three precisions of the weights."""
    model = shape_of("llama2-70b")
    token = kv_bytes_per_token(layers=model.layers, kv_heads=model.kv_heads, head_dim=model.head_dim, bytes_per_value=BYTES[16])
    session = kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(131_072), sequences=given(1))
    said = "; ".join(f"in {bits} bits {show(weight_bytes(params=model.params, bytes_per_param=BYTES[bits]), 'B')} and {show(session, 'B')}" for bits in (16, 8, 4))
    return f"Weights and the cache of one session of {131_072:,} tokens: {said}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    seventy, chip, context = shape_of("llama3.1-70b"), catalogue.chip("h100-sxm"), 131_072
    weights = weight_bytes(params=seventy.params, bytes_per_param=BYTES[16])
    token = kv_bytes_per_token(layers=seventy.layers, kv_heads=seventy.kv_heads, head_dim=seventy.head_dim, bytes_per_value=BYTES[16])
    session = kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(context), sequences=given(1))
    usable = chip.mem_bytes - catalogue.constant("runtime_reserve_bytes")
    need = -int(-(weights + session) // usable)
    return {
        "p1_context": f"{context:,}", "p1_weights": show(weights, "B"), "p1_session": show(session, "B"), "p1_both": show(weights + session, "B"),
        "p1_usable": draw.quantity(float(usable), "B"), "p1_need": str(need), "p1_practice": str(next(n for n in (1, 2, 4, 8) if n >= need)), "p1_token": f"{int(token):,}",
        "p2_latent": f"{latent_bytes():,}", "p2_layers": str(int(_deepseek().layers)), "p2_head": f"{head_bytes():,}", "p2_width": "128", "p1_memory": show(chip.mem_bytes, "B"), "p2_heads": draw.num(latent_bytes() / head_bytes(), 3),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The cache of a service, for a model, a precision and a number of conversations."""
    model = shape_of(rng.choice(("llama2-13b", "llama3.1-8b", "mistral-7b", "llama3.1-70b", "qwen2.5-72b")))
    bits, people, tokens = rng.choice((16, 8)), rng.choice((50, 200, 400, 1500)), rng.choice((1000, 3000, 8000, 20000))
    token = kv_bytes_per_token(layers=model.layers, kv_heads=model.kv_heads, head_dim=model.head_dim, bytes_per_value=BYTES[bits])
    answer = kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(tokens, "the question"), sequences=given(people, "the question"))
    group = float(model.heads / model.kv_heads)
    slips = [(0.5, "a key and a value: two vectors for each token, layer and head"), (2.0, "bits and bytes, or the two counted twice"), (8.0, "bits for bytes"),
             (float(1 / model.layers), "each layer keeps its own"), (1 / people, "that is one conversation")]  # fmt: skip
    if group > 1:
        slips.insert(0, (group, "the query heads share KV heads; count the KV heads"))
    return Item(
        ask=f"{model.name} has {int(model.layers)} layers, {int(model.heads)} query heads, {int(model.kv_heads)} KV heads of width {int(model.head_dim)}. "
            f"Its cache is kept in {bits} bits. How many GB do {people:,} conversations of {tokens:,} tokens hold?",
        unit="GB", scale=GIGA, base="B", answer=answer, slips=tuple(slips),
    )  # fmt: skip
