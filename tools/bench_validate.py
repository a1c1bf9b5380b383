"""How fast a class is validated: a made-up class of notebooks, 5 % of them hostile, into gradebook, reports and CSV on 2 cores.

    python tools/bench_validate.py [--students 5000] [--flat] [--folder DIR] [--json]

Measures the first run, an unchanged second run, and with ``--flat`` the peak memory at 1,000 and 20,000 students.
Wall time depends on what else the machine does; the CPU seconds of all processes stand beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
HOSTILE = 0.05
GOAL_S, GOAL_MB, GOAL_AGAIN_S = 30.0, 200.0, 3.0


def hostile(rng: random.Random, sound: bytes) -> bytes:
    """A notebook that cannot be graded, or must not do harm."""
    book = json.loads(sound)
    hand_in = book["cells"][-1]["outputs"][0]["data"]
    payload = next(value for value in hand_in.values() if isinstance(value, dict))
    kind = rng.randrange(10)
    if kind == 0:
        return b""
    if kind == 1:
        return sound[: -rng.randrange(100, 900)]
    if kind == 2:
        return b"[" * rng.randrange(1_000, 100_000)
    if kind == 3:
        return sound.replace(b'"design": {', b'"design": {"replicas": NaN, ', 1)
    if kind == 4:
        return b"\xff\xfe" + sound.decode("utf-8").encode("utf-16-le")
    if kind == 5:
        payload["design"]["accelerator"] = "x" * 5_000
    elif kind == 6:
        payload["rationale"] = "(a+)+" * 5_000
    elif kind == 7:
        payload["student"] = "<script>alert(1)</script>"
    elif kind == 8:
        for cell in book["cells"]:
            cell.pop("outputs", None)
    else:
        book["cells"] += [{"cell_type": "code", "outputs": [{"output_type": "stream", "text": "x" * 20}] * 20_000}]
    return json.dumps(book).encode("utf-8")


def class_of(folder: Path, students: int, seed: int = 1) -> int:
    """A class of notebooks with its roster; the bytes of all."""
    from tutor import briefs, sample_class

    inbox = folder / "handed-in"
    inbox.mkdir(parents=True)
    rng, total, lines = random.Random(seed), 0, ["student"]
    for number in range(1, students + 1):
        student = f"s-{number:05}"
        lines.append(student)
        data = sample_class.notebook(rng, sample_class.learner(rng, student, briefs.brief_ids()[number % 4]))
        if rng.random() < HOSTILE:
            data = hostile(rng, data)
        (inbox / f"{student}.ipynb").write_bytes(data)
        total += len(data)
    (folder / "roster.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return total


def peaks(pid: int, found: dict[int, float], stop: threading.Event) -> None:
    """Keep the most memory that the process and its children have held, in MB."""
    while not stop.wait(0.1):
        for one in family(pid):
            try:
                with open(f"/proc/{one}/status", encoding="ascii") as status:
                    found[one] = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024 / 1e6
            except (OSError, StopIteration, ValueError):
                continue


def family(pid: int) -> Iterator[int]:
    """A process and its children."""
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                yield from family(int(child))
    except OSError:
        return


def measure(folder: Path, jobs: int) -> dict[str, float]:
    """One run of the command in a process of its own."""
    command = [sys.executable, "-m", "tutor", "validate", str(folder / "handed-in"), "--roster", str(folder / "roster.csv"), "--out", str(folder / "graded"), "--jobs", str(jobs)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        found: dict[int, float] = {}
        stop = threading.Event()
        watch = threading.Thread(target=peaks, args=(process.pid, found, stop))
        watch.start()
        out, err = process.communicate()
        stop.set()
        watch.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 3):
        raise SystemExit(f"validate ended with {process.returncode}: {err.strip()[-400:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": time.perf_counter() - begun, "cpu_s": cpu, "main_mb": found.get(process.pid, 0.0), "peak_mb": max(found.values(), default=0.0), "said": out.splitlines()[1]}


def bench(folder: Path, students: int, jobs: int) -> dict[str, object]:
    """A class made, validated, and validated again."""
    place = folder / f"class-{students}"
    if not place.exists():
        class_of(place, students)
    shutil.rmtree(place / "graded", ignore_errors=True)
    return {"students": students, "jobs": jobs, "first": measure(place, jobs), "again": measure(place, jobs)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=5_000)
    parser.add_argument("--flat", action="store_true", help="peak memory at 1,000 and 20,000 too (minutes)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep the classes here")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        sizes = [args.students, *((1_000, 20_000) if args.flat else ())]
        results = [bench(folder, size, args.jobs) for size in sizes]
    if args.json:
        print(json.dumps(results, indent=1))
        return 0
    for row in results:
        first, again = row["first"], row["again"]
        print(f"{row['students']:,} notebooks on {row['jobs']} processes: {first['wall_s']:.1f} s wall, {first['cpu_s']:.1f} s CPU ({first['cpu_s'] / row['jobs']:.1f} s a core; goal {GOAL_S:.0f} at 5,000); "
              f"most memory of a process {first['peak_mb']:.0f} MB (goal {GOAL_MB:.0f}); again {again['wall_s']:.2f} s wall, {again['cpu_s']:.2f} s CPU (goal {GOAL_AGAIN_S:.0f})")
        print(f"  {first['said']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
