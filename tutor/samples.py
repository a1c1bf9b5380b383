"""Entries made from a brief's reference design: what rules show as flagged and passing, and tests run."""

from __future__ import annotations

from tutor.briefs import brief
from tutor.context import Context
from tutor.designfile import Entry, entry
from tutor.findings import Rule, Sample


def reference(id: str) -> Entry:
    """The brief's reference design as an entry, with its predictions and its text."""
    of = brief(id)
    return entry(of, of.reference, title="Reference", predictions=of.reference_predictions, rationale=of.reference_rationale)


def starter(id: str) -> Entry:
    """What a learner begins with: a design and nothing said."""
    of = brief(id)
    return entry(of, of.starter, title="Starter")


def entry_of(rule: Rule, made: Sample) -> Entry:
    """A rule's sample as an entry."""
    of = brief(made.brief or rule.briefs[0])
    values, reasons = {**of.reference_values, **made.changes}, dict.fromkeys(made.assumptions, "for the sample")
    plain = entry(of, values, assumptions=made.assumptions, reasons=reasons)
    ctx = Context(plain, simulate=False)
    said = {name: float(value(ctx)) if callable(value) else value for name, value in made.predictions.items()}
    return entry(
        of, values, title=f"Sample of {rule.id}", assumptions=made.assumptions, reasons=reasons,
        predictions={**of.reference_predictions, **said}, rationale=made.rationale or of.reference_rationale,
    )
