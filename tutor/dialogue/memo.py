"""What a rationale was read as. Only what is said correctly counts for points; nothing is taken away for the rest.

Each sentence is read as a line of the discussion would be, by frames and model together. A sentence of a memo often says
several things, so what the frames find in it and the reading of the whole does not confirm is judged again in its clause,
unless something in the sentence turns what it says: a question, a supposition, a report.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from tutor.briefs import brief
from tutor.designfile import Entry
from tutor.dialogue.features import features
from tutor.dialogue.frames import Read, guarded, read
from tutor.dialogue.interpret import stated
from tutor.dialogue.reading import SAYS, TURNING
from tutor.dialogue.slots import read_slots
from tutor.dialogue.text import normalise, words

HEDGES = re.compile(r"\b(?:lost|lose|losing|fails?|would|could|might|if|instead|rather|was|were|had|than|not|than|each other|compare\w*|alternative\w*)\b|\?")
"""A sentence with one of these does not say what the design is."""
SENTENCE = re.compile(r"(?<=[.!?;])\s+")
CLAUSE = re.compile(r"(?<=[:,])\s+(?:(?:and|so|while|since|because|which|for)\s+)?|\s+(?:and|so that|since|because|while)\s+")
MOST, LONGEST = 6_000, 600
"""Characters of a rationale in which ideas and beliefs are looked for, about two pages, and of one sentence of it: read within a tenth of a second."""
CHECKED = ("accelerator", "weight_bits", "kv_bits", "scheduler", "kv_allocation", "attention", "replicas", "chips_per_replica", "batch_limit",
           "tensor_parallel", "pipeline_parallel", "zero_stage", "matmul_precision", "nodes", "micro_batch", "training_runs")


@cache
def _memo() -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]:
    data = words("common")["memo"]
    return re.compile(r"\b(?:" + "|".join(data["triggers"]) + r")\b"), tuple(re.compile(rf"\b(?:{m})") for m in data["movers"])


def conditions(text: str) -> tuple[str, ...]:
    """The different things that a memo names as what would change its recommendation.

    >>> conditions("If volume halves we shrink the fleet. Unless prices fall we reserve. We like quality.")
    ('volume', 'price')
    """
    trigger, movers = _memo()
    found = []
    for sentence in re.split(r"(?<=[.!?;])\s+|\n\n+", normalise(text.replace("\n", " "))):
        if not trigger.search(sentence):
            continue
        for mover in movers:
            hit = mover.search(sentence)
            name = mover.pattern.removeprefix(r"\b(?:").rstrip(")").split("|")[0]
            if hit and name not in found:
                found.append(name)
    return tuple(found)


def read_rationale(entry: Entry) -> dict[str, Any]:
    """Ideas and beliefs read in the text, values set in it, and where it says something else than the design."""
    return _read(entry.brief, entry.rationale, entry.design)


@lru_cache(maxsize=256)
def _read_text(id: str, rationale: str) -> tuple[list[Read], dict[str, Any]]:
    """Concepts and values: what no design changes, kept for the next design with the same text."""
    text = normalise(rationale[:MOST].replace("\n", " "))[:MOST]
    found: dict[str, Read] = {}
    for sentence in SENTENCE.split(text):
        for one in _stated(id, sentence[:LONGEST]):
            found.setdefault(one.concept.id, one)
    seen = list(found.values())
    values: dict[str, Any] = {}
    for sentence in SENTENCE.split(text):
        if not HEDGES.search(sentence):
            values |= {k: v for k, v in _values(sentence, brief(id).kind).items() if k not in values}
    return seen, values


@lru_cache(maxsize=1024)
def _stated(id: str, sentence: str) -> tuple[Read, ...]:
    """The concepts that one sentence states, each with the words or features that it was read from."""
    said = stated(id, sentence)[0]
    known = {r.concept.id for r in said}
    open_ones = {r.concept.id for r in read(id, sentence)} - known
    if not open_ones or guarded(sentence) or SAYS.search(sentence) or TURNING & set(features(sentence)["m"]):
        return tuple(said)
    for clause in CLAUSE.split(sentence):
        if clause != sentence and open_ones & {r.concept.id for r in read(id, clause)}:
            more = [r for r in stated(id, clause)[0] if r.concept.id in open_ones]
            said += more
            open_ones -= {r.concept.id for r in more}
    return tuple(said)


@lru_cache(maxsize=1024)
def _values(sentence: str, kind: str) -> dict[str, Any]:
    """The values that one sentence sets; learners of a class share many of them."""
    return read_slots(sentence, kind)


@lru_cache(maxsize=256)
def _read(id: str, rationale: str, design: Any) -> dict[str, Any]:
    seen, values = _read_text(id, rationale)
    against = []
    for name in CHECKED:
        if name in values and hasattr(design, name):
            is_ = getattr(design, name)
            if is_ != values[name] and not (name == "attention" and is_ == "as-published"):
                against.append(f"the text says {name.replace('_', ' ')} {values[name]}, the design {is_}")
    return {
        "expectations": [r.concept.id for r in seen if r.concept.kind == "expectation"],
        "misconceptions": [r.concept.id for r in seen if r.concept.kind == "misconception"],
        "read": {r.concept.id: r.text for r in seen}, "why": {r.concept.id: list(r.why) for r in seen if r.why}, "slots": dict(values), "contradictions": against,
    }
