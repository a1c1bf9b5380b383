"""Our knowledge tracing beside pyBKT, on the same answers, in the same process: `make bench`.

    .bench/pybkt/bin/python tools/bench_mastery.py [--learners 600] [--rounds 5] [--out FILE]

Three questions. With the same constants, do both foretell the same? With constants that pyBKT fits on other learners,
how much better does it foretell than our one set, which is fitted on nothing? And how long does each take, for a class
at once and for the one answer that a learner has just given? The answers are drawn, so the truth is known; half of the
learners are for fitting, the other half for judging. Times between answers are zero: pyBKT knows no calendar.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_record import REFERENCE, ROOT, here, keep, ratio, spread, version

sys.path.insert(0, str(ROOT))
warnings.filterwarnings("ignore")
RESULTS = REFERENCE / "mastery.json"
ANSWERS = 10
"""First attempts of one learner at one skill."""


@dataclass(frozen=True)
class Constants:
    """What a skill's learners are drawn with."""

    start: float
    learn: float
    guess: float
    slip: float


def ours() -> Constants:
    from tutor.mastery import GUESS, LEARN, SLIP, START

    return Constants(START, LEARN, GUESS, SLIP)


def worlds() -> dict[str, dict[str, Constants]]:
    """Skills as our constants have them, and skills that differ from them and from one another."""
    return {
        "as ours": {"one": ours(), "two": ours()},
        "each skill its own": {"easy": Constants(0.6, 0.35, 0.25, 0.05), "hard": Constants(0.1, 0.08, 0.15, 0.15), "guessed": Constants(0.3, 0.2, 0.4, 0.1), "slippery": Constants(0.4, 0.25, 0.1, 0.3)},
    }  # fmt: skip


Row = tuple[str, str, int]
"""Learner, skill, and 1 for a right answer; a learner's answers at a skill stand in order."""


def drawn(skills: dict[str, Constants], learners: int, seed: int) -> list[Row]:
    """Answers of learners who know a skill or do not, and learn it at an attempt or do not."""
    rng, rows = random.Random(seed), []
    for number in range(learners):
        for skill, c in skills.items():
            knows = rng.random() < c.start
            for _ in range(ANSWERS):
                rows.append((f"l-{number:05}", skill, int(rng.random() < (1 - c.slip if knows else c.guess))))
                knows = knows or rng.random() < c.learn
    return rows


def by_us(rows: Sequence[Row]) -> list[float]:
    """The chance of a right answer before each answer, from `tutor.mastery` as the tutor uses it."""
    from tutor.mastery import GUESS, SLIP, Skill

    known: dict[tuple[str, str], Skill] = {}
    found = []
    for learner, skill, right in rows:
        state = known.get((learner, skill), Skill())
        p = state.now(0.0)
        found.append(p * (1 - SLIP) + (1 - p) * GUESS)
        known[learner, skill] = state.answered(bool(right), 0.0)
    return found


def by_truth(rows: Sequence[Row], skills: dict[str, Constants]) -> list[float]:
    """The same from the constants that the answers were drawn with: nobody can foretell better."""
    known: dict[tuple[str, str], float] = {}
    found = []
    for learner, skill, right in rows:
        c = skills[skill]
        p = known.get((learner, skill), c.start)
        found.append(p * (1 - c.slip) + (1 - p) * c.guess)
        seen = p * (1 - c.slip) / found[-1] if right else p * c.slip / (1 - found[-1])
        known[learner, skill] = seen + (1 - seen) * c.learn
    return found


def frame(rows: Sequence[Row]):
    import pandas as pd

    return pd.DataFrame(rows, columns=["user_id", "skill_name", "correct"]).assign(order_id=range(len(rows)))


def fitted(rows: Sequence[Row]):
    """A pyBKT model of these answers, as its defaults fit it."""
    from pyBKT.models import Model

    model = Model(seed=1, parallel=False)
    model.fit(data=frame(rows))
    return model


def given(model, c: Constants):
    """The same model with our constants in every skill."""
    for skill in model.fit_model.values():
        skill["prior"] = c.start
        skill["learns"][:], skill["guesses"][:], skill["slips"][:], skill["forgets"][:] = c.learn, c.guess, c.slip, 0
        skill["pi_0"][:] = [[1 - c.start], [c.start]]
        skill["As"][:] = [[[1 - c.learn, 0], [c.learn, 1]]]
    return model


def by_them(model, rows: Sequence[Row]) -> list[float]:
    told = model.predict(data=frame(rows)).sort_values("order_id")
    return [float(p) for p in told["correct_predictions"]]


def log_likelihood(chances: Sequence[float], rows: Sequence[Row]) -> float:
    """Natural logarithm of what was foretold of each answer that came, per answer; 0 is certainty.

    >>> round(log_likelihood([0.5, 0.5], [("a", "s", 1), ("a", "s", 0)]), 3)
    -0.693
    """
    return sum(math.log(max(1e-12, p if right else 1 - p)) for p, (_, _, right) in zip(chances, rows, strict=True)) / len(rows)


def area(chances: Sequence[float], rows: Sequence[Row]) -> float:
    """Chance that a right answer was foretold with more than a wrong one (AUC); ties count half.

    >>> area([0.9, 0.2, 0.2], [("a", "s", 1), ("a", "s", 0), ("a", "s", 1)])
    0.75
    """
    order = sorted(range(len(rows)), key=lambda k: chances[k])
    rank = [0.0] * len(rows)
    begin = 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and chances[order[end + 1]] == chances[order[begin]]:
            end += 1
        for k in range(begin, end + 1):
            rank[order[k]] = (begin + end) / 2 + 1
        begin = end + 1
    right = sum(r for _, _, r in rows)
    wrong = len(rows) - right
    return (sum(rank[k] for k in range(len(rows)) if rows[k][2]) - right * (right + 1) / 2) / (right * wrong)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def judged(learners: int) -> tuple[dict[str, dict], object]:
    """What each side foretells of learners that nobody was fitted on; and a model to be timed."""
    found, model = {}, None
    for name, skills in worlds().items():
        fit_rows, rows = drawn(skills, learners, 1), drawn(skills, learners, 2)
        begun = time.perf_counter()
        model = fitted(fit_rows)
        spent = time.perf_counter() - begun
        chances = {"ours, fitted on nothing": by_us(rows), "pyBKT, fitted": by_them(model, rows), "the truth": by_truth(rows, skills)}
        found[name] = {"answers": len(rows), "skills": len(skills), "fit_s": round(spent, 2),
                       "judged": {who: {"log_likelihood": round(log_likelihood(c, rows), 4), "auc": round(area(c, rows), 4)} for who, c in chances.items()}}
        same = given(model, ours())
        found[name]["most_apart"] = max(abs(a - b) for a, b in zip(by_us(rows), by_them(same, rows), strict=True))
    return found, model


def measure(learners: int, rounds: int) -> dict:
    found, model = judged(learners)
    skills = list(worlds().values())[-1]
    class_rows, one = drawn(skills, learners, 3), drawn(dict([next(iter(skills.items()))]), 1, 4)
    times: dict[str, list[float]] = {"ours, a class": [], "pyBKT, a class": [], "ours, one learner": [], "pyBKT, one learner": []}
    loads = []
    for _ in range(rounds):
        loads.append(os.getloadavg()[0])
        times["ours, a class"].append(seconds(lambda: by_us(class_rows)) / len(class_rows))
        times["pyBKT, a class"].append(seconds(lambda: by_them(model, class_rows)) / len(class_rows))
        times["ours, one learner"].append(seconds(lambda: [by_us(one) for _ in range(100)]) / 100)
        times["pyBKT, one learner"].append(seconds(lambda: [by_them(model, one) for _ in range(10)]) / 10)
    return here(loads) | {
        "rounds": rounds, "learners": learners, "answers": len(class_rows), "pybkt": version(Path(sys.executable), "pyBKT"), "numpy": version(Path(sys.executable), "numpy"), "worlds": found,
        "seconds": {name: spread(values) for name, values in times.items()},
        "ratios": {what: ratio(times[f"pyBKT, {what}"], times[f"ours, {what}"]) for what in ("a class", "one learner")},
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=600, help="learners in each half")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    try:
        import pyBKT.models  # noqa: F401
    except ImportError as error:
        keep(options.out, here() | {"missing": str(error)[:200]})
        print(f"pyBKT was not measured: {error}", file=sys.stderr)
        return 0
    results = measure(options.learners, options.rounds)
    for name, world in results["worlds"].items():
        print(f"Skills drawn {name}, {world['answers']:,} answers; with our constants in both, the two are at most {world['most_apart']:.0e} apart; pyBKT fits in {world['fit_s']:.1f} s")
        for who, j in world["judged"].items():
            print(f"  {who:24s} log-likelihood {j['log_likelihood']:.4f} an answer, AUC {j['auc']:.4f}")
    for what, r in results["ratios"].items():
        print(f"{what}: we take {results['seconds'][f'ours, {what}']['median'] * 1e6:,.2f} µs, pyBKT {r['median']:,.2f} times as long ({r['low']:,.2f} to {r['high']:,.2f} in single rounds)")
    keep(options.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
