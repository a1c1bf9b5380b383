"""How wide a label is, and where labels that would collide go.

Nobody can ask a browser here, so widths come from the advance widths of Helvetica (Adobe's AFM, thousandths of an
em, as do Arial and the system faces within a few percent), with a margin for the wider ones.
"""

from __future__ import annotations

#: Advance widths of the printable ASCII characters, from the space to the tilde.
_ASCII = (
    (278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278)  # space to /
    + (556,) * 10  # digits
    + (278, 278, 584, 584, 584, 556, 1015)  # : to @
    + (667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833)  # A to M
    + (722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611)  # N to Z
    + (278, 278, 278, 469, 556, 333)  # [ to `
    + (556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833)  # a to m
    + (556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500)  # n to z
    + (334, 260, 334, 584)  # { to ~
)
_OTHER = {
    "–": 556,
    "—": 1000,
    "…": 1000,
    "×": 584,
    "−": 584,
    "→": 1000,
    "µ": 576,
    "·": 333,
    "’": 222,
    "“": 333,
    "”": 333,
}
_MARGIN = 1.06  # Segoe UI and San Francisco run a little wider than Helvetica
_BOLD = 1.07


def text_width(text: object, size: float = 13, bold: bool = False) -> float:
    """The width of a label in px, on the safe side.

    >>> 55 < text_width("ridge 295") < 60
    True
    """
    total = 0
    for character in str(text):
        code = ord(character) - 32
        if 0 <= code < len(_ASCII):
            total += _ASCII[code]
        else:
            total += _OTHER.get(character, 650 if code < 0x2E00 else 1000)
    return total / 1000 * size * _MARGIN * (_BOLD if bold else 1)


def shorten(text: object, width: float, size: float = 13, bold: bool = False) -> str:
    """The label, cut with an ellipsis if it does not fit. The whole of it stays in the table and the aria-label.

    >>> shorten("prefill", 200)
    'prefill'
    >>> shorten("prefill, arithmetic", 60)
    'prefill,…'
    """
    text = str(text)
    if text_width(text, size, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrap(text: object, width: float, size: float = 13, lines: int = 2, bold: bool = False) -> list[str]:
    """The label on at most so many lines, broken at spaces, the last one shortened if it must be.

    >>> wrap("network and gateway", 80)
    ['network and', 'gateway']
    """
    rows: list[str] = []
    words = str(text).split()
    while words and len(rows) < lines - 1:
        row = words.pop(0)
        while words and text_width(f"{row} {words[0]}", size, bold) <= width:
            row = f"{row} {words.pop(0)}"
        rows.append(shorten(row, width, size, bold))
    if words:
        rows.append(shorten(" ".join(words), width, size, bold))
    return rows or [""]


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near as can be to the wanted ones, in their order, at least `gap` apart and inside the limits.

    Labels at the ends of lines use it: pushed down where they would overlap, then up from the lower edge.

    >>> spread([10, 12, 40], 16, 0, 100)
    [3.0, 19.0, 40]
    """
    if not wanted:
        return []
    order = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
    gap = min(gap, (high - low) / max(1, len(wanted) - 1)) if len(wanted) > 1 else gap
    # Groups of labels that touch share the mean of what they wanted, which moves each one least.
    groups: list[list[float]] = []  # [first position, count]
    for k in order:
        groups.append([min(max(wanted[k], low), high), 1])
        while len(groups) > 1 and groups[-2][0] + groups[-2][1] * gap > groups[-1][0]:
            first, count = groups.pop()
            before, many = groups.pop()
            start = (many * before + count * (first - many * gap)) / (many + count)
            start = min(max(start, low), high - (many + count - 1) * gap)
            groups.append([start, many + count])
    placed = [0.0] * len(wanted)
    flat = [first + j * gap for first, count in groups for j in range(int(count))]
    for k, position in zip(order, flat, strict=True):
        placed[k] = position
    return placed


class Placer:
    """Remembers the boxes that labels already take in a picture, and finds a free one among candidates."""

    __slots__ = ("boxes",)

    def __init__(self):
        self.boxes: list[tuple[float, float, float, float]] = []

    def take(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Mark a box as taken."""
        self.boxes.append((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))

    def overlap(self, x1: float, y1: float, x2: float, y2: float) -> float:
        """The area that a box would share with the taken ones."""
        shared = 0.0
        for a1, b1, a2, b2 in self.boxes:
            if a1 < x2 and x1 < a2 and b1 < y2 and y1 < b2:  # most are elsewhere: found out at a quarter of the cost
                shared += (min(x2, a2) - max(x1, a1)) * (min(y2, b2) - max(y1, b1))
        return shared

    def label(self, text: str, spots, *, size: float = 13, bold: bool = False, lines: int = 1, limits=None):
        """The first free spot (x, y, anchor) of the candidates, else the one that overlaps least; it is then taken.

        `limits` is (left, top, right, bottom); a spot outside it counts as overlapping by what hangs out.
        """
        width = text_width(text, size, bold)
        best, best_cost, best_box = None, None, None
        for x, y, anchor in spots:
            left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
            box = (left, y - size, left + width, y + 4 + 16 * (lines - 1))
            cost = self.overlap(*box)
            if limits:
                out = max(0, limits[0] - box[0]) + max(0, box[2] - limits[2])
                out += max(0, limits[1] - box[1]) + max(0, box[3] - limits[3])
                cost += 40 * out
            if best_cost is None or cost < best_cost:
                best, best_cost, best_box = (x, y, anchor), cost, box
            if cost == 0:
                break
        self.take(*best_box)
        return best
