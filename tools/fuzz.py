"""Fuzz the gate, the notebook reader and the archive reader for as long as you like: `python tools/fuzz.py --seconds 600`.

Mutates sound files, checks that each is read or refused in one sentence within a second of work, and writes whatever
breaks that into fuzz-found/. With --atheris the mutations are guided by the readers' coverage (pip install atheris;
Linux, Python 3.11 to 3.13).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FOUND = ROOT / "fuzz-found"


seen: set[str] = set()


def keep(kind: str, data: bytes, why: str, same: str) -> None:
    """The first input of each kind of trouble: the others say nothing new."""
    if same in seen:
        return
    seen.add(same)
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"\n{kind}: {why}\n  kept as {path.relative_to(ROOT)}", flush=True)


def plain(kind: str, seconds: float, seed: int) -> tuple[int, int, int]:
    """Runs, how many were read, how many broke a promise."""
    from tests.hostile.fuzzing import READERS, mutated, seeds

    rng, reader, pool = random.Random(seed), READERS[kind], list(seeds(kind))
    end, runs, read, broken = time.monotonic() + seconds, 0, 0, 0
    while time.monotonic() < end:
        data = mutated(rng, rng.choice(pool))
        begun = time.process_time()
        try:
            if reader(data):
                read += 1
                if len(pool) < 2000 and len(data) < 100_000:
                    pool.append(data)  # what still reads is a base for the next step away
        except Exception as error:
            broken += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            keep(kind, data, traceback.format_exc(limit=-2), f"{type(error).__name__} {last.filename} {last.lineno}")
        if time.process_time() - begun > 1:
            broken += 1
            keep(kind, data, f"took {time.process_time() - begun:.1f} s", f"{kind} slow")
        runs += 1
    return runs, read, broken


def guided(kind: str, seconds: float) -> None:
    """libFuzzer over instrumented readers; it ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["tutor", "json", "zipfile"]):
        from tests.hostile.fuzzing import READERS, seeds
    corpus = FOUND / f"corpus-{kind}"
    corpus.mkdir(parents=True, exist_ok=True)
    for place, data in enumerate(seeds(kind)):
        (corpus / f"seed-{place}").write_bytes(data)
    reader = READERS[kind]
    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", "-timeout=5", "-max_len=70000", "-print_final_stats=1", f"-artifact_prefix={FOUND}/{kind}-", str(corpus)], lambda data: reader(bytes(data)) and None)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each reader (default: 60)")
    parser.add_argument("--reader", choices=("gate", "notebook", "archive"), action="append")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="guided by coverage; one reader at a time")
    options = parser.parse_args()
    kinds = options.reader or ["gate", "notebook", "archive"]
    if options.atheris:
        if len(kinds) != 1:
            print("--atheris fuzzes one reader: name it with --reader", file=sys.stderr)
            return 2
        guided(kinds[0], options.seconds)
        return 0
    total = 0
    for kind in kinds:
        runs, read, broken = plain(kind, options.seconds, options.seed)
        total += broken
        print(f"{kind:8s} {runs:,} mutated files in {options.seconds:.0f} s: {read:,} read, {runs - read - broken:,} refused in one sentence, {broken} broke a promise", flush=True)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
