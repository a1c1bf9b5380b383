"""The book as an EPUB 3: one XHTML file a page, drawings as SVG files, a cover, and a table of contents."""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element

from . import TITLE, NotMade, article, links, xhtml
from .contents import Chapter

CONTAINER = (
    '<?xml version="1.0" encoding="utf-8"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PREFACE = (
    "This is the book as it was built, for reading away from a computer. Panels stand at their first setting; their tables and solutions are open. "
    "On the site the same pages answer: what is drawn here moves there, and a tutor talks back."
)


@dataclass(slots=True)
class Packed:
    """What goes into the file, path inside `EPUB/` → bytes, and what each page needs to be announced with."""

    files: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, str] = field(default_factory=dict)
    astray: list[str] = field(default_factory=list)

    def drawing(self, svg: Element) -> str:
        """Keep a drawing once; returns its path."""
        # On a black page of a night mode, ink without paper would not be seen.
        svg.set("style", svg.get("style", "") + ";background:#ffffff;color:#1c2126;font-family:sans-serif")
        shown = {name: svg.attrib.pop(name) for name in ("aria-label", "role", "aria-hidden", "class") if name in svg.attrib}
        made = '<?xml version="1.0" encoding="utf-8"?>\n' + xhtml.serialise(svg, above="")
        svg.attrib.update(shown)
        path = f"pictures/{hashlib.sha256(made.encode()).hexdigest()[:16]}.svg"
        self.files[path] = made.encode()
        return path


def trees(chapters: Sequence[Chapter], drawing: str) -> dict[str, Element]:
    """Every page's article, cleaned, by the page's name."""
    made = {}
    for chapter in chapters:
        try:
            made[chapter.name] = article.clean(chapter.read(), drawing=drawing)
        except NotMade as error:
            raise NotMade(f"{chapter.name}: {error}") from error
    return made


def ids(found: dict[str, Element]) -> dict[str, set[str]]:
    """The ids of every page."""
    return {name: {element.get("id") for element in tree.iter()} - {None} for name, tree in found.items()}


def packed(chapters: Sequence[Chapter]) -> Packed:
    """All pages and pictures."""
    stems = {chapter.name: chapter.stem for chapter in chapters}
    found = trees(chapters, "narrow")
    known = ids(found)
    held = Packed()
    for chapter in chapters:
        tree = found[chapter.name]
        held.astray += links.turn(tree, chapter.name, known, lambda name, at: f"{stems[name]}.xhtml" + (f"#{at}" if at else ""))
        for parent, svg in article.pictures(tree):
            image = article.as_image(svg, held.drawing(svg))
            image.tail = svg.tail
            parent[list(parent).index(svg)] = image
        if chapter is chapters[0]:
            article.note(tree, PREFACE)
        path = f"{chapter.stem}.xhtml"
        held.files[path] = xhtml.page(chapter.title, xhtml.serialise(tree), css="book.css", kind="bodymatter").encode()
        held.announced[path] = "mathml" if next(tree.iter(f"{{{xhtml.MATH}}}math"), None) is not None else ""
    return held


def navigation(chapters: Sequence[Chapter]) -> str:
    """The table of contents: parts, and their pages."""

    def entry(chapter: Chapter) -> str:
        return f'<a href="{chapter.stem}.xhtml">{xhtml.text(chapter.title)}</a>'

    items = []
    for part, group in groupby(chapters, key=lambda chapter: chapter.part):
        listed = "".join(f"<li>{entry(chapter)}</li>" for chapter in group)
        items.append(f"<li><span>{xhtml.text(part)}</span><ol>{listed}</ol></li>" if part else listed)
    landmarks = (
        '<nav epub:type="landmarks" hidden="hidden"><h2>Landmarks</h2><ol><li><a epub:type="cover" href="cover.xhtml">Cover</a></li>'
        '<li><a epub:type="toc" href="nav.xhtml">Contents</a></li>'
        f'<li><a epub:type="bodymatter" href="{chapters[0].stem}.xhtml">Begin reading</a></li></ol></nav>'
    )
    return xhtml.page("Contents", f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(items)}</ol></nav>{landmarks}', css="book.css")


def package(chapters: Sequence[Chapter], held: Packed, modified: datetime) -> str:
    """The OPF: what the file holds, and in which order it is read."""
    types = {".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml", ".css": "text/css", ".png": "image/png"}
    properties = {"nav.xhtml": "nav", "cover.png": "cover-image", **held.announced}
    manifest = "".join(
        f'<item id="i-{path.replace("/", "-").replace(".", "-")}" href="{path}" media-type="{types[Path(path).suffix]}"'
        + (f' properties="{properties[path]}"' if properties.get(path) else "") + "/>"
        for path in held.files
    )  # fmt: skip
    spine = "".join(f'<itemref idref="i-{stem}-xhtml"/>' for stem in ("cover", "nav", *(chapter.stem for chapter in chapters)))
    features = "".join(f'<meta property="schema:accessibilityFeature">{what}</meta>' for what in ("alternativeText", "MathML", "structuralNavigation", "tableOfContents", "readingOrder"))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, TITLE)}</dc:identifier><dc:title>{xhtml.text(TITLE)}</dc:title>'
        f'<dc:creator>The course team</dc:creator><dc:language>en</dc:language><meta property="dcterms:modified">{modified:%Y-%m-%dT%H:%M:%SZ}</meta>'
        '<meta property="schema:accessMode">textual</meta><meta property="schema:accessMode">visual</meta>'
        '<meta property="schema:accessModeSufficient">textual</meta><meta property="schema:accessibilityHazard">none</meta>'
        f'{features}<meta property="schema:accessibilitySummary">Every figure has its result as alternative text and, where it shows data, a table beside it; formulas are MathML.</meta>'
        f'<meta name="cover" content="i-cover-png"/></metadata><manifest>{manifest}</manifest><spine>{spine}</spine></package>\n'
    )


def make(chapters: Sequence[Chapter], target: Path, *, cover: bytes, modified: datetime | None = None) -> Packed:
    """Write the EPUB, and say what it holds. Nothing half-written stays.

    `modified` is the date of the book; the same book and date give the same bytes.
    """
    held = packed(chapters)
    if held.astray:
        raise NotMade(held.astray[0] + ", and there is no such place")
    held.files["cover.png"] = cover
    held.files["cover.xhtml"] = xhtml.page(TITLE, f'<section epub:type="cover"><img src="cover.png" alt="{xhtml.text(TITLE)}" style="max-width:100%"/></section>', css="book.css", kind="cover").encode()
    held.files["nav.xhtml"] = navigation(chapters).encode()
    held.files["book.css"] = Path(__file__).with_name("book.css").read_bytes()
    when = modified or datetime.fromtimestamp(chapters[0].file.stat().st_mtime, UTC)
    opf = package(chapters, held, when).encode()
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w") as archive:
        def put(path: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content, how)

        put("mimetype", b"application/epub+zip", zipfile.ZIP_STORED)  # first and unpacked: readers look for it there
        put("META-INF/container.xml", CONTAINER.encode())
        put("EPUB/book.opf", opf)
        for path, content in held.files.items():
            put(f"EPUB/{path}", content)
    unfinished.replace(target)
    return held
