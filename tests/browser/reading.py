"""What tests and screenshots share: hosts for a built book, and a reader in Chromium who notes everything."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "book" / "_ext"
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
PYODIDE = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"

# Chromium calls home unless told not to; and in a container it runs as root and without a GPU.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
# Said by the theme about itself, harmless, and not ours to fix.
THEME_REMARKS = ("Got invalid theme mode",)


def chromium() -> str | None:
    """The browser to use: $CHROMIUM, else the one of Debian."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    """A static host that keeps no log."""

    def log_message(self, *arguments) -> None:
        """Say nothing."""


@contextmanager
def static_host(folder: Path) -> Iterator[str]:
    """Any web server that hands out files: the address of its root."""
    handler = functools.partial(QuietFiles, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class LocalServer:
    """A running `python -m livebook_server`."""

    def __init__(self, process: subprocess.Popen, port: int, line: str) -> None:
        self.process, self.port, self.line = process, port, line
        self.address, self.token = re.search(r"(http://\S+/book/)\?token=(\w+)", line).groups()

    def kernels(self) -> list[dict]:
        """What the server says is running."""
        import json

        url = f"http://127.0.0.1:{self.port}/api/kernels?token={self.token}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)


def server_command(html: Path, root: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """How the server is started, and with which environment."""
    command = [sys.executable, "-m", "livebook_server", "--html", str(html), "--root", str(root), "--port", str(port)]
    return command, {**os.environ, "PYTHONPATH": str(EXTENSIONS)}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def local_server(html: Path, root: Path, *options: str) -> Iterator[LocalServer]:
    """The book with a local Python behind it, as `make serve` starts it."""
    port = free_port()
    command, environment = server_command(html, root, port)
    process = subprocess.Popen([*command, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"livebook_server did not start: {process.stderr.read().strip()}")
        yield LocalServer(process, port, line)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()
        process.stderr.close()


class Reader:
    """One visitor with an empty profile: a page, what it asked for, and what it complained about."""

    def __init__(self, browser, mirror: Path | None = None, *, direct: bool = False, **options) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(10_000)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        # Nothing leaves this machine, whatever a page tries; what it tried is in `requests`.
        # `direct` leaves that to the test's own host: Playwright keeps no cache where it looks at requests.
        if not direct:
            self.context.route(lambda url: urlsplit(url).hostname not in ("127.0.0.1", None), lambda route: route.abort())
        if mirror:
            self.answer(mirror)
        self.page = self.context.new_page()
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _console(self, message) -> None:
        if message.type in ("error", "warning") and not any(remark in message.text for remark in THEME_REMARKS):
            self.complaints.append(f"{message.type}: {message.text}")

    def answer(self, mirror: Path) -> None:
        """Answer for Pyodide's content network from this folder."""
        self.context.route(f"{PYODIDE}**", functools.partial(answer_from, mirror))

    def open(self, address: str, state: str | None = None, seconds: float = 60) -> None:
        """Go to a page, and wait for it to reach a state of the live book if one is named."""
        answer = self.page.goto(address)
        assert answer is None or answer.ok, f"{address} answered {answer.status}"
        if state:
            self.wait(state, seconds)

    def wait(self, state: str, seconds: float = 60) -> None:
        """Wait for `loading`, `live`, `error` or `static`; fails at once with the page's words in another one."""
        self.page.wait_for_function(
            "wanted => ['live', 'error', 'static', wanted].includes(document.documentElement.dataset.livebook)",
            arg=state, timeout=seconds * 1000)
        reached = self.page.evaluate("document.documentElement.dataset.livebook")
        faults = self.page.evaluate("window.__livebook.errors")
        assert reached == state, f"the page is {reached!r}, not {state!r}: {faults}"

    def strangers(self, *allowed: str) -> list[str]:
        """Requests to anywhere but these addresses."""
        own = ("data:", "blob:", *allowed)
        return [url for url in self.requests if not url.startswith(own)]

    def marks(self) -> dict[str, float]:
        """Milliseconds since navigation at which things happened."""
        return self.page.evaluate("window.__livebook.marks")

    def close(self) -> None:
        """Leave the page, as a reader does (its kernel goes with it), and forget the profile."""
        if not self.page.is_closed():
            self.page.goto("about:blank")
        self.context.close()


def answer_from(mirror: Path, route) -> None:
    """Answer a request to the content network with the mirror's file of that name."""
    path = mirror / urlsplit(route.request.url).path.rsplit("/", 1)[-1]
    if not path.is_file():
        route.fulfill(status=404, body="not in the mirror")
        return
    route.fulfill(body=path.read_bytes(), headers={
        "Access-Control-Allow-Origin": "*",
        "Timing-Allow-Origin": "*",
        "Content-Type": TYPES.get(path.suffix, "application/octet-stream"),
    })
