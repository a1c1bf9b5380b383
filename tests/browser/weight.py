"""What a page's visit weighs: the bytes that a static host sends for what the page asked.

Bytes are counted from the files themselves, as a host with gzip sends them: text compressed, what is compressed
already as it is. Headers of requests are left out. A file asked for twice counts once, since browsers keep it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What hosts compress on the way; zips, wheels, fonts and pictures travel as they are.
COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".xml", ".wasm", ".toml", ".csv", ".map"}


@cache
def wire_bytes(path: Path) -> int:
    """Bytes of a file's body on the wire; level 6, which hosts and content networks use."""
    content = path.read_bytes()
    return len(gzip.compress(content, 6, mtime=0)) if path.suffix in COMPRESSED else len(content)


def files_of(requests: Iterable[str], hosts: dict[str, Path]) -> dict[str, Path]:
    """The file behind each address, by the longest prefix of `hosts`; data and blob addresses travel nowhere.

    Raises ValueError for an address that none of the hosts answers, because its bytes would go uncounted.
    """
    found: dict[str, Path] = {}
    for url in dict.fromkeys(request.split("#")[0].split("?")[0] for request in requests):
        if url.startswith(("data:", "blob:", "about:")):
            continue
        prefix = max((host for host in hosts if url.startswith(host)), key=len, default=None)
        if prefix is None:
            raise ValueError(f"{url} is on none of the hosts {', '.join(hosts)}")
        path = hosts[prefix] / unquote(urlsplit(url).path)[len(urlsplit(prefix).path):]
        found[url] = path / "index.html" if path.is_dir() else path
    return found


def of(requests: Iterable[str], hosts: dict[str, Path]) -> dict[str, int]:
    """Bytes on the wire by file name, largest first; what a host answers with 404 weighs nothing."""
    sizes = {path.name: wire_bytes(path) for path in files_of(requests, hosts).values() if path.is_file()}
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
