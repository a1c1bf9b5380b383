"""Static and continuous batching, side by side on the same requests: one replica, watched in the simulator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.serving import ServingEstimate, estimate_serving, simulate_serving
from hwlib.simulator import SimulatedServing
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, steps, wire

MODEL, CHIP = "llama3.1-8b", "l40s"
REQUESTS, SEED = 240, 1
RATES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
LIMITS = (1, 2, 4, 8, 16, 32, 64, 128)
SPREADS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ANSWERS = (60, 120, 180, 360)
ROWS, SKIP = 9, 60
"""Requests drawn, after the queue has had time to fill."""
DESIGN = ServingDesign(model=MODEL, accelerator=CHIP, chips_per_replica=1, batch_limit=16, replicas=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same load under the two schedulers."""

    estimate: ServingEstimate
    static: SimulatedServing
    continuous: SimulatedServing


def load_of(rate: float, spread: float, answer: int) -> ServingLoad:
    """A steady stream: requests a second as users a day, without a peak."""
    return ServingLoad(daily_users=86_400, requests_per_user_day=rate, peak_factor=1.0, output_tokens=answer, output_spread=spread)


def serve(rate: float = 0.5, limit: int = 16, spread: float = 0.6, answer: int = 180) -> Pair:
    """Simulate both schedulers on the same seeded requests."""
    load, design = load_of(rate, spread, answer), replace(DESIGN, batch_limit=limit)
    runs = [simulate_serving(replace(design, scheduler=name), load, seed=SEED, requests=REQUESTS) for name in ("static", "continuous")]
    return Pair(estimate_serving(design, load), *runs)


def rows_of(run: SimulatedServing) -> list:
    """A few requests as the timeline wants them: a prefill of another request stalls the decode."""
    fills = [(s.start, s.first) for s in run.served]
    out = []
    for each in run.served[SKIP : SKIP + ROWS]:
        parts = [("wait", each.request.arrival, each.start), ("prefill", each.start, each.first)]
        now = each.first
        for start, end in sorted(f for f in fills if f[0] >= each.first - 1e-9 and f[0] < each.end):
            if start > now:
                parts.append(("decode", now, start))
            parts.append(("stall", start, min(end, each.end)))
            now = max(now, min(end, each.end))
        parts.append(("decode", now, each.end))
        out.append((f"{each.request.output:,} tokens", each.request.arrival, parts, each.first))
    return out


def timelines(pair: Pair, wide: float = WIDE) -> str:
    """The same requests twice, on one time axis."""
    static, continuous = rows_of(pair.static), rows_of(pair.continuous)
    start = min(r[1] for r in static)
    end = max(max(e for _, _, e in r[2]) for r in continuous)
    until = min(max(end, max(r[3] for r in static)), start + 4 * (end - start))
    kinds = (("Static: a batch starts when the last one has finished", static), ("Continuous: join and leave at each step", continuous))
    return "".join(
        draw.sub(name) + draw.timeline(rows, until_s=until, label="answer", title=f"{name}; {len(rows)} requests", wide=wide) for name, rows in kinds
    )


def rate_of(run: SimulatedServing) -> float:
    """Output tokens a second from the first arrival to the last token."""
    return sum(s.request.output for s in run.served) / (max(s.end for s in run.served) - run.served[0].request.arrival)


def table(pair: Pair) -> str:
    """The two runs by their percentiles."""
    say = lambda v: draw.quantity(float(v), "s")  # noqa: E731
    body = [
        [name, say(r.ttft_p50_s), say(r.ttft_p99_s), say(r.tpot_p50_s), say(r.e2e_p99_s), draw.num(rate_of(r))]
        for name, r in (("static", pair.static), ("continuous", pair.continuous))
    ]
    whole = draw.table(["", "First token, median", "First token, p99", "A token, median", "Whole answer, p99", "Tokens a second"], body, right={1, 2, 3, 4, 5})
    return whole + "".join(draw.sub(f"The requests drawn, {name}", level=4) + draw.table(*draw.timeline_table(rows_of(run))) for name, run in (("static", pair.static), ("continuous", pair.continuous)))


def rate_words(rate: float) -> str:
    """A rate of requests as it is said.

    >>> rate_words(1.0), rate_words(0.5)
    ('1 request a second', '0.5 requests a second')
    """
    return f"{draw.num(rate)} request{'' if rate == 1 else 's'} a second"


def sentence(pair: Pair, rate: float) -> str:
    """The result in words."""
    s, c = pair.static, pair.continuous
    ratio = s.ttft_p99_s / c.ttft_p99_s
    first = f"<b>{rate_words(rate)}:</b> of 100 readers 99 see their first token within {draw.quantity(c.ttft_p99_s, 's')} " \
            f"under continuous batching and within {draw.quantity(s.ttft_p99_s, 's')} under static, {draw.times(ratio)} as long. "
    tokens = f"A token takes {draw.quantity(c.tpot_p50_s, 's')} and {draw.quantity(s.tpot_p50_s, 's')} at the median. "
    if c.ttft_p50_s > 2:
        return first + tokens + "Even continuous batching cannot keep up: the queue grows for as long as this goes on."
    busy = pair.estimate.utilisation
    return first + tokens + (f"Batching continuously, the replica works at {draw.percent(busy)} of what it could serve." if busy < 1 else "The replica is at its limit.")


def view(rate: float = 0.5, limit: int = 16, spread: float = 0.6, answer: int = 180) -> View:
    """The panel's pictures and words for one state of its controls."""
    pair = serve(rate, limit, spread, answer)
    return View(
        picture=timelines(pair), readout=sentence(pair, rate), why=explained(pair.estimate.step_s), table=table(pair),
        source=f"Llama 3.1 8B in 16 bits on one L40S. {REQUESTS} requests, seed {SEED}: a p99 of so few rests on the two or three slowest, so read its size, not its digits. "
        f"Drawn: requests {SKIP + 1} to {SKIP + ROWS}.",
        named=rate_words(rate),
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "rate": steps("Requests a second", RATES, 0.5),
            "limit": steps("Batch limit", LIMITS, 16),
            "answer": steps("Answer, median tokens", ANSWERS, 180),
            "spread": steps("Spread of answers", SPREADS, 0.6, say=lambda v: f"{v:.1f}"),
        },
        view,
    )
