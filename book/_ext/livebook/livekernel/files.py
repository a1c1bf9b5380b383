"""Files that the cells of a page wrote: in the browser they lie in its memory alone, so the page offers them."""

import base64
import json
from pathlib import Path

LARGEST = 4_000_000
seen = {}


def written(folder="."):
    """What was written in the folder since the last call, as JSON: a list of name and content in base64."""
    new = []
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        content = path.read_bytes()
        if seen.get(path.name) != content:
            seen[path.name] = content
            new.append({"name": path.name, "base64": base64.b64encode(content).decode()})
    return json.dumps(new)
