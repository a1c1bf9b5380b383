"""What a learner has on the table, as a value: every change is a function from one state to the next.

Nothing here draws and nothing is a widget. The last design that could be judged always stands; what was refused
waits in `draft` beside it, because a layout of chips is often changed in two or three steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hwlib.designs import check_layout, knobs
from hwlib.errors import BadInput
from tutor.briefs import Brief, brief
from tutor.designfile import Entry, dumps, entry, loads

DEEPEST_UNDO = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One step that can be undone: what was done, and what stood before."""

    words: str
    before: Entry
    field: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value does not stand, and the single change that would let it stand, when there is one."""

    words: str
    field: str = ""
    fix: tuple[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The design that stands, what is being tried, and how to go back."""

    entry: Entry
    saved: Entry
    draft: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    undo: tuple[Step, ...] = ()
    locks: frozenset[str] = frozenset()
    revealed: bool = True
    """Open at first, as the page is built: a page without Python shows all. A learner may cover the figures and predict."""
    designed: Mapping[str, Entry] = field(default_factory=dict)
    """The last design that stood on each chip: the four are compared as far as they have been designed."""

    @property
    def brief(self) -> Brief:
        return brief(self.entry.brief)

    def shown(self, name: str) -> Any:
        """What the form shows for a field: what was tried, or what stands."""
        return self.draft.get(name, getattr(self.entry.design, name))

    @property
    def changed(self) -> tuple[str, ...]:
        """Fields that differ from the saved design; their labels are bold."""
        return tuple(n for n in knobs(type(self.entry.design)) if n in self.draft or getattr(self.entry.design, n) != getattr(self.saved.design, n))


def start(brief_id: str) -> State:
    """The brief's starter design, nothing predicted, nothing locked."""
    first = entry(brief(brief_id), brief(brief_id).starter)
    return State(entry=first, saved=first, designed=_designed({}, first))


def edit(state: State, name: str, value: Any) -> State:
    """Change a field. A value that cannot stand is kept in the draft, and the last good design stays."""
    draft = {**state.draft, name: value}
    draft = {n: v for n, v in draft.items() if v != getattr(state.entry.design, n)}
    if not draft:
        return replace(state, draft={}, refusal=None)
    try:
        moved = state.entry.changed(**draft)
        if state.brief.kind == "training":
            check_layout(moved.design)
    except BadInput as error:
        return replace(state, draft=draft, refusal=Refusal(in_words(error, state.brief), field_of(error) or name, _fitting(state, draft)))
    return _stands(state, moved, changed_words(state.entry, moved), name if len(draft) == 1 else "")


def apply(state: State, changes: Mapping[str, Any], words: str = "Repair applied") -> State:
    """Several changes as one step that can be undone: a repair."""
    try:
        moved = state.entry.changed(**changes)
        if state.brief.kind == "training":
            check_layout(moved.design)
    except BadInput as error:
        return replace(state, refusal=Refusal(in_words(error, state.brief), field_of(error)))
    return _stands(state, moved, f"{words}: {changed_words(state.entry, moved, verb='').strip()}")


def undo(state: State) -> State:
    """Back by one step; a value that was refused is simply dropped."""
    if state.draft or state.refusal:
        return replace(state, draft={}, refusal=None)
    if not state.undo:
        return state
    return replace(state, entry=state.undo[-1].before, undo=state.undo[:-1], designed=_designed(state.designed, state.undo[-1].before))


def lock(state: State, name: str, on: bool) -> State:
    """Keep a field's value in repairs, or give it free."""
    return replace(state, locks=state.locks | {name} if on else state.locks - {name})


def assume(state: State, name: str, value: Any, reason: str) -> State:
    """Change an assumption of the brief; without a reason it stays as it is."""
    of, assumptions, reasons = state.brief, dict(state.entry.assumptions), dict(state.entry.reasons)
    label = knobs(of.load_class)[name].label
    back = name in of.given and value == of.given[name][0]
    if back:
        assumptions.pop(name, None)
        reasons.pop(name, None)
    elif not reason.strip():
        return replace(state, refusal=Refusal(f"{label} stays as the brief has it: say why it should change", name))
    else:
        assumptions[name], reasons[name] = value, reason.strip()
    try:
        moved = rebuilt(state.entry, assumptions=assumptions, reasons=reasons)
    except BadInput as error:
        return replace(state, refusal=Refusal(in_words(error, state.brief), name))
    return _stands(state, moved, f"{label} is {'the brief’s again' if back else 'your assumption now'}")


def predict(state: State, values: Mapping[str, Any]) -> State:
    """Commit to predictions, and see the figures. One that cannot be read keeps everything covered."""
    try:
        moved = rebuilt(state.entry, predictions={**state.entry.predictions, **values})
    except BadInput as error:
        return replace(state, refusal=Refusal(in_words(error, state.brief), field_of(error)))
    return replace(state, entry=moved, saved=rebuilt(state.saved, predictions=moved.predictions), revealed=True, refusal=None)


def reveal(state: State) -> State:
    """See the figures without predicting."""
    return replace(state, revealed=True, refusal=None)


def cover(state: State) -> State:
    """Cover the figures again, to predict after all or to predict for another design."""
    return replace(state, revealed=False)


def write(state: State, *, title: str | None = None, rationale: str | None = None) -> State:
    """The learner's own words; they are part of the file."""
    changes = {k: v for k, v in (("title", title), ("rationale", rationale)) if v is not None}
    return replace(state, entry=replace(state.entry, **changes))


def save(state: State) -> State:
    """The design as it stands becomes the saved one."""
    return replace(state, saved=state.entry)


def load(state: State, text: str) -> State:
    """A design file pasted in; only one of this brief."""
    try:
        moved = loads(text, where="the text")
        if moved.brief != state.entry.brief:
            raise BadInput(f"the text is a design for {moved.brief}; this page is {state.entry.brief}", field="brief")
    except BadInput as error:
        return replace(state, refusal=Refusal(str(error), error.field or "file"))
    loaded = _stands(state, moved, "Design loaded")
    return replace(loaded, saved=moved, revealed=state.revealed or bool(moved.predictions))


def toml(state: State) -> str:
    """The design file that `python -m tutor review` accepts."""
    return dumps(state.entry)


def rebuilt(old: Entry, **changes: Any) -> Entry:
    """The entry with some of its parts replaced, every value checked again."""
    parts = {n: getattr(old, n) for n in ("title", "assumptions", "reasons", "predictions", "rationale")}
    return entry(old.brief, old.design, **{**parts, **changes})


def changed_words(before: Entry, after: Entry, verb: str = "You changed ") -> str:
    """
    >>> old = start("serve-70b").entry
    >>> changed_words(old, old.changed(replicas=9)), changed_words(old, old.changed(replicas=9, weight_bits=8))
    ('You changed replicas from 6 to 9', 'You changed weights, bits from 16 to 8 and replicas from 6 to 9')
    """
    moved = [
        f"{spoken(k.label)} from {value_words(k, getattr(before.design, n))} to {value_words(k, getattr(after.design, n))}"
        for n, k in knobs(type(after.design)).items() if getattr(before.design, n) != getattr(after.design, n)
    ]
    return verb + " and ".join([", ".join(moved[:-1]), moved[-1]] if len(moved) > 1 else moved or ["nothing"])


def spoken(label: str) -> str:
    """A label inside a sentence.

    >>> spoken("Replicas"), spoken("KV cache, bits"), spoken("ZeRO stage"), spoken("PUE"), spoken("A step")
    ('replicas', 'KV cache, bits', 'ZeRO stage', 'PUE', 'a step')
    """
    first = label.split(" ")[0]
    return label[:1].lower() + label[1:] if first[1:].islower() or first == "A" else label


def in_words(error: BadInput, of: Brief) -> str:
    """A refusal with the form's labels in place of the fields' names.

    >>> from hwlib.designs import build
    >>> try: build(brief("serve-70b").design_class, {"accelerator": "l40s", "chips_per_replica": 0, "batch_limit": 1, "replicas": 1, "model": "llama2-70b"})
    ... except BadInput as error: print(in_words(error, brief("serve-70b")))
    Chips a replica = 0 is out of range: it must be a whole number of at least 1 and at most 4,096
    """
    labels = {name: knob.label for cls in (of.load_class, of.design_class) for name, knob in knobs(cls).items()}
    text = re.sub(r"\b(?:design|assumptions|predictions)\.(?=[a-z_])", "", str(error))
    text = re.sub(r"\b[a-z][a-z_]*\b", lambda word: spoken(labels[word[0]]) if word[0] in labels and ("_" in word[0] or text.startswith(word[0] + " =")) else word[0], text)
    return text[:1].upper() + text[1:]


def field_of(error: BadInput) -> str:
    """The field that a refusal is about, without its table."""
    return (error.field or "").rpartition(".")[2]


def value_words(knob: Any, value: Any) -> str:
    """A field's value as the form says it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{float(value):,.6g}" if abs(value) < 1e6 or value != int(value) else f"{int(value):,}"
    if knob.kind in ("chip", "link") and value != "none":
        from hwlib import catalogue

        return (catalogue.chip if knob.kind == "chip" else catalogue.link)(value).name
    return str(value)


def _stands(state: State, moved: Entry, words: str, name: str = "") -> State:
    steps = state.undo
    if steps and name and steps[-1].field == name:  # arrow keys: one step back to where the turning began
        before = steps[-1].before
        steps = steps[:-1]
        words = changed_words(before, moved)
    else:
        before = state.entry
    if before.key() != moved.key() or before != moved:
        steps = (*steps, Step(words, before, name))[-DEEPEST_UNDO:]
    return replace(state, entry=moved, draft={}, refusal=None, undo=steps, designed=_designed(state.designed, moved))


def _designed(known: Mapping[str, Entry], moved: Entry) -> dict[str, Entry]:
    return {**known, moved.design.accelerator: moved}


def _fitting(state: State, draft: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The data-parallel size that makes a refused training layout use all its chips."""
    if state.brief.kind != "training" or any(n in draft and not isinstance(draft[n], int) for n in ("tensor_parallel", "pipeline_parallel", "nodes")):
        return None
    now = {n: draft.get(n, getattr(state.entry.design, n)) for n in ("nodes", "chips_per_node", "tensor_parallel", "pipeline_parallel")}
    ranks = now["tensor_parallel"] * now["pipeline_parallel"]
    chips = now["nodes"] * now["chips_per_node"]
    return ("data_parallel", chips // ranks) if ranks > 0 and chips >= ranks and chips % ranks == 0 else None
