"""What every benchmark writes beside its figures: when, on what, under which load; and how a spread is told."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "lessons" / "reference"


def cpu() -> str:
    """The processor's own name, or the architecture where the system does not tell."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            return next(line.split(":", 1)[1].strip() for line in told if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def here(loads: Sequence[float] = ()) -> dict[str, object]:
    """Date, Python and machine; the load is the median of those seen while measuring."""
    load = statistics.median(loads) if loads else os.getloadavg()[0]
    return {"date": date.today().isoformat(), "python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine(), "cpu": cpu(), "load": round(load, 1)}


def peak_mb() -> float:
    """Most memory that this program has held, in MB. Linux hands the parent's peak on in `ru_maxrss`, but not in `VmHWM`."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024 / 1e6
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def version(python: Path, package: str) -> str:
    """The release that an environment has of a package, or nothing."""
    done = subprocess.run([str(python), "-c", f"from importlib.metadata import version; print(version({package!r}))"], capture_output=True, text=True)
    return done.stdout.strip() if not done.returncode else ""


def short(value: float) -> float:
    """Four digits: more would be noise.

    >>> short(1234.567), short(0.0123456)
    (1235.0, 0.01235)
    """
    return float(f"{value:.4g}")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and range.

    >>> spread([3.0, 1.0, 2.0])
    {'median': 2.0, 'low': 1.0, 'high': 3.0}
    """
    return {"median": short(statistics.median(values)), "low": short(min(values)), "high": short(max(values))}


def ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """The ratio of the medians, with its range over the rounds: both sides of a round were measured one after the other.

    >>> ratio([10.0, 12.0, 14.0], [5.0, 4.0, 7.0])
    {'median': 2.4, 'low': 2.0, 'high': 3.0}
    """
    by_round = [a / b for a, b in zip(above, below, strict=True)]
    return {"median": short(statistics.median(above) / statistics.median(below)), "low": short(min(by_round)), "high": short(max(by_round))}


def keep(path: Path, results: dict) -> None:
    """Write results as the pages read them."""
    path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf8")
