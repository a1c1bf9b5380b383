"""The page for instructors: its commands are run when the book is built, on a made-up class in a folder of their own."""

from __future__ import annotations

import atexit
import base64
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from lessons import draw
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("graders.json")
MOST = 14
"""Lines of a command's words that the page shows."""


@cache
def workplace() -> Path:
    """A folder for the commands of this page, gone when Python ends."""
    folder = Path(tempfile.mkdtemp(prefix="instructors-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def run(line: str) -> tuple[int, str]:
    """The exit code and the words of a command as the page shows it, in a process of its own as for whoever types it."""
    if not line.startswith("python -m tutor "):
        raise ValueError(f"not one of ours: {line}")
    packages = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (packages, os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run([sys.executable, *shlex.split(line)[1:]], cwd=workplace(), capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, timeout=240)
    said = done.stdout + done.stderr
    for folder in (workplace().resolve(), workplace()):
        said = said.replace(str(folder) + os.sep, "")
    return done.returncode, said


def shell(line: str, *, ends: int = 0, most: int = MOST) -> Shown:
    """A command and what it said, run now; another exit code than the one that the page tells of breaks the build."""
    code, said = run(line)
    if code != ends:
        raise RuntimeError(f"{line} ended with {code}, not {ends}: {said[-500:]}")
    lines = said.rstrip().splitlines()
    if len(lines) > most:
        lines = [*lines[: most - 1], f"… and {len(lines) - most + 1:,} lines more"]
    told = "\n".join([f"$ {line}", *lines, *([f"(exit code {code})"] if code else [])])
    return Shown(f'<pre class="hw-toml" tabindex="0">{esc(told)}</pre>')


def rubric() -> Shown:
    """The six parts of a score, what each is worth, and how it is counted."""
    from tutor.output import criteria
    from tutor.scoring import CAP, HOW

    worth = {part["id"]: part["of"] for part in _reviewed()["criteria"]}
    rows = [[name, draw.num(worth[id]), HOW[id]] for id, name in criteria().items()]
    rows.append([Html("<b>Together</b>"), Html(f"<b>{draw.num(sum(worth.values()))}</b>"), f"A design that cannot physically be has at most {draw.num(CAP)}."])
    return Shown(table(("Part", "Points", "How it is counted"), rows, caption="The rubric", right={1}, wide=640, first=150))


@cache
def _reviewed() -> dict[str, Any]:
    from tutor import samples
    from tutor.review import review

    return review("serve-7b", samples.reference("serve-7b")).as_dict()


def exit_codes() -> Shown:
    """What a script can go by."""
    from tutor import validate

    rows = [[str(code), words] for code, words in (
        (validate.GRADED, "everything was graded"), (validate.FAULT, "a fault of ours"), (validate.USAGE, "the command was not understood, or something that it names is not right"),
        (validate.SOME_UNGRADABLE, "finished, and some files could not be graded"), (validate.FAILED_ON, "finished, and something stands there that --fail-on names"),
        (validate.NOTHING, "nothing readable was found"), (validate.INTERRUPTED, "interrupted; the same command goes on where it stopped"))]
    return Shown(table(("Exit code", "Meaning"), rows, caption="Exit codes of validate", wide=520))


def schema() -> Shown:
    """The JSON Schema of a hand-in as a file to download, made from the types of this very version."""
    from tutor.schema import schema as made

    text = json.dumps(made(), ensure_ascii=False, separators=(",", ":"))
    address = "data:application/schema+json;base64," + base64.b64encode(text.encode()).decode()
    return Shown(f'<p><a download="submission.schema.json" href="{address}">Download submission.schema.json</a> ({draw.num(len(text) / 1e3)} kB), or <code>python -m tutor schema</code>.</p>')


def measured() -> Shown:
    """Seconds a submission beside two other graders, from `make bench`."""
    if not PATH.is_file():
        return Shown('<p class="hw-small">Not measured here yet: <code>make bench</code> does it.</p>')
    r = json.loads(PATH.read_text("utf8"))
    rows = []
    for name, label in (("nbgrader", f"nbgrader {r['nbgrader']}, autograde"), ("otter", f"otter-grader {r['otter']}, run"), ("ours, one process", "validate, one process"), ("ours", f"validate, {r['cores']} processes")):
        if name in r["missing"] or name not in r["seconds"]:
            rows.append([label, None, None, None, f"not measured: {r['missing'].get(name, 'it did not run')}"])
            continue
        s = r["seconds"][name]
        ratio = r["ratios"].get(f"{name} / ours")
        rows.append([label, f"{draw.num(s['median'] * 1e3)} ms", f"{draw.num(s['low'] * 1e3)} to {draw.num(s['high'] * 1e3)}", f"{draw.num(s['processors'] * 1e3)} ms", f"{draw.num(ratio['median'], 2)} times ({draw.num(ratio['low'], 2)} to {draw.num(ratio['high'], 2)})" if ratio else None])
    note = f'<p class="hw-small">{esc(r["date"])}, Python {esc(r["python"])}, {r["cores"]} cores of a shared machine with a load of {draw.num(r["load"])} (above {r["cores"]}, processes wait for one another), {r["rounds"]} rounds in turn; medians, and the range of the rounds.</p>'
    return Shown(table(("Grader", "A submission, by the wall", "Range, ms", "Time of processors", "As long as validate takes"), rows, caption="Graders, measured in the same run", right={1, 2, 3, 4}, wide=640, first=170) + note)


def excerpt(name: str, lines: int) -> Shown:
    """The first lines of a file that a command of this page wrote."""
    text = (workplace() / name).read_text("utf-8-sig").splitlines()[:lines]
    return Shown(f'<pre class="hw-toml" tabindex="0">{esc(chr(10).join(text))}</pre>')


def some_ticket(name: str = "tickets.csv") -> str:
    """The first ticket that was issued, to show what is in it."""
    return (workplace() / name).read_text("utf-8").splitlines()[1].split(",")[2]
