"""The picture in front: the roofline of one chip, drawn from the catalogue by the same code as the chapters' figures."""

from __future__ import annotations

from io import BytesIO

from hwlib.roofline import attainable_flops_per_s
from lessons.panels.roofline import place
from lessons.style import tokens

from . import TITLE


def png() -> bytes:
    """1,200 × 1,600 pixels."""
    from matplotlib.figure import Figure

    at, ink = place(), tokens("light")
    figure = Figure(figsize=(6, 8), dpi=200, facecolor=ink["paper"])
    axes = figure.add_axes((0.12, 0.14, 0.78, 0.42), facecolor=ink["paper"])
    ridge, left, right = float(at.ridge), 1.0, 4000.0
    roof = {x: float(attainable_flops_per_s(peak_flops_per_s=at.peak, mem_bytes_per_s=at.bandwidth, intensity=x)) for x in (left, ridge, right)}
    axes.loglog([left, ridge], [roof[left], roof[ridge]], color=ink["c-memory"], linewidth=4)
    axes.loglog([ridge, right], [roof[ridge], roof[right]], color=ink["c-compute"], linewidth=4)
    for said, x in (("answering", float(at.decode)), ("learning", float(at.training))):
        y = float(attainable_flops_per_s(peak_flops_per_s=at.peak, mem_bytes_per_s=at.bandwidth, intensity=x))
        axes.plot([x], [y], marker="o", markersize=11, color=ink["paper"], markeredgecolor=ink["ink"], markeredgewidth=2, zorder=3)
        axes.annotate(said, (x, y), textcoords="offset points", xytext=(14, -20), color=ink["ink"], fontsize=14)
    axes.tick_params(which="both", bottom=False, left=False, labelbottom=False, labelleft=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(ink["axis"])
    first, _, second = TITLE.partition(", ")
    figure.text(0.12, 0.86, f"{first},", fontsize=27, fontweight="bold", color=ink["ink"])
    figure.text(0.12, 0.80, second, fontsize=27, fontweight="bold", color=ink["ink"])
    figure.text(0.12, 0.74, "A course that computes", fontsize=15, color=ink["ink2"])
    figure.text(0.12, 0.085, f"{at.chip.name}, from its catalogue figures", fontsize=9.5, color=ink["ink2"])
    held = BytesIO()
    figure.savefig(held, format="png", facecolor=ink["paper"], metadata={"Software": None})
    return held.getvalue()
