"""How cost grows with work: `make bench`, or `python tools/bench_growth.py [--only search,simulate,validate,book] [--short]`.

Four kinds of work, each at several sizes, each size in a fresh process and several times in turn with the others:
layouts searched, requests simulated, hand-ins graded (the whole command, repairs included), pages built (Jupyter Book
with every cell run). The median and the range of the wall times go to lessons/reference/growth.json; the book's page
draws them and names the slope.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench_record import REFERENCE, ROOT, here, keep, spread

RESULTS = REFERENCE / "growth.json"
SIZES = {
    "search": (1, 4, 16, 64, 256, 1024), "simulate": (1_000, 4_000, 16_000, 64_000, 256_000, 1_024_000),
    "validate": (10, 30, 100, 300, 1_000), "book": (1, 2, 4, 8, 16),
}  # fmt: skip
"""Numbers of cluster sizes (the layouts are counted), requests, hand-ins, pages."""
ROUNDS = {"search": 3, "simulate": 3, "validate": 2, "book": 1}
TOO_LONG_S = 40.0
"""A size that took longer is not measured again."""

SEARCH = """
import sys, time
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.search import Space, search
load = TrainingLoad(layers=96, hidden=12288, ffn=32768, heads=96, kv_heads=96, vocab=51200, train_tokens=300e9)
design = TrainingDesign(accelerator="a100-80-sxm", nodes=128, scale_out_link="ib-hdr", seq_len=2048, global_batch_tokens=1536 * 2048)
batches = tuple(2048 * k for k in range(96, 6145, 96))
search(design, load)
n = int(sys.argv[1])
space = Space(nodes=tuple(sorted({max(1, round(1024 * (k + 1) / n)) for k in range(n)})), global_batch_tokens=batches)
begun = time.perf_counter()
found = search(design, load, space=space)
print(found.estimated, time.perf_counter() - begun)
"""
SIMULATE = """
import sys, time
from hwlib.designs import ServingDesign, ServingLoad
from hwlib.simulator import Policy, costs_of, poisson_requests, run_requests
load = ServingLoad(prompt_tokens=512, output_tokens=180)
costs = costs_of(ServingDesign(model="llama2-7b", accelerator="a100-80-sxm", chips_per_replica=1, replicas=1, batch_limit=128), load)
n = int(sys.argv[1])
begun = time.perf_counter()
run = run_requests(costs, poisson_requests(load, rate=4.0, count=n, seed=1), Policy(batch_limit=128, admission="prompt"))
run.percentile("ttft", 0.99)
print(n, time.perf_counter() - begun)
"""
Measured = tuple[int, float]
"""How much work was done, and its seconds."""


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                         "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def said(command: list[str], ends: tuple[int, ...] = (0,)) -> str:
    """What a command printed; raises with the last line of what it complained about."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment(), timeout=900)
    if done.returncode not in ends:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1][:200])
    return done.stdout


def script(source: str) -> Callable[[Path, int], Measured]:
    """Work that times itself, without the start of Python."""

    def one(_: Path, size: int) -> Measured:
        work, seconds = said([sys.executable, "-c", source, str(size)]).split()
        return int(work), float(seconds)

    return one


def validate(folder: Path, size: int) -> Measured:
    """The command that an instructor types, start of Python included, on a class without earlier results."""
    place = folder / f"class-{size}"
    if not place.exists():
        said([sys.executable, "-m", "tutor", "sample-class", str(place), "--students", str(size)])
    files = len(list((place / "handed-in").iterdir()))
    shutil.rmtree(place / "graded", ignore_errors=True)
    begun = time.perf_counter()
    said([sys.executable, "-m", "tutor", "validate", str(place / "handed-in"), "--roster", str(place / "roster.csv"), "--out", str(place / "graded")], (0, 3))
    return files, time.perf_counter() - begun


def pages(size: int) -> list[str]:
    """So many chapters of the book, evenly from first to last."""
    every = re.findall(r"file: (book/\d-\S+/(?!index)\S+)", (ROOT / "_toc.yml").read_text("utf8"))
    return [every[k * len(every) // size] for k in range(size)]


def book(folder: Path, size: int) -> Measured:
    """A book of so many pages, each executed, without anything built before."""
    place = folder / f"book-{size}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in ("book", "hwlib", "tutor", "lessons", "_config.yml", "requirements.txt"):
        (place / name).symlink_to(ROOT / name)
    chapters = "".join(f"  - file: {page}\n" for page in pages(size))
    (place / "_toc.yml").write_text(f"format: jb-book\nroot: book/index\nchapters:\n{chapters}", "utf8")
    begun = time.perf_counter()
    said([str(Path(sys.executable).parent / "jupyter-book"), "build", str(place), "-q"])
    spent = time.perf_counter() - begun
    if not (place / "_build" / "html" / f"{pages(size)[-1]}.html").is_file():
        raise RuntimeError(f"a book of {size} pages was not built")
    return size, spent


WORK: dict[str, Callable[[Path, int], Measured]] = {"search": script(SEARCH), "simulate": script(SIMULATE), "validate": validate, "book": book}


def measure(kinds: tuple[str, ...], short: bool) -> dict:
    found: dict[str, dict[int, list[float]]] = {kind: {} for kind in kinds}
    missing: dict[str, str] = {}
    loads = []
    with tempfile.TemporaryDirectory(prefix="growth-") as top:
        for turn in range(1 if short else max(ROUNDS.values())):
            for kind in kinds:
                if kind in missing or turn >= ROUNDS[kind]:
                    continue
                for size in SIZES[kind][: 4 if short else None]:
                    past = found[kind].get(size, [0.0])
                    if past[-1] > TOO_LONG_S:
                        continue
                    loads.append(os.getloadavg()[0])
                    try:
                        work, seconds = WORK[kind](Path(top), size)
                    except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                        missing[kind] = str(error)[:200]
                        break
                    found[kind].setdefault(work, []).append(seconds)
                    print(f"{kind:9s} {work:12,d} {seconds:9.3f} s", flush=True)
    grown = {kind: [{"work": work} | spread(times) | {"rounds": len(times)} for work, times in sorted(sizes.items())] for kind, sizes in found.items() if kind not in missing}
    return here(loads) | {"growth": grown, "missing": missing}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WORK), help="kinds of work, with commas")
    parser.add_argument("--short", action="store_true", help="four sizes, once: does it run at all")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    kinds = tuple(options.only.split(","))
    if unknown := set(kinds) - set(WORK):
        parser.error(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(WORK)}")
    results = measure(kinds, options.short)
    for kind, why in results["missing"].items():
        print(f"{kind:9s} not measured: {why}")
    keep(options.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
