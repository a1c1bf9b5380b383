"""From rows to pages: jinja2 fills the templates with every text escaped; files are named here and written elsewhere."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from hwlib.errors import BadInput
from hwlib.units import show
from tutor import briefs, strict
from tutor.findings import MARKS, SEVERITIES, VERDICTS, Row
from tutor.report import charts, terms
from tutor.report.summary import BriefSummary, Cohort
from tutor.scoring import CAP

INDEX, STUDENTS = "index.html", "students.html"
ORDER = ("praises", *(severity for severity in SEVERITIES if severity != "praises"))
"""Good first, then from what blocks to what is only asked."""
STATE_MARKS = {"graded": "✓", "graded late": "✓", "ungradable": "◌", "missing": "◌", "superseded": "○"}


def class_pages(cohort: Cohort, students: Sequence[tuple[str, str]], *, versions: str) -> dict[str, bytes]:
    """The page of the class and the list of its students, by file name."""
    environment = _environment()
    made = {INDEX: environment.get_template("cohort.html").render(cohort=cohort, versions=versions, listed=any(page for _, page in students)),
            STUDENTS: environment.get_template("students.html").render(students=students)}
    return {name: text.encode("utf-8") for name, text in made.items()}


def student_page(student: str, parts: Sequence[tuple[str, str, bytes]], versions: str) -> bytes:
    """One student's page, from the rows as text, the payloads as they were read, and the packed reviews."""
    rows = []
    for text, payload, packed in parts:
        row = json.loads(text)
        row["handed"] = json.loads(payload) if payload else {}
        row["body"] = json.loads(zlib.decompress(packed)) if packed else {}
        row["terms"] = terms.terms_of(row["handed"], row["given"], row["body"]["targets"]) if packed and payload else None
        rows.append(row)
    return _environment().get_template("student.html").render(student=student, rows=rows, versions=versions).encode("utf-8")


def lost(reason: str) -> bytes:
    """The page that stands where one could not be made."""
    return _environment().get_template("lost.html").render(reason=reason).encode("utf-8")


@cache
def stamp() -> str:
    """The hash of all that decides how a page looks: templates, styles and this package."""
    total = hashlib.sha256()
    for folder in ("templates", "report"):
        for file in sorted((files("tutor") / folder).iterdir(), key=lambda f: f.name):
            if file.is_file():
                total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


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
        if item.get("calibration"):
            words += f" {item['calibration'][:1].upper()}{item['calibration'][1:]}."
        made.append({"label": label, "words": words, "strip": strip})
    return made


def points(value: float) -> str:
    """
    >>> points(25.0), points(7.25)
    ('25', '7.2')
    """
    return f"{value:.1f}".removesuffix(".0")


def sentence(text: str) -> str:
    """The text with an end, unless it has one.

    >>> sentence("the file is empty"), sentence("did you mean schema?")
    ('the file is empty.', 'did you mean schema?')
    """
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _rule_bars(brief: BriefSummary) -> Markup:
    top = [(f"{rule.mark}: {rule.title}", float(rule.count)) for rule in brief.rules[:8]]
    return charts.bars(top, brief.graded, "; ".join(f"{label} {count:.0f}" for label, count in top))


def _cloud(brief: BriefSummary) -> tuple[Markup, int] | None:
    """The picture, and how many designs lie beyond it."""
    if len(brief.axes) != 2:
        return None
    shown = charts.within(brief.points, brief.axes[0][2])
    return (charts.cloud(shown, brief.axes), len(brief.points) - len(shown)) if len(shown) > 1 else None


def _waterfall(made: dict[str, Any]) -> Markup:
    return charts.waterfall(made["terms"], unit=made["unit"], total=made["total"], limit=made["limit"], title=made["title"])


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
        histogram=charts.histogram, bins=charts.score_bins, rule_bars=_rule_bars, cloud=_cloud, waterfall=_waterfall, show=show, sentence=sentence, points=points, marks=MARKS,
        verdicts=VERDICTS, cap=CAP, ordered=_ordered, predicted=predicted, state_marks=STATE_MARKS,
        titles={brief: briefs.brief(brief).title for brief in briefs.brief_ids()},
    )
    return environment
