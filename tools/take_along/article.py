"""A built page's article as it stands in print: nothing to press, drop-downs open, one drawing of each picture.

The page carries all of it already: every panel repeats its first state for readers without scripts, and every
formula is MathML. So this only takes away and unfolds.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

import html5lib
from docutils.utils.math.latex2mathml import tex2mathml

from . import NotMade
from .xhtml import HTML, MATH, SVG, split

STATE = re.compile(r'<script type="application/vnd\.jupyter\.widget-state\+json">.*?</script>', re.DOTALL)
ARTICLE = re.compile(r'<article class="bd-article[^>]*>(.*)</article>', re.DOTALL)
VAR = re.compile(r"var\(--[\w-]+,\s*([^()]*)\)")
VIEW = "application/vnd.jupyter.widget-view+json"

# What is there to be pressed or to be moved, and what only the theme needs.
TAGS_DROPPED = {"script", "style", "template", "input", "button", "select", "textarea", "fieldset", "iframe", "object", "video", "audio", "link"}
CLASSES_DROPPED = {
    "headerlink", "hw-tip", "hw-progress", "hw-page-idea", "hw-page-landing", "hw-tabline", "hw-ctl", "hw-lock", "hw-full", "hw-noprint", "hw-chips", "hw-read", "hw-take",
    "livebook-status", "sd-summary-state-marker", "sd-octicon", "toctree-wrapper",
}  # fmt: skip
ATTRIBUTES_DROPPED = {"tabindex", "aria-live", "aria-describedby", "aria-labelledby", "aria-controls", "contenteditable", "hidden"}
ROLES_DROPPED = {"status", "group", "region", "log"}  # they announce what moves or scrolls; nothing does


def html(name: str) -> str:
    """The tag of an HTML element in a tree."""
    return f"{{{HTML}}}{name}"


def classes(element: Element) -> set[str]:
    """An element's classes."""
    return set(element.get("class", "").split())


def words(element: Element) -> str:
    """All text of an element on one line."""
    return " ".join("".join(element.itertext()).split())


def clean(page: str, *, drawing: str) -> Element:
    """The article of a built page as a `section`; `drawing` is the one kept of two, "wide" or "narrow".

    Raises NotMade when the page has no article.
    """
    found = ARTICLE.search(STATE.sub("", page))
    if not found:
        raise NotMade("a page has no article: the theme's pages have changed")
    body = html5lib.parse("<!DOCTYPE html><body>" + VAR.sub(r"\1", found[1]), treebuilder="etree", namespaceHTMLElements=True).find(html("body"))
    _walk(body, drawing, in_why=False)
    _drop_promises(body)
    _drop_empty_headings(body)
    _once(body)
    for element in body.iter(html("h1")):
        element.attrib.pop("style", None)
    section = Element(html("section"))
    section.text = (body.text or "").lstrip()
    section.extend(body)
    return section


def _dropped(element: Element, before: Element | None, in_why: bool) -> bool:
    space, tag = split(element.tag)
    if space == HTML and (tag in TAGS_DROPPED or classes(element) & CLASSES_DROPPED):
        return True
    if tag == "noscript":  # a panel's first state follows the mark of its place; any other says that a script is missing
        return before is None or before.get("type") != VIEW
    if tag == "details":  # the last step of a `why`, not the dozens that it rests on
        return in_why
    return (space == HTML and tag == "output") or (space == SVG and tag == "script")


def _walk(element: Element, drawing: str, in_why: bool) -> None:
    """Drop and unfold, from the outside in."""
    in_why = in_why or "hw-why" in classes(element)
    kept: list[Element] = []
    last, before = None, None
    for child in list(element):
        if not isinstance(child.tag, str):
            gone = True
        else:
            gone = _dropped(child, before, in_why) or ("pic" in classes(child) and "two" in classes(element) and drawing not in classes(child))
            before = child
        if gone:
            if last is None:
                element.text = (element.text or "") + (child.tail or "")
            else:
                last.tail = (last.tail or "") + (child.tail or "")
            continue
        _unfold(child)
        _walk(child, drawing, in_why)
        kept.append(child)
        last = child
    element[:] = kept


def _unfold(element: Element) -> None:
    """One element as it stands in print."""
    space, tag = split(element.tag)
    if "displaystyle" in element.attrib and tag != "math":
        del element.attrib["displaystyle"]
    for name in ATTRIBUTES_DROPPED & set(element.attrib):
        del element.attrib[name]
    if element.get("role") in ROLES_DROPPED:
        del element.attrib["role"]
        element.attrib.pop("aria-label", None)
    if space == SVG:
        if "pic" in classes(element):
            element.set("style", element.get("style", "").replace(";display:none", ""))
        return
    if space == MATH:
        if tag == "semantics":  # the TeX beside it is for those who copy
            element[:] = element[:1]
            element.tag = f"{{{MATH}}}mrow"
        return
    if tag in ("details", "noscript", "article", "nav"):
        element.tag = html("div")
        element.attrib.pop("open", None)
        element.attrib.pop("aria-label", None)
    elif tag == "summary":
        element.tag = html("p")
        element.set("class", "summary")
    elif tag == "label":
        element.tag = html("span")
        element.attrib.pop("for", None)
    elif tag in ("table", "th", "td"):
        element.attrib.pop("style", None)
    if "math" in classes(element) and tag in ("span", "div"):
        _tex(element, block=tag == "div")


def _tex(element: Element, *, block: bool) -> None:
    """TeX that MathJax would set in the page, as MathML."""
    source = words(element)
    for left, right in (("\\(", "\\)"), ("\\[", "\\]")):
        source = source.removeprefix(left).removesuffix(right)
    try:
        made = tex2mathml(source.strip(), as_block=block)
    except (SyntaxError, ValueError) as error:
        raise NotMade(f"the formula {source.strip()!r} cannot be set without MathJax ({error})") from error
    element.text, element[:] = "", [html5lib.parseFragment(made.strip(), treebuilder="etree")[0]]


def _drop_promises(body: Element) -> None:
    """What says that a reader's own number will stand here: none will."""
    for parent in body.iter():
        for before, after in list(zip(parent, list(parent)[1:], strict=False)):
            if "hw-unasked" in classes(after) and "hw-small" in classes(before):
                parent.remove(before)


def _drop_empty_headings(body: Element) -> None:
    """A heading of nothing but controls goes with them; one that is followed by a deeper one stays."""
    for parent in list(body.iter()):
        kept = list(parent)
        for index in range(len(kept) - 1, -1, -1):
            child = kept[index]
            if not (isinstance(child.tag, str) and re.fullmatch(r"h[2-6]", split(child.tag)[1]) and not (child.tail or "").strip()):
                continue
            after = kept[index + 1] if index + 1 < len(kept) else None
            if after is None and "hw-sub" in classes(child) or after is not None and re.fullmatch(r"h[2-6]", split(after.tag)[1]) and after.tag <= child.tag and "hw-sub" in classes(child):
                del kept[index]
        parent[:] = kept


def _once(body: Element) -> None:
    """Every id once: the first stays."""
    seen: set[str] = set()
    for element in body.iter():
        name = element.get("id")
        if name in seen:
            del element.attrib["id"]
        elif name is not None:
            seen.add(name)


def pictures(section: Element) -> list[tuple[Element, Element]]:
    """(parent, svg) of every drawing."""
    return [(parent, child) for parent in section.iter() for child in parent if child.tag == f"{{{SVG}}}svg"]


def as_image(svg: Element, source: str) -> Element:
    """The `img` that shows a drawing kept in a file of its own."""
    image = Element(html("img"), {"src": source, "alt": "" if svg.get("aria-hidden") == "true" else svg.get("aria-label", "")})
    wide = svg.get("viewBox", "0 0 14 14").split()[2]
    if "pic" in classes(svg):
        image.set("class", "pic")
        image.set("style", f"width:{float(wide) / 13:.1f}em")
    else:
        image.set("class", "mark")
    return image


def note(section: Element, said: str) -> None:
    """A small line at the end of a page."""
    SubElement(section, html("p"), {"class": "hw-small"}).text = said
