"""Three axes: time to the first token, time of each further one, and cost, on the chips of the catalogue."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.costs import fleet_usd_per_hour, usd_per_mtoken
from hwlib.decoding import batch_tokens_per_s
from hwlib.formula import Figure, given
from hwlib.queueing import service_s, ttft_without_queue_s
from hwlib.replica import BYTES, ONE, ZERO
from hwlib.serving import MILLION, chip_hour_price
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.draw import Pic, Scale, two
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire
from lessons.panels.weights_in_sram import GROQ, machine

CHIPS = {"a100-80-sxm": "A100", "h100-sxm": "H100", "b200-sxm": "B200", "l40s": "L40S", "tpu-v5e": "TPU v5e", "inferentia2": "Inferentia2", GROQ: "Groq LPU"}
MODELS = ("llama3.1-8b", "llama2-13b", "llama2-70b", "llama3.1-70b")
SEQUENCES = (1, 2, 4, 8, 16, 32, 64, 128)
PROMPTS = (128, 256, 512, 1024, 2048, 4096, 8192)
TIMES = (1, 2, 4)
ANSWER = given(256, "an answer of a page", "assumption")
BITS, MOST = 8, 64
AXES = ("first token", "further tokens", "a million tokens")
ENDS = ((3e-3, 10.0), (8e-4, 0.3), (0.03, 300.0))
"""Ends of the three axes, logarithmic: seconds, seconds, dollars."""


@dataclass(frozen=True, slots=True)
class Served:
    """One kind of chip, as many as hold the model and its answers: seconds, seconds, dollars a million tokens."""

    id: str
    chips: int
    ttft: Figure
    tpot: Figure
    usd: Figure

    @property
    def label(self) -> str:
        return f"{self.chips:,} × {CHIPS[self.id]}"

    @property
    def values(self) -> tuple[float, float, float]:
        """The three figures, dollars not a number where nobody lists a price."""
        return float(self.ttft), float(self.tpot), float(self.usd)


def holding(chip: str, model: str, sequences: int, context: int) -> int | None:
    """Chips that hold weights and caches: as they come for Groq, else the next power of two; None past 64."""
    shape, found = shape_of(model), catalogue.chip(chip)
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    held = float(shape.params) * BITS / 8 + float(token) * sequences * context
    if chip == GROQ:
        return math.ceil(held / found.mem_bytes)
    usable = float(found.mem_bytes - catalogue.constant("runtime_reserve_bytes"))
    return next((n for n in (2**k for k in range(7)) if n * usable >= held and n <= MOST), None)


@cache
def serve(chip: str, chips: int, model: str, sequences: int, prompt: int, answer: float = float(ANSWER)) -> Served:
    """One replica that always has so many answers under way, each with its prompt to read first."""
    output = ANSWER if answer == ANSWER else given(answer)
    at = machine(chip, chips, model, BITS, sequences, round(prompt + answer / 2))
    prefill = at.at.prefill(given(prompt))[0]
    service = service_s(prefill_s=prefill, output_tokens=output, step_s=at.step, sequences=given(sequences), busy_share=ONE)
    rate = batch_tokens_per_s(sequences=output, step_s=service)
    hourly = fleet_usd_per_hour(n_chips=given(chips), usd_per_chip_hour=chip_hour_price(chip), fabric_usd_per_hour=ZERO)
    return Served(
        chip, chips, ttft_without_queue_s(network_s=ZERO, prefill_s=prefill, step_s=at.step), at.step,
        usd_per_mtoken(usd_per_hour=hourly, tokens_per_s=rate, hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION),
    )  # fmt: skip


@cache
def served(model: str = "llama2-70b", sequences: int = 8, prompt: int = 512, times: int = 1) -> tuple[Served, ...]:
    """Every chip that can hold it, with as many chips as that takes, or several times as many."""
    need = ((chip, holding(chip, model, sequences, prompt + int(ANSWER))) for chip in CHIPS)
    return tuple(serve(chip, n * times, model, sequences, prompt) for chip, n in need if n is not None)


def best(found: tuple[Served, ...], axis: int) -> Served:
    """The one with the least on an axis; what is not known is no candidate."""
    return min((s for s in found if math.isfinite(s.values[axis])), key=lambda s: s.values[axis])


def say(axis: int, value: float) -> str:
    """A figure of an axis as it is said."""
    return draw.quantity(value, "$" if axis == 2 else "s")


def picture(found: tuple[Served, ...], wide: float = WIDE) -> str:
    """A row a chip, a column an axis; left is better, and the best of a column is large and bold."""
    winners = [best(found, axis) for axis in range(3)]
    says = "; ".join(f"{s.label}: {', '.join(f'{name} {say(k, v)}' for k, (name, v) in enumerate(zip(AXES, s.values, strict=True)))}" for s in found)

    def draw_at(w: float) -> Pic:
        slim = w < 430
        left, gap = (0.0, 12.0) if slim else (122.0, 12.0)
        row = 48.0 if slim else 34.0
        column = (w - left - 2 * gap) / 3
        pic = Pic(w, 40 + row * len(found) + 22, "Three axes, chip by chip", says)
        for k, name in enumerate(AXES):
            x = left + k * (column + gap)
            pic.text(x, 14, name, bold=True, size=12.5, width=column + gap - 4)
            X = Scale(low=ENDS[k][0], high=ENDS[k][1], a=x + 6, b=x + column - 6, log=True)
            for j, s in enumerate(found):
                y = 40 + row * j + (26 if slim else 10)
                pic.line(X.a, y, X.b, y, c="rule")
                value = s.values[k]
                if not math.isfinite(value):
                    pic.text(x, y - 7, "not known", c="ink2", size=12)
                    continue
                at = X(min(max(value, ENDS[k][0]), ENDS[k][1]))
                pic.predicted(at, y, r=6.5 if s is winners[k] else 4)
                text = say(k, value)
                long = draw.text_width(text, 12, s is winners[k])
                right = at + 10 + long <= x + column + gap / 2
                pic.text(at + 10 if right else at - 10, y - 6 if s is winners[k] else y - 5, text, a="start" if right else "end", size=12, bold=s is winners[k], c="ink" if s is winners[k] else "ink2")
        for j, s in enumerate(found):
            pic.text(0 if slim else left - 10, 40 + row * j + (6 if slim else 14), s.label, a="start" if slim else "end", bold=True, size=13 if slim else 12.5)
        pic.text(w, 40 + row * len(found) + 12, "← better; logarithmic", a="end", c="ink2", size=12)
        return pic

    return two(draw_at, wide=wide)


def sentence(found: tuple[Served, ...], sequences: int) -> str:
    """The result in words."""
    first, quick, cheap = (best(found, k) for k in range(3))
    said = f"<b>First token soonest on {first.label} ({say(0, first.values[0])}), further tokens on {quick.label} ({say(1, quick.values[1])}), cheapest on {cheap.label} ({say(2, cheap.values[2])} a million).</b> "
    n = len({first.id, quick.id, cheap.id})
    tail = {1: "One chip leads on all three.", 2: "Two chips share the lead.", 3: "Three axes, three winners."}[n]
    return said + f"With {sequences:,} answer{'s' if sequences > 1 else ''} together. {tail}"


def table(found: tuple[Served, ...]) -> str:
    """The rows as numbers."""
    return draw.table(["System", "First token", "Each further token", "A million tokens"], [[s.label, *(say(k, v) for k, v in enumerate(s.values))] for s in found], right={1, 2, 3})


def view(model: str = "llama2-70b", sequences: int = 8, prompt: int = 512, times: int = 1) -> View:
    """The panel's picture and words for one state of its controls."""
    found = served(model, sequences, prompt, times)
    cheap = best(found, 2)
    absent = [name for chip, name in CHIPS.items() if chip not in {s.id for s in found}]
    missing = f" {', '.join(absent)}: more than {MOST} chips, left out." if absent else ""
    return View(
        picture=picture(found), readout=sentence(found, sequences), table=table(found), why=explained(cheap.ttft) + explained(cheap.usd), named=f"{shape_of(model).name} with {sequences:,} together",
        source=f"Weights in {BITS} bits, answers of {draw.num(ANSWER)} tokens, nobody waits, always busy, list prices. Chips: as many as hold weights and caches, times your factor. Estimates; nobody lists a price of Groq’s chip.{missing}",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama2-70b"),
            "sequences": steps("Answers together", SEQUENCES, 8),
            "prompt": steps("Tokens of a prompt", PROMPTS, 512, say=lambda v: f"{v:,}"),
            "times": steps("Chips, times what holds it", TIMES, 1),
        },
        view,
    )
