"""What is asked of a page beyond working: axe-core finds nothing, in both themes, and a phone is wide enough."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

PHONE = {"width": 390, "height": 844}

# Scrolling sideways by more than a rounding error, and the elements that cause it.
_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width + 1) return [];
  const wide = [...document.querySelectorAll('article *')].filter(e => e.getBoundingClientRect().right > width + 1);
  return [`${document.documentElement.scrollWidth} px`, ...wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120))];
}"""


def overflow(page) -> list[str]:
    """Nothing, or how wide the page is and what makes it so."""
    return page.evaluate(_OVERFLOW)


@cache
def axe_script() -> str:
    """axe-core, as its Python package carries it."""
    package = pytest.importorskip("axe_playwright_python")
    return next(Path(package.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")


def violations(page) -> list[str]:
    """What axe-core finds inside the article, in a line each."""
    page.evaluate(axe_script())
    return [f"{violation['id']}: {violation['help']}: {node['html'][:160]}"
            for violation in page.evaluate(_AXE) for node in violation["nodes"][:3]]


# Contrast is asked of what shows: inside a closed drop-down axe can tell nothing, and takes half a minute to say so.
_AXE = """async () => {
  const all = await axe.run('article', {resultTypes: ['violations'], preload: false, rules: {'color-contrast': {enabled: false}}});
  const showing = {include: [['article']], exclude: [['details:not([open]) > *:not(summary)']]};
  const colours = await axe.run(showing, {resultTypes: ['violations'], preload: false, runOnly: ['color-contrast']});
  return [...all.violations, ...colours.violations];
}"""


def set_theme(page, theme: str) -> None:
    """Light or dark, as the theme's own switch does it."""
    page.evaluate("theme => { document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme; }", theme)
    page.wait_for_timeout(300)  # colours glide
