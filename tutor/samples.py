"""Entries made from a brief's reference design: what rules show as flagged and passing, and tests run."""

from __future__ import annotations

from tutor.briefs import brief
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
    return entry(
        of, {**of.reference_values, **made.changes}, title=f"Sample of {rule.id}", assumptions=made.assumptions,
        predictions={**of.reference_predictions, **made.predictions}, rationale=made.rationale or of.reference_rationale,
    )
