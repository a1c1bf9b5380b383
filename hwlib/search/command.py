"""The command: `search DESIGN.toml` prints the Pareto front as a table."""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from hwlib.designs import TrainingDesign, TrainingLoad, build
from hwlib.errors import BadInput
from hwlib.search import Found, Layout, Space, search
from hwlib.units import show

_LISTS = {
    "nodes": "cluster sizes", "global_batch_tokens": "batches in tokens", "tensor_parallel": "tensor-parallel ranks", "pipeline_parallel": "pipeline stages",
    "interleave": "interleaved chunks", "micro_batch": "micro-batches", "zero_stage": "ZeRO stages", "recompute": "none, selective, full",
    "accelerator": "chips of the catalogue", "matmul_precision": "number formats",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options of ``search`` on a parser or sub-parser."""
    parser.add_argument("design", help="a design file: [design] with fields of a training design, [assumptions] with facts of its load")
    for name, words in _LISTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="A,B,…", default="", help=f"{words} to try, with commas; a..b counts whole numbers")
    parser.add_argument("--rows", type=int, default=12, help="rows of the front to print (default 12)")
    parser.add_argument("--any-memory", action="store_true", help="keep layouts that do not fit their chip too")
    parser.add_argument("--json", action="store_true", help="the whole front as JSON")
    return parser


def read(path: str) -> tuple[TrainingDesign, TrainingLoad]:
    """A training design and its load from a file; one sentence for what is wrong with it."""
    try:
        raw = tomllib.loads(Path(path).read_text("utf8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path} cannot be read: {getattr(fault, 'strerror', None) or 'it is not UTF-8 text'}", field="design") from fault
    except tomllib.TOMLDecodeError as fault:
        raise BadInput(f"{path} is not TOML: {fault}", field="design") from fault
    if not isinstance(raw.get("design"), dict):
        raise BadInput(f"{path} has no [design] table with the fields of a training design", field="design")
    return build(TrainingDesign, raw["design"]), build(TrainingLoad, raw.get("assumptions", {}), where="assumptions")


def values(name: str, text: str) -> tuple[Any, ...]:
    """``"1,2,8..10"`` as a tuple; words stay words.

    >>> values("nodes", "1,2,8..10"), values("recompute", "none,full")
    ((1, 2, 8, 9, 10), ('none', 'full'))
    """
    if name in ("recompute", "accelerator", "matmul_precision"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    found: list[int] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        first, dots, last = part.partition("..")
        try:
            low, high = int(first), int(last) if dots else int(first)
        except ValueError as fault:
            raise BadInput(f"--{name.replace('_', '-')}: {part!r} is not a whole number or a range like 8..16", field=name) from fault
        if high - low > 100_000:
            raise BadInput(f"--{name.replace('_', '-')}: {part!r} counts more than 100,000 values; take fewer", field=name)
        found.extend(range(low, high + 1))
    return tuple(found)


def run(options: argparse.Namespace) -> int:
    """Search as the options say and print; 2 and one sentence on bad input."""
    try:
        design, load = read(options.design)
        space = Space(**{name: values(name, getattr(options, name)) for name in _LISTS if getattr(options, name)})
        start = time.perf_counter()
        found = search(design, load, space, must_fit=not options.any_memory)
    except BadInput as refused:
        print(refused, file=sys.stderr)
        return 2
    seconds = time.perf_counter() - start
    print(json.dumps(as_dict(found), indent=2) if options.json else text(found, options.rows, seconds))
    return 0


def main(argv: list[str] | None = None) -> int:
    """``hwlib.search.main(["DESIGN.toml"])``."""
    return run(add_arguments(argparse.ArgumentParser(prog="search", description=__doc__)).parse_args(argv))


def as_dict(found: Found) -> dict[str, Any]:
    """The front as plain values in base units."""
    return {
        "estimated": found.estimated, "fitting": found.fitting, "refused": list(found.refused),
        "front": [
            {**_fields(w), "step_s": float(w.estimate.step_s), "days": float(w.estimate.days), "usd": float(w.estimate.usd), "total_bytes": float(w.estimate.total_bytes),
             "mfu": float(w.estimate.mfu)} for w in found.front
        ],
    }  # fmt: skip


def _fields(w: Layout) -> dict[str, Any]:
    names = ("accelerator", "matmul_precision", "nodes", "global_batch_tokens", "tensor_parallel", "pipeline_parallel", "data_parallel", "interleave", "micro_batch", "zero_stage", "recompute")
    return {name: getattr(w.design, name) for name in names}


def text(found: Found, rows: int, seconds: float) -> str:
    """The front for a terminal: its fastest, cheapest and leanest layouts, and as many between as there is room for."""
    head = f"{'chip':<14}{'prec':<6}{'nodes':>6} {'TP×PP×DP':>14}{'v':>4}{'mb':>4}{'ZeRO':>6} {'recompute':<10}{'days':>8}{'cost':>16}{'memory':>10}{'MFU':>7}"
    shown = found.front if len(found.front) <= rows else [found.front[round(i * (len(found.front) - 1) / max(1, rows - 1))] for i in range(max(1, rows))]
    lines = [head]
    for w in shown:
        d, e = w.design, w.estimate
        layout = f"{d.tensor_parallel}×{d.pipeline_parallel}×{d.data_parallel}"
        lines.append(
            f"{d.accelerator:<14}{d.matmul_precision:<6}{d.nodes:>6,} {layout:>14}{d.interleave:>4}{d.micro_batch:>4}{d.zero_stage:>6} {d.recompute:<10}"
            f"{float(e.days):>8.1f}{show(e.usd, 'usd'):>16}{show(e.total_bytes, 'B'):>10}{show(e.mfu, '%', digits=2):>7}"
        )
    tail = f"{found.estimated:,} layouts divide, {found.fitting:,} fit; {len(found.front):,} on the front; {seconds:.2f} s."
    return "\n".join([*lines, tail, *found.refused])
