"""Sentences with figures in them: facts, questions, what-ifs, answers. Each reply names a number of the design at hand."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache
from typing import Any

from hwlib.designs import build, knobs
from hwlib.errors import BadInput
from hwlib.units import show
from tutor.context import Context, NotKnown
from tutor.dialogue.text import words

HOLE = re.compile(r"\{([a-z_0-9.]+)\|([^}]*)\}")
SHOWN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "serving": (
        ("estimate.utilisation", "busy at the peak", "%"), ("estimate.ttft_floor_p99_s", "first token without queue, longest prompts", "s"),
        ("estimate.tpot_s", "time a token", "s"), ("estimate.sequences_that_fit", "sequences that fit a replica", ""),
        ("estimate.kv_bytes_per_sequence", "cache of a conversation", "B"), ("estimate.weight_bytes_per_chip", "weights on a chip", "B"),
        ("estimate.n_chips", "chips", ""), ("estimate.usd_per_mtoken", "a million tokens", "usd"),
    ),
    "training": (
        ("estimate.total_bytes", "bytes a chip", "B"), ("estimate.days", "days", "days"), ("estimate.mfu", "MFU", "%"), ("estimate.bubble", "bubble", "%"),
        ("estimate.exposed_comm_share", "exposed communication", "%"), ("estimate.goodput", "goodput", "%"), ("estimate.usd", "cost of the run", "usd"),
    ),
    "tco": (
        ("estimate.total_usd", "three years", "usd"), ("estimate.serving_usd", "serving", "usd"), ("estimate.training_usd", "training", "usd"),
        ("estimate.inference_share_y3", "share of serving in year 3", "%"), ("estimate.saving_all", "all levers save", "usd"), ("estimate.usd_per_mtoken", "a million tokens", "usd"),
    ),
}


SAID: dict[str, tuple[str, ...]] = {
    "serving": (
        "Your fleet is {estimate.utilisation|%} busy at the peak.", "Without any queue the longest prompts wait {estimate.ttft_floor_p99_s|s} for their first token.",
        "A token takes {estimate.tpot_s|s} in your design.", "{estimate.sequences_that_fit|} sequences fit on one replica.",
        "The cache of one conversation takes {estimate.kv_bytes_per_sequence|B}.", "Each chip holds {estimate.weight_bytes_per_chip|B} of weights.",
        "Your fleet has {estimate.n_chips|} chips.", "A million tokens cost {estimate.usd_per_mtoken|usd} in your design.",
    ),
    "training": (
        "Each chip of your design holds {estimate.total_bytes|B}.", "Your run takes {estimate.days|days}.", "Your run reaches an MFU of {estimate.mfu|%}.",
        "The pipeline's bubble is {estimate.bubble|%} in your design.", "Communication that nothing hides is {estimate.exposed_comm_share|%} of a step.",
        "Your goodput is {estimate.goodput|%}.", "Your run costs {estimate.usd|usd}.",
    ),
    "tco": (
        "Your three years cost {estimate.total_usd|usd}.", "Serving costs {estimate.serving_usd|usd} in your three years.", "Training costs {estimate.training_usd|usd} in your three years.",
        "In year 3 serving is {estimate.inference_share_y3|%} of what serving and training cost.", "All levers together save {estimate.saving_all|usd}.",
        "A million tokens cost {estimate.usd_per_mtoken|usd} in your plan.",
    ),
}
"""The figures of a design in sentences, those that matter most first."""


def filled(template: str, ctx: Context) -> str:
    """The template with every {measure|unit} shown; "not known" where the design has no such figure."""

    def one(match: re.Match[str]) -> str:
        value = ctx.get(match[1], None)
        if value is None:
            return "not known"
        return show(value, match[2]) if isinstance(value, int | float) else str(value)

    return re.sub(r"(?<![\d,.])1 (chip|replica|node|week|sequence|stage|rank|run|micro-batch)(?:s|es)\b", r"1 \1", HOLE.sub(one, template))


def moved(ctx: Context, slots: dict[str, Any]) -> tuple[Context, dict[str, dict[str, Any]], list[str]]:
    """The entry with the slots set: its context, the changes, and what could not be set.

    A layout of training stays consistent: the ranks of data parallelism follow from the others.
    """
    design, load = ctx.design, ctx.load
    known, told = knobs(type(design)), knobs(type(load))
    changes, loads, unset = {}, {}, []
    for name, value in slots.items():
        if name in known and getattr(design, name) != value:
            changes[name] = value
        elif name in told and float(getattr(load, name)) != value:
            loads[name] = value
        elif name not in known and name not in told:
            unset.append(name)
    if ctx.brief.kind == "training":
        changes = consistent(design, changes)
    before = {name: getattr(design, name) for name in changes} | {name: float(getattr(load, name)) for name in loads}
    values = {f.name: getattr(design, f.name) for f in fields(design)} | changes
    fresh = replace(ctx.entry, design=build(type(design), values))
    if loads:
        assumed = {**ctx.entry.assumptions, **loads}
        fresh = replace(fresh, assumptions=assumed, load=ctx.brief.load_with(assumed, ctx.entry.reasons))
    told_changes = {name: {"before": before[name], "after": value} for name, value in {**changes, **loads}.items()}
    return Context(fresh, simulate=False), told_changes, unset


def consistent(design: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with the ranks of data parallelism made to fit the chips, where the layout was touched."""
    layout = ("tensor_parallel", "pipeline_parallel", "data_parallel", "nodes", "chips_per_node")
    if not any(name in changes for name in layout):
        return changes
    value = {name: changes.get(name, getattr(design, name)) for name in layout}
    chips = value["nodes"] * value["chips_per_node"]
    split = value["tensor_parallel"] * value["pipeline_parallel"]
    if "data_parallel" in changes:
        total = split * value["data_parallel"]
        if total % value["chips_per_node"]:
            raise BadInput(f"{total:,} chips are not whole nodes of {value['chips_per_node']}", field="nodes")
        return changes | {"nodes": total // value["chips_per_node"]}
    if chips % split:
        raise BadInput(f"tensor × pipeline = {split:,} does not divide {chips:,} chips", field="tensor_parallel")
    return changes | {"data_parallel": chips // split}


def compared(before: Context, after: Context, limit: int = 4) -> list[dict[str, Any]]:
    """The figures that a change moves most, before and after."""
    rows = []
    for name, label, unit in SHOWN[before.brief.kind]:
        old, new = before.get(name, None), after.get(name, None)
        if old is None or new is None or not isinstance(old, float) or old != old or new != new:
            continue
        size = abs(new - old) / max(abs(old), abs(new), 1e-30)
        rows.append((size, {"label": label, "unit": unit, "before": float(old), "after": float(new), "before_shown": show(old, unit), "after_shown": show(new, unit), "figure": name}))
    rows.sort(key=lambda r: -r[0])
    return [row for size, row in rows[:limit] if size > 5e-4]


def knock_out(ctx: Context) -> str:
    """The step with its arithmetic made free."""
    try:
        e = ctx.estimate
        left = max(float(e.step_s) - float(e.step_compute_s), float(e.step_memory_s) + float(e.step_comm_s)) if e.bottleneck == "compute" else float(e.step_s)
    except (NotKnown, AttributeError):
        return ""
    if e.bottleneck == "compute":
        return f"Make the arithmetic free and a step goes from {show(e.step_s, 's')} to about {show(left, 's')}."
    return f"Make the arithmetic free: of a step of {show(e.step_s, 's')} that takes away {show(e.step_compute_s, 's')} at most, while memory needs {show(e.step_memory_s, 's')}."


def bounded(ctx: Context) -> str:
    """What a decode step is made of, and what would be left of it were arithmetic free."""
    try:
        e = ctx.estimate
        rest = float(e.step_memory_s) + float(e.step_comm_s)
        said = (f"of a decode step of {show(e.step_s, 's')} reading memory takes {show(e.step_memory_s, 's')} and arithmetic {show(e.step_compute_s, 's')}; "
                f"with infinite FLOPS at least {show(max(rest, float(e.step_memory_s)), 's')} would be left")
        if float(e.step_comm_s) > float(e.step_memory_s):
            return f"{said}, most of it {show(e.step_comm_s, 's')} on the links between the chips."
        return f"{said}."
    except (NotKnown, AttributeError):
        return ""


ASKED: tuple[tuple[str, str, str, str], ...] = (
    (r"bandwidth|how (?:fast|quick\w*) (?:is|does) (?:the |its )?memory|tb/s|gb/s", "mem_bytes_per_s", "B/s", "a memory bandwidth of"),
    (r"memory|hbm|vram|\bgb\b|how big|capacity|hold\b", "mem_bytes", "B", "a memory of"),
    (r"sram|on-chip", "sram_bytes", "B", "on-chip memory of"),
    (r"power|watts?|tdp|consum\w*|draw", "power_w", "W", "a board power of"),
    (r"links?\b|nvlink|interconnect", "link_bytes_per_s", "B/s", "links of"),
)


def catalogue(text: str) -> str:
    """What the catalogue has for a chip that a question names; empty when it asks for something else."""
    from hwlib.catalogue import chip
    from tutor.dialogue.slots import _chips

    named = _chips().search(text)
    if not named:
        return ""
    known = chip(words("slots")["chips"][named[1]])
    for pattern, field, unit, noun in ASKED:
        if re.search(pattern, text) and getattr(known, field, None):
            return f"The catalogue gives {known.name} {noun} {show(getattr(known, field), unit)}."
    if re.search(r"flop|peak|compute|arithmetic|how (?:fast|quick)", text):
        said = re.search(r"fp8|bf16|fp16|int8|fp4|fp32", text)
        fmt = said[0] if said and said[0] in known.formats else "bf16" if "bf16" in known.formats else known.formats[0]
        if known.peak(fmt) is not None:
            return f"The catalogue gives {known.name} a dense {fmt} peak of {show(known.peak(fmt), 'FLOP/s')}."
    if re.search(r"support|formats?|precisions?|can .* (?:do|run|use)|fp8|int8|fp4", text):
        return f"The catalogue has peaks of {known.name} for {', '.join(known.formats)}."
    return ""


@cache
def _answers() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    return tuple((tuple(a["kinds"]), re.compile(a["ask"]), a["say"]) for a in words("answers")["answer"])


@cache
def _glossary() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?<!\w)(?:{term})(?!\w)"), says) for term, says in words("answers")["glossary"].items())


DEFINES = re.compile(r"^(?:and |so |but |ok,? )*(?:what (?:is|are|does|do) (?:a |an |the )?[\w' -]+(?: mean)?\?*$|define|explain|what do you mean by)")
"""Asks for a meaning."""


def meaning(word: str) -> str:
    """What the glossary says of a word; empty when it has none."""
    return next((says for term, says in _glossary() if term.search(word)), "")


def answer(ctx: Context, text: str) -> str:
    """The answer to a question: a meaning when one is asked for, or else a computed figure; empty when there is none."""
    if DEFINES.match(text) and (said := meaning(text)):
        return said
    for kinds, asked, says in _answers():
        if ctx.brief.kind in kinds and asked.search(text):
            return filled(says, ctx)
    return meaning(text)
