"""The few names of IPython that ipywidgets, comm and our own notebooks import, as a stand-in.

What it cannot do (magics, history, completion) a live page has no use for.
"""

import sys
import types

from . import displays
from .errors import Reported

# Errors that ipywidgets caught in a callback since the page last asked, oldest first.
callback_errors = []


class Events:
    """`shell.events`: comm announces each message here; nobody listens."""

    def trigger(self, event, *args):
        """Do nothing."""

    def register(self, event, function):
        """Do nothing: no event is ever announced."""


class DisplayFormatter:
    """`shell.display_formatter`, which `Output.append_display_data` asks for a bundle."""

    @staticmethod
    def format(thing):
        """The MIME bundle of a thing, and its (empty) metadata."""
        return displays.bundle(thing), {}


class InteractiveShell:
    """What `get_ipython()` returns."""

    display_formatter = DisplayFormatter()

    def __init__(self):
        self.events = Events()

    @classmethod
    def instance(cls):
        """The one shell."""
        return SHELL

    @classmethod
    def initialized(cls):
        """There is always a shell."""
        return True

    def showtraceback(self, exc_tuple=None, **options):
        """Keep the error that is being handled, for the reply to the page."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        callback_errors.append(Reported.of(error))


SHELL = InteractiveShell()


def install_shell():
    """Put the stand-in where `import IPython` finds it."""
    ipython, display, core, interactiveshell = (
        types.ModuleType(name)
        for name in ("IPython", "IPython.display", "IPython.core", "IPython.core.interactiveshell")
    )
    ipython.get_ipython = lambda: SHELL
    ipython.version_info, ipython.__version__ = (8, 0, 0), "8.0 (stand-in of the live book)"
    ipython.display, ipython.core, core.interactiveshell = display, core, interactiveshell
    interactiveshell.InteractiveShell = InteractiveShell
    for name in displays.PUBLIC:
        setattr(display, name, getattr(displays, name))
    for module in (ipython, display, core, interactiveshell):
        sys.modules[module.__name__] = module
