"""Who says so, where it can be found, and when: citations that resolve, dates on measurements and on facts of the market."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from hwlib import catalogue
from hwlib.catalogue import claims
from lessons.pages import blocks, market
from lessons.reference.sources import BIB, bibliography
from tests.book.test_pages import BOOK, CHAPTERS, ROOT, text_of

FINDABLE = {"eprint", "doi", "url", "howpublished", "booktitle", "journal", "publisher", "institution", "number"}
TOLD = FINDABLE | {"note"}
"""Of press, price lists and product pages it is enough to say how they were read: quoted where, on what day, or from memory."""
KINDS = {key: kind for kind, key in re.findall(r"^@(\w+)\{([^,]+),", BIB.read_text("utf-8"), re.M)}
YEAR = re.compile(r"\b(19|20)\d\d\b")


@pytest.mark.parametrize("key", sorted(set(bibliography()) - {"definition"}))
def test_an_entry_of_the_bibliography_can_be_found_and_has_its_year_in_its_key(key):
    entry = bibliography()[key]
    assert (TOLD if KINDS[key] == "misc" else FINDABLE) & set(entry), "say where it can be found: eprint, doi, url, howpublished, journal or booktitle; how it was read for press and prices"
    assert abs(int(re.search(r"\d{4}", key)[0]) - int(entry["year"])) <= 1 and 1900 < int(entry["year"]) <= 2026, "a preprint may be a year older than what came of it"


def test_no_entry_is_there_for_nobody():
    """Cited by a page, a formula, a figure of the catalogue, a panel or the mapping of measurements."""
    text = "\n".join(p.read_text("utf-8") for folder in ("hwlib", "lessons", "tutor", "book") for suffix in ("*.py", "*.toml", "*.md") for p in (ROOT / folder).rglob(suffix))
    assert [key for key in bibliography() if key != "definition" and not re.search(rf"\b{key}\b", text)] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_what_was_measured_says_when(page):
    html = import_module(f"lessons.pages.{CHAPTERS[page]}").measured().html
    sources = re.findall(r'<p class="hw-src">(.*?)</p>', html, re.S)
    assert sources and all(YEAR.search(source) for source in sources)


def test_years_of_sources_come_from_rows_or_from_publications_that_the_bibliography_has():
    assert set(blocks.PUBLISHED.values()) <= set(bibliography())
    assert all(bibliography()[key]["year"] == blocks.years()[title] for title, key in blocks.PUBLISHED.items())
    with pytest.raises(KeyError):
        blocks.dated("a source that no row has")


def test_every_price_of_the_catalogue_has_a_date_or_is_marked_as_remembered():
    offers = [p for chip in catalogue.priced_chip_ids() for p in catalogue.prices(chip)]
    assert len(offers) > 40 and [p.id for p in offers if not (re.match(r"20\d\d", p.date) or p.remembered)] == []
    money = [c for c in catalogue.constants() if "usd" in c.unit and hasattr(c.figure.origin, "checked")]
    assert len(money) > 30 and [c.id for c in money if not re.match(r"20\d\d-\d\d", c.figure.origin.checked)] == []


def test_offers_that_the_market_page_draws_all_have_their_dates():
    offers = market.offers().offers
    assert len(offers) >= 5 and all(re.match(r"20\d\d", str(o.date)) for o in offers)
    table = market.measured().html
    assert YEAR.search(table)


def test_sentences_on_prices_in_chapters_name_a_date_or_a_price_list():
    """A price that the prose gives for an hour or a token as a fact of the market stands on a page that dates it."""
    for page in ("4-economics/market", "4-economics/tokens-to-dollars", "4-economics/portfolios"):
        module = import_module(f"lessons.pages.{CHAPTERS[page]}")
        assert YEAR.search(module.measured().html), page


def test_every_claim_says_how_it_was_checked_and_where_or_that_it_is_from_memory():
    for c in claims():
        assert c.source_checked in blocks.CHECKED and c.source_title, c.id
        if c.source_checked == "yes":
            assert c.source_where or "own calculation" in c.source_title, c.id
        if c.source_checked == "memory":
            assert not c.source_where or "memory" in c.source_where or c.source_title, c.id


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_cites_and_the_bibliography_answers(page):
    keys = {k.strip() for group in re.findall(r"\{cite\}`([^`]*)`", text_of(page)) for k in group.split(",")}
    assert keys and keys <= set(bibliography())


def test_links_to_the_ledger_arrive():
    ids = {c.id for c in claims()}
    for path in BOOK.rglob("*.md"):
        for id in re.findall(r"claim-(S\d-\d\d)", path.read_text("utf-8")):
            assert id in ids, path.name
