"""Your own machine: its measured roofline, and a small transformer's prefill and decode predicted and measured under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hwlib.measure import QUIET, Measured, Session
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, sentence, wrap

WAITING = "Nothing is measured yet. The button multiplies matrices and reads memory on the machine that runs this page, for half a minute at most."


def points(m: Measured) -> list[tuple[str, float, float]]:
    """Prefill and decode as the picture wants them: name, FLOP a byte, FLOP/s measured."""
    named = {"prefill": "prefill", "decode with a cache": "decode"}
    return [(named[p.name], p.flops / p.moved_bytes, p.flops / p.timing.best_s) for p in m.phases if p.name in named]


def roofs(m: Measured) -> dict[str, Any]:
    """The two roofs of this machine."""
    return {"peak_flop_per_s": m.peak_flops_per_s, "mem_bytes_per_s": m.weights_bytes_per_s}


def picture(m: Measured, wide: float = WIDE) -> str:
    """The machine's roofline with both phases as measured."""
    return draw.roofline(points(m), **roofs(m), precision="FP32", chip="this machine", wide=wide)


def readout(m: Measured) -> str:
    """The result in words."""
    fill, step, whole = (m.phase(n) for n in ("prefill", "decode with a cache", "decode without a cache"))
    saved = draw.times(whole.timing.best_s / step.timing.best_s)
    return (
        f"<b>{draw.esc(show(m.peak_flops_per_s, 'FLOP/s'))} and {draw.esc(show(m.weights_bytes_per_s, 'B/s'))}:</b> "
        f"reading a prompt of {fill.tokens} tokens takes {_held(fill)}, the next token {_held(step)}; without a KV cache that token takes {saved} as long."
    )


def _held(phase) -> str:
    return f"{draw.quantity(phase.timing.best_s, 's')} where {draw.quantity(float(phase.predicted_s), 's')} was predicted"


def source(m: Measured) -> str:
    """How it was measured, and how far to trust it."""
    least = min(p.timing.repeats for p in m.phases)
    quiet = "the machine was quiet" if m.unrest <= QUIET else "other work ran beside this, so measure again when it is quiet"
    return (
        f"{draw.esc(m.machine)}. {draw.esc(m.size.name)}, FP32; best of {least} repeats or more, medians up to {draw.percent(m.unrest)} above: {quiet}. "
        f"Predicted from the measured products, reads and calls alone; exponentials are not counted. With and without a cache the logits {f'agree to {m.agreement:.0e}' if m.agreement else 'are the same'}."
    )


def table(m: Measured) -> str:
    """Every rate and pass with its repeats."""
    rows = [[f"product, {r.size:.0f} × {r.size:.0f}", show(r.value, "FLOP/s"), "–", r.timing.words()] for r in m.gemm]
    rows += [[f"reading {show(r.size, 'B')}", show(r.value, "B/s"), "–", r.timing.words()] for r in m.read]
    rows += [["an empty call", show(m.floor.best_s, "s"), "–", m.floor.words()]]
    rows += [[p.name, show(p.timing.best_s, "s"), show(p.predicted_s, "s"), p.timing.words()] for p in m.phases]
    rows += [[f"GPU: {label}", show(r.value, "B/s" if "copy" in label else "FLOP/s"), "–", r.timing.words()] for label, r in m.gpu]
    return draw.table(["Work", "Measured", "Predicted", "Repeats"], rows)


def view(measured: Measured | None = None) -> View:
    """What the panel shows, before and after."""
    if measured is None:
        return View(picture="", readout=WAITING)
    return View(
        picture=picture(measured), readout=readout(measured), source=source(measured), why=explained(measured.phase("decode with a cache").predicted_s), table=table(measured),
        named=f"{measured.size.name} on this machine",
    )


def panel(start: Callable[[], Session] = Session) -> Any:
    """The button and what it brings. The page stays alive: each slice of the work is a turn of the event loop."""
    import ipywidgets as w

    go, picture_of, under = w.Button(description="Measure here"), w.HTML(), w.HTML(view().under)
    go.add_class("hw-go")
    under.add_class("hw-under")
    good: list[Measured] = []

    def say(line: str) -> None:
        under.value = line + (view(good[0]).under if good else "")

    def advance(session: Session, slices: Any) -> None:
        try:
            coming = next(slices)
        except StopIteration:
            good[:] = [session.result]
            picture_of.value, under.value = view(good[0]).picture, view(good[0]).under
            go.disabled = False
        except Exception as fault:  # noqa: BLE001 - a reader gets a sentence and what stood here before
            go.disabled = False
            say(draw.state_line("Broke", f"The measurement failed and was given up ({draw.esc(type(fault).__name__)}).", error=True))
        else:
            say(draw.state_line("Measuring", draw.esc(sentence(coming))))
            soon(lambda: advance(session, slices))

    def begin(_: Any) -> None:
        go.disabled = True
        session = start()
        advance(session, session.slices())

    go.on_click(begin)
    box = w.Box([w.VBox([go]), picture_of, under])
    box.children[0].add_class("hw-controls")
    box.add_class("hw-panel")
    return wrap(box)


def soon(run: Callable[[], None]) -> None:
    """Run once the page has shown what was said; at once where no event loop runs."""
    try:
        asyncio.get_running_loop().call_later(0.02, run)
    except RuntimeError:
        run()
