"""Kill `validate` at random moments of its run, start it again, and compare what it wrote with a run that nobody disturbed.

    python tools/kill_validate.py [--kills 20] [--students 120] [--seed 1]

Ends with 1, and says where, when any byte of grades.csv, the report or the gradebook's rows differs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def command(folder: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "tutor", "validate", str(folder / "handed-in"), "--roster", str(folder / "roster.csv"), "--policy", str(folder / "policy.toml"), "--out", str(out), "--jobs", "2"]


def start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(folder, out), env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(folder: Path, out: Path) -> float:
    """A run to its end: the seconds that it took."""
    begun = time.monotonic()
    process = start(folder, out)
    _, err = process.communicate()
    if process.returncode not in (0, 3):
        raise SystemExit(f"validate ended with {process.returncode}: {err.decode()[-400:]}")
    return time.monotonic() - begun


def written(out: Path) -> dict[str, bytes]:
    """Everything that a run leaves for people, and the rows that exports are made from."""
    from tutor.gradebook import Gradebook

    found = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file() and "sqlite" not in path.name and path.name != ".lock"}
    with Gradebook.existing(out) as book:
        found["rows of the gradebook"] = "\n".join(row.text() for row in book.rows()).encode("utf-8")
        found["runs"] = str(len(book.runs())).encode()
        if book.trouble():
            found["trouble"] = book.trouble().encode()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--students", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    from tutor.briefs import brief_ids
    from tutor.sample_class import write

    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder / "class", args.students, brief_ids(), args.seed)
        whole = finish(folder / "class", folder / "undisturbed")
        want = written(folder / "undisturbed")
        stages: dict[str, int] = {}
        for kill in range(args.kills):
            out = folder / "disturbed"
            process = start(folder / "class", out)
            time.sleep(rng.uniform(0.02, 1.05) * whole)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            stage = "ended before the kill" if process.returncode in (0, 3) else "writing" if list(out.glob(".report-*")) else "grading" if (out / "gradebook.sqlite").exists() else "starting"
            stages[stage] = stages.get(stage, 0) + 1
            finish(folder / "class", out)
            got = written(out)
            if got != want:
                differing = [name for name in sorted(want.keys() | got.keys()) if want.get(name) != got.get(name)]
                print(f"kill {kill + 1} ({stage}): {', '.join(differing[:8])} differ")
                return 1
            shutil.rmtree(out)
    print(f"{args.kills} kills ({', '.join(f'{count} while {stage}' if not stage.startswith('ended') else f'{count} {stage}' for stage, count in sorted(stages.items()))}), {args.students} students, a run of {whole:.1f} s: every export, page and row identical.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
