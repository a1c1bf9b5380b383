"""The site that `make site` makes of a small book: its files, and how strict its pages are about scripts.

The real book's site is crawled in `test_course_site.py`.
"""

from __future__ import annotations

import re
import shutil

import pytest

from . import reading
from .conftest import site_tool as tool

PAGES = ("index", "explorer", "controls")


@pytest.fixture(scope="module")
def sub_path(site):
    """The small book under a sub-path, Python from its content network."""
    with reading.static_host(site) as address:
        yield f"{address}classes/2026/"


class TestFiles:
    def test_every_page_has_one_strict_policy_before_its_first_script(self, minihtml):
        for page in tool.pages(minihtml):
            html = page.read_text("utf-8")
            if page.name == "index.html" and "Refresh" in html:
                continue  # Jupyter Book's own redirection, which `make site` gives one
            (meta,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
            assert html.index("Content-Security-Policy") < html.index("<script"), page.name
            scripts = next(part for part in meta.split("; ") if part.startswith("script-src"))
            assert "'unsafe-inline'" not in scripts and "unsafe-eval" not in scripts and "http" not in scripts

    def test_every_page_of_the_site_has_a_policy(self, minihtml, tmp_path):
        tool.make(minihtml, tmp_path / "site")
        assert all("Content-Security-Policy" in p.read_text("utf-8") for p in tool.pages(tmp_path / "site"))
        assert (tmp_path / "site" / ".nojekyll").is_file()

    def test_a_second_time_changes_nothing(self, minihtml):
        html = (minihtml / "explorer.html").read_text("utf-8")
        assert tool.with_policy(html) == html

    def test_a_link_from_the_hosts_root_is_refused_and_the_old_site_stays(self, minihtml, tmp_path):
        copy = shutil.copytree(minihtml, tmp_path / "html")
        tool.make(copy, tmp_path / "site")
        (copy / "index.html").write_text('<head></head><a href="/book/">x</a>')
        with pytest.raises(tool.NoSite, match="index.html links to /book/"):
            tool.make(copy, tmp_path / "site")
        assert (tmp_path / "site" / "explorer.html").is_file() and tool.strays('<a href="//x"><a href="a/b">') == []

    def test_without_a_book_it_says_what_to_run(self, tmp_path):
        with pytest.raises(tool.NoSite, match="make book"):
            tool.make(tmp_path, tmp_path / "site")

    def test_a_mirror_that_lacks_a_file_is_refused_by_name(self, minihtml, mirror, tmp_path):
        thin = shutil.copytree(mirror, tmp_path / "thin", ignore=shutil.ignore_patterns("pyodide.asm.wasm"))
        with pytest.raises(tool.NoSite, match="lacks pyodide.asm.wasm"):
            tool.make(minihtml, tmp_path / "site", thin)
        assert not (tmp_path / "site").exists()


@pytest.mark.browser
class TestInChromium:
    @pytest.mark.parametrize("page", PAGES)
    def test_no_page_breaks_its_own_policy(self, sub_path, mirror, visit, page):
        reader = visit(mirror)
        reader.page.add_init_script("window.broken = []; addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))")
        reader.open(f"{sub_path}{page}.html")
        reader.page.wait_for_function("document.readyState === 'complete'")
        if reader.page.locator("#livebook-config").count():
            reader.wait("live")
        reader.page.get_by_role("button", name="Fullscreen mode").first.click()
        assert reader.page.evaluate("window.broken") == []

    def test_what_is_slipped_into_a_page_does_not_run(self, sub_path, mirror, visit):
        reader = visit(mirror)
        reader.open(f"{sub_path}explorer.html", "live")
        reader.page.evaluate("""() => {
            const script = document.createElement('script');
            script.textContent = 'window.slipped = 1';
            document.body.append(script);
            document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.slipped = 2">');
        }""")
        reader.page.wait_for_timeout(300)
        assert reader.page.evaluate("window.slipped") is None
        assert sum("Content Security Policy" in said for said in reader.complaints) >= 2
