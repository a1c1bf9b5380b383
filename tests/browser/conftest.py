"""Fixtures of the browser tests: Chromium, the Pyodide mirror, and a small book built for them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import mirror as pyodide_mirror
from . import reading

MINIBOOK = Path(__file__).with_name("minibook")

spec = importlib.util.spec_from_file_location("site_tool", reading.ROOT / "tools" / "make_site.py")
site_tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site_tool)


def pytest_collection_modifyitems(items) -> None:
    """With several workers (`-n`), the tests of the small book stay together, so that it is built once."""
    for item in items:
        if "minibook" in getattr(item, "fixturenames", ()) or item.path.name in ("test_live.py", "test_build.py", "test_robust.py"):
            item.add_marker(pytest.mark.xdist_group("minibook"))


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; each reader gets a profile of its own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (pip install playwright)")
    executable = reading.chromium()
    if executable is None:
        pytest.skip("Chromium is not installed: apt-get install chromium, or name one in $CHROMIUM")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=reading.FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder that answers for Pyodide's content network."""
    try:
        return pyodide_mirror.ensure()
    except pyodide_mirror.MirrorUnavailable as error:
        pytest.skip(f"no Pyodide mirror: {error}")


@pytest.fixture
def visit(browser):
    """Opens readers, and sends them home after the test."""
    readers = []

    def arrive(mirror: Path | None = None, **options) -> reading.Reader:
        readers.append(reading.Reader(browser, mirror, **options))
        return readers[-1]

    yield arrive
    for reader in readers:
        reader.close()


def copy_minibook(folder: Path) -> Path:
    """A copy of the small book's source that a test may change, ready to build."""
    source = Path(shutil.copytree(MINIBOOK, folder / "source"))
    config = source / "_config.yml"
    config.write_text(config.read_text().replace("EXTENSIONS", str(reading.EXTENSIONS)))
    return source


def build(source: Path) -> str:
    """Build with warnings as errors, as the real book is; returns what the build said."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("jupyter-book")), "build", str(source), "-W", "-n", "--keep-going"],
        capture_output=True, text=True, env={**os.environ, "MINIBOOK_BUILDING": "1"}, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def minibook(tmp_path_factory) -> Path:
    """The source folder of the small book, built: its pages are in `_build/html`."""
    source = copy_minibook(tmp_path_factory.mktemp("minibook"))
    build(source)
    sys.path.insert(0, str(source))  # so that tests can ask the model itself
    return source


@pytest.fixture(scope="session")
def minihtml(minibook) -> Path:
    """The small book's pages."""
    return minibook / "_build" / "html"


@pytest.fixture(scope="session")
def site(minihtml, tmp_path_factory) -> Path:
    """The root of a host with the small book's site at /classes/2026/, Python from its content network."""
    root = tmp_path_factory.mktemp("host")
    (root / "classes").mkdir()
    site_tool.make(minihtml, root / "classes" / "2026")
    return root


@pytest.fixture(scope="session")
def whole_site(minihtml, mirror, tmp_path_factory) -> Path:
    """The same with Pyodide in the site."""
    root = tmp_path_factory.mktemp("alone")
    (root / "classes").mkdir()
    site_tool.make(minihtml, root / "classes" / "2026", mirror)
    return root


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """The root of a host with the real book's site at /course/, Python from its content network."""
    root = tmp_path_factory.mktemp("course")
    site_tool.make(reading.BOOK, root / "course")
    return root


@pytest.fixture(scope="session")
def host(minihtml):
    """The small book on a static host."""
    with reading.static_host(minihtml) as address:
        yield address


@pytest.fixture(scope="session")
def server(minibook, minihtml):
    """The small book behind the local server."""
    with reading.local_server(minihtml, minibook) as running:
        yield running


@pytest.fixture(params=["pyodide", "server"])
def live(request, visit):
    """Opens a page of the small book for each of the two places where Python can run."""
    def arrive(page: str, state: str | None = "live", **options) -> reading.Reader:
        if request.param == "pyodide":
            reader = visit(request.getfixturevalue("mirror"), **options)
            reader.own = (request.getfixturevalue("host"), reading.PYODIDE)
            reader.open(request.getfixturevalue("host") + page, state)
        else:
            running = request.getfixturevalue("server")
            reader = visit(**options)
            reader.own = (f"http://127.0.0.1:{running.port}/", f"ws://127.0.0.1:{running.port}/")
            reader.open(f"{running.address}{page}?token={running.token}", state)
        return reader

    arrive.backend = request.param
    return arrive
