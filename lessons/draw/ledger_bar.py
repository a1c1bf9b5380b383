"""Ledger bar: how many claims of the source text hold, hold with a caveat, are wrong, or have no source."""

from __future__ import annotations

from .figures import num, percent
from .marks import verdict_name
from .measure import text_width
from .svg import Pic, two

_LOOK = {
    "holds": ("ink", "ink", "hold", "hold"),
    "caveat": ("idle", "ink", "hold with a caveat", "with a caveat"),
    "wrong": ("miss", "miss", "wrong", "wrong"),
    "no source": ("hatch", "ink", "no source", "no source"),
}


def ledger_bar(
    counts, *, title: str | None = None, says: str = "", wide: float = 680, narrow: float = 340
) -> str:
    """One bar for all claims; counts: {"holds": 35, "caveat": 79, "wrong": 26, "no source": 13}, in that order drawn."""
    counts = _ordered(counts)
    total = sum(counts.values())
    title = title or f"{num(total)} claims of the source text, checked"
    says = says or ", ".join(f"{num(n)} {_LOOK[k][2]}" for k, n in counts.items())

    def draw(w: float) -> Pic:
        slim = w < 500
        shown = [(k, n) for k, n in counts.items() if n > 0]
        texts = [f"{num(n)} {_LOOK[k][3 if slim else 2]}" for k, n in shown]
        starts, x = [], 0.0
        for _, n in shown:
            starts.append(x)
            x += w * n / total
        lines = _lines(texts, starts, w)
        pic = Pic(w, 26 + 18 * (1 + max((line for _, line in lines), default=0)), title, says)
        for k, ((kind, n), start) in enumerate(zip(shown, starts, strict=True)):
            fill, ink, *_ = _LOOK[kind]
            width = w * n / total - (2 if k < len(shown) - 1 else 0)
            if fill == "hatch":
                pic.rect(start + 0.5, 0.5, max(1, width - 1), 19, fill="hatch")
            else:
                pic.rect(start, 0, max(1, width), 20, fill=fill)
            at, line = lines[k]
            pic.text(at, 37 + 18 * line, texts[k], c=ink)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def ledger_bar_table(counts, **_look) -> tuple[list[str], list[list]]:
    """(head, rows): count and share by verdict."""
    counts = _ordered(counts)
    total = sum(counts.values()) or 1
    return ["Verdict", "Claims", "Share"], [[_LOOK[k][2], n, percent(n / total)] for k, n in counts.items()]


def _ordered(counts) -> dict[str, int]:
    named = {verdict_name(k): int(n) for k, n in dict(counts).items()}
    strange = set(named) - set(_LOOK)
    if strange:
        raise ValueError(f"no verdict on a claim: {', '.join(sorted(strange))}")
    if any(n < 0 for n in named.values()) or not sum(named.values()):
        raise ValueError("a ledger counts at least one claim")
    return {k: named.get(k, 0) for k in _LOOK}


def _lines(texts, starts, w: float) -> list[tuple[float, int]]:
    """Where each label starts and on which line: under its segment, a line lower where it would touch another."""
    ends: list[float] = []
    out = []
    for text, start in zip(texts, starts, strict=True):
        long = text_width(text)
        at = max(0.0, min(start, w - long))
        line = next((k for k, end in enumerate(ends) if at >= end + 12), len(ends))
        ends[line : line + 1] = [at + long]
        out.append((at, line))
    return out
