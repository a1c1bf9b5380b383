"""Serves the built book with a Python on the reader's own computer behind it.

    PYTHONPATH=book/_ext python -m livebook_server --port 8000

A Jupyter server, cut down to what the book needs: the pages at ``/book/``, and kernels. It listens on
127.0.0.1 only, every request needs the token, and a page gets its token only after it was shown one.
"""

from .handlers import add_book


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where Jupyter Server looks for the extension, if somebody enables it in a server of their own."""
    return [{"module": "livebook_server"}]


def _load_jupyter_server_extension(app) -> None:
    """Add the book in ``_build/html`` of the server's folder."""
    from pathlib import Path

    add_book(app.web_app, Path(app.root_dir) / "_build" / "html")
