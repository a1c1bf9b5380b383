"""Requests simulated a second, with percentiles, at 1 and 4 requests/s on a 7B model on one A100; and the peak memory of 10⁶ requests.

    python tools/bench_simulator.py [--requests 200000] [--million] [--json]
"""

from __future__ import annotations

import argparse
import json
import time

from bench_record import peak_mb


def measure(rate: float, count: int, seed: int = 1) -> dict[str, float]:
    """One run: draws, simulation and percentiles, timed together."""
    from hwlib.designs import ServingDesign, ServingLoad
    from hwlib.simulator import Policy, costs_of, poisson_requests, run_requests

    load = ServingLoad(prompt_tokens=512, output_tokens=180)
    costs = costs_of(ServingDesign(model=MODEL, accelerator=CHIP, chips_per_replica=1, replicas=1, batch_limit=128), load)
    begun = time.perf_counter()
    run = run_requests(costs, poisson_requests(load, rate=rate, count=count, seed=seed), Policy(batch_limit=128, admission="prompt"))
    found = {f"{what}_p{share:.0%}": run.percentile(what, share) for what in ("ttft", "tpot", "e2e") for share in (0.5, 0.99)}
    spent = time.perf_counter() - begun
    return {"rate": rate, "requests": count, "requests_per_s": count / spent, "utilisation": run.utilisation, "mean_batch": run.mean_batch, **found}


MODEL, CHIP = "llama2-7b", "a100-80-sxm"


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--requests", type=int, default=200_000, help="requests of the timed runs")
    parse.add_argument("--million", action="store_true", help="run 10⁶ requests too and print the peak memory")
    parse.add_argument("--json", action="store_true")
    given = parse.parse_args()
    rows = [measure(rate, given.requests) for rate in (1.0, 4.0)]
    if given.million:
        rows.append({**measure(4.0, 1_000_000), "peak_mb": peak_mb()})
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        memory = f", peak memory {row['peak_mb']:,.0f} MB" if "peak_mb" in row else ""
        print(
            f"{row['rate']:g} requests/s: {row['requests']:,} requests at {row['requests_per_s']:,.0f} requests/s simulated; batch {row['mean_batch']:.1f}, "
            f"first token p99 {row['ttft_p99%']:.3f} s, token p50 {row['tpot_p50%'] * 1e3:.1f} ms{memory}"
        )


if __name__ == "__main__":
    main()
