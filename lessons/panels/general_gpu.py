"""A general GPU: L40S cards that share a model over PCIe, and the same cards on links that they do not have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, given
from hwlib.memory import kv_cache_bytes
from hwlib.replica import BYTES, ONE, Pass, make_pass
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

CHIP = "l40s"
MODELS = ("llama3.1-8b", "llama2-13b", "llama2-70b", "llama3.1-70b")
LINKS = {"PCIe 4 × 16, as sold": "pcie4-x16", "PCIe 5 × 16": "pcie5-x16", "NVLink 4": "nvlink4"}
CARDS = (1, 2, 4, 8)
SEQUENCES = (1, 4, 16, 32, 64, 128)
PROMPTS = (128, 256, 512, 1024, 2048, 4096, 8192)
BITS = 8


@dataclass(frozen=True, slots=True)
class Shared:
    """So many cards with the model split over them: a prompt read, and one step of decoding. Seconds."""

    cards: int
    at: Pass
    prompt: Figure
    prompt_compute: Figure
    prompt_links: Figure
    step: Figure
    step_links: Figure
    step_work: Figure
    reads: bool
    """Whether a step waits for memory rather than for arithmetic."""

    @property
    def prompt_parts(self) -> list[tuple[str, float, str]]:
        """The prompt as a bar: milliseconds. A short one waits for the weights, not for arithmetic."""
        launches = float(self.at.layer_fixed)
        work = float(self.prompt) - float(self.prompt_links) - launches
        first = ("compute", work, "arithmetic") if work <= float(self.prompt_compute) * (1 + 1e-9) else ("memory", work, "reading")
        parts = (first, ("network", self.prompt_links, "links"), ("grey2", launches, "launches"))
        return [(kind, float(v) * 1e3, name) for kind, v, name in parts if v > 0]

    @property
    def step_parts(self) -> list[tuple[str, float, str]]:
        """The step as a bar: milliseconds."""
        work = ("memory", self.step_work, "reading") if self.reads else ("compute", self.step_work, "arithmetic")
        parts = (work, ("network", self.step_links, "links"), ("grey2", float(self.step - self.step_work - self.step_links), "launches"))
        return [(kind, float(v) * 1e3, name) for kind, v, name in parts if v > 0]

    @property
    def links_share(self) -> float:
        """Share of the prompt's time on links."""
        return float(self.prompt_links / self.prompt)


def holds(model: str, cards: int) -> bool:
    """Whether so many cards hold the weights and the runtime."""
    chip = catalogue.chip(CHIP)
    return cards * float(chip.mem_bytes - catalogue.constant("runtime_reserve_bytes")) > float(shape_of(model).params) * BITS / 8


@cache
def share(cards: int, model: str = "llama2-13b", link: str = "pcie4-x16", sequences: int = 16, prompt: int = 2048) -> Shared:
    """The model on so many cards over a link: its rate, start, hop and efficiency from the catalogue."""
    at = make_pass(ServingDesign(model=model, accelerator=CHIP, chips_per_replica=cards, batch_limit=sequences, replicas=1, weight_bits=BITS))
    found = catalogue.link(link)
    group = replace(
        at.group, link_bytes_per_s=found.bytes_per_s, link_efficiency=found.efficiency or catalogue.constant("link_efficiency"), launch_s=found.launch_s or catalogue.constant("link_launch_s"), hop_s=found.step_s or catalogue.constant("link_step_s")
    )
    at = replace(at, group=group)
    whole, compute, links = at.prefill(given(prompt))
    shape = at.shape
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    step = at.step(given(sequences), kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(prompt), sequences=ONE), given(prompt))
    reads = step["memory"] >= step["compute"]
    return Shared(cards, at, whole, compute, links, step["step"], step["comm"], step["memory"] if reads else step["compute"], bool(reads))


@cache
def shared(model: str = "llama2-13b", link: str = "pcie4-x16", sequences: int = 16, prompt: int = 2048) -> tuple[Shared, ...]:
    """Every number of cards that holds the model."""
    return tuple(share(n, model, link, sequences, prompt) for n in CARDS if holds(model, n))


def picture(found: tuple[Shared, ...], wide: float = WIDE) -> str:
    """The prompt and the step, on as many cards as hold the model and more."""
    name = lambda s: f"{s.cards} card{'s' if s.cards > 1 else ''}"  # noqa: E731
    prompt = draw.cost_bars([(name(s), s.prompt_parts, "") for s in found], unit="ms", title="Reading the prompt", wide=wide)
    step = draw.cost_bars([(name(s), s.step_parts, "") for s in found], unit="ms", title="One step of decoding", wide=wide)
    return draw.caption("Reading the prompt") + prompt + draw.caption("One step of decoding") + step


def sentence(found: tuple[Shared, ...]) -> str:
    """The result in words."""
    first, last = found[0], found[-1]
    if first is last:
        return f"<b>{first.cards} cards hold it, and no fewer:</b> a prompt is read in {draw.quantity(float(first.prompt), 's')}, {draw.percent(first.links_share)} of it on links."
    return (
        f"<b>{last.cards} cards read the prompt {draw.num(first.prompt / last.prompt, 2)} times as fast as {first.cards}</b> and take a step {draw.num(first.step / last.step, 2)} times as fast, with {draw.num(last.cards / first.cards)} times the arithmetic and bandwidth. "
        f"Links take {draw.percent(last.links_share)} of the prompt."
    )


def table(found: tuple[Shared, ...]) -> str:
    """The bars as numbers."""
    s = lambda v: draw.quantity(float(v), "s")  # noqa: E731
    body = [[f"{x.cards}", s(x.prompt_compute), s(x.prompt_links), s(x.prompt), s(x.step_work), s(x.step_links), s(x.step)] for x in found]
    return draw.table(["Cards", "Prompt: arithmetic", "Prompt: links", "Prompt", "Step: work", "Step: links", "Step"], body, right={1, 2, 3, 4, 5, 6})


def view(model: str = "llama2-13b", link: str = "pcie4-x16", sequences: int = 16, prompt: int = 2048) -> View:
    """The panel's picture and words for one state of its controls."""
    found = shared(model, link, sequences, prompt)
    sold = "" if link == "pcie4-x16" else " The card has no such link: this is what it would do with one."
    return View(
        picture=picture(found), readout=sentence(found), table=table(found), why=explained(found[-1].prompt), named=f"{shape_of(model).name} over {catalogue.link(link).name}",
        source=f"L40S, weights in {BITS} bits, every matrix split over all cards. All-reduces are not overlapped with arithmetic.{sold}",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama2-13b"),
            "link": choice("Link between cards", LINKS, "pcie4-x16"),
            "sequences": steps("Answers together", SEQUENCES, 16),
            "prompt": steps("Tokens of a prompt", PROMPTS, 2048, say=lambda v: f"{v:,}"),
        },
        view,
    )
