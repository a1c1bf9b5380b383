"""A static host with the faults of real networks: slow, cut off in the middle, silent, or keeping what it sent."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .reading import TYPES

CHUNK = 8192
PACKED = (".js", ".wasm", ".html", ".css", ".json", ".svg")


@dataclass
class Host:
    """What a test may set while the host runs. Faults go by the beginning of a file's name."""

    folder: Path
    address: str = ""
    bytes_per_s: float = float("inf")
    """Over all connections together, as on one line."""
    latency_s: float = 0.0
    cut: dict[str, int] = field(default_factory=dict)
    """How many more times the file is broken off in its middle."""
    silent: set[str] = field(default_factory=set)
    """Files of which nothing comes until the name is taken out."""
    keep_s: int | None = None
    """How long a browser may keep what is no page without asking."""
    types: dict[str, str] = field(default_factory=dict)
    """By suffix, where the host names another type than it should."""
    lost: str | None = None
    """The page that answers for every address that is not there."""
    asked: Counter = field(default_factory=Counter)
    free_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, size: int) -> None:
        """Take one's turn on the line."""
        with self.lock:
            self.free_at = max(self.free_at, time.monotonic()) + size / self.bytes_per_s
            pause = self.free_at - time.monotonic()
        if pause > 0:
            time.sleep(pause)

    def cuts(self, name: str) -> bool:
        """Whether this answer is to break off."""
        with self.lock:
            found = next((key for key, left in self.cut.items() if name.startswith(key) and left > 0), None)
            if found:
                self.cut[found] -= 1
        return found is not None


@lru_cache(maxsize=64)
def packed(path: Path, changed: float) -> bytes:
    """A file as content networks send it. (Once: packing Pyodide costs a second.)"""
    return gzip.compress(path.read_bytes(), 6)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET with a file, or the fault that the test has set."""

    host: Host

    def do_HEAD(self) -> None:  # noqa: N802
        """Whether a file is there."""
        there = (self.host.folder / unquote(urlsplit(self.path).path).lstrip("/")).is_file()
        self.send_response(200 if there else 404)
        self.end_headers()

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        """Send a file at the pace of the line."""
        host, path = self.host, self.host.folder / unquote(urlsplit(self.path).path).lstrip("/")
        name = path.name
        host.asked[name] += 1
        time.sleep(host.latency_s)
        while any(name.startswith(key) for key in host.silent):
            time.sleep(0.05)
        if path.is_dir():
            path /= "index.html"
        found = path.is_file()
        if not found:
            path = host.folder / (host.lost or "")
        if not path.is_file():
            self.send_error(404)
            return
        pack = path.suffix in PACKED
        body = packed(path, path.stat().st_mtime) if pack else path.read_bytes()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", host.types.get(path.suffix) or TYPES.get(path.suffix) or self.guess(path))
        self.send_header("Content-Length", str(len(body)))
        if pack:
            self.send_header("Content-Encoding", "gzip")
        page = path.suffix == ".html"
        self.send_header("Cache-Control", "no-cache" if page or host.keep_s is None else f"max-age={host.keep_s}")
        self.end_headers()
        end = len(body) // 2 if host.cuts(name) else len(body)
        try:
            for start in range(0, end, CHUNK):
                part = body[start : min(start + CHUNK, end)]
                host.wait(len(part))
                self.wfile.write(part)
        except OSError:
            pass  # the reader has gone on

    @staticmethod
    def guess(path: Path) -> str:
        """The type by the name."""
        return http.server.SimpleHTTPRequestHandler.extensions_map.get(path.suffix) or {
            ".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml"}.get(path.suffix, "application/octet-stream")

    def log_message(self, *arguments) -> None:
        """Say nothing."""


@contextmanager
def host(folder: Path, **how) -> Iterator[Host]:
    """The folder on a host whose faults the test sets."""
    made = Host(folder, **how)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Answer", (Handler,), {"host": made})) as server:
        server.daemon_threads = True
        made.address = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            made.silent.clear()
            server.shutdown()
