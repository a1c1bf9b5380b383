"""Layouts searched a second on one core, and the memory that a large search takes.

    python tools/bench_search.py [--json]

GPT-3 175B on 1,024 A100s is searched whole, best and median of seven; then ten million layouts over many cluster
sizes and batches are streamed once, with the peak of the process's memory.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from bench_record import peak_mb  # noqa: E402

from hwlib.designs import TrainingDesign, TrainingLoad  # noqa: E402
from hwlib.search import Space, search  # noqa: E402

GPT3 = TrainingLoad(layers=96, hidden=12288, ffn=32768, heads=96, kv_heads=96, vocab=51200, train_tokens=300e9)
"""GPT-3 175B; its plain block of 4 × hidden has the parameters of a gated one of 8/3 × hidden."""
A100 = TrainingDesign(accelerator="a100-80-sxm", nodes=128, scale_out_link="ib-hdr", seq_len=2048, global_batch_tokens=1536 * 2048)
CALCULON = (400, 1430)
"""Configurations a second that Calculon was seen to search with logging off (shared/design/models.md)."""


def timed(**more) -> tuple[float, object]:
    start = time.perf_counter()
    found = search(A100, GPT3, **more)
    return time.perf_counter() - start, found


def measure() -> dict[str, float]:
    """Both searches' counts, seconds and rates."""
    search(A100, GPT3)
    one = [timed() for _ in range(7)]
    many = Space(global_batch_tokens=tuple(k * 2048 for k in range(96, 6145, 96)))
    several = [timed(space=many) for _ in range(3)]
    before = peak_mb()
    large = Space(nodes=tuple(range(1, 1025)), global_batch_tokens=tuple(k * 2048 for k in range(96, 6145, 96)))
    seconds, found = timed(space=large)
    n, n_many = one[0][1].estimated, several[0][1].estimated
    return {
        "one_batch_layouts": n, "one_batch_front": len(one[0][1].front), "one_batch_best_per_s": n / min(t for t, _ in one),
        "one_batch_median_per_s": n / statistics.median(t for t, _ in one), "batches_layouts": n_many,
        "batches_best_per_s": n_many / min(t for t, _ in several), "batches_median_per_s": n_many / statistics.median(t for t, _ in several),
        "large_layouts": found.estimated, "large_front": len(found.front), "large_s": seconds, "large_per_s": found.estimated / seconds,
        "peak_mb_before": before, "peak_mb": peak_mb(),
    }  # fmt: skip


def main(argv: list[str]) -> int:
    got = measure()
    if "--json" in argv:
        print(json.dumps(got, indent=2))
        return 0
    print("GPT-3 175B on 1,024 A100 80 GB, one core; winners re-checked one by one are in the time")
    print(f"one batch of 1,536 sequences: {got['one_batch_layouts']:,} layouts, {got['one_batch_front']} on the front; best {got['one_batch_best_per_s']:,.0f}, median {got['one_batch_median_per_s']:,.0f} a second")
    print(f"64 batches: {got['batches_layouts']:,} layouts; best {got['batches_best_per_s']:,.0f}, median {got['batches_median_per_s']:,.0f} a second")
    print(f"8 to 8,192 chips, 64 batches: {got['large_layouts']:,} layouts, {got['large_front']} on the front, {got['large_s']:.1f} s, {got['large_per_s']:,.0f} a second; peak memory {got['peak_mb']:,.0f} MB")
    low, high = (got["batches_median_per_s"] / rate for rate in reversed(CALCULON))
    print(f"against Calculon's {CALCULON[0]:,} to {CALCULON[1]:,} a second: {low:,.0f} to {high:,.0f} times as many")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
