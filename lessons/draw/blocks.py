"""Blocks of a page as HTML strings, for static cells and for ipywidgets.HTML alike.

Arguments called `html` are markup by the course's own code; every other argument is text and is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from .marks import mark, verdict_name
from .svg import esc
from .table import Html, scroll_open, table


def readout(html: str) -> str:
    """The sentence under a picture; a screen reader says it when it changes (callers debounce by 400 ms)."""
    return f'<p class="hw-readout" role="status" aria-live="polite">{html}</p>'


def headline(html: str) -> str:
    """What holds and what breaks first, over the targets."""
    return f'<p class="hw-headline" role="status" aria-live="polite">{html}</p>'


def source_line(html: str) -> str:
    """Who, what, date, and a link to the rows; small and grey under the thing."""
    return f'<p class="hw-src">{html}</p>'


def caption(html: str) -> str:
    """Words under a picture that are no source."""
    return f'<p class="hw-caption">{html}</p>'


def tag(text: str, *, id: str | None = None, level: int = 2) -> str:
    """The small grey name of a block or of a place in the studio; a heading, so that it can be jumped to."""
    named = f' id="{esc(id)}"' if id else ""
    return f'<h{level} class="hw-tag"{named}>{esc(text)}</h{level}>'


def sub(text: str, *, level: int = 3) -> str:
    """A heading inside a place of the studio."""
    return f'<h{level} class="hw-sub">{esc(text)}</h{level}>'


def state_line(word: str, html: str = "", *, error: bool = False) -> str:
    """What state a part of the page is in: loading, live, empty, refused, broke. Never a spinner."""
    cls = "state err" if error else "state"
    return f'<p class="{cls}" role="{"alert" if error else "status"}"><b>{esc(word)}.</b> {html}</p>'


def details(summary: str, body: str, *, open: bool = False) -> str:
    """A drop-down; `body` is markup. Drop-downs are open in print."""
    return (
        f'<details class="hw-more"{" open" if open else ""}><summary>{esc(summary)}</summary>{body}</details>'
    )


def figure(
    picture: str,
    *,
    caption: str = "",
    source: str = "",
    table: str = "",
    summary: str = "The table behind it",
) -> str:
    """A picture, its words, its source and the table behind it, all markup."""
    words = f"<figcaption>{caption}</figcaption>" if caption else ""
    under = source_line(source) if source else ""
    behind = details(summary, table) if table else ""
    return f'<figure class="hw-figure">{picture}{words}</figure>{under}{behind}'


def claim_block(
    verdict: str, claim: str, computation: str, ledger_id: str, *, source: str = "", href: str | None = None
) -> str:
    """A claim of the source text in our words, with its verdict: holds, caveat, wrong, no source.

    claim and computation are markup; source is said after the ledger id, which `href` may link.
    """
    named = f"Ledger {esc(ledger_id)}"
    if href:
        named = f'<a href="{esc(href)}">{named}</a>'
    said = f"{named}. {source}" if source else f"{named}."
    return (
        f'<div class="hw-claim">{mark(verdict)}<div><p>{claim}</p><p>{computation}</p>'
        f"{source_line(said)}</div></div>"
    )


def targets_table(rows: Sequence[dict]) -> str:
    """One row a target, in the order of the brief.

    rows: dicts with verdict (meets, misses, unknown), target (with its unit), and optionally yours, interval
    ("562 to 705", small under yours), limit, margin (in words) and why (of a target that is not known). Values are
    text as shown; a figure without a value says "not known".
    """
    head = ["Verdict", "Target", "Yours", "Limit", "Margin"]
    body = []
    for row in rows:
        known = verdict_name(row["verdict"]) != "unknown"
        yours = esc(row.get("yours")) if row.get("yours") not in (None, "") else "not known"
        if row.get("interval"):
            yours += f'<br><span class="hw-small">{esc(row["interval"])}</span>'
        target = esc(row["target"])
        if row.get("why"):
            target += f'<br><span class="hw-small">{esc(row["why"])}</span>'
        body.append(
            f'<tr><td>{mark(row["verdict"])}</td><th scope="row">{target}</th><td class="r">{yours if known else "–"}</td>'
            f'<td class="r">{esc(row.get("limit", "–"))}</td><td class="r opt">{esc(row.get("margin") or "–")}</td></tr>'
        )
    top = "".join(
        f'<th scope="col"{cls}>{name}</th>'
        for name, cls in zip(head, ("", "", ' class="r"', ' class="r"', ' class="r opt"'), strict=True)
    )
    return f'{scroll_open("The targets")}<table class="hw-targets"><thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def findings_list(findings: Sequence[dict], *, empty: str = "Nothing found.") -> str:
    """Findings in the order given; dicts with severity, says, and optionally why, rule and href (the rule's page)."""
    if not findings:
        return f'<p class="hw-small">{esc(empty)}</p>'
    items = []
    for finding in findings:
        why = esc(finding.get("why") or "")
        rule = finding.get("rule")
        if rule:
            name = f"rule {esc(rule)}"
            name = f'<a href="{esc(finding["href"])}">{name}</a>' if finding.get("href") else name
            why = f"{why} {name}".strip()
        under = f'<p class="hw-why">{why}</p>' if why else ""
        items.append(
            f'<li class="hw-find">{mark(finding["severity"])}<div><p>{esc(finding["says"])}</p>{under}</div></li>'
        )
    return f'<ul class="hw-finds">{"".join(items)}</ul>'


def turn(who: str, html: str) -> str:
    """One turn of the conversation; the learner's own is indented with an ink line. `html` is markup: escape what
    a learner typed with esc() before it comes here."""
    cls = "you" if who.lower() in ("you", "learner") else "tutor"
    body = html if html.lstrip().startswith("<") else f"<p>{html}</p>"
    return f'<div class="hw-turn {cls}"><p class="who">{esc(who)}</p>{body}</div>'


def log(turns: Sequence[str], *, label: str = "Conversation") -> str:
    """The conversation; look.css keeps its newest turn in view without a script."""
    return f'<div role="log" aria-live="polite" aria-label="{esc(label)}" tabindex="0">{"".join(turns)}</div>'


def read_as(html: str) -> str:
    """The grey line that says how a learner's sentence was understood."""
    return f'<p class="hw-read">I read: {html}</p>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """The fixed facts of a brief in one wrapping line: (name, value)."""
    return '<ul class="facts">' + "".join(f"<li>{esc(n)} <b>{esc(v)}</b></li>" for n, v in pairs) + "</ul>"


def why_table(rows: Sequence[Sequence[str]], *, result: Sequence[str] | None = None, head=None) -> str:
    """A formula's factors: symbol (markup), value, what it is, where from; the result under a rule of ink."""
    head = head or ["Factor", "Value", "What it is", "Where from"]
    body = [[Html(row[0]), *row[1:]] for row in rows]
    if result is not None:
        body.append([Html(result[0]), *result[1:]])
    return table(head, body, right={1}, sums=1 if result is not None else 0, cls="hw-table hw-whytable")
