"""The tutor's rules: one section a rule, whose anchor is the rule's id."""

from __future__ import annotations

from typing import Any

from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

HEADINGS = {"notices": "What it notices", "matters": "Why it matters", "try": "What to try", "limits": "Known limits"}


def _sample(sample: Any) -> str:
    """A sample design in words: what differs from the brief's reference design."""
    changes = [f"{name} = {value!r}" for part in (sample.changes, sample.assumptions, sample.predictions) for name, value in part.items()]
    text = ", ".join(changes) or "the reference design as it is"
    extra = f"; and it says: “{sample.rationale}”" if sample.rationale else ""
    return f"<code>{esc(text)}</code>{esc(extra)}" if changes else esc(text + extra)


def _section(rule: Any) -> str:
    from lessons.draw.marks import mark

    docs = rule.docs
    parts = "".join(f"<p><b>{words}.</b> {esc(docs[key])}</p>" for key, words in HEADINGS.items() if docs.get(key))
    hides = f'<p class="hw-src">Not told apart when it follows from {", ".join(_link(i) for i in rule.implied_by)}.</p>' if rule.implied_by else ""
    return (
        f'<section id="{esc(rule.id)}" class="hw-rule"><h3>{esc(docs.get("summary") or rule.id)} '
        f'<a class="headerlink" href="#{esc(rule.id)}" aria-label="Link to {esc(rule.id)}">#</a></h3>'
        f'<p>{mark(rule.severity)} <code>{esc(rule.id)}</code>, {esc(rule.tier.words)}, in {", ".join(esc(b) for b in rule.briefs)}</p>'
        f"{parts}<p><b>It asks.</b> {_template(rule.ask)}</p>"
        f"<p><b>Flagged:</b> {_sample(rule.flagged)}. <b>Passing:</b> {_sample(rule.passing)}.</p>{hides}</section>"
    )


def _template(text: str) -> str:
    """A message with its holes named: figures fill them when a design is reviewed.

    >>> _template("{limit} of {fit}?")
    '<i>limit</i> of <i>fit</i>?'
    """
    return esc(text).replace("{", "<i>").replace("}", "</i>")


def _link(id: str) -> str:
    return f'<a href="#{esc(id)}">{esc(id)}</a>'


def rule_index() -> Shown:
    """Every rule in one table."""
    from lessons.draw.marks import mark
    from tutor.rules import all_rules

    rules = all_rules()
    rows = [[Html(_link(r.id)), Html(mark(r.severity)), r.tier.words, ", ".join(r.briefs)] for r in rules]
    return Shown(table(["Rule", "Severity", "Talked about as", "Briefs"], rows, caption=f"{len(rules)} rules", wide=460))


def rules_of(section: str) -> Shown:
    """The rules of one section, each under its id."""
    from tutor.rules import all_rules

    return Shown("".join(_section(r) for r in all_rules() if r.section == section))
