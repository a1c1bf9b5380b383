"""One look for every picture, page, report and static figure: the tokens, once.

Colour is data here. Seven hues mean seven things on every page, hatching means that nothing happens, one red
marks what fails; everything else is ink on paper. Contrast and colour-blind distances of these very values are
proved by tests/lessons/test_style.py.

Only the standard library is imported, so that this module also runs in the browser; `use_style()` imports
matplotlib when it is called. `python -m lessons.style --write` writes book/_static/look.css.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

THEMES = ("light", "dark")

#: What a picture waits for, and what lives in memory. Hues inside one group may share a picture.
RESOURCES = ("compute", "memory", "network")
OCCUPANTS = ("weights", "kv", "activations", "optimizer")
HUES = RESOURCES + OCCUPANTS

#: Ink, paper and the greys. `axis` also fills the runtime reserve, `idle` strokes the hatching,
#: `rule` is never the only carrier of anything.
INK = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1c2126",
        "ink2": "#59616b",
        "rule": "#d5d9de",
        "axis": "#8a929b",
        "wash": "#f4f5f6",
        "idle": "#868e97",
        "miss": "#b3261e",
        "washmiss": "#fbeceb",
    },
    "dark": {
        "paper": "#14181e",
        "ink": "#e4e8ec",
        "ink2": "#a3acb6",
        "rule": "#343c46",
        "axis": "#78828d",
        "wash": "#1d232b",
        "idle": "#78828d",
        "miss": "#ff9085",
        "washmiss": "#33201f",
    },
}

#: Fills and data lines: at least 3:1 against paper.
FILL = {
    "light": {
        "compute": "#cf7d4c",
        "memory": "#4f78bd",
        "network": "#5f3470",
        "weights": "#3f45a0",
        "kv": "#2f9c98",
        "activations": "#8a6f00",
        "optimizer": "#8a3f3b",
    },
    "dark": {
        "compute": "#e88a3c",
        "memory": "#6a93bd",
        "network": "#d9b3fa",
        "weights": "#7a6ad0",
        "kv": "#a9dfd0",
        "activations": "#efb52f",
        "optimizer": "#c76b60",
    },
}

#: The same hues as text: at least 4.5:1 against paper and against wash.
TEXT = {
    "light": {
        "compute": "#a3531c",
        "memory": "#3a64ab",
        "network": "#5f3470",
        "weights": "#3f45a0",
        "kv": "#1a7370",
        "activations": "#7a6100",
        "optimizer": "#8a3f3b",
    },
    "dark": {
        "compute": "#f0a05c",
        "memory": "#8fb3da",
        "network": "#d9b3fa",
        "weights": "#a99ff0",
        "kv": "#a9dfd0",
        "activations": "#efb52f",
        "optimizer": "#e2948a",
    },
}

#: Text inside a filled cell, by fill. Dark on the two light fills in both themes, paper on the others.
#: `memory` and `weights` are missing on purpose: no ink reaches 4.5:1 on them in both themes, so their
#: labels stand beside the cell.
ON = {
    "compute": "on-compute",
    "kv": "on-kv",
    "network": "paper",
    "activations": "paper",
    "optimizer": "paper",
    "ink": "paper",
    "ink2": "paper",
    "wash": "ink",
    "paper": "ink",
}
ON_FILL = {"on-compute": "#14181e", "on-kv": "#14181e"}


def tokens(theme: str = "light") -> dict[str, str]:
    """Every token of a theme by its CSS name: ink, paper, …, c-<hue> for fills, t-<hue> for text."""
    named = dict(INK[theme])
    named.update(ON_FILL)
    named.update({f"c-{hue}": value for hue, value in FILL[theme].items()})
    named.update({f"t-{hue}": value for hue, value in TEXT[theme].items()})
    return named


def _declarations(theme: str) -> str:
    return "".join(f"--{name}:{value};" for name, value in tokens(theme).items())


def css() -> str:
    """The tokens as CSS for the book: dark when the theme's switch says so, always light in print."""
    light = _declarations("light")
    dark = _declarations("dark")
    return (
        f":root{{{light}}}\n"
        f'html[data-theme="dark"]{{{dark}}}\n'
        f'@media print{{html[data-theme="dark"],html[data-theme="light"]{{{light}}}}}\n'
    )


def css_media() -> str:
    """The tokens for a page without a script, such as a report: dark when the reader's system says so."""
    light = _declarations("light")
    dark = _declarations("dark")
    return (
        f":root{{{light}}}\n"
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root:root{{{light}}}}}\n"
    )


def picture_css() -> str:
    """The least that pictures, marks, tables and blocks need outside the book: JupyterLab and reports."""
    return _rules("pictures.css")


def report_css() -> str:
    """Everything a stand-alone report needs; its policy is default-src 'none'; style-src 'unsafe-inline'."""
    return css_media() + picture_css() + _rules("report.css")


def look() -> str:
    """The whole of book/_static/look.css: the tokens, then the hand-written rules in their order."""
    parts = [
        "/* Written by `python -m lessons.style --write` from lessons/style.py and lessons/draw/css/. Edit those. */\n",
        css(),
    ]
    parts += [
        _rules(name) for name in ("theme.css", "pictures.css", "widgets.css", "studio.css", "landing.css")
    ]
    parts.append(_rules("print.css"))
    return "".join(parts)


def _rules(name: str) -> str:
    """Hand-written rules lie beside this module, one file a part of the page."""
    return Path(__file__).with_name("draw").joinpath("css", name).read_text(encoding="utf-8")


def matplotlib_style(theme: str = "light") -> dict[str, object]:
    """matplotlib's rcParams from the same tokens: no frame, no grid, text kept as text in the SVG."""
    ink = INK[theme]
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "hardware-that-learns",
        "font.family": "sans-serif",
        "font.size": 12,
        "axes.titlesize": 13,
        "axes.labelsize": 12,
        "axes.titleweight": 600,
        "axes.titlelocation": "left",
        "text.color": ink["ink"],
        "axes.labelcolor": ink["ink2"],
        "xtick.labelcolor": ink["ink2"],
        "ytick.labelcolor": ink["ink2"],
        "xtick.color": ink["axis"],
        "ytick.color": ink["axis"],
        "axes.edgecolor": ink["axis"],
        "axes.linewidth": 1.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "ytick.major.size": 0,
        "axes.grid": False,
        "lines.linewidth": 2.0,
        "hatch.color": ink["idle"],
        "hatch.linewidth": 1.1,
        "legend.frameon": False,
        "figure.facecolor": ink["paper"],
        "axes.facecolor": ink["paper"],
        "savefig.facecolor": ink["paper"],
        "figure.figsize": (6.8, 3.6),
    }


@contextmanager
def use_style(theme: str = "light"):
    """Draw static figures with the course's tokens; yields the fills by hue.

    The cycle has no colour on purpose: a line takes its hue by name (`color=fill["kv"]`), or stays ink.
    """
    import matplotlib
    from cycler import cycler

    ink = INK[theme]
    params = matplotlib_style(theme)
    params["axes.prop_cycle"] = cycler(color=[ink["ink"], ink["ink2"], ink["axis"]])
    with matplotlib.rc_context(params):
        yield dict(FILL[theme])


LOOK_CSS = Path(__file__).resolve().parents[1] / "book" / "_static" / "look.css"


def main(arguments: list[str]) -> int:
    """Print look.css, or write it where the book reads it."""
    if arguments == ["--write"]:
        LOOK_CSS.parent.mkdir(parents=True, exist_ok=True)
        LOOK_CSS.write_text(look(), encoding="utf-8")
    else:
        sys.stdout.write(look())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
