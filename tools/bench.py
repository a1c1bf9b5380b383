"""Side by side with other tools, measured in the same run: `make bench`.

Every figure comes from a fresh process of one environment (.bench), so that Python, numpy and the machine's mood are
the same for all; each job runs three times, in turn with the others, and the best counts. A tool that is not
installed is said to be missing and gets no figure. A ratio is that of the best, its spread that of the rounds. The results go to lessons/reference/performance.json, which the
book's page reads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench_record import REFERENCE, ROOT, here, keep, short, version

PYTHON = ROOT / ".bench" / "bin" / "python"
RESULTS = REFERENCE / "performance.json"
PEERS = ("mlsysim", "llm_analysis")


def rate(work: Callable[[], int], seconds: float = 1.0) -> float:
    """Pieces of work a second, the median of five stretches after a first call that warms up."""
    work()
    found = []
    for _ in range(5):
        begun, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - begun) < seconds / 5:
            done += work()
        found.append(done / spent)
    return statistics.median(found)


def importing(*names: str) -> Callable[[], float]:
    def job() -> float:
        begun = time.perf_counter()
        for name in names:
            __import__(name)
        return time.perf_counter() - begun

    return job


def our_estimate() -> float:
    """Serving estimates a second, each with its derivations; designs differ so that nothing is remembered."""
    from dataclasses import replace

    from hwlib.designs import ServingDesign, ServingLoad
    from hwlib.serving import estimate_serving

    load, base = ServingLoad(concurrent_users=1000), ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=8, replicas=4, batch_limit=64)
    count = iter(range(10**9))

    def work() -> int:
        n = next(count)
        estimate_serving(replace(base, batch_limit=1 + n % 256), replace(load, concurrent_users=1000 + n))
        return 1

    return rate(work)


def our_prediction() -> float:
    """Predictions with intervals a second, of rows of the saturated family."""
    from hwlib.predict import predict_rows
    from hwlib.predict.cases import measured

    rows = list(measured("5_saturated_throughput.csv"))

    def work() -> int:
        return len(predict_rows(rows))

    return rate(work)


def mlsysim_estimate() -> float:
    """Serving estimates a second of mlsysim."""
    from mlsysim import Hardware, Models
    from mlsysim.engine.solvers import ServingModel

    model, chip, solver = Models.Language.Llama3_8B, Hardware.Cloud.H100, ServingModel()
    count = iter(range(10**9))

    def work() -> int:
        solver.solve(model, chip, seq_len=1024 + next(count) % 1024, batch_size=8)
        return 1

    return rate(work)


def llm_analysis_estimate() -> float:
    """Inference estimates a second of llm-analysis, with logging off."""
    import logging

    from llm_analysis.analysis import LLMAnalysis
    from llm_analysis.config import (
        ParallelismConfig,
        get_dtype_config_by_name,
        get_gpu_config_by_name,
        get_model_config_by_name,
    )

    logging.disable(logging.CRITICAL)
    one = LLMAnalysis(
        get_model_config_by_name("upstage_Llama-2-70b-instruct-v2"), get_gpu_config_by_name("a100-sxm-80gb"), get_dtype_config_by_name("w16a16e16"),
        ParallelismConfig(tp_size=8), flops_efficiency=0.6, hbm_memory_efficiency=0.8,
    )  # fmt: skip
    count = iter(range(10**9))

    def work() -> int:
        one.inference(batch_size_per_gpu=8, seq_len=512 + next(count) % 512, num_tokens_to_generate=128)
        return 1

    return rate(work)


def our_search() -> float:
    """Layouts estimated a second: GPT-3 175B on 1,024 A100s, one core."""
    from hwlib.designs import TrainingDesign, TrainingLoad
    from hwlib.search import Space, search

    load = TrainingLoad(layers=96, hidden=12288, ffn=32768, heads=96, kv_heads=96, vocab=51200, train_tokens=300e9)
    space = Space(micro_batch=(1, 2, 4, 8, 16), interleave=(1, 2, 3, 4, 6, 8, 12), global_batch_tokens=tuple(2048 * b for b in (512, 768, 1024, 1536, 2048, 3072)))
    design = TrainingDesign(accelerator="a100-80-sxm", nodes=128)

    def work() -> int:
        return search(design, load, space).estimated

    return rate(work, 5.0)


def our_simulation(requests_per_s: float) -> Callable[[], float]:
    """Requests simulated a second, percentiles included, at this rate of arrivals for one replica."""

    def job() -> float:
        from hwlib.designs import ServingDesign, ServingLoad
        from hwlib.serving import simulate_serving

        design = ServingDesign(model="llama3.1-8b", accelerator="h100-sxm", chips_per_replica=1, replicas=1, batch_limit=256)
        load = ServingLoad(daily_users=requests_per_s * 86400, requests_per_user_day=1.0, peak_factor=1.0)
        seeds, count = iter(range(1, 10**9)), 20_000

        def work() -> int:
            simulate_serving(design, load, seed=next(seeds), requests=count)
            return count

        return rate(work, 5.0)

    return job


JOBS: dict[str, Callable[[], float]] = {
    "import hwlib": importing("hwlib", "hwlib.serving", "hwlib.training"), "import mlsysim": importing("mlsysim"), "import llm_analysis": importing("llm_analysis.analysis"),
    "estimate hwlib": our_estimate, "estimate mlsysim": mlsysim_estimate, "estimate llm_analysis": llm_analysis_estimate,
    "predict hwlib": our_prediction, "search hwlib": our_search, "simulate hwlib 1": our_simulation(1.0), "simulate hwlib 4": our_simulation(4.0),
}  # fmt: skip


def ask(job: str) -> float | str:
    """One job in a fresh process: its figure, or why there is none."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([str(PYTHON), str(Path(__file__).resolve()), "--job", job], capture_output=True, text=True, env=environment, cwd=ROOT / ".bench", timeout=600)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return last[:200]
    return float(done.stdout.strip().splitlines()[-1])


def measure(rounds: int) -> dict:
    found: dict[str, list[float]] = {job: [] for job in JOBS}
    missing: dict[str, str] = {}
    loads = []
    for _ in range(rounds):
        loads.append(os.getloadavg()[0])
        for job in JOBS:
            if job in missing:
                continue
            value = ask(job)
            if isinstance(value, str):
                missing[job] = value
            else:
                found[job].append(value)
    best = {job: (min if job.startswith("import") else max)(values) for job, values in found.items() if values}
    return here(loads) | {
        "numpy": version(PYTHON, "numpy"), "mlsysim": version(PYTHON, "mlsysim"), "llm_analysis": version(PYTHON, "llm-analysis"), "rounds": rounds,
        "best": {k: short(v) for k, v in best.items()}, "ratios": spreads(found), "missing": missing,
    }  # fmt: skip


def spreads(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """How many times better ours is, round by round: "import mlsysim" → lowest and highest."""
    made = {}
    for peer in PEERS:
        for job, better in (("import", lambda ours, theirs: theirs / ours), ("estimate", lambda ours, theirs: ours / theirs)):
            pairs = zip(found.get(f"{job} hwlib", ()), found.get(f"{job} {peer}", ()), strict=False)
            by_round = [better(ours, theirs) for ours, theirs in pairs]
            if by_round:
                made[f"{job} {peer}"] = {"low": short(min(by_round)), "high": short(max(by_round))}
    return made


def ratios(best: dict[str, float]) -> list[tuple[str, str, float]]:
    """(what, peer, how many times better ours is), for what was measured on both sides."""
    found = []
    for peer in PEERS:
        if f"import {peer}" in best and "import hwlib" in best:
            found.append(("import", peer, best[f"import {peer}"] / best["import hwlib"]))
        if f"estimate {peer}" in best and "estimate hwlib" in best:
            found.append(("scalar estimate", peer, best["estimate hwlib"] / best[f"estimate {peer}"]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", choices=list(JOBS), help="run one job here and print its figure")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the results go")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.job:
        print(JOBS[options.job]())
        return 0
    if not PYTHON.exists():
        print("The environment .bench is missing: make bench makes it.", file=sys.stderr)
        return 1
    results = measure(options.rounds)
    best = results["best"]
    for job, value in best.items():
        print(f"{job:22s} {f'{value:.3f} s' if job.startswith('import') else f'{value:,.0f} a second' + (f' = {1e6 / value:,.1f} µs each' if value > 100 else '')}")
    for job, why in results["missing"].items():
        print(f"{job:22s} not measured: {why}")
    for what, peer, ratio in ratios(best):
        by_round = results["ratios"][f"{'import' if what == 'import' else 'estimate'} {peer}"]
        print(f"{what}: {ratio:,.1f} times as fast as {peer}, in the same run ({by_round['low']:,.1f} to {by_round['high']:,.1f} in single rounds)")
    keep(options.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
