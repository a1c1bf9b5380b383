"""The ledger of claims with filters that need no script: two sets of radio buttons and a style sheet.

Where scripts run, `_static/claims.js` adds a field for words, and a line that says how many claims are shown.
"""

from __future__ import annotations

from hwlib.catalogue import VERDICTS, Claim, claims, verdict_counts
from lessons.draw.figures import num
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table
from lessons.reference.worked import steps

MARKS = {"holds": "holds", "holds-with-caveat": "caveat", "wrong": "wrong", "unsupported": "no source"}
SECTIONS = {1: "Two workloads", 2: "Training hardware", 3: "Inference chips", 4: "Economics"}
CHECKED = {"yes": "read", "computed": "computed", "memory": "from memory"}


def _radios(name: str, legend: str, options: dict[str, str]) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{name}" value="{esc(value)}"{" checked" if value == "all" else ""}> {esc(text)}</label> '
        for value, text in options.items()
    )
    return f"<fieldset><legend>{esc(legend)}</legend>{buttons}</fieldset>"


def _style(name: str, values: list[str]) -> str:
    return "".join(
        f'.hw-claims:has(input[name="{name}"][value="{v}"]:checked) tbody tr:not([data-{name}="{v}"]){{display:none}}' for v in values
    )


def _row(c: Claim) -> list[object]:
    from lessons.draw.marks import mark

    how = f'<br><span class="hw-small">{esc(c.how)}</span>{_run(c)}' if c.how else ""
    where = f'<details class="hw-small"><summary>where</summary>{esc(c.source_where)}</details>' if c.source_where else ""
    return [
        Html(f'<a href="#claim-{c.id}">{c.id}</a>'), Html(mark(MARKS[c.verdict])), c.claim,
        Html(f"{esc(c.correction)}{how}"), Html(f'{esc(c.source_title)} <span class="hw-small">({CHECKED[c.source_checked]})</span>{where}'),
    ]  # fmt: skip


def _run(c: Claim) -> str:
    """The steps in numbers, computed while the page is built; a figure of the ledger that does not come out is marked."""
    done = "; ".join(f"{esc(s.expression)} = {num(s.value, 4)}{'' if s.agrees else ' (the ledger has another figure)'}" for s in steps(c.how))
    return f'<br><span class="hw-small">Run here: {done}</span>' if done else ""


def claims_table() -> Shown:
    """All claims, to be narrowed by verdict and by section."""
    counts = verdict_counts()
    verdicts = {"all": f"All ({len(claims())})"} | {v: f"{words} ({counts[v]})" for v, words in VERDICTS.items()}
    sections = {"all": "All"} | {str(n): f"{n} {title} ({sum(c.section == n for c in claims())})" for n, title in SECTIONS.items()}
    style = (
        ".hw-claims fieldset{border:0;padding:0;margin:0 0 10px;min-width:0}.hw-claims legend{font-size:13.5px;font-weight:600;padding:0;margin:0 0 2px}"
        ".hw-claims label{display:inline-flex;align-items:center;gap:6px;min-height:28px;margin:0 16px 0 0;font-size:14.5px}"
        ".hw-claims td:nth-child(2) .mk{white-space:normal;align-items:start}.hw-claims details{overflow-wrap:anywhere}.hw-claims summary{cursor:pointer;min-height:24px}"
        ".hw-claims tbody th{white-space:nowrap}.hw-claims td:nth-child(2){width:96px}.hw-claims td:nth-child(3){width:26%}.hw-claims td:nth-child(5){width:20%;font-size:13.5px;overflow-wrap:anywhere}"
        ".hw-claims tr:target{background:var(--wash,#f2f2f2)}.hw-claims tr[hidden]{display:none}.hw-claims .hw-find input{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--axis);height:34px;padding:0 8px;width:min(320px,60vw)}"
        "@media(max-width:640px){.hw-claims table{display:block;min-width:0!important}.hw-claims :is(tbody,caption){display:block}"
        ".hw-claims thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.hw-claims tbody tr{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;padding:10px 0;border-bottom:1px solid var(--rule)}"
        ".hw-claims tbody tr :is(th,td){border:0;padding:0;width:auto}.hw-claims tbody tr td:nth-child(n+3){grid-column:1/-1;width:auto}.hw-claims tbody tr td:nth-child(3){font-weight:600}}"
        "@media print{.hw-claims :is(fieldset,.hw-find){display:none}}"
    ) + _style("verdict", list(VERDICTS)) + _style("section", [str(n) for n in SECTIONS])  # fmt: skip
    grid = table(
        ["Id", "Verdict", "The text says, in our words", "What holds, and how it is computed", "Source"],
        [_row(c) for c in claims()],
        caption="Claims of the source text, checked",
        ids=[f"claim-{c.id}" for c in claims()],
        data=[f' data-verdict="{c.verdict}" data-section="{c.section}"' for c in claims()],
        wide=680,
    )
    return Shown(
        f'<div class="hw-claims"><style>{style}</style>{_radios("verdict", "Verdict", verdicts)}{_radios("section", "Section", sections)}{grid}</div>'
    )
