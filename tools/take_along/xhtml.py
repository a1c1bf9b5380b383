"""A tree that html5lib has read, as well-formed XML: HTML, SVG and MathML each under its own namespace."""

from __future__ import annotations

import re
from html import escape
from xml.etree.ElementTree import Element

HTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"
MATH = "http://www.w3.org/1998/Math/MathML"
PREFIXES = {"http://www.w3.org/1999/xlink": "xlink", "http://www.w3.org/XML/1998/namespace": "xml", "http://www.idpf.org/2007/ops": "epub"}
DECLARED = "{http://www.w3.org/2000/xmlns/}"  # written anew where a namespace begins
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def split(tag: str) -> tuple[str, str]:
    """(namespace, local name).

    >>> split("{http://www.w3.org/2000/svg}path"), split("id")
    (('http://www.w3.org/2000/svg', 'path'), ('', 'id'))
    """
    space, _, local = tag.rpartition("}")
    return space.removeprefix("{"), local


def text(value: str) -> str:
    """Text that may stand in XML."""
    return escape(NOT_XML.sub("", value), quote=False)


def attribute(name: str, value: str) -> str:
    """One attribute with a space before it."""
    space, local = split(name)
    return f' {PREFIXES[space] + ":" if space else ""}{local}="{escape(NOT_XML.sub("", value))}"'


def serialise(element: Element, above: str = HTML) -> str:
    """An element without its tail; `above` is the namespace that holds where it will stand."""
    if not isinstance(element.tag, str):
        return ""  # a comment
    space, local = split(element.tag)
    head = local + (f' xmlns="{space}"' if space != above else "") + "".join(attribute(*pair) for pair in element.attrib.items() if DECLARED not in pair[0])
    inner = text(element.text or "") + "".join(serialise(child, space) + text(child.tail or "") for child in element)
    if not inner and (space != HTML or local in VOID):
        return f"<{head}/>"
    return f"<{head}>{inner}</{local}>"


def page(title: str, body: str, *, css: str, kind: str = "") -> str:
    """A whole XHTML document around a body."""
    typed = f' epub:type="{kind}"' if kind else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="{HTML}" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en"><head><title>{text(title)}</title>'
        f'<link rel="stylesheet" type="text/css" href="{css}"/></head><body{typed}>{body}</body></html>\n'
    )
