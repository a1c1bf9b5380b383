"""The studio by keyboard and by ear: names, one announcement a turn, focus that is never lost, and nothing that axe-core finds in the live panel."""

from __future__ import annotations

import pytest

from tutor.briefs import brief_ids

from . import accessibility, reading

PAGES = dict(zip(brief_ids(), ("1-two-workloads", "2-training", "3-inference-chips", "4-economics"), strict=True))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first"),
]

HEARD = """() => { window.heard = []; for (const place of document.querySelectorAll('.hw-announce')) new MutationObserver(() => window.heard.push(place.textContent)).observe(place, {childList: true, characterData: true, subtree: true}); }"""
FOCUS = """() => { const e = document.activeElement; return {tag: e.localName, text: e.textContent.trim().slice(0, 40), label: e.labels?.[0]?.textContent.trim() || e.getAttribute('aria-label') || '', place: e.closest('.hw-talk') ? 'talk' : e.closest('.hw-form') ? 'form' : e.closest('.hw-verdict') ? 'verdict' : ''}; }"""
NAMELESS = """() => [...document.querySelectorAll('.livebook-live input, .livebook-live select, .livebook-live textarea, .livebook-live button')]
  .filter(e => e.offsetParent !== null && !(e.labels?.[0]?.textContent.trim() || e.getAttribute('aria-label') || e.textContent.trim() || e.title)).map(e => e.outerHTML.slice(0, 120))"""
AXE_LIVE = """async () => (await axe.run('.livebook-live', {resultTypes: ['violations'], preload: false})).violations"""


@pytest.fixture(scope="module")
def server():
    """The book behind the local server."""
    with reading.local_server(reading.BOOK, reading.ROOT) as running:
        yield running


@pytest.fixture
def studio(visit, server):
    """Opens the discussion of a brief, live, and listens to what is announced."""
    def arrive(id: str):
        reader = visit()
        reader.page.set_default_navigation_timeout(120_000)
        reader.open(f"{server.address}book/{PAGES[id]}/discussion.html?token={server.token}", "live", 180)
        page = reader.page
        page.set_default_timeout(60_000)
        page.locator(".livebook-live .hw-announce").nth(1).wait_for(state="attached")
        page.evaluate(HEARD)
        return reader

    return arrive


def heard(page, count: int) -> list[str]:
    """What was announced, once it is so much."""
    page.wait_for_function("n => window.heard.length >= n", arg=count)
    page.wait_for_timeout(600)  # a second announcement would come by then
    return page.evaluate("() => window.heard")


def tab_to(page, wanted: dict, most: int = 90) -> dict:
    """Press Tab until the focus is there; nothing but keys."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUS)
        if all(value in here[key] for key, value in wanted.items()):
            return here
    raise AssertionError(f"no focus with {wanted} in {most} steps")


def test_a_conversation_by_keyboard_alone(studio):
    """Tab to the field, say something, hear the answer once, go on; then a chip that vanishes leaves the focus in the field."""
    reader = studio("serve-70b")
    page = reader.page
    page.locator(".livebook-live .hw-form").get_by_label("Replicas", exact=True).first.focus()
    tab_to(page, {"place": "talk", "label": "Say something to the tutor"})
    page.keyboard.type("decode speed sets the time to first token")
    page.keyboard.press("Enter")
    said = heard(page, 1)
    assert len(said) == 1 and any(c.isdigit() for c in said[0]) and said[0].endswith("?")
    assert page.evaluate(FOCUS)["label"] == "Say something to the tutor", "after a turn the focus is where it was"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUS)["text"] == "Not what I meant", "the chip of the last turn stands before the field"
    page.keyboard.press("Enter")
    assert len(heard(page, 2)) == 2
    assert page.evaluate(FOCUS)["label"] == "Say something to the tutor", "the chip is gone, and the focus is not lost"
    page.keyboard.type("with 8 replicas?")
    page.keyboard.press("Enter")
    assert len(heard(page, 3)) == 3
    page.keyboard.press("Shift+Tab")
    assert "Apply to my design" in [b.inner_text() for b in page.locator(".livebook-live .hw-choices button").all()]
    assert reader.complaints == []


def test_a_lock_is_toggled_by_the_space_bar_and_has_a_name(studio):
    page = studio("serve-70b").page
    lock = page.locator(".livebook-live").get_by_label("Keep replicas in repairs")
    page.locator(".livebook-live .hw-form").get_by_label("Replicas", exact=True).first.focus()
    tab_to(page, {"label": "Keep replicas in repairs"}, most=3)
    assert not lock.is_checked()
    page.keyboard.press("Space")
    assert lock.is_checked() and page.evaluate(FOCUS)["label"] == "Keep replicas in repairs"
    page.keyboard.press("Space")
    assert not lock.is_checked()


def test_a_changed_field_announces_the_verdict_politely_and_once(studio):
    page = studio("serve-70b").page
    field = page.locator(".livebook-live .hw-form").get_by_label("Replicas", exact=True).first
    before = page.locator(".livebook-live .hw-verdict .hw-headline").last.inner_text()
    field.focus()
    field.fill("9")
    page.keyboard.press("Enter")
    said = heard(page, 1)
    assert len(said) == 1 and "targets met" in said[0] and said[0] != before
    assert page.evaluate("() => document.activeElement !== document.body")
    assert page.evaluate("() => [...document.querySelectorAll('.hw-announce')].every(e => e.getAttribute('role') === 'status' && e.getAttribute('aria-live') === 'polite')")
    assert page.locator(".livebook-live .hw-log [role=log]").get_attribute("aria-label") == "Conversation"


@pytest.mark.parametrize("id", PAGES)
def test_the_live_panel_has_no_fault_that_axe_finds_and_no_control_without_a_name(id, studio):
    """Inside the live panel, after a turn with a table and chips in it."""
    page = studio(id).page
    field = page.get_by_label("Say something to the tutor")
    field.fill({"serve-7b": "with 8 replicas?", "train-100b": "with tp 4?", "serve-70b": "with 8 replicas?", "tco-3y": "with 40% utilisation?"}[id])
    field.press("Enter")
    heard(page, 1)
    assert page.evaluate(NAMELESS) == []
    page.evaluate(accessibility.axe_script())
    for theme in ("light", "dark"):
        accessibility.set_theme(page, theme)
        found = page.evaluate(AXE_LIVE)
        assert [f"{v['id']}: {n['html'][:140]}" for v in found for n in v["nodes"][:3]] == []
