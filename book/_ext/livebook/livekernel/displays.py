"""`display()` and what catches it: the cell being run, or the innermost open `Output` widget."""

import base64
import io
import sys

PUBLIC = ("display", "clear_output", "HTML", "Markdown", "SVG", "Latex", "Math")
REPRESENTATIONS = (
    ("text/html", "_repr_html_"),
    ("image/svg+xml", "_repr_svg_"),
    ("text/markdown", "_repr_markdown_"),
    ("text/latex", "_repr_latex_"),
)


class CellSink:
    """Collects the outputs of a cell in the order in which they come."""

    def __init__(self):
        self.outputs = []
        self.clear_before_next = False

    def add(self, output):
        """Append an output, joining text to text of the same stream."""
        if self.clear_before_next:
            self.outputs, self.clear_before_next = [], False
        last = self.outputs[-1] if self.outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            self.outputs[-1] = {**last, "text": last["text"] + output["text"]}
        else:
            self.outputs.append(output)

    def clear(self, wait=False):
        """Forget everything, at once or when the next output comes."""
        if wait:
            self.clear_before_next = True
        else:
            self.outputs = []


class OutputSink(CellSink):
    """The same for an `Output` widget, whose `outputs` are its state in the page."""

    def __init__(self, widget):
        super().__init__()
        self.widget = widget
        self.outputs = list(widget.outputs)

    def add(self, output):
        """Append to the widget's state."""
        super().add(output)
        self.widget.outputs = tuple(self.outputs)

    def clear(self, wait=False):
        """Empty the widget's state, at once or when the next output comes."""
        super().clear(wait)
        if not wait:
            self.widget.outputs = ()


# The innermost sink is last; the first is the cell's, or nobody's between cells.
sinks = [CellSink()]


class Stream(io.TextIOBase):
    """A stand-in for stdout or stderr that writes into the current sink."""

    def __init__(self, name):
        self.stream_name = name

    def write(self, text):
        """Add the text to the current sink."""
        if text:
            sinks[-1].add({"output_type": "stream", "name": self.stream_name, "text": text})
        return len(text)


class Capture:
    """Makes `with Output():` catch what is displayed inside it."""

    @staticmethod
    def install():
        """Replace the two methods of `Output` that rely on a Jupyter kernel, and the two streams."""
        import ipywidgets

        from .errors import Reported

        def enter(widget):
            sinks.append(OutputSink(widget))
            return widget

        def leave(widget, kind, error, trace):
            if error is not None:
                sinks[-1].add(Reported.of(error))
            flush_figures()
            sinks.pop()
            return error is not None  # shown in the widget, as in a notebook

        ipywidgets.Output.__enter__, ipywidgets.Output.__exit__ = enter, leave
        sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")


def bundle(thing):
    """The MIME bundle of a thing: what it says of itself, else its text."""
    of_itself = getattr(thing, "_repr_mimebundle_", None)
    if of_itself is not None and (made := of_itself()):
        return made[0] if isinstance(made, tuple) else made
    data = {"text/plain": repr(thing)}
    for mime, method in REPRESENTATIONS:
        representation = getattr(thing, method, None)
        if representation is not None and (value := representation()) is not None:
            data[mime] = value
    if type(thing).__module__ == "matplotlib.figure":
        data["image/png"] = png(thing)
    return data


def png(figure):
    """A matplotlib figure as base64 text."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=96, bbox_inches="tight")
    return base64.b64encode(buffer.getvalue()).decode()


def display(*things, **options):
    """Show things in the current sink."""
    for thing in things:
        sinks[-1].add({"output_type": "display_data", "data": bundle(thing), "metadata": {}})


def clear_output(wait=False):
    """Empty the current sink."""
    sinks[-1].clear(wait)


def flush_figures():
    """Show and close the open pyplot figures, as a notebook does at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        display(pyplot.figure(number))
    pyplot.close("all")


class Data:
    """A value with one MIME type, as the classes of IPython.display are."""

    mime = "text/plain"

    def __init__(self, data=None, **options):
        self.data = data

    def _repr_mimebundle_(self, **options):
        return {"text/plain": f"<{type(self).__name__}>", self.mime: self.data}


class HTML(Data):
    """A piece of HTML."""

    mime = "text/html"


class Markdown(Data):
    """A piece of Markdown."""

    mime = "text/markdown"


class SVG(Data):
    """A picture."""

    mime = "image/svg+xml"


class Latex(Data):
    """LaTeX with its delimiters."""

    mime = "text/latex"


class Math(Latex):
    """LaTeX of one displayed formula."""

    def __init__(self, data=None, **options):
        super().__init__(f"$\\displaystyle {data}$")
