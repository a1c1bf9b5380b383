"""The book's pages inside Jupyter Server."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.utils import url_path_join
from tornado import web

# Seen where the style sheets are not: they come with the cookie, and a class of the theme hides it.
BARE = '<p class="d-none">This page has no style and no live figures, because this browser refuses the cookie that opens its other files: allow cookies for 127.0.0.1 and reload.</p>'


class BookHandler(JupyterHandler, web.StaticFileHandler):
    """Files of the built book, for readers who have shown the token; pages carry the way to their kernel."""

    def initialize(self, path: str) -> None:
        """Serve from this folder."""
        web.StaticFileHandler.initialize(self, path)

    @web.authenticated
    async def head(self, path: str) -> None:
        """The headers of a file."""
        await self.get(path, include_body=False)

    @web.authenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """A file of the book; a folder's address is that of its index page, never a listing."""
        if "\0" in path:
            raise web.HTTPError(404)  # the file system knows no such name, and says so with a fault
        if path == "" or path.endswith("/"):
            path += "index.html"
        if not path.endswith(".html"):
            await web.StaticFileHandler.get(self, path, include_body)
            return
        # Checks that the path stays inside the folder and is a file; raises 403 or 404 otherwise.
        self.path = self.parse_url_path(path)
        page = Path(self.validate_absolute_path(self.root, self.get_absolute_path(self.root, self.path)))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        # The page holds the reader's token: neither a browser nor a proxy may keep it.
        self.set_header("Cache-Control", "no-store")
        # The address that was opened holds it, too: a link that is followed must not carry it away.
        self.set_header("Referrer-Policy", "same-origin")
        content = with_server(page.read_text(encoding="utf-8"), self.base_url, self.identity_provider.token)
        self.finish(content if include_body else None)

    def get_cache_time(self, path: str, modified, mime_type: str) -> int:
        """Ask each time: the book may have been built again (an unchanged file costs one 304)."""
        return 0

    def set_extra_headers(self, path: str) -> None:
        """Make browsers ask each time, also for what they would keep by a rule of thumb."""
        self.set_header("Cache-Control", "no-cache")

    def compute_etag(self) -> str | None:
        """Pages that carry a token have none; files have that of their content."""
        return web.StaticFileHandler.compute_etag(self) if getattr(self, "absolute_path", None) else None


class NoFiles(AsyncLargeFileManager):
    """Hands out none of the files around the book: left to itself Jupyter Server serves them at ``files/``."""

    def get_extra_handlers(self) -> list:
        """None."""
        return []


class ToBook(JupyterHandler):
    """The server's root leads to the book, with the query, so that a token survives."""

    @allow_unauthenticated
    def get(self) -> None:
        """Redirect."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(url_path_join(self.base_url, "book/") + query)


def with_server(html: str, base_url: str, token: str) -> str:
    """The page with the settings from which its script starts a kernel here instead of in the page."""
    body = json.dumps({"baseUrl": base_url, "token": token, "kernel": "python3"}).replace("<", "\\u003c")
    script = f'<script id="livebook-server" type="application/json">{body}</script></head>'
    return re.sub(r"(<body\b[^>]*>)", rf"\1{BARE}", html.replace("</head>", script, 1), count=1)


def add_book(web_app: web.Application, folder: Path) -> None:
    """Serve the folder at ``book/``, and send the server's root there."""
    base = web_app.settings["base_url"]
    web_app.add_handlers(".*$", [
        (url_path_join(base, r"/book/(.*)"), BookHandler, {"path": str(folder)}),
        (url_path_join(base, r"/book"), ToBook),
        (url_path_join(base, r"/?"), ToBook),
    ])
