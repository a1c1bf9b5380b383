"""The report in a real browser: no script, no request, nothing that a person with a screen reader cannot use."""

from __future__ import annotations

import argparse

import pytest

from tests.tutor.handins import design, payload, write
from tutor import validate

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write(folder / "in" / "a.submission.json", payload(student="s-1", predictions={"bottleneck": "compute", "kv_bytes_per_user": 1e9}))
    write(folder / "in" / "b.submission.json", payload(student="s-2", design=design(scheduler="static", replicas=4, scale_out_link="ib-hdr")))
    write(folder / "in" / "c.ipynb", b"")
    parser = argparse.ArgumentParser()
    validate.add_arguments(parser)
    assert validate.run(parser.parse_args([str(folder / "in"), "--out", str(folder / "out")])) == 3
    return folder / "out" / "report"


@pytest.mark.parametrize("name", ["index", "s-1", "s-2"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_of_the_report_asks_for_nothing_and_passes_axe(report, browser, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((report / f"{name}.html").as_uri())
    assert asked == [page.url] and not said
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert not found, [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in found]
    context.close()


@pytest.mark.parametrize("name", ["s-1", "s-2"])
def test_a_students_page_prints_on_two_pages_and_always_light(report, browser, name):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto((report / f"{name}.html").as_uri())
    pdf = page.pdf(format="A4")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 2
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    context.close()


def test_no_picture_has_letters_below_twelve_pixels(report, browser):
    for width in (1280, 390):
        page = browser.new_page(viewport={"width": width, "height": 900})
        for name in ("index", "s-1", "s-2"):
            page.goto((report / f"{name}.html").as_uri())
            sizes = page.evaluate("""[...document.querySelectorAll('svg text')].filter(t => t.getClientRects().length && t.getBoundingClientRect().height)
                .map(t => parseFloat(t.style.fontSize) * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width)""")
            assert sizes and min(sizes) >= 11.9, (name, width, min(sizes))
        page.close()


def test_the_policy_of_a_page_stops_a_script(report, browser, tmp_path):
    text = (report / "index.html").read_text("utf-8").replace("</main>", "<script>document.title='run'</script></main>")
    target = write(tmp_path / "x.html", text)
    page = browser.new_page()
    page.goto(target.as_uri())
    assert page.title() != "run"
    page.close()
