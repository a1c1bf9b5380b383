"""The Python side of a live page inside Pyodide: runs cells, carries widget messages.

The worker calls `start` once, then `run_cell` and `comm_message`. Everything that leaves goes through the
one `post` function that the worker gives. IPython is not here: ipywidgets asks little of it, and
`shell` answers that little, at a fifth of a second instead of several and without 5 MB of wheels.
"""

from .comms import comm_message, start_comms
from .displays import Capture
from .runner import run_cell
from .shell import install_shell

__all__ = ["comm_message", "run_cell", "start"]


def start(post):
    """Stand in for IPython, then import ipywidgets and connect its comms to the page."""
    import os

    # The only front end is this page: it needs no echo of what it has just sent.
    os.environ["JUPYTER_WIDGETS_ECHO"] = "0"
    os.environ["MPLBACKEND"] = "agg"
    install_shell()
    start_comms(post)
    Capture.install()
