"""Open pages of the course's site in Firefox, see them come alive, move a slider, reload, and keep a picture.

    make site SELF_HOSTED=1
    PYTHONPATH=. python tools/firefox.py [--shots FOLDER] [PAGE ...]

A check by hand, no test: it needs Debian's `firefox-esr` (or $FIREFOX). Firefox is spoken to over WebDriver BiDi,
which it has itself; no driver has to be fetched. The site lies under /course/ of a plain static host.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import reading  # noqa: E402 - the tests hold the static host

PAGES = ("book/1-two-workloads/roofline", "book/3-inference-chips/discussion", "book/reference/spot-the-error")
STATE = "document.documentElement.dataset.livebook"
# Moves the first slider that Python knows, and waits until its figure is new: [what changed, milliseconds].
MOVE = """(async () => {
  const { kernel } = window.__livebook;
  const models = await Promise.all(Object.values(kernel.manager._models));
  const slider = models.find((model) => /SliderModel$/.test(model.name));
  if (!slider) return 'no slider here';
  const figure = () => document.querySelector('.bd-article').innerText + document.querySelector('.bd-article').innerHTML.length;
  const before = figure(), began = performance.now();
  slider.set('index', (slider.get('index') + 3) % slider.get('_options_labels').length);
  slider.save_changes();
  await kernel.run('', 'moved');
  return `${figure() === before ? 'NOTHING CHANGED' : 'the figure followed'} in ${Math.round(performance.now() - began)} ms`;
})()"""


class Firefox:
    """One tab, by WebDriver BiDi."""

    def __init__(self, socket) -> None:
        self.socket, self.ids, self.complaints = socket, itertools.count(1), []

    async def ask(self, method: str, **parameters) -> dict:
        """Send a command; notes what the page says meanwhile."""
        id = next(self.ids)
        await self.socket.write_message(json.dumps({"id": id, "method": method, "params": parameters}))
        while True:
            said = json.loads(await self.socket.read_message())
            if said.get("method") == "log.entryAdded" and said["params"]["level"] in ("error", "warn"):
                self.complaints.append(f"{said['params']['level']}: {said['params']['text']}")
            if said.get("id") == id:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['message']}")
                return said["result"]

    async def begin(self) -> None:
        """A session with one tab of 1200 by 900."""
        await self.ask("session.new", capabilities={})
        self.tab = (await self.ask("browsingContext.getTree"))["contexts"][0]["context"]
        await self.ask("session.subscribe", events=["log.entryAdded"])
        await self.ask("browsingContext.setViewport", context=self.tab, viewport={"width": 1200, "height": 900})

    async def evaluate(self, script: str):
        """The value of an expression in the page; a promise is awaited."""
        found = await self.ask("script.evaluate", expression=script, target={"context": self.tab}, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    async def settled(self, seconds: float = 120) -> str:
        """The state that the page reaches."""
        until = time.monotonic() + seconds
        while (state := await self.evaluate(STATE)) not in ("live", "error", "static") and time.monotonic() < until:
            await asyncio.sleep(0.2)
        return state

    async def visit(self, address: str, shot: Path | None) -> bool:
        """Open, wait, move, reload, wait; prints what was seen, and returns whether all was well."""
        self.complaints.clear()
        await self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")
        state = await self.settled()
        marks = json.loads(await self.evaluate("JSON.stringify(window.__livebook.marks)"))
        moved = await self.evaluate(MOVE) if state == "live" else "not moved"
        await self.ask("browsingContext.reload", context=self.tab, wait="complete")
        again = await self.settled()
        line = await self.evaluate("document.querySelector('.livebook-status').innerText")
        if shot:
            shot.write_bytes(base64.b64decode((await self.ask("browsingContext.captureScreenshot", context=self.tab))["data"]))
        said = [words for words in self.complaints if not any(remark in words for remark in reading.THEME_REMARKS)]
        print(f"{address}\n  {state} after {marks.get('live', 0) / 1e3:.1f} s; {moved}; after a reload {again}: {line}\n  complaints: {said or 'none'}", flush=True)
        kept = "stands again" in line or "followed" not in moved  # what was moved before the reload
        return state == again == "live" and kept and "NOTHING" not in moved and not said


async def crawl(socket_address: str, addresses: list[tuple[str, Path | None]]) -> bool:
    """Visit them all in one tab."""
    firefox = Firefox(await websocket_connect(socket_address, max_message_size=1 << 28))
    await firefox.begin()
    results = [await firefox.visit(*each) for each in addresses]
    await firefox.ask("browser.close")
    return all(results)


def main() -> int:
    """Start Firefox with an empty profile and visit the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "site")
    parser.add_argument("--shots", type=Path, help="a folder for pictures")
    asked = parser.parse_args()
    program = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if not program:
        print("Firefox is not installed: apt-get install firefox-esr, or name one in $FIREFOX.", file=sys.stderr)
        return 1
    if not (asked.site / "_static" / "livebook").is_dir():
        print("There is no site: run `make site SELF_HOSTED=1` first.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        (root := Path(scratch) / "host").mkdir()
        (root / "course").symlink_to(asked.site.resolve())
        command = [program, "--headless", "--no-remote", "--profile", scratch, "--remote-debugging-port", "0"]
        browser = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        try:
            found = next(found for line in browser.stderr if (found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line)))
            with reading.static_host(root) as address:
                visits = [(f"{address}course/{page}.html", asked.shots and asked.shots / f"{page.rsplit('/', 1)[-1]}.png") for page in asked.pages]
                good = asyncio.run(crawl(f"{found[1]}/session", visits))
            print(subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip())
            return 0 if good else 1
        finally:
            browser.terminate()
            browser.wait(20)


if __name__ == "__main__":
    sys.exit(main())
