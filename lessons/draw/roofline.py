"""The roofline: what a chip can reach at each arithmetic intensity, and where a workload stands under it."""

from __future__ import annotations

import math

from .figures import num, quantity
from .measure import Placer, text_width
from .scale import Scale, gutter, x_axis, y_axis
from .svg import Pic, two


def roofline(
    points=(),
    *,
    peak_flop_per_s: float,
    mem_bytes_per_s: float,
    achieved_flop_per_s: float | None = None,
    achieved_bytes_per_s: float | None = None,
    yours: str | None = None,
    precision: str = "dense BF16",
    chip: str = "one chip",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Log-log; the slope wears the memory colour, the flat roof compute, each with its name and figure.

    points: (label, FLOP per byte), drawn on the roof, hollow; or (label, FLOP per byte, FLOP/s), measured, a diamond.
    yours: the label of one point; it is ringed and has a drop line. Thin dashes are what kernels achieve.
    """
    roof = _Roof(peak_flop_per_s, mem_bytes_per_s)
    title = title or f"Roofline of {chip}"
    says = says or _says(points, roof, yours)
    low_x = min([0.5] + [p[1] / 1.8 for p in points if p[1] > 0])
    high_x = max([roof.ridge * 20, 1000.0] + [p[1] * 1.8 for p in points])
    reached = [min(roof.at(p[1]), p[2]) if len(p) > 2 else roof.at(p[1]) for p in points if p[1] > 0]
    low_y = min([peak_flop_per_s / 900] + [v / 3 for v in reached if v > 0])

    def draw(w: float) -> Pic:
        roomy = w >= 600
        h = 330 if roomy else 300
        pic = Pic(w, h, title, says)
        tera = 1e12
        ticks_y = Scale(low=low_y / tera, high=peak_flop_per_s * 1.3 / tera, a=0, b=1, log=True).ticks(4)
        left = gutter(ticks_y, log=True) + 2
        names = (f"{quantity(peak_flop_per_s, 'FLOP/s').split()[0]} peak, {precision}", "")
        if achieved_flop_per_s:
            names = (names[0], f"{quantity(achieved_flop_per_s, 'FLOP/s').split()[0]} achieved, best case")
        right = min(190, max(text_width(n) for n in names) + 10) if roomy else 10
        X = Scale(low=low_x, high=high_x, a=left, b=w - right, log=True)
        Y = Scale(low=low_y, high=peak_flop_per_s * 1.3, a=h - 46, b=26, log=True)
        y_axis(
            pic, Y, left - 8, ticks=[t * tera for t in ticks_y], say=lambda v: num(v / tera), label="TFLOP/s"
        )
        x_axis(pic, X, h - 46, label="FLOP per byte moved")
        _roofs(pic, X, Y, roof, achieved_flop_per_s, achieved_bytes_per_s)
        place = Placer()
        _marks(X, Y, roof, points, place)
        _name_roofs(pic, X, Y, roof, names, achieved_flop_per_s, roomy, points)
        pic.line(X(roof.ridge), Y(roof.peak) + 5, X(roof.ridge), h - 46, c="rule")
        x, y, a = place.label(
            f"ridge {num(roof.ridge)}",
            [(X(roof.ridge) + 5, h - 52, "start"), (X(roof.ridge) - 5, h - 52, "end")],
            size=12,
            limits=(left, 0, w, h),
        )
        pic.text(x, y, f"ridge {num(roof.ridge)}", a=a, c="ink2", size=12)
        _points(pic, X, Y, roof, points, yours, place, h)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def roofline_table(
    points=(), *, peak_flop_per_s: float, mem_bytes_per_s: float, yours: str | None = None, **_look
) -> tuple[list[str], list[list]]:
    """(head, rows) of the same picture."""
    roof = _Roof(peak_flop_per_s, mem_bytes_per_s)
    head = [
        "Work",
        "FLOP per byte",
        "At most, TFLOP/s",
        "Share of the peak, %",
        "Waits for",
        "Measured, TFLOP/s",
    ]
    rows = []
    for label, at, *seen in points:
        name = f"{label} (yours)" if label == yours else label
        top = roof.at(at)
        waits = "arithmetic" if at >= roof.ridge else "memory"
        rows.append([name, at, top / 1e12, 100 * top / roof.peak, waits, seen[0] / 1e12 if seen else "–"])
    rows.append(["ridge", roof.ridge, roof.peak / 1e12, 100, "both", "–"])
    return head, rows


class _Roof:
    """Two straight lines and where they meet."""

    def __init__(self, peak: float, bandwidth: float):
        self.peak, self.bandwidth = float(peak), float(bandwidth)
        self.ridge = self.peak / self.bandwidth

    def at(self, flop_per_byte: float) -> float:
        """The most that this intensity allows."""
        return min(self.peak, self.bandwidth * flop_per_byte)


def _says(points, roof: _Roof, yours: str | None) -> str:
    parts = []
    for label, at, *seen in sorted(points, key=lambda p: p[0] != yours):
        parts.append(
            f"{label}: {num(at)} FLOP per byte, at most {num(roof.at(at) / 1e12)} of {num(roof.peak / 1e12)} TFLOP/s"
            + (f", measured {num(seen[0] / 1e12)}" if seen else "")
        )
    parts.append(f"the ridge lies at {num(roof.ridge)} FLOP per byte")
    return "; ".join(parts)


def _roofs(pic: Pic, X: Scale, Y: Scale, roof: _Roof, flops: float | None, bandwidth: float | None) -> None:
    start = max(X.low, Y.low / roof.bandwidth)
    pic.path([(X(start), Y(roof.bandwidth * start)), (X(roof.ridge), Y(roof.peak))], c="c-memory", sw=2.25)
    pic.path([(X(roof.ridge), Y(roof.peak)), (X.b, Y(roof.peak))], c="c-compute", sw=2.25)
    if flops:
        slope = bandwidth or roof.bandwidth
        pic.path([(X(flops / slope), Y(flops)), (X.b, Y(flops))], c="c-compute", sw=1, dash="3 3")
    if bandwidth:
        top = flops or roof.peak
        start = max(X.low, Y.low / bandwidth)
        pic.path(
            [(X(start), Y(bandwidth * start)), (X(top / bandwidth), Y(top))], c="c-memory", sw=1, dash="3 3"
        )


def _name_roofs(pic, X, Y, roof, names, achieved, roomy, points) -> None:
    text = f"memory {quantity(roof.bandwidth, 'B/s')}"
    start = max(X.low, Y.low / roof.bandwidth)
    x1, y1, x2, y2 = X(start), Y(roof.bandwidth * start), X(roof.ridge), Y(roof.peak)
    long = math.hypot(x2 - x1, y2 - y1)
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    reach = text_width(text) / 2 / max(long, 1)
    if reach < 0.45:
        # Along the slope, where no point stands.
        spots = [X(p[1]) for p in points if p[1] < roof.ridge]
        shares = [s / 20 for s in range(20) if reach + 0.03 <= s / 20 <= 1 - reach - 0.03] or [0.5]
        best = max(shares, key=lambda s: (min([abs(x1 + s * (x2 - x1) - x) for x in spots] + [60]), s))
        x, y = x1 + best * (x2 - x1), y1 + best * (y2 - y1)
        sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        pic.text(x + 8 * sin, y - 8 * cos, text, a="middle", c="t-memory", rot=angle)
    else:
        pic.text(x1 + 4, y1 - 10, text, c="t-memory", size=12)
    peak, reached = names
    if roomy:
        low = Y(achieved) if achieved else Y(roof.peak)
        pic.text(X.b + 6, Y(roof.peak) + 1, peak, c="t-compute")
        if reached:
            pic.text(X.b + 6, max(low + 10, Y(roof.peak) + 16), reached, c="t-compute", size=12)
        return
    # Narrow: both figures over the roof, where nothing else stands.
    said = f"peak {peak.split()[0]}" + (f", achieved {reached.split()[0]}" if reached else "")
    pic.text(X.b, Y(roof.peak) - 8, said, a="end", c="t-compute", size=12.5)


def _marks(X, Y, roof, points, place) -> None:
    """Marks and the slope take their room before any label looks for its own."""
    for _, at, *seen in points:
        x, y = X(at), Y(seen[0] if seen else roof.at(at))
        place.take(x - 8, y - 8, x + 8, y + 8)
    start = max(X.low, Y.low / roof.bandwidth)
    for k in range(40):
        at = start * (roof.ridge / start) ** (k / 40)
        place.take(X(at) - 3, Y(roof.at(at)) - 3, X(at) + 5, Y(roof.at(at)) + 5)


def _points(pic, X, Y, roof, points, yours, place, h) -> None:
    limits = (X.a, 0, pic.w, h - 50)
    # Yours chooses its place before the others.
    for label, at, *seen in sorted(points, key=lambda p: (p[0] != yours, p[1])):
        x, y = X(at), Y(seen[0] if seen else roof.at(at))
        if label == yours:
            pic.line(x, y, x, h - 46, c="ink", dash="2 3")
            pic.yours(x, y)
            reach = seen[0] if seen else roof.at(at)
            per_byte = f"{num(at)} FLOP per byte → " if pic.w >= 380 else ""  # on a phone the axis says it
            said = f"{per_byte}{num(reach / 1e12)} TFLOP/s"
            longer = max(label, said, key=lambda t: text_width(t, 13, t == label))
            downs = (20, 40, 60, 90, 120)
            near = [(x + 14, y + d, "start") for d in downs] + [(x - 14, y + d, "end") for d in downs]
            tx, ty, a = place.label(longer, near, bold=longer == label, lines=2, limits=limits)
            pic.text(tx, ty, label, a=a, bold=True, halo=True)
            pic.text(tx, ty + 16, said, a=a, c="ink2", size=12, halo=True)
            continue
        if seen:
            pic.line(x, y - 5, x, Y(roof.at(at)), c="axis", sw=0.75)
        name = label if pic.w >= 600 else label.split(",")[0]
        # Close by on the slope, under the flat roof with a leader, which may not cross another label.
        spots = [(x + 12, y + 5, "start"), (x + 12, y + 18, "start")] if at < roof.ridge else []
        for down in (36, 54, 72, 90, 110, 130):
            if not place.overlap(x - 1, y + 9, x + 1, y + down - 14):
                spots += [(x, y + down, "middle"), (x - 4, y + down, "end"), (x + 4, y + down, "start")]
        spots = spots or [(x, y + 36, "middle")]
        tx, ty, a = place.label(name, spots, size=12, limits=limits)
        if ty - y > 30:
            pic.line(x, y + 6, x, ty - 12, c="axis", sw=0.75)
            place.take(x - 2, y + 6, x + 2, ty - 12)
        pic.measured(x, y) if seen else pic.predicted(x, y)
        pic.text(tx, ty, name, a=a, c="ink2", size=12, halo=True)
