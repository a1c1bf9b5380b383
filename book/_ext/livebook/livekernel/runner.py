"""Runs one cell as a notebook would: statements, then the value of the last expression is shown."""

import ast
import linecache
import sys

from . import displays
from .comms import wire
from .errors import Reported

namespace = {"__name__": "__main__", "display": displays.display}


def run_cell(source, name):
    """Run a cell; returns its outputs in notebook format as JSON, an error being the last of them.

    The name stands in tracebacks, so that a reader finds the line.
    """
    sink = displays.CellSink()
    displays.sinks[:] = [sink]
    # Tracebacks quote their source lines from here.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        body = ast.parse(source, name)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        exec(compile(body, name, "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
            if value is not None and not source.rstrip().endswith(";"):
                sink.add({"output_type": "execute_result", "data": displays.bundle(value), "metadata": {}})
        displays.flush_figures()
    except BaseException as error:  # SystemExit too: the page must say why its figure is missing
        sink.add(Reported.of(error))
    finally:
        sys.stdout.flush()
        # An Output left open by an error must not catch what the next cell shows.
        displays.sinks[:] = [displays.CellSink()]
    return wire(sink.outputs)
