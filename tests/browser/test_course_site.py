"""The course's site under a sub-path of a plain static host: every link, every policy, and Python in its three places.

The pages with Python answered are crawled one by one in `test_book.py`, from the same site.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from . import hosts, reading
from .conftest import site_tool as tool

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first"),
    pytest.mark.xdist_group("course-site"),
]

LIVE = ("book/1-two-workloads/roofline", "book/3-inference-chips/discussion", "book/reference/spot-the-error")
READ = ("book/index", "book/reference/claims")
CDN = "cdn.jsdelivr.net"


class Addresses(HTMLParser):
    """What a page links to, loads, and can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Sort the addresses of one element."""
        of = dict(attributes)
        self.ids |= {value for key in ("id", "name") if (value := of.get(key))}
        if tag == "a" and of.get("href"):
            self.links.add(of["href"])
        elif tag == "link" and of.get("href") and of.get("rel") not in ("canonical",):
            self.loads.add(of["href"])
        elif tag in ("script", "img", "source", "iframe") and of.get("src"):
            self.loads.add(of["src"])


@pytest.fixture(scope="module")
def whole_course(mirror, tmp_path_factory):
    """The site with Pyodide in it."""
    root = tmp_path_factory.mktemp("whole")
    tool.make(reading.BOOK, root / "course", mirror)
    return root


@pytest.fixture(scope="module")
def pages(course) -> dict[Path, Addresses]:
    """Every page of the site, read once."""
    return {path: Addresses(path.read_text("utf-8")) for path in tool.pages(course / "course")}


class TestFiles:
    def test_every_link_of_every_page_leads_to_a_file_and_a_place_in_it(self, pages):
        broken = []
        for page, found in pages.items():
            for address in found.links | found.loads:
                parts = urlsplit(address)
                if parts.scheme or parts.netloc:
                    continue
                path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
                if path.is_dir():
                    path /= "index.html"
                place = unquote(parts.fragment)
                if not path.is_file():
                    broken.append(f"{page.name}: {address}")
                elif place and path in pages and place not in pages[path].ids:
                    broken.append(f"{page.name}: {address} (no such place)")
        assert broken == []

    def test_no_page_loads_anything_from_elsewhere(self, pages):
        assert [(page.name, url) for page, found in pages.items() for url in found.loads if urlsplit(url).netloc] == []

    def test_every_script_and_style_is_asked_for_by_what_is_in_it(self, pages):
        """A browser that kept an earlier edition's never uses it for this one."""
        for page, found in pages.items():
            for url in found.loads:
                if urlsplit(url).path.endswith((".js", ".css")):
                    assert re.search(r"\?(v|digest)=\w{8}|-[0-9a-f]{12}\.|\.(?:[0-9a-f]{32}|[0-9a-f]{64})\.", url), f"{page.name}: {url}"
        for page in pages:
            if config := tool.configuration(page.read_text("utf-8")):
                parts = (*config["archives"], *config["course"], *(path for path, _ in config["late"]))
                assert all(re.search(r"-[0-9a-f]{12}\.(zip|pack)$", path) for path in parts)
                assert re.search(r"worker\.js\?v=\w{8}", config["worker"]) and "v0.27.7/" in config["pyodide"]

    def test_pages_that_bring_python_along_have_the_same_strict_policy(self, pages, whole_course, course):
        for page in pages:
            name = page.relative_to(course)
            policies = {re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', (root / name).read_text("utf-8"))[0] for root in (course, whole_course)}
            (policy,) = policies
            scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
            assert "unsafe-inline" not in scripts and "unsafe-eval" not in scripts and "http" not in policy, name
            assert "connect-src 'self';" in policy and "object-src 'none'" in policy and "base-uri 'none'" in policy

    def test_python_lies_in_a_folder_of_its_release(self, whole_course):
        (folder,) = (whole_course / "course" / "_static" / "livebook").glob("pyodide*")
        assert folder.name == "pyodide-0.27.7"


class TestInChromium:
    @pytest.mark.parametrize("page", LIVE)
    def test_with_the_content_network_blocked_it_reads_and_says_what_to_do(self, course, visit, page):
        reader = visit()
        with reading.static_host(course) as address:
            reader.open(f"{address}course/{page}.html", "static")
            line = reader.page.locator(".livebook-status").first
            assert line.inner_text() == f"Figures as built: Python could not start in this page. The controls are off. ({CDN} could not be reached) Try again"
            assert line.get_by_role("button", name="Try again").is_visible()
            assert all(control.evaluate("control => !!control.closest('[inert]')") for control in reader.page.locator(".livebook-view :is(input, select, .widget-button)").all())
            assert len(reader.page.locator(".bd-article").inner_text()) > 1500
            assert {urlsplit(url).hostname for url in reader.strangers(address)} == {CDN}
            assert [said for said in reader.complaints if "ERR_FAILED" not in said] == [] and len(reader.complaints) <= 2

    @pytest.mark.parametrize("page", [*LIVE, *READ])
    def test_self_hosted_no_request_leaves_the_host(self, whole_course, visit, page):
        reader = visit()
        with reading.static_host(whole_course) as address:
            reader.open(f"{address}course/{page}.html", "live" if page in LIVE else None, 120)
            reader.page.wait_for_load_state("load")
            assert reader.strangers(f"{address}course/") == [] and reader.complaints == []

    def test_what_was_done_is_done_again_after_a_reload_also_a_conversation(self, course, mirror, visit):
        reader = visit(mirror)
        with reading.static_host(course) as address:
            reader.open(f"{address}course/{LIVE[1]}.html", "live", 120)
            say, log = reader.page.get_by_label("Say something to the tutor"), reader.page.locator(".hw-log")
            say.fill("with 8 replicas?")
            reader.page.keyboard.press("Enter")
            reader.page.wait_for_function("() => document.querySelector('.hw-log').innerText.includes('I read: replicas 8')")
            said = log.inner_text()
            reader.page.reload()
            reader.wait("live", 120)
            assert log.inner_text() == said and "What you had done here before stands again. Start afresh" in reader.page.locator(".livebook-status").first.inner_text()

    def test_an_address_that_is_not_there_shows_the_way_back_at_any_depth(self, course, visit):
        reader = visit()
        with hosts.host(course, lost="course/404.html") as host:
            for lost in ("course/nonesuch.html", "course/book/4-economics/none/such.html"):
                answer = reader.page.goto(f"{host.address}{lost}")
                assert answer.status == 404
                reader.page.wait_for_function("address => document.getElementById('first').href === address", arg=f"{host.address}course/")
            reader.page.get_by_role("link", name="Go to the first page").click()
            reader.page.wait_for_url(f"{host.address}course/book/index.html")
