"""Guess and check: a small model writes ahead, the large one reads the guesses in one step, and when that pays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.designs import ServingDesign
from hwlib.speculative import SpeculativeEstimate, estimate_speculative
from hwlib.transformer import shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

CHIP, BITS, CONTEXT = "h100-sxm", 8, 1024
PAIRS = {"70B, by an 8B": "70-8", "405B, by an 8B": "405-8", "405B, by a 70B": "405-70"}
MODELS = {"70-8": ("llama3.1-70b", "llama3.1-8b", 4), "405-8": ("llama3.1-405b", "llama3.1-8b", 8), "405-70": ("llama3.1-405b", "llama3.1-70b", 8)}
"""Large model, small model, chips that hold both. Each pair shares its vocabulary, without which no guess can be checked."""
ACCEPTANCES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
GUESSES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Guessing:
    """One state of the controls with its estimate."""

    pair: str
    acceptance: float
    guesses: int
    batch: int
    said: SpeculativeEstimate

    @property
    def chips(self) -> int:
        return MODELS[self.pair][2]


@cache
def guessing(acceptance: float = 0.7, guesses: int = 4, batch: int = 1, pair: str = "70-8") -> Guessing:
    """Both models on the same chips, weights in eight bits."""
    large, small, chips = MODELS[pair]
    design = ServingDesign(model=large, accelerator=CHIP, chips_per_replica=chips, replicas=1, batch_limit=max(BATCHES), weight_bits=BITS)
    return Guessing(pair, acceptance, guesses, batch, estimate_speculative(design, draft_model=small, acceptance=acceptance, draft_tokens=guesses, batch=batch, context_tokens=CONTEXT))


def rows(g: Guessing) -> list:
    """Where the time of as many tokens goes, with guesses and without: milliseconds."""
    s = g.said
    guess, check = 1e3 * g.guesses * float(s.draft_s), 1e3 * float(s.verify_s)
    plain = 1e3 * float(s.accepted_tokens * s.step_s)
    return [("guess, then check", [("grey2", guess, "guesses"), ("memory", check, "check")], ""), ("one by one", [("memory", plain, "steps")], f"the same {draw.num(s.accepted_tokens, 3)} tokens")]


def picture(g: Guessing, wide: float = WIDE) -> str:
    """One round above, the gain over the answers that share it below."""
    s = g.said
    at = [(float(b), float(guessing(g.acceptance, g.guesses, b, g.pair).said.speedup)) for b in BATCHES]
    free = [(float(b), float(guessing(g.acceptance, g.guesses, b, g.pair).said.speedup_if_free)) for b in BATCHES]
    return draw.cost_bars(rows(g), unit="ms", title="One round", wide=wide) + draw.curve(
        at, label="with guesses", yours=(float(g.batch), float(s.speedup)), yours_label=f"{draw.num(s.speedup, 2)} times", limit=1.0, limit_label="as fast as without", meets="above", others=[("if checking were free", free)], x_label="answers together",
        y_label="times as fast", x_log=True, kind="memory", wide=wide, title="Gain by guessing",
    )  # fmt: skip


def sentence(g: Guessing) -> str:
    """The result in words."""
    s = g.said
    pays = f"{draw.num(s.speedup, 2)} times as fast as without" if s.pays else f"at {draw.percent(s.speedup)} of the speed without"
    even = f"By the simplest count it stops paying at about {draw.num(s.break_even_batch, 2)} answers together." if s.break_even_batch >= 1 else "It pays at no number of answers."
    return (
        f"<b>{g.guesses} guess{'es' if g.guesses != 1 else ''}, {draw.percent(g.acceptance)} of them right, {g.batch} answer{'s' if g.batch != 1 else ''}: {pays}.</b> A round yields {draw.num(s.accepted_tokens, 3)} tokens for each and takes {draw.quantity(float(s.round_s), 's')}, "
        f"of which the check is {draw.quantity(float(s.verify_s), 's')}; a plain step takes {draw.quantity(float(s.step_s), 's')}. {even}"
    )


def table(g: Guessing) -> str:
    """The round and the curve as numbers."""
    found = [guessing(g.acceptance, g.guesses, b, g.pair).said for b in BATCHES]
    body = [[b, draw.quantity(float(s.step_s), "s"), draw.quantity(float(s.round_s), "s"), draw.num(s.speedup, 3), draw.num(s.speedup_if_free, 3)] for b, s in zip(BATCHES, found, strict=True)]
    return draw.table(*draw.cost_bars_table(rows(g), unit="ms")) + draw.table(["Answers", "A step", "A round", "Times as fast", "If checking were free"], body, right={0, 1, 2, 3, 4})


def view(acceptance: float = 0.7, guesses: int = 4, batch: int = 1, pair: str = "70-8") -> View:
    """The panel's picture and words for one state of its controls."""
    g = guessing(acceptance, guesses, batch, pair)
    large, small, chips = MODELS[pair]
    return View(
        picture=picture(g), readout=sentence(g), table=table(g), why=explained(g.said.speedup) + explained(g.said.break_even_batch), named=f"{guesses} guesses for {batch} answers",
        source=f"{shape_of(large).name}, guessed by {shape_of(small).name}, on {chips} × {catalogue.chip(CHIP).name}, weights in {BITS} bits, {CONTEXT:,} tokens of context. The share of right guesses is your assumption: it depends on the text and can only be measured.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "guesses": steps("Guesses in a round", GUESSES, 4),
            "acceptance": steps("Guesses that are right", ACCEPTANCES, 0.7, say=draw.percent),
            "batch": steps("Answers together", BATCHES, 1),
            "pair": choice("Model", PAIRS, "70-8"),
        },
        view,
    )
