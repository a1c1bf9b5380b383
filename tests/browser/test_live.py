"""The small book in Chromium, with Python in the page and with Python behind a local server."""

from __future__ import annotations

import re

import pytest

from .accessibility import PHONE, overflow, set_theme, violations

pytestmark = pytest.mark.browser

CONTROL = ".livebook-view .jupyter-widgets"


def text(reader, selector: str) -> str:
    """The visible text of the first such element."""
    return reader.page.locator(selector).first.inner_text().strip()


def becomes(reader, selector: str, wanted: str) -> None:
    """Wait until the element's text holds this."""
    reader.page.wait_for_function(
        "([selector, wanted]) => document.querySelector(selector)?.innerText.includes(wanted)", arg=[selector, wanted])


def test_the_figure_is_there_before_any_kernel(host, visit):
    """With the network of Pyodide dead from the start, the page shows picture, readout and controls."""
    reader = visit()
    reader.open(host + "explorer.html")
    reader.page.wait_for_selector(".livebook-built svg[role=img] circle")
    assert "8 sequences on early" in text(reader, ".livebook-built .readout")
    assert reader.page.locator(".livebook-built [role=slider]").get_attribute("aria-label") == "Sequences"


def test_the_number_on_screen_is_the_models(live, minibook):
    """The End key on the slider: the page's number is what the model says for that input."""
    import minilib

    reader = live("explorer.html")
    reader.page.locator(".livebook-live [role=slider]").focus()
    reader.page.keyboard.press("End")
    expected = f"{float(minilib.tokens_per_s(minilib.chips()['early'], 512)):,.0f}"
    becomes(reader, ".livebook-live .readout", f"512 sequences on early: {expected} tokens")
    reader.page.locator(".livebook-live select").select_option("late")
    expected = f"{float(minilib.tokens_per_s(minilib.chips()['late'], 512)):,.0f}"
    becomes(reader, ".livebook-live .readout", f"512 sequences on late: {expected} tokens")
    assert not reader.complaints


def test_the_page_asks_only_the_book_and_pyodide(live):
    """The exact list of hosts."""
    reader = live("explorer.html")
    assert reader.strangers(*reader.own) == []
    fetched = {url.rsplit("/", 1)[-1] for url in reader.requests if url.startswith("https://")}
    wanted = {"pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json",
              "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"}
    assert fetched == (wanted if live.backend == "pyodide" else set())


def test_what_the_reader_moved_before_is_carried_over(live):
    """Moves, choices, words and presses made while Python was on its way."""
    reader = live("controls.html", state=None)
    page = reader.page
    page.wait_for_selector(".livebook-built .said")
    built = page.locator(".livebook-built")
    built.get_by_label("Choice").select_option("b")
    built.get_by_label("Flag").check()
    built.get_by_label("Number").fill("12")
    built.get_by_label("Scale").focus()
    page.keyboard.press("End")
    built.get_by_label("Stops").focus()
    page.keyboard.press("End")
    built.get_by_label("An axis").select_option("y")
    built.get_by_role("button", name="Press").click()
    built.get_by_label("Text").fill("hello")  # still in the field when Python arrives
    reader.wait("live")
    becomes(reader, ".livebook-live .said", "b True hello 12 10000 2000 y")
    becomes(reader, ".livebook-live .pressed", "pressed 1")
    assert page.evaluate("document.activeElement.value") == "hello"  # the focus stayed where it was
    assert not reader.complaints


def test_outputs_are_shown_as_in_a_notebook(live):
    """Text printed by a live cell, an Output widget, and a download link that html-manager must not strip."""
    reader = live("controls.html")
    assert text(reader, ".livebook-live .stream") == "printed before the panel"
    for count in ("1", "2"):
        reader.page.get_by_role("button", name="Press").click()
        becomes(reader, ".livebook-live .pressed", f"pressed {count}")
        assert reader.page.locator(".livebook-live .pressed").is_visible()  # a layout set to None is a layout without it
        becomes(reader, ".livebook-live .widget-output", f"printed {count}")
    assert "printed 1" not in text(reader, ".livebook-live .widget-output")
    reader.page.get_by_label("Number").fill("41")
    reader.page.keyboard.press("Enter")
    becomes(reader, ".livebook-live .said", "41")
    with reader.page.expect_download() as download:
        reader.page.locator(".livebook-live a.save").click()
    assert download.value.suggested_filename == "design.toml"
    assert download.value.path().read_text() == "number = 41"


def test_an_error_in_a_cell_is_shown_and_the_rest_goes_on(live):
    """The failed cell says what and where, its built figure is frozen; the next cell is live."""
    reader = live("failing.html", state="error")
    notice = reader.page.locator(".livebook-error")
    assert notice.count() == 1
    words = notice.inner_text()
    assert "Cell 1 of this page failed" in words
    assert "RuntimeError: nothing here but a <b>message</b>" in words  # as text, not as HTML
    notice.locator("summary").click()
    assert "panels.py" in notice.inner_text()
    first, second = reader.page.locator(".livebook-view").all()[:2]
    assert first.locator(".widget-slider").evaluate("element => element.inert")
    assert "As built" in first.inner_text()
    second.locator("[role=slider]").focus()
    reader.page.keyboard.press("Home")
    becomes(reader, ".livebook-live .readout", "1 sequences on early")
    assert reader.page.locator(".livebook-status").all_inner_texts()[0] == "Not live: see below."


def test_an_error_in_a_callback_is_shown_and_passes(live):
    """The picture keeps its last good state and says so; the next good move takes the notice away."""
    reader = live("controls.html")
    reader.page.get_by_label("Choice").select_option("c")
    becomes(reader, ".livebook-error", "ValueError: there is no c")
    assert text(reader, ".livebook-live .said").startswith("a ")
    reader.page.get_by_label("Choice").select_option("b")
    becomes(reader, ".livebook-live .said", "b False")
    reader.page.wait_for_selector(".livebook-error", state="detached")


def test_without_pyodide_the_page_says_so_and_freezes(host, visit):
    """The content network cannot be reached."""
    reader = visit()
    reader.open(host + "explorer.html", "static")
    assert re.search("Figures as built: Python could not start in this page", text(reader, ".livebook-status"))
    assert reader.page.locator(".livebook-built .widget-slider").evaluate("element => element.inert")
    assert reader.page.locator(".livebook-built .widget-dropdown").evaluate("element => element.inert")
    assert "8 sequences on early" in text(reader, ".livebook-built .readout")


def test_every_kind_of_control_freezes_and_what_shows_does_not(host, visit):
    """No field, slider or button can be reached without Python; a link in the figure can."""
    reader = visit()
    reader.open(host + "controls.html", "static")
    reachable = reader.page.evaluate("""() => [...document.querySelectorAll(
        '.livebook-view :is(input, select, button, a, [role=slider])')].filter(e => !e.closest('[inert]')).map(e => e.className)""")
    assert reachable == ["save"]


def test_opened_from_disk_the_page_says_so_and_freezes(minihtml, visit):
    """Browsers refuse workers to files."""
    reader = visit()
    reader.open((minihtml / "explorer.html").as_uri(), "static")
    assert "opened from disk" in text(reader, ".livebook-status")
    assert reader.page.locator(".livebook-built .widget-slider").evaluate("element => element.inert")


def test_without_javascript_the_built_values_stand_in_the_page(host, visit):
    """For printers, and readers who block scripts."""
    reader = visit(java_script_enabled=False)
    reader.open(host + "explorer.html")
    assert reader.page.locator("noscript").first.inner_text() or reader.page.locator("svg[role=img]").count()
    assert "8 sequences on early" in reader.page.content()


def test_mathematics_is_set_from_the_book_itself(host, visit):
    """MathJax, an extension of it, and its fonts: nothing comes from outside."""
    reader = visit()
    reader.open(host + "index.html")
    reader.page.wait_for_selector("mjx-container mjx-mfrac")
    reader.page.wait_for_selector("mjx-container mjx-menclose")
    reader.page.wait_for_load_state("networkidle")
    assert reader.strangers(host) == []
    assert not reader.complaints


@pytest.mark.parametrize("page", ["controls.html", "explorer.html"])
def test_live_controls_are_accessible_in_both_themes(page, host, mirror, visit):
    """By axe-core; and nothing scrolls sideways on a phone."""
    reader = visit(mirror, viewport=PHONE)
    reader.open(host + page, "live")
    for theme in ("light", "dark"):
        set_theme(reader.page, theme)
        assert violations(reader.page) == [], theme
    assert overflow(reader.page) == []


def test_progress_is_told_in_megabytes(host, mirror, visit):
    """While Python travels, the line names what has come and what is to come."""
    reader = visit(mirror)
    reader.context.add_init_script("""
        window.said = [];
        addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
          const line = document.querySelector('.livebook-status')?.textContent;
          if (line && line !== window.said.at(-1)) window.said.push(line);
        }).observe(document.body, { subtree: true, childList: true, characterData: true }));""")
    reader.open(host + "explorer.html", "live")
    said = reader.page.evaluate("window.said")
    amounts = [tuple(map(int, match.groups())) for line in said if (match := re.search(r"(\d+) of (\d+) MB", line))]
    assert amounts and amounts == sorted(amounts) and amounts[-1][1] == 9
    assert said[-1] == "Live: Python runs in this page."


def test_a_part_that_is_not_needed_does_not_travel_until_it_is(live):
    """In the browser one request brings it; the local Python has it."""
    reader = live("explorer.html")
    asked = lambda: [url for url in reader.requests if "/aside-" in url]  # noqa: E731
    assert asked() == []
    for _ in range(2):
        said = reader.page.evaluate("window.__livebook.kernel.run('from minilib import aside\\naside.WORD', 'aside')")
        assert "fetched when asked for" in said[-1]["data"]["text/plain"]
    assert len(asked()) == (live.backend == "pyodide")
    assert not reader.complaints


def test_how_long_a_reader_waits(live, record_property, capsys):
    """From navigation to live, and from a moved slider to the new figure: printed, with room for a busy machine."""
    reader = live("explorer.html")
    to_live = reader.marks()["live"]
    moves = sorted(reader.page.evaluate(MOVES, [16, 64, 200, 17, 300, 90, 480, 33]))
    median = moves[len(moves) // 2]
    record_property("ms_to_live", to_live)
    record_property("ms_slider_to_figure_median", median)
    with capsys.disabled():
        built = reader.marks()["built"]
        print(f"\n{live.backend}: built figure {built / 1e3:.2f} s, live {to_live / 1e3:.2f} s, "
              f"slider to figure {median:.0f} ms (median of {len(moves)}, worst {moves[-1]:.0f} ms)")
    assert to_live < 45_000 and median < 1_000


# Sets the slider's model and waits until the readout names the value: milliseconds for each.
MOVES = """async values => {
  const models = await Promise.all(Object.values(window.__livebook.kernel.manager._models));
  const slider = models.find(model => model.name === 'IntSliderModel');
  const readout = () => document.querySelector('.livebook-live .readout').innerText;
  const times = [];
  for (const value of values) {
    const began = performance.now();
    slider.set('value', value);
    slider.save_changes();
    while (!readout().startsWith(`${value} sequences`)) {
      await new Promise(resolve => { const channel = new MessageChannel(); channel.port1.onmessage = resolve; channel.port2.postMessage(0); });
    }
    times.push(performance.now() - began);
  }
  return times;
}"""
