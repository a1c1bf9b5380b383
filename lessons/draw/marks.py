"""The mark of a judgement: a shape and a word, colour last. "Not known" is a judgement of its own."""

from __future__ import annotations

from .svg import esc, var

_TICK = '<path d="M2 7.5l3.4 3.4L12.2 3.4" style="fill:none;stroke:{ink};stroke-width:2"/>'
_CROSS = '<path d="M3 3l8 8M11 3l-8 8" style="fill:none;stroke:{miss};stroke-width:2.2"/>'
_DOTTED = (
    '<circle cx="7" cy="7" r="5.2" style="fill:none;stroke:{ink2};stroke-width:1.4;stroke-dasharray:2 2"/>'
)
_WAVE = (
    '<path d="M1.6 8.6c2-3.4 3.6-3.4 5.4-1.6s3.4 1.8 5.4-1.6" style="fill:none;stroke:{ink};stroke-width:2"/>'
)

#: name: (shape, word). Severities of a finding, verdicts on a target, verdicts on a claim.
VERDICTS = {
    "blocks": (
        '<rect x="1.5" y="1.5" width="11" height="11" style="fill:{miss}"/>'
        '<path d="M4.5 7h5" style="stroke:{paper};stroke-width:1.8"/>',
        "Blocks",
    ),
    "costs": ('<path d="M7 1.2L13 12.5H1Z" style="fill:{ink}"/>', "Costs"),
    "risks": ('<path d="M7 2.2L12.2 12H1.8Z" style="fill:none;stroke:{ink};stroke-width:1.5"/>', "Risks"),
    "asks": (
        '<circle cx="7" cy="7" r="5.5" style="fill:none;stroke:{ink};stroke-width:1.5"/>'
        '<path d="M7 9.6v.9M5.4 5.6c0-2 3.2-2 3.2 0 0 1.1-1.6 1.2-1.6 2.5" '
        'style="fill:none;stroke:{ink};stroke-width:1.2"/>',
        "Asks",
    ),
    "praises": (_TICK, "Good"),
    "meets": (_TICK, "Meets"),
    "misses": (_CROSS, "Misses"),
    "unknown": (_DOTTED, "Not known"),
    "holds": (_TICK, "Holds"),
    "caveat": (_WAVE, "Holds with a caveat"),
    "wrong": (_CROSS, "Wrong"),
    "no source": (_DOTTED, "No source"),
}
#: Other spellings that callers use for the same judgement.
_SAME = {
    "block": "blocks",
    "cost": "costs",
    "risk": "risks",
    "ask": "asks",
    "praise": "praises",
    "good": "praises",
    "met": "meets",
    "missed": "misses",
    "not known": "unknown",
    "true": "holds",
    "holds with a caveat": "caveat",
    "false": "wrong",
    "nosource": "no source",
    "no_source": "no source",
    "unsourced": "no source",
}


def verdict_name(verdict: str) -> str:
    """The verdict's name in VERDICTS, whatever the spelling; a ValueError names the ones that exist."""
    name = str(verdict).strip().lower()
    name = _SAME.get(name, name)
    if name not in VERDICTS:
        raise ValueError(f"no mark for {verdict!r}; there are: {', '.join(VERDICTS)}")
    return name


def mark(verdict: str, word: str | None = None) -> str:
    """Shape and word, as HTML.

    >>> "Misses" in mark("misses"), "Wrong" in mark("misses", "Wrong")
    (True, True)
    """
    name = verdict_name(verdict)
    shape, said = VERDICTS[name]
    shape = shape.format(ink=var("ink"), ink2=var("ink2"), miss=var("miss"), paper=var("paper"))
    return (
        f'<span class="mk mk-{name.replace(" ", "-")}"><svg viewBox="0 0 14 14" width="14" height="14" '
        f'aria-hidden="true">{shape}</svg>{esc(word or said)}</span>'
    )
