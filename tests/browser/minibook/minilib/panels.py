"""Panels: compute, draw an SVG string, put it into an HTML widget."""

import os

import ipywidgets as w
import numpy as np

from .model import chips, tokens_per_s


def picture(chip, sequences):
    """The curve and the reader's point on it."""
    x = np.linspace(1, 512, 60)
    top = float(tokens_per_s(chip, x).max())
    points = " ".join(f"{a / 512 * 320:.1f},{180 - b / top * 160:.1f}" for a, b in zip(x, tokens_per_s(chip, x), strict=True))
    here = float(tokens_per_s(chip, sequences))
    return (f'<svg viewBox="0 0 340 190" role="img" aria-label="{here:,.0f} tokens a second" style="max-width:100%">'
            f'<polyline points="{points}" fill="none" stroke="currentColor"/>'
            f'<circle cx="{sequences / 512 * 320:.1f}" cy="{180 - here / top * 160:.1f}" r="5" fill="#c0392b"/></svg>')


def explorer():
    """A drop-down and a slider over one picture."""
    chip = w.Dropdown(options=list(chips()), description="Chip")
    sequences = w.IntSlider(value=8, min=1, max=512, description="Sequences")
    readout, drawing = w.HTML(), w.HTML()

    def update(_=None):
        rate = float(tokens_per_s(chips()[chip.value], sequences.value))
        readout.value = (f'<p class="readout" role="status">{sequences.value} sequences on {chip.value}: '
                         f"<b>{rate:,.0f}</b> tokens a second</p>")
        drawing.value = picture(chips()[chip.value], sequences.value)

    for control in (chip, sequences):
        control.observe(update, "value")
    update()
    return w.VBox([w.HBox([chip, sequences]), readout, drawing])


def controls():
    """One of each control that a panel may hold."""
    choice = w.Dropdown(options=["a", "b", "c"], description="Choice")
    flag = w.Checkbox(value=False, description="Flag", indent=False)
    text = w.Text(value="", description="Text")
    number = w.IntText(value=3, description="Number")
    scale = w.FloatLogSlider(value=100, min=0, max=4, description="Scale")
    stops = w.SelectionSlider(options=[("1 k", 1000), ("2 k", 2000)], description="Stops")
    nameless = w.Dropdown(options=["x", "y"], tooltip="An axis")
    button = w.Button(description="Press")
    said, pressed, download, output = w.HTML(), w.HTML(), w.HTML(), w.Output()
    pressed.layout.display = "none"  # until there is something to say
    presses = 0

    def update(_=None):
        if choice.value == "c":
            raise ValueError("there is no c")
        said.value = (f'<p class="said">{choice.value} {flag.value} {text.value or "-"} {number.value} '
                      f"{scale.value:g} {stops.value} {nameless.value}</p>")
        download.value = (f'<a class="save" download="design.toml" href="data:text/plain,number%20%3D%20{number.value}">'
                          "Save the design</a>")

    def press(_):
        nonlocal presses
        presses += 1
        pressed.layout.display = None
        pressed.value = f'<p class="pressed">pressed {presses}</p>'
        output.clear_output()
        with output:
            print(f"printed {presses}")

    for control in (choice, flag, text, number, scale, stops, nameless):
        control.observe(update, "value")
    button.on_click(press)
    update()
    return w.VBox([choice, flag, text, number, scale, stops, nameless, button, said, pressed, download, output])


def fragile():
    """Builds, and fails in a reader's hands: what a page does then is under test."""
    if "MINIBOOK_BUILDING" not in os.environ:
        raise RuntimeError("nothing here but a <b>message</b>")
    return w.VBox([w.IntSlider(description="Never live"), w.HTML('<p class="as-built">As built</p>')])
