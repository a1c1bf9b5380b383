"""How much memory a tab takes: the proportional set of the processes that draw it, and what its scripts hold."""

from __future__ import annotations

import re
from pathlib import Path

# Moves every slider-like control of the page to and fro, and waits for Python after each: [moves made].
MOVES = """async (moves) => {
  const { kernel } = window.__livebook;
  const models = await Promise.all(Object.values(kernel.manager._models));
  const slider = models.find((model) => /SliderModel$/.test(model.name));
  for (let move = 0; move < moves; move++) {
    if (slider.has('index')) slider.set('index', move % slider.get('_options_labels').length);
    else slider.set('value', slider.get('min') + (move * 37) % (slider.get('max') - slider.get('min')));
    slider.save_changes();
    await kernel.run('', 'moved');
  }
}"""


def tab_mb(browser, page) -> float:
    """MB of the processes that draw pages, garbage collected first; shared pages count by their share.

    The browser must hold this one page: Chromium does not say which process draws which.
    """
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(share_mb(process["id"]) for process in processes if process["type"] == "renderer")


def share_mb(pid: int) -> float:
    """A process's proportional set size, as Linux tells it; nothing for one that has just ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024 / 1e6
