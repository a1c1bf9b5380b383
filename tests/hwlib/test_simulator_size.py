"""A million requests stay small: arrays of times, a thinned record of the cache, nothing kept for each request besides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_million_requests_take_less_than_300_mb():
    done = subprocess.run(
        [sys.executable, "tools/bench_simulator.py", "--requests", "1000", "--million", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True,
    )
    million = json.loads(done.stdout)[-1]
    assert million["requests"] == 10**6 and 20 < million["peak_mb"] < 300
    assert 0 < million["ttft_p50%"] < million["ttft_p99%"] and million["requests_per_s"] > 5000  # far below what any machine of today does
