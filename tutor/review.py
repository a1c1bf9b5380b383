"""One design, judged: findings with their figures, targets, a score by criterion, and what to ask next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hwlib.designs import check_layout
from hwlib.errors import BadInput
from tutor import callable_module, scoring
from tutor.briefs import Brief, brief
from tutor.context import Context, NotKnown, context
from tutor.designfile import Entry, entry, from_dict
from tutor.findings import Finding, Review, Rule, TargetResult, fill
from tutor.rules import rules_for
from tutor.targets import all_held

PRAISES = 4
"""Enough to say what is sound; more would read as a list."""


def review(of: Brief | str | None = None, design: Any = None, *, repair: bool = False) -> Review:
    """The review of an entry, of a design object, of a mapping in the file's shape, or of an `Entry` alone.

    ``repair=True`` adds the smallest repair, which costs a search.
    """
    answer = as_entry(of, design)
    ctx = context(answer)
    findings, checked = noticed(ctx)
    targets = all_held(ctx)
    rows = scoring.scored_predictions(ctx)
    read = read_text(ctx)
    needs = scoring.requirements(targets)
    criteria = (
        scoring.possible(findings, checked, ctx.refusal), needs, scoring.efficiency(ctx, needs), scoring.predictions(rows),
        scoring.robustness(ctx), scoring.reasoning(ctx, read),
    )
    score, capped = scoring.total(criteria, findings)
    fixed = None
    if repair and any(t.met is False for t in targets):
        from tutor.repair import repair as search

        fixed = search(ctx.brief, answer)
    return Review(
        brief=answer.brief, title=answer.title, score=score, criteria=criteria, targets=targets, findings=findings,
        headline=headline(ctx, targets, findings), next_question=next_question(findings, targets), capped=capped,
        predictions=rows, read=read, repair=fixed, earns=earned(answer, fixed, score, criteria),
    )


def earned(answer: Entry, repairs: Any, score: float, criteria: tuple[Any, ...]) -> dict[str, Any]:
    """What the smallest repair would earn: the design reviewed again with it, criterion by criterion."""
    fixed = getattr(repairs, "fewest", None)
    if fixed is None:
        return {}
    after = review(None, answer.changed(**fixed.changes))
    gains = {b.id: a.points - b.points for a, b in zip(after.criteria, criteria, strict=True)}
    return {"score": after.score, "points": after.score - score, "criteria": gains}


def as_entry(of: Brief | str | None, design: Any = None) -> Entry:
    """Whatever was handed in, as an entry."""
    if design is None and isinstance(of, Entry | Mapping):
        of, design = None, of
    if isinstance(design, Entry):
        if of is not None and design.brief != (of if isinstance(of, str) else of.id):
            raise BadInput(f"brief = {design.brief!r} stands in the design, but it was handed in for another brief", field="brief")
        if brief(design.brief).kind == "training":
            check_layout(design.design)
        return design
    if isinstance(design, Mapping) and ("design" in design or of is None):
        return from_dict({"brief": of if isinstance(of, str) else of.id, **design} if of is not None else design)
    if of is None:
        raise BadInput("a review needs a brief and a design", field="brief")
    return entry(of, design)


def noticed(ctx: Context) -> tuple[tuple[Finding, ...], int]:
    """What the rules notice: praise last, root causes first, consequences folded into their cause.

    Also how many limits of physics and of the model were checked.
    """
    broken: dict[str, tuple[Rule, float]] = {}
    held: list[tuple[Rule, float]] = []
    checked = 0
    for rule in rules_for(ctx.entry.brief):
        try:
            if not rule.relevant(ctx):
                continue
            margin = float(rule.margin(ctx))
        except NotKnown:
            continue
        checked += rule.tier <= 2
        if math.isnan(margin):
            continue
        if margin < 0:
            broken[rule.id] = (rule, margin)
        elif _deserved(ctx, rule):
            held.append((rule, margin))
    hidden = {id: [c for c in rule.implied_by if c in broken] for id, (rule, _) in broken.items()}
    found = [
        finding(ctx, rule, margin, hides=tuple(sorted(i for i, causes in hidden.items() if id in causes)))
        for id, (rule, margin) in broken.items() if not hidden[id]
    ]
    order = {"blocks": 0, "costs": 1, "risks": 2, "asks": 3}
    found.sort(key=lambda f: (order[f.severity], f.tier, f.margin, f.rule))
    held.sort(key=lambda item: (item[0].deserved is None, item[0].tier, item[0].id))  # a good prediction is the learner's own deed
    praise = [_praise(ctx, rule, margin) for rule, margin in held[:PRAISES]]
    return (*found, *praise), checked


def finding(ctx: Context, rule: Rule, margin: float, hides: tuple[str, ...] = ()) -> Finding:
    """The rule's messages with this design's figures in them."""
    rows = rule.evidence(ctx)
    return Finding(
        rule=rule.id, severity=rule.severity, tier=rule.tier, title=fill(rule.title, rows), evidence=rows, margin=margin,
        question=fill(rule.ask, rows), hints=tuple(fill(hint, rows) for hint in rule.hints), misconceptions=rule.misconceptions,
        knobs=rule.knobs, page=rule.page, hides=hides,
    )


def _deserved(ctx: Context, rule: Rule) -> bool:
    try:
        return rule.deserved is None or rule.deserved(ctx)
    except NotKnown:
        return False


def _praise(ctx: Context, rule: Rule, margin: float) -> Finding:
    rows = rule.evidence(ctx)
    said = fill(rule.praise, rows)
    return Finding(rule=rule.id, severity="praises", tier=rule.tier, title=said, evidence=rows, margin=margin, praise=said, page=rule.page)


NUMBERS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def headline(ctx: Context, targets: tuple[TargetResult, ...], findings: tuple[Finding, ...]) -> str:
    """One or two sentences: how many targets are met, and what breaks first."""
    met, of = sum(t.met is True for t in targets), len(targets)
    impossible = next((f for f in findings if f.severity == "blocks" and f.tier <= 2), None)
    if met == of:
        return f"All {NUMBERS[of].lower()} targets met" + (f", but not by a design that works: {impossible.title}" if impossible else ".")
    first = f"{NUMBERS[met]} of {NUMBERS[of].lower()} targets met."
    if impossible:
        return f"{first} {impossible.title}"
    if ctx.refusal:
        return f"{first} {ctx.refusal[:1].upper()}{ctx.refusal[1:].rstrip('.')}."
    worst = next((t for t in targets if t.met is False), None)
    if worst:
        said = ctx.brief.target(worst.id).words.replace("{yours}", worst.yours_shown).replace("{limit}", worst.limit_shown)
        return f"{first} {said or worst.label}"
    open_one = next(t for t in targets if t.met is None)
    return f"{first} {open_one.label}: not known, {open_one.why.rstrip('.')}."


def next_question(findings: tuple[Finding, ...], targets: tuple[TargetResult, ...]) -> str:
    """The one question to ask now: of the root cause that weighs most."""
    first = next((f for f in findings if f.severity != "praises"), None)
    if first:
        return first.question
    open_one = next((t for t in targets if t.met is None), None)
    if open_one:
        return f"{open_one.label}: {open_one.why}. What do you expect?"
    return "Which assumption would have to move, and how far, before this design stops working?"


def read_text(ctx: Context) -> dict[str, Any]:
    """What the rationale was read as, for the learner to check: only positive readings count for points."""
    text = ctx.entry.rationale.strip()
    if not text:
        return {}
    from tutor.dialogue.memo import read_rationale

    return read_rationale(ctx.entry)


callable_module(__name__)
