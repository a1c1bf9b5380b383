"""Request timeline: when each request waits, is prefilled, decodes, and is stalled by somebody else's prefill."""

from __future__ import annotations

from .figures import quantity
from .measure import shorten, text_width
from .scale import Scale, x_axis
from .svg import Pic, two

_WORDS = {"wait": "waits", "prefill": "prefill", "decode": "decode", "stall": "stalled"}


def timeline(
    requests,
    *,
    until_s: float | None = None,
    limit_s: float | None = None,
    label: str = "prompt",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """A row a request, by arrival: thin line waits, thick prefill, middle decode, hatched stall.

    requests: (label, arrival_s, [(kind, start_s, end_s), …], first_token_s or None). The tick is the first token;
    its time after the arrival stands at the right, red words where it is past limit_s. `until_s` cuts the axis.
    """
    requests = [(str(a), float(b), [(k, float(s), float(e)) for k, s, e in c], d) for a, b, c, d in requests]
    start = min((r[1] for r in requests), default=0.0)
    latest = max((e for r in requests for _, _, e in r[2]), default=start + 1)
    end = until_s if until_s is not None else latest
    title = title or f"{len(requests)} requests on one replica"
    says = says or _says(requests, limit_s)
    kinds = [k for k in _WORDS if any(k == s[0] for r in requests for s in r[2])]

    def draw(w: float) -> Pic:
        slim = w < 500
        left = 0.5 if slim else min(max([text_width(r[0], 12) for r in requests] + [40]) + 14, w * 0.25)
        waits = [_ttft(r) for r in requests]
        right = (
            max(
                [text_width(t, 12.5) for t in waits]
                + [text_width("first token", 12.5, True) if not slim else 30]
            )
            + 12
        )
        pitch, top = 22, 42.0
        pic = Pic(w, top + pitch * len(requests) + 34, title, says)
        X = Scale(low=start, high=max(end, start + 1e-9), a=left, b=w - right)
        _legend(pic, kinds, 0 if slim else left, slim)
        pic.text(w, 34 if slim else 15, "first token", a="end", size=12.5, bold=True)
        if not slim and label:
            pic.text(left - 12, 15, label, a="end", c="ink2", size=12.5)
        for j, (name, _arrival, parts, first) in enumerate(requests):
            y = top + j * pitch
            if not slim:
                pic.text(left - 12, y + 12, shorten(name, left - 12, 12), a="end", c="ink2", size=12)
            _row(pic, X, y, parts)
            if first is not None and first <= X.high:
                pic.line(X(first), y - 2, X(first), y + 16, c="ink", sw=1.75)
            late = limit_s is not None and first is not None and first - requests[j][1] > limit_s
            pic.text(w, y + 12, waits[j], a="end", size=12.5, c="miss" if late else "ink", bold=late)
        x_axis(
            pic,
            X,
            pic.h - 26,
            ticks=[start + t for t in Scale(low=0, high=X.high - start, a=0, b=1).ticks(5)],
            say=lambda v: quantity(round(v - start, 9), "s"),
        )
        return pic

    return two(draw, wide=wide, narrow=narrow)


def timeline_table(requests, **_look) -> tuple[list[str], list[list]]:
    """(head, rows): per request its arrival, its time to first token and the sums of its segments."""
    rows = []
    for name, arrival, parts, first in requests:
        sums = {k: sum(e - s for kind, s, e in parts if kind == k) for k in _WORDS}
        rows.append(
            [
                name,
                quantity(arrival, "s"),
                quantity(first - arrival, "s") if first is not None else "not yet",
                *(quantity(v, "s") if v else "–" for v in sums.values()),
            ]
        )
    return ["Request", "Arrives at", "First token after", "Waits", "Prefill", "Decode", "Stalled"], rows


def _ttft(request) -> str:
    return "not yet" if request[3] is None else quantity(request[3] - request[1], "s", 3)


def _says(requests, limit: float | None) -> str:
    waits = sorted(r[3] - r[1] for r in requests if r[3] is not None)
    if not waits:
        return f"{len(requests)} requests, no first token yet"
    says = f"The first token comes after {quantity(waits[0], 's')} to {quantity(waits[-1], 's')}"
    stall = sum(e - s for r in requests for k, s, e in r[2] if k == "stall")
    if stall:
        says += f"; decoding is stalled for {quantity(stall, 's')} in all by other requests' prefill"
    if limit is not None:
        says += f"; {sum(v > limit for v in waits)} of {len(waits)} are later than {quantity(limit, 's')}"
    return says


def _legend(pic: Pic, kinds, x: float, slim: bool) -> None:
    for kind in kinds:
        _sample(pic, kind, x, 11)
        word = "stalled by another prefill" if kind == "stall" and not slim and pic.w > 600 else _WORDS[kind]
        pic.text(x + 19, 15, word, c="ink2", size=12.5)
        x += 19 + text_width(word, 12.5) + (12 if not slim else 7)


def _sample(pic: Pic, kind: str, x: float, y: float) -> None:
    if kind == "wait":
        pic.line(x, y, x + 14, y, c="ink", sw=1.5)
    elif kind == "prefill":
        pic.rect(x, y - 7, 14, 14, fill="c-compute")
    elif kind == "decode":
        pic.rect(x, y - 3, 14, 6, fill="c-memory")
    else:
        pic.rect(x + 0.5, y - 3.5, 13, 7, fill="hatch")


def _joined(parts) -> list[tuple[str, float, float]]:
    """Pieces of one kind that touch, as one: a decode of a hundred steps is one bar without seams."""
    out: list[tuple[str, float, float]] = []
    for kind, start, end in sorted(parts, key=lambda p: p[1]):
        if out and out[-1][0] == kind and start - out[-1][2] < 1e-9:
            out[-1] = (kind, out[-1][1], max(end, out[-1][2]))
        else:
            out.append((kind, start, end))
    return out


def _row(pic: Pic, X: Scale, y: float, parts) -> None:
    """Decode and prefill as one path each; a request may hold a hundred pieces."""
    decode, prefill = [], []
    for kind, start, end in _joined(parts):
        if start > X.high:
            continue
        x, w = X(start), X(end) - X(start)
        if kind == "prefill":
            prefill.append((x, y, max(w, 1), 14))
        elif kind == "decode":
            decode.append((x, y + 4, max(w, 0.5), 6))
        elif kind == "stall":
            if w > 0.7:
                pic.rect(x, y + 4, w, 6, fill="hatch")
        elif w > 0.7:
            pic.line(x, y + 7, x + w, y + 7, c="ink", sw=1.5)
    pic.rects(decode, fill="c-memory").rects(prefill, fill="c-compute")
