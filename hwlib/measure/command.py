"""The command: measures this machine and prints a small table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from hwlib.errors import BadInput
from hwlib.measure import QUIET, Measured, Session
from hwlib.units import show

ONE, THREADS = "HWLIB_ONE_CORE", ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def add_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options of ``measure`` on a parser or sub-parser."""
    parser.add_argument("--seconds", type=float, default=0.2, help="time for each measurement in a round (default 0.2)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds over all measurements; the best counts (default 3)")
    parser.add_argument("--largest", type=int, default=2048, help="side of the largest product (default 2048)")
    parser.add_argument("--one-core", action="store_true", help="hold the matrix library to one thread: steadier where other programs run")
    parser.add_argument("--json", action="store_true", help="plain values in base units")
    return parser


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 and one sentence on bad input."""
    if options.one_core and sys.platform != "emscripten" and os.environ.get(ONE) != "1":  # threads are counted when numpy loads, so in a process of its own
        again = ["--seconds", str(options.seconds), "--rounds", str(options.rounds), "--largest", str(options.largest), *(["--json"] if options.json else [])]
        call = [sys.executable, "-c", "import sys; from hwlib.measure import main; raise SystemExit(main(sys.argv[1:]))", *again]
        return subprocess.run(call, env={**os.environ, **dict.fromkeys((ONE, *THREADS), "1")}).returncode
    try:
        session = Session(budget_s=options.seconds, rounds=options.rounds, largest=options.largest)
    except BadInput as refused:
        print(refused, file=sys.stderr)
        return 2
    for words in session.slices():
        if sys.stderr.isatty():
            print(f"\r{words:<60}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    print(json.dumps(as_dict(session.result), indent=2) if options.json else text(session.result))
    return 0


def main(argv: list[str] | None = None) -> int:
    """``hwlib.measure.main([])``."""
    return run(add_arguments(argparse.ArgumentParser(prog="measure", description=__doc__)).parse_args(argv))


def as_dict(m: Measured) -> dict:
    """Plain values in base units."""
    rates = lambda items: [{"size": r.size, "per_s": r.value, "repeats": r.timing.repeats, "spread": r.timing.spread} for r in items]  # noqa: E731
    return {
        "machine": m.machine, "gemm": rates(m.gemm), "read": rates(m.read), "elementwise": rates([m.stream])[0], "floor_s": m.floor.best_s, "model": m.size.name, "agreement": m.agreement,
        "phases": [{"name": p.name, "tokens": p.tokens, "predicted_s": float(p.predicted_s), "measured_s": p.timing.best_s, "median_s": p.timing.median_s, "repeats": p.timing.repeats, "ratio": p.ratio} for p in m.phases],
        "gpu": [{"what": label, **rates([r])[0]} for label, r in m.gpu],
    }  # fmt: skip


def text(m: Measured) -> str:
    """The table."""
    lines = [m.machine, "", f"{'product, FP32':<28}{'FLOP/s':>16}   repeats"]
    lines += [f"{f'{r.size:.0f} × {r.size:.0f}':<28}{show(r.value, 'FLOP/s'):>16}   {r.timing.words()}" for r in m.gemm]
    lines += ["", f"{'reading':<28}{'bytes/s':>16}   repeats"]
    lines += [f"{show(r.size, 'B'):<28}{show(r.value, 'B/s'):>16}   {r.timing.words()}" for r in m.read]
    lines += [f"{'element by element':<28}{show(m.stream.value, 'B/s'):>16}   {m.stream.timing.words()}", f"{'an empty call':<28}{show(m.floor.best_s, 's'):>16}   {m.floor.words()}"]
    lines += ["", f"{m.size.name:<28}{'predicted':>12}{'measured':>12}{'ratio':>8}   repeats"]
    lines += [f"{p.name:<28}{show(p.predicted_s, 's'):>12}{show(p.timing.best_s, 's'):>12}{p.ratio:>8.2f}   {p.timing.words()}" for p in m.phases]
    lines += [f"With and without a cache the logits {f'differ by at most {m.agreement:.0e} of the largest' if m.agreement else 'are the same'}."]
    if m.unrest > QUIET:
        lines += [f"Medians lie up to {m.unrest:.0%} above the best: other work ran beside this, so repeat it on a quiet machine before reading much into the ratios."]
    if m.gpu:
        lines += ["", f"{'GPU':<28}{'':>16}   repeats"]
        lines += [f"{label:<28}{show(r.value, 'B/s' if 'copy' in label else 'FLOP/s'):>16}   {r.timing.words()}" for label, r in m.gpu]
    return "\n".join(lines)
