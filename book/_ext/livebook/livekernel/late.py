"""Parts of the course: unpacked when the page starts, or fetched when Python first asks for something in them.

A part that no cell was expected to need has not travelled with the page. An import that finds nothing, or a file of it
that is opened or a folder that is listed, brings it: one request, which the worker waits for. Asking whether a file exists
brings nothing.
"""

import importlib
import importlib.machinery
import json
import sys
import zlib
from pathlib import Path

FOLDER = "/course"
LISTENED = ("open", "os.listdir", "os.scandir")


def unpack(packed, folder=FOLDER):
    """Write the files of a part (`packaging.pack` made it) into the folder."""
    head, _, body = zlib.decompress(packed).partition(b"\n")
    at, made = 0, set()
    for name, size in json.loads(head):
        path = Path(folder, name)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_bytes(body[at:at + size])
        at += size


def fetch(address):
    """The bytes at an address; the worker waits for them."""
    from js import XMLHttpRequest

    request = XMLHttpRequest.new()
    request.open("GET", address, False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        raise OSError(f"{address} answered {request.status}")
    return request.response.to_bytes()


class Late:
    """The parts that have not come yet: as a finder of modules, and as a listener to files being opened."""

    def __init__(self, parts, folder=FOLDER, get=fetch):
        self.parts = [(address, list(holds)) for address, holds in parts]
        self.folder, self.get = folder, get

    def bring(self, path):
        """Fetch the first part that holds this path inside the course; says whether there was one."""
        for part in self.parts:
            address, holds = part
            if not any(path.startswith(h) if h.endswith("/") else path == h for h in holds):
                continue
            try:
                packed = self.get(address)
            except Exception as error:
                raise OSError(f"a part of the course could not be fetched ({error}): is the network gone?") from error
            self.parts.remove(part)
            unpack(packed, self.folder)
            importlib.invalidate_caches()
            return True
        return False

    def find_spec(self, name, path=None, target=None):
        """Called when no other finder knows the module."""
        stem = name.replace(".", "/")
        if self.bring(f"{stem}.py") or self.bring(f"{stem}/__init__.py"):
            return importlib.machinery.PathFinder.find_spec(name, path, target)
        return None

    def heard(self, event, arguments):
        """An audit event: a file about to be opened, a folder about to be listed."""
        if event in LISTENED and self.parts and isinstance(arguments[0], str) and arguments[0].startswith(f"{self.folder}/"):
            path = arguments[0][len(self.folder) + 1:]
            self.bring(path if event == "open" else f"{path.rstrip('/')}/")


def expect(parts):
    """Be ready for the parts that did not travel with the page: (address, what it holds) each."""
    late = Late(parts)
    sys.meta_path.append(late)
    sys.addaudithook(late.heard)
