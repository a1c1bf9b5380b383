"""Start the server: ``PYTHONPATH=book/_ext python -m livebook_server [--port 8000]``."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import socket
import sys
from pathlib import Path

ADDRESS = "127.0.0.1"
PATIENCE_S = 30
"""How long a request may take to arrive, and an idle connection stay: one that dawdles would hold its place for an hour."""
MOST_BYTES = 1 << 20
"""Of a request's body, which is read before anybody asks who sends it; a page sends a hundred."""
SERVICES = ("kernels", "security")
"""What the book needs of Jupyter Server; its files, contents, sessions, nbconvert and shutdown stay out."""


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m livebook_server", description="Serve the built book, live.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--html", type=Path, default=Path("_build/html"), help="the built book")
    parser.add_argument("--root", type=Path, default=Path(), help="where kernels start: the repository")
    parser.add_argument("--kernels", type=int, default=12, help="how many pages may run Python at once, some 80 MB each")
    parser.add_argument("--idle", type=int, default=600, metavar="SECONDS", help="when a kernel that lost its page is ended")
    parser.add_argument("--patience", type=int, default=PATIENCE_S, metavar="SECONDS", help="how long a request may take to arrive")
    parser.add_argument("--verbose", action="store_true", help="print the server's log")
    return parser.parse_args(argv)


def why_not(asked: argparse.Namespace) -> str | None:
    """One sentence on what stands in the way, or None."""
    if not (asked.html / "index.html").is_file():
        return f"There is no built book in {asked.html}: run `make book` first."
    with socket.socket() as probe:
        # As the server itself does: an address that an earlier run has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, asked.port))
        except OSError:
            return (f"Port {asked.port} on {ADDRESS} is taken (is the book already being served?): "
                    f"stop what uses it, or choose another with --port.")
    return None


def make_server(asked: argparse.Namespace, token: str):
    """A Jupyter server with nothing in it but kernels and the book."""
    # Before jupyter is imported: a reader's own Jupyter settings (a password, a proxy) are not for this server.
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    # Each page has a kernel of its own, so it needs no echo of its own changes.
    os.environ["JUPYTER_WIDGETS_ECHO"] = "0"
    from jupyter_server.serverapp import ServerApp
    from traitlets.config import Config

    from .handlers import NoFiles, add_book
    from .kernels import PageKernels, PromptConnection, ThisPython

    config = Config()
    config.ServerApp.update(
        ip=ADDRESS, port=asked.port, port_retries=0, open_browser=False, root_dir=str(asked.root.resolve()),
        contents_manager_class=NoFiles, kernel_manager_class=PageKernels, kernel_spec_manager_class=ThisPython,
        kernel_websocket_connection_class=PromptConnection, terminals_enabled=False,
        # Pages of other ports of this computer are no strangers to a browser: they get neither cookie nor file.
        tornado_settings={"headers": {"Cross-Origin-Resource-Policy": "same-origin"}},
        max_body_size=MOST_BYTES, max_buffer_size=16 * MOST_BYTES,  # a message on a web socket is at most 10 MB
        allow_root=True, answer_yes=True, log_level=logging.INFO if asked.verbose else logging.CRITICAL,
    )
    config.IdentityProvider.update(token=token, cookie_options={"samesite": "Strict"})
    # A page deletes its kernel when it is closed; this is for pages that could not.
    config.PageKernels.update(most=asked.kernels, cull_idle_timeout=asked.idle, cull_interval=max(1, min(60, asked.idle // 2)), cull_connected=False)

    server = ServerApp.instance(config=config)
    server.default_services = SERVICES
    server.initialize(argv=[], find_extensions=False)
    server.http_server.conn_params.header_timeout = server.http_server.conn_params.body_timeout = asked.patience
    add_book(server.web_app, asked.html.resolve())
    return server


def main(argv: list[str] | None = None) -> None:
    """Serve until interrupted."""
    asked = arguments(argv)
    if reason := why_not(asked):
        raise SystemExit(reason)
    token = secrets.token_hex(24)
    server = make_server(asked, token)
    line = f"Open http://{ADDRESS}:{asked.port}/book/?token={token}  (Ctrl-C stops the server)"
    # The server binds its port in the loop's first round: an address that is told earlier may not answer yet.
    server.io_loop.add_callback(print, line, flush=True)
    try:
        server.start()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
