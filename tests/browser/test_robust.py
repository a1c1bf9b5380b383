"""A live page on bad networks, in browsers that lack something, and in the hands of people who go back and forth.

Python comes from the site itself here: Playwright answers for the content network only with its cache switched off.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil

import pytest

from . import hosts, memory, reading
from .test_live import becomes, text

pytestmark = pytest.mark.browser

STATUS, READOUT, SAID = ".livebook-status", ".livebook-live .readout", ".livebook-live .said"
WATCH = """
    window.lines = [];
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
      const line = document.querySelector('.livebook-status')?.textContent;
      if (line && line !== window.lines.at(-1)) window.lines.push(line);
    }).observe(document.body, { subtree: true, childList: true, characterData: true }));"""


@pytest.fixture
def network(whole_site):
    """Opens hosts of the small book's site, each with its own faults."""
    with contextlib.ExitStack() as stack:
        def start(folder=whole_site, **how):
            made = stack.enter_context(hosts.host(folder, **how))
            made.book = f"{made.address}classes/2026/"
            return made

        yield start


@pytest.fixture
def other_browser(browser):
    """Starts Chromium in another way than for the other tests: by flags, or with settings in its profile."""
    with contextlib.ExitStack() as stack:
        def start(tmp_path=None, settings=None, **how):
            options = {"executable_path": reading.chromium(), "args": reading.FLAGS, **how}
            if settings is None:
                started = browser.browser_type.launch(**options)
            else:
                (tmp_path / "Default").mkdir(parents=True)
                (tmp_path / "Default" / "Preferences").write_text(json.dumps({"profile": {"default_content_setting_values": settings}}))
                started = browser.browser_type.launch_persistent_context(str(tmp_path), **options)
            stack.callback(started.close)
            return started

        yield start


def end(reader, *, built: bool = False) -> None:
    """Move the slider of the explorer to its end."""
    reader.page.locator(f".livebook-{'built' if built else 'live'} [role=slider]").first.focus()
    reader.page.keyboard.press("End")


def inert(reader) -> bool:
    """Whether the slider is out of reach."""
    return reader.page.locator(".livebook-view .widget-slider").first.evaluate("element => element.inert")


class TestASlowNetwork:
    def test_progress_is_told_the_page_is_used_meanwhile_and_nobody_gives_up(self, network, visit):
        """4 Mbit/s and 300 ms; what was moved while waiting holds in the end."""
        slow, reader = network(bytes_per_s=500_000, latency_s=0.3), visit()
        reader.context.add_init_script(WATCH)
        reader.open(f"{slow.book}explorer.html", "loading")
        reader.page.wait_for_selector(".livebook-built .readout")
        assert "8 sequences on early" in text(reader, ".livebook-built .readout")
        end(reader, built=True)
        reader.wait("live", 180)
        becomes(reader, READOUT, "512 sequences on early")
        said = reader.page.evaluate("window.lines")
        amounts = [int(found[1]) for line in said if (found := re.search(r"(\d+) of (\d+) MB", line))]
        assert len(set(amounts)) >= 4 and amounts == sorted(amounts)
        assert reader.complaints == []

    def test_a_silent_network_is_told_and_the_page_can_be_asked_to_try_again(self, network, visit):
        quiet, reader = network(silent={"numpy"}), visit()
        reader.page.clock.install()
        reader.open(f"{quiet.book}explorer.html", "loading")
        reader.page.wait_for_function("() => window.__livebook.marks.built")
        while not quiet.asked["numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"]:
            reader.page.wait_for_timeout(100)
        reader.page.clock.fast_forward(50_000)
        becomes(reader, STATUS, "Nothing more of Python has come for 45 s")
        # The button is pressed while nothing comes: a network that wakes up takes the button away by itself.
        reader.page.get_by_role("button", name="Try again").first.click()
        quiet.silent.clear()
        reader.wait("live")
        end(reader)
        becomes(reader, READOUT, "512 sequences on early")


class TestADownloadThatBreaksOff:
    def test_a_host_that_calls_the_webassembly_something_else_is_good_enough(self, network, visit):
        odd, reader = network(types={".wasm": "application/octet-stream"}), visit()
        reader.open(f"{odd.book}explorer.html", "live")
        becomes(reader, READOUT, "8 sequences on early")

    @pytest.mark.parametrize("name", ["numpy", "pyodide.asm.wasm", "course-"])
    def test_once_it_is_tried_again_without_a_word_from_the_reader(self, network, visit, name):
        bad, reader = network(cut={name: 1}), visit()
        reader.context.add_init_script(WATCH)
        reader.open(f"{bad.book}explorer.html", "live")
        assert any("broke off; it is tried once more" in line for line in reader.page.evaluate("window.lines"))
        becomes(reader, READOUT, "8 sequences on early")

    @pytest.mark.parametrize("name", ["python_stdlib.zip", "pyodide.js"])
    def test_for_good_it_is_said_and_trying_again_needs_no_reload(self, network, visit, name):
        bad, reader = network(cut={name: 99}), visit()
        reader.open(f"{bad.book}explorer.html", "static")
        said = text(reader, STATUS)
        assert said.startswith("Figures as built: Python could not start in this page. The controls are off. (") and said.count(".") <= 5
        assert "8 sequences on early" in text(reader, ".livebook-built .readout") and inert(reader)
        reader.page.evaluate("window.same = true")
        bad.cut.clear()
        reader.page.get_by_role("button", name="Try again").first.click()
        reader.page.wait_for_function("() => document.documentElement.dataset.livebook === 'live'", timeout=120_000)
        end(reader)
        becomes(reader, READOUT, "512 sequences on early")
        assert reader.page.evaluate("window.same") and text(reader, STATUS) == "Live: Python runs in this page."


class TestAnUpdateOfTheBook:
    @pytest.fixture
    def updated(self, whole_site, tmp_path):
        """A copy of the site, and what turns it into a new edition in which the early chip reads twice as fast."""
        root = shutil.copytree(whole_site, tmp_path / "root")
        folder = root / "classes" / "2026"

        def update() -> None:
            from livebook import packaging
            from livebook.livekernel import late

            (old,) = (folder / "_static" / "livebook").glob("course-*.pack")
            late.unpack(old.read_bytes(), tmp_path / "course")
            chips = tmp_path / "course" / "minilib" / "chips.toml"
            chips.write_text(chips.read_text().replace("mem_bytes_per_s = 1e12", "mem_bytes_per_s = 2e12"))
            files = {str(path.relative_to(tmp_path / "course")): path.read_bytes() for path in chips.parent.iterdir()}
            new = packaging.write_pack(files, old.parent, "course")
            assert new != old.name and not old.exists()
            page = folder / "explorer.html"
            page.write_text(page.read_text().replace(old.name, new))

        return root, update

    def test_a_browser_that_kept_everything_gets_the_new_numbers_with_the_new_page(self, updated, network, visit):
        root, update = updated
        kept, reader = network(root, keep_s=31_536_000), visit(direct=True)
        reader.open(f"{kept.book}explorer.html", "live")
        becomes(reader, READOUT, "early: 571 tokens")
        update()
        reader.open(f"{kept.book}explorer.html", "live")
        becomes(reader, READOUT, "early: 1,143 tokens")
        assert kept.asked["pyodide.asm.wasm"] == 1, "what did not change was kept"

    def test_an_old_page_says_that_the_book_has_changed_and_one_press_brings_the_new_one(self, updated, network, visit):
        root, update = updated
        kept, reader = network(root, silent={"pyodide.js", "course-"}), visit()
        reader.open(f"{kept.book}explorer.html", "loading")
        update()
        kept.silent.clear()
        reader.wait("static")
        assert "(the book has changed since this page was loaded)" in text(reader, STATUS)
        reader.page.get_by_role("button", name="Reload the page").first.click()
        reader.page.wait_for_function("() => document.documentElement.dataset.livebook === 'live'", timeout=120_000)
        becomes(reader, READOUT, "early: 1,143 tokens")


class TestComingBack:
    def test_a_reload_does_again_what_was_done_and_can_be_told_not_to(self, live):
        """Values, words and presses, in their order; the button of the error is as it was."""
        reader = live("controls.html")
        page = reader.page
        page.get_by_label("Choice").select_option("b")
        page.get_by_label("Text").fill("hello")
        page.keyboard.press("Tab")
        for count in ("1", "2"):
            page.get_by_role("button", name="Press").click()
            becomes(reader, ".livebook-live .pressed", f"pressed {count}")
        page.get_by_label("Stops").focus()
        page.keyboard.press("End")
        becomes(reader, SAID, "b False hello 3 100 2000 x")
        for _ in range(2):  # also what was done again is kept
            page.reload()
            reader.wait("live")
            becomes(reader, SAID, "b False hello 3 100 2000 x")
            becomes(reader, ".livebook-live .pressed", "pressed 2")
        assert "What you had done here before stands again." in text(reader, STATUS)
        page.get_by_role("button", name="Start afresh").first.click()
        page.wait_for_function("() => document.documentElement.dataset.livebook === 'live' && !document.querySelector('.livebook-status button')", timeout=120_000)
        becomes(reader, SAID, "a False - 3 100 1000 x")
        assert reader.complaints == []

    def test_a_reload_in_the_middle_of_a_start_keeps_what_was_moved(self, network, visit):
        line, reader = network(silent={"numpy"}), visit()
        reader.open(f"{line.book}explorer.html", "loading")
        reader.page.wait_for_function("() => window.__livebook.marks.built")
        end(reader, built=True)
        reader.page.reload()
        reader.page.wait_for_function("() => window.__livebook.marks.built")
        line.silent.clear()
        reader.page.reload()
        reader.wait("live")
        becomes(reader, READOUT, "512 sequences on early")

    def test_back_and_forward_keep_it_and_a_link_begins_anew(self, network, visit):
        plain, reader = network(), visit()
        reader.open(f"{plain.book}explorer.html", "live")
        end(reader)
        becomes(reader, READOUT, "512 sequences")
        reader.open(f"{plain.book}index.html")
        reader.page.go_back()
        reader.wait("live")
        becomes(reader, READOUT, "512 sequences")
        reader.open(f"{plain.book}explorer.html", "live")
        becomes(reader, READOUT, "8 sequences")
        assert text(reader, STATUS) == "Live: Python runs in this page."

    def test_the_browsers_own_cache_of_pages_brings_back_a_page_that_answers(self, network, other_browser):
        """Playwright switches that cache off; people's browsers have it."""
        plain = network()
        reader = reading.Reader(other_browser(ignore_default_args=["--disable-back-forward-cache"]), direct=True)
        reader.page.add_init_script("addEventListener('pageshow', (event) => { window.persisted = event.persisted; })")
        reader.open(f"{plain.book}explorer.html", "live")
        end(reader)
        becomes(reader, READOUT, "512 sequences")
        reader.open(f"{plain.book}index.html")
        reader.page.go_back(wait_until="commit")
        reader.wait("live")
        assert reader.page.evaluate("window.persisted"), "Chromium did not keep the page: nothing was tested"
        becomes(reader, READOUT, "512 sequences")
        reader.page.locator(".livebook-live [role=slider]").focus()
        reader.page.keyboard.press("Home")
        becomes(reader, READOUT, "1 sequences")

    def test_with_the_local_server_a_page_from_that_cache_gets_a_new_kernel(self, server, other_browser):
        reader = reading.Reader(other_browser(ignore_default_args=["--disable-back-forward-cache"]), direct=True)
        reader.open(f"{server.address}explorer.html?token={server.token}", "live")
        end(reader)
        becomes(reader, READOUT, "512 sequences")
        reader.open(f"{server.address}index.html")
        reader.page.go_back(wait_until="commit")
        reader.wait("live")
        becomes(reader, READOUT, "512 sequences")
        assert len(server.kernels()) >= 1 and reader.complaints == []

    def test_two_tabs_of_one_page_do_not_meet(self, network, visit):
        plain, reader = network(), visit()
        reader.open(f"{plain.book}explorer.html", "live")
        second = reader.context.new_page()
        second.goto(f"{plain.book}explorer.html")
        end(reader)
        becomes(reader, READOUT, "512 sequences")
        for page in (second, reader.page):
            page.reload()
            page.wait_for_function("() => document.documentElement.dataset.livebook === 'live'", timeout=120_000)
        becomes(reader, READOUT, "512 sequences")
        assert second.locator(READOUT).inner_text().startswith("8 sequences")


class TestMemory:
    def test_neither_moves_nor_restarts_let_a_tab_grow_without_end(self, network, other_browser):
        """Python holds some 150 MB: one that stayed behind would be seen. `tools/memory.py` measures the real pages."""
        chromium, plain = other_browser(), network()
        reader = reading.Reader(chromium, direct=True)
        reader.open(f"{plain.book}explorer.html", "live", 180)
        reader.page.evaluate(memory.MOVES, 20)
        first = memory.tab_mb(chromium, reader.page)
        reader.page.evaluate(memory.MOVES, 200)
        moved = memory.tab_mb(chromium, reader.page)
        for _ in range(4):
            reader.page.reload()
            reader.wait("live", 180)
        again = memory.tab_mb(chromium, reader.page)
        print(f"a tab: {first:.0f} MB, after 200 moves {moved:.0f} MB, after 4 restarts {again:.0f} MB")
        assert 50 < first < 500 and moved < first + 40 and again < first + 80


class TestABrowserThatLacks:
    @pytest.mark.parametrize(("lack", "said"), [
        ("delete window.WebAssembly", "this browser has WebAssembly switched off, in which Python runs here"),
        ("delete window.Worker", "this browser starts no workers, in which Python runs here"),
        ("window.Worker = function () { throw new DOMException('refused', 'SecurityError'); }", "this browser starts no workers, in which Python runs here"),
    ])
    def test_what_python_needs_says_so_once_and_can_be_read(self, network, visit, lack, said):
        reader = visit()
        reader.page.add_init_script(lack)
        reader.open(f"{network().book}explorer.html", "static")
        assert text(reader, STATUS) == f"Figures as built: Python could not start in this page. The controls are off. ({said})"
        assert "8 sequences on early" in text(reader, ".livebook-built .readout") and inert(reader)
        assert reader.complaints == [] and not any("pyodide" in url for url in reader.requests)

    def test_storage_is_live_all_the_same(self, network, visit):
        reader = visit()
        reader.page.add_init_script("for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError'); } });")
        reader.open(f"{network().book}explorer.html", "live")
        end(reader)
        becomes(reader, READOUT, "512 sequences")
        reader.page.reload()
        reader.wait("live")
        becomes(reader, READOUT, "8 sequences")

    def test_cookies_is_live_all_the_same(self, network, other_browser, tmp_path):
        context = other_browser(tmp_path / "profile", {"cookies": 2})
        page = context.new_page()
        page.goto(f"{network().book}explorer.html")
        page.wait_for_function("() => document.documentElement.dataset.livebook === 'live'", timeout=120_000)
        assert page.evaluate("(() => { try { return localStorage.length } catch (error) { return error.name } })()") == "SecurityError"

    def test_cookies_on_the_local_server_is_told_what_to_allow(self, server, other_browser, tmp_path):
        page = other_browser(tmp_path / "profile", {"cookies": 2}).new_page()
        page.goto(f"{server.address}explorer.html?token={server.token}")
        assert page.get_by_text("this browser refuses the cookie that opens its other files: allow cookies for 127.0.0.1").is_visible()
        assert page.get_by_role("heading", name="An explorer").last.is_visible()

    def test_scripts_shows_the_figure_and_says_why_it_does_not_move(self, network, other_browser, tmp_path):
        """The browser's own setting: Playwright's emulation keeps what stands in `noscript` as text."""
        page = other_browser(tmp_path / "profile", {"javascript": 2}).new_page()
        page.goto(f"{network().book}explorer.html")
        seen = page.context.new_cdp_session(page).send("DOMSnapshot.captureSnapshot", {"computedStyles": []})
        words = " ".join(seen["strings"])
        assert "Figure as built: this browser runs no JavaScript" in words and "sequences on early" in words
        assert "Live:" not in words
