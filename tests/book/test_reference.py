"""The reference pages: complete, linked, readable without a kernel, and citing only what the bibliography has."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hwlib
from hwlib import catalogue
from hwlib.symbols import SYMBOLS
from lessons import reference
from lessons.reference.sources import BIB, bibliography
from tutor.rules import SECTIONS, all_rules

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "book" / "reference"


def cells(page: str) -> list[str]:
    """The code cells of a page."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```\{code-cell\} ipython3\n:tags: \[remove-input\]\n(.*?)\n```", text, re.S)


def html_of(page: str) -> str:
    """What a page's cells show, one after the other."""
    names: dict[str, object] = {}
    shown = []
    for code in cells(page):
        *before, last = ast.parse(code).body
        exec(compile(ast.Module(before, []), page, "exec"), names)
        shown.append(str(eval(compile(ast.Expression(last.value), page, "eval"), names)))
    return "\n".join(shown)


class Outline(HTMLParser):
    """Ids, inner links and the parts of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tables: list[dict[str, int]] = []
        self.unscoped = 0
        self.regions = 0
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if attrs.get("href", "").startswith("#"):
            self.links.append(attrs["href"][1:])
        if tag == "table":
            self.tables.append({"caption": 0})
        if tag == "caption":
            self.tables[-1]["caption"] += 1
        if tag == "th" and attrs.get("scope") not in ("col", "row"):
            self.unscoped += 1
        if attrs.get("class") == "hw-scroll" and attrs.get("tabindex") == "0" and attrs.get("aria-label"):
            self.regions += 1
        if tag not in ("br", "input", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


MADE = ("catalogue", "formulas", "symbols", "rules", "claims")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {page: html_of(page) for page in MADE}


@pytest.mark.parametrize("page", MADE)
def test_tables_have_captions_scopes_and_a_container_that_keys_reach(pages, page):
    outline = Outline(pages[page])
    assert not outline.open, "every element is closed"
    assert outline.tables
    assert all(t["caption"] == 1 for t in outline.tables)
    assert outline.unscoped == 0
    assert outline.regions == len(outline.tables)


@pytest.mark.parametrize("page", MADE)
def test_regions_of_a_page_have_names_of_their_own(pages, page):
    """Who moves from landmark to landmark must be able to tell them apart."""
    names = re.findall(r'role="region" aria-label="([^"]*)"', pages[page])
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("page", MADE)
def test_ids_are_unique_and_inner_links_arrive(pages, page):
    outline = Outline(pages[page])
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.links) <= set(outline.ids)


def test_everything_has_a_row_to_link_to(pages):
    ids = {page: set(Outline(text).ids) for page, text in pages.items()}
    assert {f"chip-{c.id}" for c in catalogue.chips()} | {f"card-{c.id}" for c in catalogue.chips()} <= ids["catalogue"]
    assert {f"model-{m.id}" for m in catalogue.transformers()} <= ids["catalogue"]
    assert {f"link-{x.id}" for x in catalogue.links()} <= ids["catalogue"]
    assert {f"price-{p.id}" for i in catalogue.priced_chip_ids() for p in catalogue.prices(i)} <= ids["catalogue"]
    assert {f"constant-{i}" for i in catalogue.constant_ids()} <= ids["catalogue"]
    assert {f"formula-{f.formula.name}" for f in hwlib.all_formulas()} <= ids["formulas"]
    assert {f"symbol-{name}" for name in SYMBOLS} <= ids["symbols"]
    assert {r.id for r in all_rules()} <= ids["rules"]
    assert {f"claim-{c.id}" for c in catalogue.claims()} <= ids["claims"]


def test_a_page_has_a_heading_for_each_module_and_each_section():
    shown = "\n".join(cells("formulas"))
    assert re.findall(r'formulas_of\("(\w+)"\)', shown) == list(hwlib.MODEL_MODULES)
    assert re.findall(r'rules_of\("(\w+)"\)', "\n".join(cells("rules"))) == list(SECTIONS)


def test_remembered_figures_and_disagreements_are_shown(pages):
    nvl = next(row for row in pages["catalogue"].split("<tr") if 'id="chip-h100-nvl"' in row)
    assert nvl.count("from memory") == len(catalogue.chip("h100-nvl").formats) - 1, "FP32 stands on the card"
    h100 = next(row for row in pages["catalogue"].split("<tr") if 'id="chip-h100-sxm"' in row)
    assert "from memory" not in h100
    for chip in catalogue.chips():
        for k in range(len(chip.disagreements)):
            assert f'id="disagree-chip-{chip.id}-{k + 1}"' in pages["catalogue"]


def test_claims_can_be_narrowed_without_a_script(pages):
    text = pages["claims"]
    assert "<script" not in text
    for verdict, count in catalogue.verdict_counts().items():
        assert text.count(f'data-verdict="{verdict}"') - text.count(f'[data-verdict="{verdict}"]') == count
        assert f'value="{verdict}"' in text
    for words in catalogue.VERDICTS.values():
        assert words in text


def test_the_ledger_s_arithmetic_is_run_and_comes_out_as_stated(pages):
    from lessons.reference.worked import steps

    run = {c.id: steps(c.how) for c in catalogue.claims() if c.how}
    assert [(id, s) for id, found in run.items() for s in found if not s.agrees] == []
    assert sum(bool(found) for found in run.values()) >= 50 and sum(s.stated is not None for found in run.values() for s in found) >= 60
    assert pages["claims"].count("Run here:") == sum(bool(found) for found in run.values()) and "another figure" not in pages["claims"]
    left = {id for id, found in run.items() if not found and re.search(r"\d\s*[×/]\s*\d", catalogue.claim(id).how)}
    assert left == {"S2-29", "S2-36", "S4-29"}, "only formulas with letters among their numbers are left"


def test_arithmetic_that_does_not_come_out_is_noticed():
    from lessons.reference.worked import steps

    assert [s.agrees for s in steps("12 × 50 = 610; 1 × 10⁹/1000 × 0.002 × 365 = 730,000,000; 2 × 94 = 188")] == [False, False, True]
    assert steps("__import__('os').system('x') = 1") == [] and steps("9**9**9**9 = 1") == [] and steps("1/0 = 2") == []


def test_every_claim_has_its_row_with_verdict_correction_and_source(pages):
    rows = re.findall(r"<tr id=\"claim-.*?</tr>", pages["claims"], re.S) or re.findall(r"<tr[^>]*claim-.*?</tr>", pages["claims"], re.S)
    assert len(rows) == len(catalogue.claims()) == 153
    for claim, row in zip(catalogue.claims(), rows, strict=True):
        assert claim.id in row and catalogue.VERDICTS[claim.verdict] in row and row.count("<td") == 4
        assert reference_text(claim.correction)[:40] in reference_text(row) and reference_text(claim.source_title)[:30] in reference_text(row)


def reference_text(html: str) -> str:
    import html as h

    return re.sub(r"\s+", " ", h.unescape(re.sub(r"<[^>]+>", " ", html)))


def test_a_rule_shows_its_four_headings_and_both_designs(pages):
    for heading in ("What it notices.", "Why it matters.", "What to try.", "Known limits.", "Flagged:", "Passing:"):
        assert pages["rules"].count(heading) == len(all_rules()), heading


# The bibliography


def test_every_key_that_code_cites_is_in_the_bibliography():
    known = set(bibliography())
    assert {f.formula.cites for f in hwlib.all_formulas()} <= known
    for package in ("hwlib", "tutor", "lessons"):
        for path in (ROOT / package).rglob("*.py"):
            cited = set(re.findall(r'\bcites="([a-z0-9]+)"', path.read_text(encoding="utf-8")))
            assert cited <= known, f"{path.name} cites {cited - known}"


def test_every_key_that_a_page_cites_is_in_the_bibliography():
    for path in (ROOT / "book").rglob("*.md"):
        for group in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", path.read_text(encoding="utf-8")):
            keys = {key.strip() for key in group.split(",")}
            assert keys <= set(bibliography()), f"{path.name} cites {keys - set(bibliography())}"


def test_every_entry_of_the_bibliography_says_who_what_and_when():
    text = BIB.read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", text, re.M)
    assert len(set(keys)) == len(keys) == len(bibliography())
    for key, entry in bibliography().items():
        assert {"author", "title", "year"} <= set(entry), key
        assert key == "definition" or re.fullmatch(r"[a-z0-9]+\d{4}[a-z0-9]+", key), key


def test_the_sources_of_a_page_are_listed_on_it():
    rows = Outline(reference.sources_table(reference.catalogue_sources())).ids
    assert {f"source-{key}" for key in reference.catalogue_sources() - {"definition"}} == set(rows)
