"""Reviews and repairs as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from tutor.findings import Review

WIDTH = 92


def review_text(review: Review) -> str:
    """The review in the order of the studio: verdict, targets, findings, score, question, repair."""
    from tutor.briefs import brief

    lines = [f"{brief(review.brief).title} · {review.brief}" + (f" · {review.title}" if review.title else ""), "", *wrapped(review.headline), ""]
    lines += table(
        ("Verdict", "Target", "Yours", "Limit", "Margin"),
        [(t.verdict, t.label, t.yours_shown, t.limit_shown, t.margin_words or (t.why if t.met is None else "")) for t in review.targets],
        right=(2, 3),
    )
    if review.findings:
        lines += ["", "Findings"]
        for f in review.findings:
            lines += wrapped(f"{f.mark:9} {f.title}  [{f.rule}]", hang=12, lead=2)
            if f.severity != "praises":
                said = "; ".join(f"{row.name} {row.shown}" for row in f.evidence[:4])
                lines += wrapped(said, hang=12, lead=12)
    lines += ["", f"Score {review.score:.0f} of 100" + (f" ({review.capped})" if review.capped else "")]
    lines += table(("", "Points", "Of", "Why"), [(c.name, f"{c.points:.1f}", f"{c.of:.0f}", c.why) for c in review.criteria], right=(1, 2), last=46)
    if review.next_question:
        lines += ["", *wrapped("Next: " + review.next_question, hang=6)]
    if review.repair:
        lines += ["", repairs_text(review.repair)]
    if review.earns:
        lines += ["", f"This repair would bring the score to {review.earns['score']:.0f}, {abs(review.earns['points']):.0f} {'more' if review.earns['points'] >= 0 else 'less'}."]
    return "\n".join(line.rstrip() for line in lines)


def repairs_text(repairs: Any) -> str:
    """The three repairs, what was tried and whether minimality was proved."""
    lines = wrapped(repairs.words())
    told = []
    for name, found in (("Fewest edits", repairs.fewest), ("Cheapest", repairs.cheapest), ("Keeping the chip", repairs.keep_chip)):
        if found is None:
            continue
        if found.changes in told:
            lines += ["", f"{name}: the same change."]
            continue
        told.append(found.changes)
        lines += ["", f"{name}: {found.words()}"]
        lines += table(("", "Now", "Then"), [(r["label"], r["before_shown"], r["after_shown"]) for r in found.rows], right=(1, 2))
    return "\n".join(line.rstrip() for line in lines)


def wrapped(text: str, *, hang: int = 0, lead: int = 0) -> list[str]:
    """The text at the width of a terminal."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * lead, subsequent_indent=" " * hang) or [""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: tuple[int, ...] = (), last: int = 0) -> list[str]:
    """Columns as wide as their widest cell; the last one wraps at ``last`` characters."""
    rows = [[str(c) for c in row] for row in rows]
    grid = [list(head), *rows]
    wide = [max(len(row[i]) for row in grid) for i in range(len(head))]
    lines = []
    for number, row in enumerate(grid):
        cells = [row[i].rjust(wide[i]) if i in right else row[i].ljust(wide[i]) for i in range(len(head) - 1)]
        tail = textwrap.wrap(row[-1], last) if last and row[-1] else [row[-1].rjust(wide[-1]) if len(head) - 1 in right else row[-1]]
        prefix = "  " + "  ".join(cells) + "  "
        lines += [prefix + tail[0], *(" " * len(prefix) + more for more in tail[1:])]
        if number == 0:
            lines.append("  " + "  ".join("─" * w for w in (wide[:-1] + [min(wide[-1], last) if last else wide[-1]])))
    return lines


__all__ = ["repairs_text", "review_text", "table", "wrapped"]
