"""The pages of the real book, as the table of contents names them."""

from __future__ import annotations

from pathlib import Path

import yaml

from .reading import BOOK, ROOT

# Pages whose figures are promised to be live; any other page with live cells is tested as well.
PROMISED = (
    "book/1-two-workloads/the-fork", "book/1-two-workloads/roofline", "book/1-two-workloads/prefill-and-decode", "book/1-two-workloads/kv-cache", "book/1-two-workloads/what-must-fit", "book/1-two-workloads/discussion",
    "book/2-training/six-n-d", "book/2-training/parallelism", "book/2-training/ring-of-chips", "book/2-training/torus-and-fat-tree", "book/2-training/precision", "book/2-training/checkpoints", "book/2-training/discussion",
    "book/3-inference-chips/weights-in-sram", "book/3-inference-chips/systolic", "book/3-inference-chips/scratchpads", "book/3-inference-chips/general-gpu", "book/3-inference-chips/three-axes", "book/3-inference-chips/fewer-bits", "book/3-inference-chips/continuous-batching", "book/3-inference-chips/percentile", "book/3-inference-chips/discussion",
    "book/4-economics/tokens-to-dollars", "book/4-economics/break-even", "book/4-economics/levers", "book/4-economics/long-context", "book/4-economics/portfolios", "book/4-economics/market", "book/4-economics/discussion",
)


def in_contents(toc: Path = ROOT / "_toc.yml") -> list[str]:
    """Every page of the table of contents, without its suffix, in order."""
    if not toc.is_file():
        return []
    found = []

    def walk(node) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            for key in ("root", "file"):
                if key in node:
                    found.append(node[key].removesuffix(".md").removesuffix(".ipynb"))
            for key in ("parts", "chapters", "sections", "entries", "subtrees"):
                walk(node.get(key, []))

    walk(yaml.safe_load(toc.read_text(encoding="utf-8")))
    return found


def html(page: str) -> Path:
    """The built file of a page."""
    return BOOK / f"{page}.html"


def is_live(page: str) -> bool:
    """Whether the page has cells that run in the reader's browser."""
    return html(page).is_file() and 'id="livebook-config"' in html(page).read_text(encoding="utf-8")


def live_pages() -> list[str]:
    """The promised pages, and whatever else is live."""
    return [*PROMISED, *(page for page in in_contents() if page not in PROMISED and is_live(page))]
