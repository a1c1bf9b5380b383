"""SVG by hand: one Pic is one picture, and a string is all that comes out.

Colours are CSS variables with the light value as a fall-back, so the same string follows the theme in the book and
stays legible in JupyterLab and in a file on its own. There are no ids at all: hatching is drawn as lines, not as a
pattern, so nothing can collide when a page holds the same picture twice, and nothing depends on a counter.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from lessons import style

from .measure import shorten, text_width

_FALLBACK = style.tokens("light")
_VAR = {name: f"var(--{name},{value})" for name, value in _FALLBACK.items()}
_VAR.update({"none": "none", "currentColor": "currentColor"})

#: Segments drawn hatched: hatching means that nothing happens there.
HATCHED = frozenset({"idle", "free", "queue", "wait", "stall", "bubble", "hatch"})
_GREYS = {
    "reserve": "axis",
    "grey": "idle",
    "grey2": "ink2",
    "ink": "ink",
    "axis": "axis",
    "wash": "wash",
    "paper": "paper",
}
_STEP = 8  # px between two hatch lines


def esc(text: object) -> str:
    """Text that is safe inside an element or an attribute."""
    return html.escape(str(text), quote=True)


def var(name: str) -> str:
    """The CSS value of a token: its variable, and the light colour where no stylesheet defines it."""
    return _VAR[name]


def fill_of(kind: str) -> str:
    """The token that fills a segment of this kind: "hatch" where nothing happens, c-<hue> for a resource.

    An unknown kind is grey rather than an error, because a label in words stands beside it anyway.
    """
    if kind in HATCHED:
        return "hatch"
    if kind in style.HUES:
        return f"c-{kind}"
    return _GREYS.get(kind, "idle")


def ink_of(kind: str) -> str:
    """The token of a label that speaks about this kind: t-<hue>, or the secondary ink."""
    return f"t-{kind}" if kind in style.HUES else "ink2"


def _f(value: float) -> str:
    """A coordinate, as short as a tenth of a pixel allows."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _diagonals(x: float, y: float, w: float, h: float) -> str:
    """The path of the lines inside a box.

    The lines lie on one grid of the picture, so neighbouring boxes continue each other. Those that run from the lower
    to the upper edge are all alike, so one relative segment is repeated.
    """
    d = []
    k = _STEP - (x + y) % _STEP
    while k < w + h:
        if h <= k <= w:
            count = int((w - k) // _STEP) + 1
            d.append(f"M{_f(x + k - h)} {_f(y + h)}" + f"l{_f(h)} {_f(-h)}m{_f(_STEP - h)} {_f(h)}" * count)
            k += _STEP * count
            continue
        x1, y1 = (x, y + k) if k <= h else (x + k - h, y + h)
        x2, y2 = (x + k, y) if k <= w else (x + w, y + k - w)
        d.append(f"M{_f(x1)} {_f(y1)}L{_f(x2)} {_f(y2)}")
        k += _STEP
    return "".join(d)


class Pic:
    """A picture under construction. Every method adds a shape and returns the picture, so calls can be chained."""

    __slots__ = ("w", "h", "title", "says", "parts")

    def __init__(self, w: float, h: float, title: str, says: str = ""):
        self.w, self.h = w, h
        self.title, self.says = title, says
        self.parts: list[str] = []

    @property
    def is_narrow(self) -> bool:
        """Whether this is the drawing for a phone."""
        return self.w < 430

    def add(self, markup: str) -> Pic:
        """Any markup that the methods below do not know."""
        self.parts.append(markup)
        return self

    # Shapes -----------------------------------------------------------------------------------------------

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        fill: str = "wash",
        stroke: str | None = None,
        sw: float = 1,
        opacity: float | None = None,
    ) -> Pic:
        """A rectangle; fill="hatch" draws idleness."""
        w, h = max(0.0, w), max(0.0, h)
        if fill == "hatch":
            return self._hatch([(x, y, w, h)])
        look = f"fill:{var(fill)}"
        if stroke:
            look += f";stroke:{var(stroke)};stroke-width:{sw}"
        if opacity is not None:
            look += f";fill-opacity:{opacity}"
        return self.add(f'<rect x="{_f(x)}" y="{_f(y)}" width="{_f(w)}" height="{_f(h)}" style="{look}"/>')

    def _hatch(self, boxes) -> Pic:
        """Frames of paper, then all their diagonals."""
        idle = var("idle")
        frames = "".join(f"M{_f(x)} {_f(y)}h{_f(w)}v{_f(h)}h{_f(-w)}z" for x, y, w, h in boxes)
        diagonals = "".join(_diagonals(*box) for box in boxes)
        self.add(f'<path d="{frames}" style="fill:{var("paper")};stroke:{idle}"/>')
        if diagonals:
            self.add(f'<path d="{diagonals}" style="fill:none;stroke:{idle};stroke-opacity:.75"/>')
        return self

    def rects(self, boxes, *, fill: str, stroke: str | None = None, sw: float = 1) -> Pic:
        """Many rectangles (x, y, w, h) of one look as one path: a schedule of 1,000 cells stays small."""
        if not boxes:
            return self
        if fill == "hatch":
            return self._hatch(boxes)
        d = "".join(f"M{_f(x)} {_f(y)}h{_f(w)}v{_f(h)}h{_f(-w)}z" for x, y, w, h in boxes)
        look = f"fill:{var(fill)}" + (f";stroke:{var(stroke)};stroke-width:{sw}" if stroke else "")
        return self.add(f'<path d="{d}" style="{look}"/>')

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        c: str = "axis",
        sw: float = 1,
        dash: str | None = None,
    ) -> Pic:
        """A straight line; limits are dash="4 3" at 1.25."""
        look = f"stroke:{var(c)};stroke-width:{sw}" + (f";stroke-dasharray:{dash}" if dash else "")
        return self.add(f'<path d="M{_f(x1)} {_f(y1)}L{_f(x2)} {_f(y2)}" style="fill:none;{look}"/>')

    def path(
        self,
        points,
        *,
        c: str | None = "ink",
        sw: float = 1.75,
        fill: str = "none",
        dash: str | None = None,
        close: bool = False,
        opacity: float | None = None,
    ) -> Pic:
        """A line through points, or a filled region with close=True."""
        if not points:
            return self
        d = "M" + "L".join(f"{_f(x)} {_f(y)}" for x, y in points) + ("Z" if close else "")
        look = f"fill:{var(fill)};stroke:{var(c) if c else 'none'};stroke-width:{sw};stroke-linejoin:round"
        if dash:
            look += f";stroke-dasharray:{dash}"
        if opacity is not None:
            look += f";fill-opacity:{opacity}"
        return self.add(f'<path d="{d}" style="{look}"/>')

    # Text -------------------------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: object,
        *,
        a: str = "start",
        c: str = "ink",
        size: float = 13,
        bold: bool = False,
        halo: bool = False,
        rot: float | None = None,
        width: float | None = None,
    ) -> Pic:
        """A label. It is kept inside the picture: moved in at the edges, and cut with "…" if it is too long.

        `width` cuts it to a narrower place. A rotated label is left where it is put.
        """
        text = str(text)
        if not text:
            return self
        turned = ""
        if rot is not None:
            turned = f' transform="rotate({_f(rot)} {_f(x)} {_f(y)})"'
        else:
            room = min(width or self.w, self.w)
            long = text_width(text, size, bold)
            if long > room:
                text = shorten(text, room, size, bold)
                long = text_width(text, size, bold)
            start = x - long * {"start": 0, "middle": 0.5, "end": 1}[a]
            if start < 0:
                x -= start
            elif start + long > self.w:
                x -= start + long - self.w
        look = ""
        if c != "ink":
            look += f"fill:{var(c)};"
        if size != 13:
            look += f"font-size:{_f(size)}px;"
        if bold:
            look += "font-weight:600;"
        if halo:
            look += f"paint-order:stroke;stroke:{var('paper')};stroke-width:4px;stroke-linejoin:round;"
        anchor = f' text-anchor="{a}"' if a != "start" else ""
        styled = f' style="{look[:-1]}"' if look else ""
        return self.add(f'<text x="{_f(x)}" y="{_f(y)}"{anchor}{turned}{styled}>{esc(text)}</text>')

    def labels(
        self,
        items,
        *,
        a: str = "middle",
        c: str = "ink2",
        size: float = 12,
        bold: bool = False,
        halo: bool = False,
    ) -> Pic:
        """Many short labels (x, y, text) of one look, as the letters of a block map; put where they are, unmoved."""
        if not items:
            return self
        look = f"fill:{var(c)};font-size:{_f(size)}px" + (";font-weight:600" if bold else "")
        if halo:
            look += f";paint-order:stroke;stroke:{var('paper')};stroke-width:3px"
        inside = "".join(f'<text x="{_f(x)}" y="{_f(y)}">{esc(text)}</text>' for x, y, text in items)
        return self.add(f'<g text-anchor="{a}" style="{look}">{inside}</g>')

    def lines(self, x: float, y: float, texts, *, lead: float = 16, **look) -> Pic:
        """Several labels under one another."""
        for j, text in enumerate(texts):
            self.text(x, y + j * lead, text, **look)
        return self

    # Marks: what is predicted is hollow, what was measured is a diamond, what is yours is ringed -----------

    def predicted(self, x: float, y: float, *, c: str = "ink", r: float = 4) -> Pic:
        """A hollow ring."""
        look = f"fill:{var('paper')};stroke:{var(c)};stroke-width:1.75"
        return self.add(f'<circle cx="{_f(x)}" cy="{_f(y)}" r="{r}" style="{look}"/>')

    def measured(self, x: float, y: float, *, c: str = "ink", r: float = 4.5, hollow: bool = False) -> Pic:
        """A solid diamond; hollow for a second kind of measured thing in the same picture."""
        r -= 0.6 if hollow else 0
        d = f"M{_f(x)} {_f(y - r)}l{r} {r}l{-r} {r}l{-r} {-r}z"
        look = f"fill:{var('paper')};stroke:{var(c)};stroke-width:1.5" if hollow else f"fill:{var(c)}"
        return self.add(f'<path d="{d}" style="{look}"/>')

    def yours(self, x: float, y: float, *, r: float = 5) -> Pic:
        """A ringed dot, always ink: it moves with the controls."""
        ring = f"fill:{var('paper')};stroke:{var('ink')};stroke-width:1.25"
        return self.add(
            f'<circle cx="{_f(x)}" cy="{_f(y)}" r="{r + 3}" style="{ring}"/>'
            f'<circle cx="{_f(x)}" cy="{_f(y)}" r="{r}" style="fill:{var("ink")}"/>'
        )

    def interval(self, x1: float, x2: float, y: float, *, c: str = "ink", cap: float = 5) -> Pic:
        """An error bar that lies."""
        for x in (x1, x2):
            self.line(x, y - cap, x, y + cap, c=c, sw=1.25)
        return self.line(x1, y, x2, y, c=c, sw=1.25)

    def vinterval(self, x: float, y1: float, y2: float, *, c: str = "ink", cap: float = 4) -> Pic:
        """An error bar that stands."""
        for y in (y1, y2):
            self.line(x - cap, y, x + cap, y, c=c, sw=1.25)
        return self.line(x, y1, x, y2, c=c, sw=1.25)

    def brace(self, x1: float, x2: float, y: float, *, c: str = "axis", up: bool = True) -> Pic:
        """A flat bracket over (or under) a span."""
        tip = y + 4 if up else y - 4
        return self.path([(x1, tip), (x1, y), (x2, y), (x2, tip)], c=c, sw=1)

    # Out --------------------------------------------------------------------------------------------------

    def svg(self, cls: str = "", hidden: bool = False) -> str:
        """The picture as a string: role=img, and an aria-label that gives the result."""
        says = f"{self.title}. {self.says}" if self.says else self.title
        most = (
            440 if self.is_narrow else self.w
        )  # a phone may enlarge the narrow one; the wide one never grows
        look = f"max-width:{_f(most)}px;font-size:13px;fill:{var('ink')}" + (
            ";display:none" if hidden else ""
        )
        return (
            f'<svg class="{f"pic {cls}".strip()}" viewBox="0 0 {_f(self.w)} {_f(self.h)}" role="img" '
            f'aria-label="{esc(says)}" style="{look}">{"".join(self.parts)}</svg>'
        )


def two(draw: Callable[[float], Pic], *, wide: float = 680, narrow: float = 340) -> str:
    """The same view at two widths; a container query shows the one that fits, so that type stays 12 to 13 px.

    The class says when look.css changes over: `mid` for a picture beside controls, `half` in the studio.
    """
    cls = "two mid" if wide < 500 else "two half" if wide < 600 else "two"
    return f'<div class="{cls}">{draw(wide).svg("wide")}{draw(narrow).svg("narrow", hidden=True)}</div>'
