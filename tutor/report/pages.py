"""From rows to pages: jinja2 fills the templates with every text escaped; files are named here and written elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from hwlib.errors import BadInput
from tutor import briefs, strict
from tutor.findings import MARKS, SEVERITIES, VERDICTS, Row
from tutor.grading import Row as Grade
from tutor.report import charts
from tutor.report.summary import BriefSummary, Cohort, repair_words
from tutor.scoring import CAP

INDEX = "index.html"
ORDER = ("praises", *(severity for severity in SEVERITIES if severity != "praises"))
"""Good first, then from what blocks to what is only asked."""


def pages(rows: Sequence[Grade], cohort: Cohort, *, versions: str) -> dict[str, bytes]:
    """File name → content of every page of the report."""
    environment = _environment()
    by_student: dict[str, list[Grade]] = {}
    for row in rows:
        if row.student:
            by_student.setdefault(row.student, []).append(row)
    names = page_names(by_student)
    made = {INDEX: environment.get_template("cohort.html").render(cohort=cohort, pages=sorted(names.items()), versions=versions)}
    template = environment.get_template("student.html")
    for student, own in by_student.items():
        made[names[student]] = template.render(student=student, rows=own, versions=versions)
    return {name: text.encode("utf-8") for name, text in made.items()}


def page_names(students: Any) -> dict[str, str]:
    """A file for each student: the id where that is safe on every disk, else the id and a hash.

    >>> page_names(["s-1", "index", "S-1"])
    {'S-1': 'S-1.html', 'index': 'index-1bc04b.html', 's-1': 's-1-6a840b.html'}
    """
    taken = {"index", "con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
    names = {}
    for student in sorted(students):
        stem = student
        if student.casefold() in taken or student.casefold().split(".")[0] in taken or student.endswith("."):
            stem = f"{student.rstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:6]}"
        taken.add(stem.casefold())
        names[student] = f"{stem}.html"
    return names


def predicted(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each prediction in words, with a strip where both values are positive numbers."""
    made = []
    for item in items:
        label, unit = item.get("label") or item.get("name", ""), item.get("unit", "")
        yours, actual = item.get("yours"), item.get("value")
        shown = [Row("", "", value, unit).shown if value is not None else "not known" for value in (yours, actual)]
        words = f"You predicted {shown[0]}; computed: {shown[1]}."
        strip = None
        if yours is None:
            words = f"No prediction; computed: {shown[1]}."
        elif all(isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in (yours, actual)):
            factor = max(yours / actual, actual / yours)
            words = f"You predicted {shown[0]}; computed: {shown[1]}, {'the same' if factor < 1.005 else f'a factor of {factor:,.3g} away'}."
            strip = charts.factor_strip(yours, actual, f"{label}: {words}")
        made.append({"label": label, "words": words, "strip": strip})
    return made


def points(value: float) -> str:
    """
    >>> points(25.0), points(7.25)
    ('25', '7.2')
    """
    return f"{value:.1f}".removesuffix(".0")


def _rule_bars(brief: BriefSummary) -> Markup:
    top = [(f"{rule.mark}: {rule.title}", float(rule.count)) for rule in brief.rules[:8]]
    return charts.bars(top, brief.graded, "; ".join(f"{label} {count:.0f}" for label, count in top))


def _ordered(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(findings, key=lambda finding: ORDER.index(finding["severity"]))


def _shown(value: Any) -> Any:
    """Every text that a template prints, without characters that hide or reorder what is read."""
    return strict.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise BadInput("The report needs jinja2; install it with: pip install jinja2", field="report") from None
    environment = Environment(loader=PackageLoader("tutor"), autoescape=True, undefined=StrictUndefined, finalize=_shown,
                              trim_blocks=True, lstrip_blocks=True)
    folder = files("tutor") / "templates"
    environment.globals.update(
        style=Markup("").join(Markup((folder / name).read_text("utf-8")) for name in ("tokens.css", "report.css")),
        histogram=charts.histogram, bins=charts.score_bins, rule_bars=_rule_bars, points=points, marks=MARKS, verdicts=VERDICTS,
        cap=CAP, ordered=_ordered, predicted=predicted, repair_words=repair_words,
        titles={brief: briefs.brief(brief).title for brief in briefs.brief_ids()},
    )
    return environment
