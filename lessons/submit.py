"""Handing in: `submit` checks a design at the gate, writes the sidecar file and leaves the hand-in in the notebook.

The same JSON object stands in both places, so that either can be uploaded. The score shown is a preview: the
instructor's command computes it again and reads none from the file.
"""

from __future__ import annotations

import html
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor import callable_module, designfile, submission, tickets
from tutor.designfile import Entry
from tutor.submission import MIME, SUFFIX, Submission
from tutor.versions import catalogue_hash

IN_PAGE = sys.platform == "emscripten"
"""Python runs in a page of the book: a file lies in the page's memory alone, and the page offers it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was handed in, where it lies, and what the tutor thinks of it now."""

    submission: Submission
    path: Path
    review: Any = None
    trouble: str = ""

    @property
    def lines(self) -> list[str]:
        handed = self.submission
        said = [f"Handed in: {handed.brief}, student {handed.student}, code {handed.digest[:12]}.",
                f"File: {self.path}. " + ("Download it below." if IN_PAGE else "This notebook, saved with its outputs, holds the same.")]
        if self.review is None:
            return [*said, f"The tutor has no preview: {self.trouble}."]
        return [*said, self.review.headline, f"Preview: {self.review.score:.0f} of 100. The score that counts is computed again from the design."]

    def __str__(self) -> str:
        rows = [f"  {c.points:5.1f} of {c.of:g}  {c.name}: {c.why}" for c in self.review.criteria] if self.review else []
        return "\n".join([*self.lines, *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{html.escape(line)}</p>" for line in self.lines)
        if self.review is None:
            return said
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(c.name)}</th><td style="text-align:right">{c.points:.1f}</td>'
            f'<td style="text-align:right">{c.of:g}</td><td style="text-align:left">{html.escape(c.why)}</td></tr>' for c in self.review.criteria)
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in ("Criterion", "Points", "Of", "Why"))
        return f"{said}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def submit(
    what: Entry | Mapping[str, Any] | Any, *, student: str, brief: str | None = None, predictions: Mapping[str, Any] | None = None,
    rationale: str | None = None, assumptions: Mapping[str, Any] | None = None, reasons: Mapping[str, str] | None = None,
    title: str | None = None, ticket: str = "", path: str | Path | None = None,
) -> Receipt:
    """Hand in an entry, a design, a table of a design's fields, or a design file (`Path`).

    ``ticket`` is the text that the instructor issued; its numbers take the place of the brief's, here as in the grading
    (`ticket_numbers` shows them). Writes ``<brief>.submission.json`` (or ``path``) and shows the hand-in in a notebook.
    Raises `BadInput`, one sentence that names the field, when something is not right; then nothing is written.
    """
    entry = _entry(what, brief, assumptions=assumptions, reasons=reasons, predictions=predictions, rationale=rationale, title=title)
    handed = sealed(entry, student=student, ticket=ticket)
    target = Path(path) if path else Path(f"{handed.brief}{SUFFIX}")
    if not target.name.endswith(SUFFIX):
        raise BadInput(f"path = {str(target)!r} must end in {SUFFIX}, so that it is found", field="path")
    _write(target, handed.to_bytes())
    _show(handed, target)
    try:
        import tutor

        return Receipt(handed, target, tutor.review(handed.brief, handed.entry))
    except BadInput as error:
        return Receipt(handed, target, trouble=str(error))
    except Exception as error:  # the hand-in is written and sound: a fault of the tutor must not look like one of it
        return Receipt(handed, target, trouble=f"it failed, which is our fault and not yours ({type(error).__name__}: {error})")


def sealed(entry: Entry, *, student: str, ticket: str = "") -> Submission:
    """The hand-in of an entry, as it passed the very gate that the instructor's command uses; `BadInput` when it does not.

    Nothing is written: a notebook's `submit` and the page's "Hand in" both begin here.
    """
    if ticket:
        entry = tickets.told_by(entry, ticket)
    made = Submission(student=student, entry=entry, ticket=ticket, made_with={"hwlib": _version(), "catalogue": catalogue_hash()})
    try:
        return submission.read(made.to_bytes())
    except (TypeError, UnicodeEncodeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"the hand-in cannot be written as plain text and numbers: {error}") from None


def ticket_numbers(ticket: str) -> dict[str, Any]:
    """The numbers that a ticket gives its holder: assumptions by name, and the chips on offer where they are fewer."""
    return tickets.numbers(ticket)


def _entry(what: Any, brief: str | None, **given: Any) -> Entry:
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("predictions", "assumptions"):
        if name in given:
            given[name] = {key: _plain(value) for key, value in dict(given[name]).items()}
    if isinstance(what, Path):
        what = designfile.read_design(what)
    if isinstance(what, Entry):
        if brief and brief != what.brief:
            raise BadInput(f"brief = {brief!r}, but the entry answers {what.brief!r}", field="brief")
        if {"assumptions", "reasons"} & set(given):
            kept = {name: getattr(what, name) for name in ("title", "assumptions", "reasons", "predictions", "rationale")}
            return designfile.entry(what.brief, what.design, **kept | given)
        return replace(what, **given)
    if isinstance(what, Mapping) and "design" in what:
        data = {"brief": brief, **what} if brief else dict(what)
        return _entry(designfile.from_dict(data), brief, **given)
    if brief is None:
        raise BadInput("brief is missing: say which brief this design answers, for example brief='serve-7b'", field="brief")
    if isinstance(what, Mapping):
        what = {key: _plain(value) for key, value in what.items()}
    return designfile.entry(brief, what, **given)


def _plain(value: Any) -> Any:
    """Numbers of numpy and figures as plain numbers; everything else as it is, for the gate to judge."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def _write(target: Path, data: bytes) -> None:
    """All or nothing: a full disk or a pulled plug leaves the last hand-in whole."""
    try:
        handle, fresh = tempfile.mkstemp(prefix=".submission-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(fresh, 0o644)
        os.replace(fresh, target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {(error.strerror or 'no').lower()}", field="path") from None


def _show(handed: Submission, target: Path) -> None:
    """Leave the hand-in among the notebook's outputs; outside a notebook, and in a page, there is nothing to leave it in."""
    ipython = sys.modules.get("IPython")
    if IN_PAGE or ipython is None or ipython.get_ipython() is None:
        return
    words = f"This output is your hand-in for {handed.brief} (student {handed.student}). Save the notebook with it, or upload {target.name}."
    ipython.display.display({MIME: handed.payload(), "text/plain": words, "text/html": f"<p>{html.escape(words)}</p>"}, raw=True)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("hardware-that-learns")
    except PackageNotFoundError:
        return "not installed"


callable_module(__name__)
