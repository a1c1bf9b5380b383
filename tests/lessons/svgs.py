"""Reading the pictures back: what their markup says about text, place and size."""

import re
from xml.etree import ElementTree

from lessons.draw.measure import text_width


def pictures(html: str) -> list[ElementTree.Element]:
    """Every <svg role=img> of a piece of HTML, parsed; a broken one raises."""
    return [ElementTree.fromstring(s) for s in re.findall(r"<svg class=\"pic.*?</svg>", html, flags=re.S)]


def texts(svg: ElementTree.Element) -> list[dict]:
    """Each label with its place, size and estimated extent (start, end), styles of its group included."""
    found = []

    def walk(node, inherited):
        style = dict(inherited)
        style.update(dict(p.split(":", 1) for p in node.get("style", "").split(";") if ":" in p))
        if node.get("text-anchor"):
            style["text-anchor"] = node.get("text-anchor")
        if node.tag == "text":
            size = float(style["font-size"].removesuffix("px"))
            long = text_width(node.text or "", size, style.get("font-weight") == "600")
            x = float(node.get("x"))
            start = x - long * {"start": 0, "middle": 0.5, "end": 1}[style.get("text-anchor", "start")]
            found.append(
                dict(
                    text=node.text,
                    x=x,
                    y=float(node.get("y")),
                    size=size,
                    start=start,
                    end=start + long,
                    turned=node.get("transform") is not None,
                    grouped=inherited.get("group", False),
                )
            )
        for child in node:
            walk(child, {**style, "group": node.tag == "g"})

    walk(svg, {})
    return found


def size(svg: ElementTree.Element) -> tuple[float, float]:
    """Width and height of the viewBox."""
    _, _, w, h = map(float, svg.get("viewBox").split())
    return w, h


def assert_sound(html: str) -> None:
    """What holds for every picture whatever its numbers."""
    both = pictures(html)
    assert [p.get("class") for p in both] == ["pic wide", "pic narrow"]
    for svg in both:
        w, h = size(svg)
        assert w > 0 and h > 0
        assert svg.get("role") == "img"
        assert re.search(r"\d", svg.get("aria-label")), "the label gives the result with figures"
        assert "nan" not in html and "inf" not in re.sub(r"inf[a-z]", "", html)
        for node in svg.iter():
            assert node.get("id") is None, "no ids: nothing can collide in a page"
            assert not (node.tag == "rect" and float(node.get("width")) < 0)
        for t in texts(svg):
            assert t["size"] >= (8.5 if t["grouped"] else 12), t
            if not t["turned"]:
                assert t["start"] >= -0.6 and t["end"] <= w + 0.6, (w, t)
            assert t["y"] - t["size"] * 0.75 >= -1 and t["y"] <= h + 1, (h, t)
