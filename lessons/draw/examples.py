"""Example data for the gallery and the tests: near the catalogue's values, but not computed.

Nothing on a page of the course comes from here.
"""

from __future__ import annotations

import random

GIB = 2.0**30
W7, KV7 = 13.48e9, 524288.0  # Llama 2 7B in 16 bits: weights, bytes of KV cache a token


def kv_rows() -> list:
    """A hundred sequences of 2,048 tokens at 32, 8 and 1 KV heads."""
    rows = []
    for name, heads in (("MHA · 32 heads", 32), ("GQA · 8 heads", 8), ("MQA · 1 head", 1)):
        token = KV7 * heads / 32
        segments = [
            ("weights", W7, "weights"),
            ("reserve", 3.5 * GIB, "runtime"),
            ("kv", token * 2048 * 100, "KV"),
        ]
        rows.append((name, segments, f"{token / 1024:.0f} KiB a token"))
    return rows


def training_rows() -> list:
    """Bytes of a training step, with and without sharding."""

    def row(name, shard):
        return (
            name,
            [
                ("weights", 14e9 / shard, "weights"),
                ("optimizer", 14e9 / shard, "gradients"),
                ("optimizer", 84e9 / shard, "moments and master copy"),
                ("reserve", 3.76e9, "runtime"),
                ("activations", 9.4e9, "activations"),
            ],
            "",
        )

    return [row("one chip", 1), row("ZeRO-3 over 8", 8)]


def requests(n: int = 9) -> list:
    """One replica, prefill first, decode shared: a prefill stalls everybody's decode."""
    rng = random.Random(11)
    arrivals, now = [], 0.0
    for _ in range(n):
        now += rng.expovariate(2.4)
        prompt = int(min(1700, max(60, rng.lognormvariate(6.1, 0.7))))
        arrivals.append((now, prompt, int(rng.lognormvariate(4.2, 0.5))))
    parts: list[list] = [[] for _ in range(n)]
    first: list = [None] * n
    left: dict[int, int] = {}
    now, seen = 0.0, 0
    while seen < n or left:
        if seen < n and arrivals[seen][0] <= now or not left:
            start = max(now, arrivals[seen][0])
            end = start + arrivals[seen][1] * 0.000257
            parts[seen] += [("wait", arrivals[seen][0], start), ("prefill", start, end)]
            for other in left:
                parts[other].append(("stall", start, end))
            first[seen], left[seen], now, seen = end, arrivals[seen][2], end, seen + 1
            continue
        step = 0.024 + 0.0005 * len(left)
        for k in list(left):
            parts[k].append(("decode", now, now + step))
            left[k] -= 1
            if left[k] <= 0:
                del left[k]
        now += step
    return [(f"{p:,} tokens", a, parts[k], first[k]) for k, (a, p, _) in enumerate(arrivals)]


def designs(n: int = 160) -> list:
    """Made-up designs for the Pareto front."""
    rng = random.Random(5)
    out = []
    for _ in range(n):
        group = rng.choice(("L40S", "Inferentia2", "TPU v5e"))
        cost = rng.lognormvariate({"L40S": 2.9, "Inferentia2": 3.0, "TPU v5e": 2.8}[group], 0.45)
        out.append((cost, 260 + 9000 / cost * rng.lognormvariate(0.2, 0.6), group))
    return out


def band_series() -> list:
    """Two lines with their bands, as on the KV cache page."""
    xs = range(512, 8193, 512)
    out = []
    for name, slope, seen in (("4.85-bit weights", 0.24, 0.20), ("16-bit weights", 0.07, 0.07)):
        at = lambda x, s: 1 + s * (x - 512) / 7680  # noqa: E731
        out.append(
            dict(
                label=name,
                kind="kv",
                line=[(x, at(x, slope)) for x in xs],
                band=[(x, at(x, slope * 0.8), at(x, slope * 1.36)) for x in xs],
                measured=[(x, at(x, seen)) for x in (512, 1024, 4096, 8192)],
            )
        )
    return out


PARTS = [
    ("network and gateway", "wait", 30),
    ("queue", "queue", 198),
    ("prefill, arithmetic", "compute", 97),
    ("prefill, all-reduce", "network", 248),
    ("first decode step", "memory", 28),
]
TORNADO = [
    ("Peak to mean ratio", "2", "5", 11.2, 27.6),
    ("Price of a chip-hour", "$1.55 Nebius", "$2.42, +30%", 13.8, 21.6),
    ("Prompt, median tokens", "256", "768", 14.9, 19.9),
    ("Answer, median tokens", "270", "120", 14.4, 19.1),
]
REPLICAS = [
    (9, None),
    (10, None),
    (11, None),
    (12, 602),
    (13, 560),
    (14, 540),
    (16, 516),
    (18, 505),
    (20, 497),
    (22, 484),
    (24, 477),
]
EIGHT_BITS = [(10, 390), (11, 362), (12, 350), (14, 344), (16, 338), (20, 332), (24, 331)]
