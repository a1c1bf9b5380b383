"""Who comes, when, with how long a prompt and how long an answer: seeded, or read from a trace.

Draws use the raw doubles of NumPy's PCG64 and transforms of our own, each quantity from a stream of its own,
so that a seed gives the same requests under every version of Python and NumPy (up to the last bits of a logarithm),
and the same lengths at every rate.
"""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hwlib.designs import ServingLoad
from hwlib.errors import BadInput, listed

DRAWN_AT_ONCE = 1 << 16
MOST_REQUESTS = 50_000_000
LONGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it comes, how long its prompt is, how many tokens it wants."""

    arrival: float
    prompt: int
    output: int


@dataclass(frozen=True, slots=True)
class Requests:
    """Many requests as arrays, in order of arrival: 16 bytes each, 18 with prefixes.

    ``prefix`` says with which shared prefix a prompt begins (−1: none); each is ``prefix_tokens`` long and counted in ``prompt``.
    """

    arrival: np.ndarray
    prompt: np.ndarray
    output: np.ndarray
    prefix: np.ndarray | None = None
    prefix_tokens: int = 0

    def __len__(self) -> int:
        return len(self.arrival)

    @classmethod
    def of(cls, requests: Sequence[Request]) -> Requests:
        """Requests one by one, made into arrays and checked."""
        made = cls(
            np.array([r.arrival for r in requests], float), np.array([r.prompt for r in requests], np.int32), np.array([r.output for r in requests], np.int32)
        )
        return made.check()

    def check(self) -> Requests:
        """Itself, or `BadInput` naming the first request that cannot be served."""
        if not len(self.arrival) or not len(self.arrival) == len(self.prompt) == len(self.output):
            raise BadInput(f"requests has {len(self.arrival)} arrivals, {len(self.prompt)} prompts and {len(self.output)} answers; give equally many, at least one", field="requests")
        for name, kind in (("arrival", np.floating), ("prompt", np.integer), ("output", np.integer)):
            if getattr(self, name).ndim != 1 or not np.issubdtype(getattr(self, name).dtype, kind):
                raise BadInput(f"requests.{name} is an array of {getattr(self, name).dtype} with {getattr(self, name).ndim} axes; give one axis of {'seconds (float)' if name == 'arrival' else 'whole numbers'}", field=name)
        with np.errstate(invalid="ignore"):
            faults = {
                "arrival": (~np.isfinite(self.arrival) | (self.arrival < 0), "must be seconds of at least 0"),
                "prompt": ((self.prompt < 1) | (self.prompt > LONGEST), f"must be between 1 and {LONGEST:,} tokens"),
                "output": ((self.output < 1) | (self.output > LONGEST), f"must be between 1 and {LONGEST:,} tokens"),
            }
            faults["arrival of the next"] = (np.append(False, np.diff(self.arrival) < 0), "must not come before the one ahead of it")
        for name, (bad, would_do) in faults.items():
            if bad.any():
                at = int(np.argmax(bad))
                value = getattr(self, name.split()[0])[at]
                raise BadInput(f"requests[{at}].{name.split()[0]} = {value} {would_do}", field=name.split()[0])
        if self.prefix is not None and (len(self.prefix) != len(self.arrival) or ((self.prefix >= 0) & (self.prompt <= self.prefix_tokens)).any()):
            raise BadInput(f"requests.prefix_tokens = {self.prefix_tokens} leaves a prompt without a token of its own; make the prompts longer", field="prefix_tokens")
        return self


def check_seed(seed: int) -> None:
    """`BadInput` unless the seed is a whole number that every generator takes as it is."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise BadInput(f"seed = {seed!r} must be a whole number of at least 0 and below 2⁶³", field="seed")


def stream(seed: int, which: int) -> np.random.Generator:
    """The generator of one quantity: streams of one seed are independent of each other."""
    check_seed(seed)
    return np.random.Generator(np.random.PCG64([int(seed), which]))


def _normal(rng: np.random.Generator, count: int) -> np.ndarray:
    """Normal deviates by the transform of Box and Muller, from two uniform ones each."""
    u = rng.random((count, 2))
    return np.sqrt(-2 * np.log1p(-u[:, 0])) * np.cos(2 * math.pi * u[:, 1])


def check_number(name: str, value: float, low: float, high: float, *, whole: bool = False) -> None:
    """`BadInput` unless the value is a number between the two, and a whole one where that is asked."""
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise BadInput(f"{name} = {value!r} must be a {'whole ' if whole else 'finite '}number of at least {low:,.10g} and at most {high:,.10g}", field=name)


def _lengths(load: ServingLoad, count: int, seed: int, longest: int, prefix_share: float, prefixes: int, prefix_tokens: int) -> tuple:
    """Log-normal lengths, cut so that prompt and answer are at most ``longest`` together."""
    check_number("requests", count, 1, MOST_REQUESTS, whole=True)
    check_number("longest", longest, 2, LONGEST, whole=True)
    check_number("prefix_share", prefix_share, 0, 1)
    check_number("prefixes", prefixes, 1, 30_000, whole=True)
    check_number("prefix_tokens", prefix_tokens, 0, LONGEST, whole=True)
    if prefix_tokens > longest - 2:
        raise BadInput(f"prefix_tokens = {prefix_tokens!r} leaves no room for a prompt and an answer within longest = {longest:,}; make it at most {longest - 2:,}", field="prefix_tokens")
    for name in ("prompt_tokens", "output_tokens"):
        check_number(f"load.{name}", getattr(load, name), 1, 1e7)
    for name in ("prompt_spread", "output_spread"):
        check_number(f"load.{name}", getattr(load, name), 0, 3)
    rngs = [stream(seed, k) for k in (2, 3, 4)]
    prompt, output = np.empty(count, np.int32), np.empty(count, np.int32)
    prefix = np.empty(count, np.int16) if prefix_share > 0 and prefix_tokens > 0 else None
    for low in range(0, count, DRAWN_AT_ONCE):
        part = slice(low, min(count, low + DRAWN_AT_ONCE))
        n = part.stop - low
        drawn = [np.rint(median * np.exp(spread * _normal(rng, n))) for rng, median, spread in zip(
            rngs, (load.prompt_tokens, load.output_tokens), (load.prompt_spread, load.output_spread), strict=False)]
        ahead = 0
        if prefix is not None:
            u = rngs[2].random((n, 2))
            prefix[part] = np.where(u[:, 0] < prefix_share, (u[:, 1] * prefixes).astype(np.int16), -1)
            ahead = np.where(prefix[part] >= 0, prefix_tokens, 0)
        prompt[part] = np.clip(drawn[0] + ahead, 1 + ahead, longest - 1)
        output[part] = np.clip(drawn[1], 1, longest - prompt[part])
    return prompt, output, prefix, prefix_tokens if prefix is not None else 0


def poisson_requests(
    load: ServingLoad, *, rate: float, count: int, seed: int = 1, longest: int = 4096, prefix_share: float = 0.0, prefixes: int = 8, prefix_tokens: int = 0
) -> Requests:
    """Arrivals at ``rate`` a second without memory. ``prefix_share`` of the prompts begin with one of so many shared ``prefixes``.

    >>> poisson_requests(ServingLoad(), rate=2.0, count=3, seed=1).arrival.round(3)
    array([0.202, 0.675, 1.029])
    """
    check_number("rate", rate, 1e-9, 1e9)
    lengths = _lengths(load, count, seed, longest, prefix_share, prefixes, prefix_tokens)
    rng, arrival, now = stream(seed, 1), np.empty(count), 0.0
    for low in range(0, count, DRAWN_AT_ONCE):
        part = arrival[low : low + DRAWN_AT_ONCE]
        part[:] = now + np.cumsum(-np.log1p(-rng.random(len(part))) / rate)
        now = part[-1]
    return Requests(arrival, *lengths)


def day_profile(peak_factor: float, *, peak_hour: float = 14.0) -> tuple[float, ...]:
    """24 weights of mean 1 whose largest is ``peak_factor``: a bell around the peak hour that never falls to nothing.

    The shape, exp(κ cos θ) over the day, is an assumption; a measured day can be given in its place.

    >>> w = day_profile(3.0)
    >>> round(max(w), 6), round(sum(w) / 24, 6), w.index(max(w)), min(w) > 0
    (3.0, 1.0, 14, True)
    """
    check_number("peak_factor", peak_factor, 1, 20)
    check_number("peak_hour", peak_hour, 0, 24)
    angle = 2 * math.pi * (np.arange(24) - peak_hour) / 24

    def weights(kappa: float) -> np.ndarray:
        bell = np.exp(kappa * (np.cos(angle) - 1))
        return bell / bell.mean()

    low, high = 0.0, 1.0
    while weights(high).max() < peak_factor and high < 1e4:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if weights(middle).max() < peak_factor else (low, middle)
    return tuple(weights(high).tolist())


def diurnal_requests(
    load: ServingLoad, *, rate: float, count: int, seed: int = 1, longest: int = 4096, profile: Sequence[float] | None = None, day_s: float = 86_400.0,
    prefix_share: float = 0.0, prefixes: int = 8, prefix_tokens: int = 0,
) -> Requests:
    """Arrivals that follow a day: ``rate`` is the mean, ``profile`` weighs equal parts of the day (default `day_profile` of the load's peak).

    Drawn at the highest rate and thinned (Lewis and Shedler, 1979): an arrival stays with the chance that its hour has of the peak.
    """
    check_number("rate", rate, 1e-9, 1e9)
    check_number("day_s", day_s, 1e-3, 1e9)
    weights = np.array(day_profile(load.peak_factor) if profile is None else list(profile), float)
    if not weights.size or not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise BadInput(f"profile = {list(profile or ())[:4]} must be finite weights of at least 0, not all 0", field="profile")
    share = weights / weights.max()
    lengths = _lengths(load, count, seed, longest, prefix_share, prefixes, prefix_tokens)
    peak = rate * weights.max() / weights.mean()
    rng, arrival, have, now = stream(seed, 1), np.empty(count), 0, 0.0
    while have < count:
        u = rng.random((DRAWN_AT_ONCE // 4, 2))
        times = now + np.cumsum(-np.log1p(-u[:, 0]) / peak)
        now = float(times[-1])
        kept = times[u[:, 1] < share[((times % day_s) / day_s * share.size).astype(int) % share.size]][: count - have]
        arrival[have : have + len(kept)] = kept
        have += len(kept)
    return Requests(arrival, *lengths)


TRACE_COLUMNS = ("arrival_s", "prompt_tokens", "output_tokens")


def read_trace(source: str | Path | io.TextIOBase) -> Requests:
    """Requests from a CSV file with the columns arrival_s, prompt_tokens and output_tokens; others are ignored.

    Every bad row is named, the first three in full.

    >>> read_trace(io.StringIO("arrival_s,prompt_tokens,output_tokens\\n0.5,100,20\\n0.4,100,x\\n"))
    Traceback (most recent call last):
    hwlib.errors.BadInput: the trace has 1 bad row: line 3: output_tokens = 'x' is not a number
    """
    if isinstance(source, str | Path):
        try:
            with open(source, newline="", encoding="utf-8-sig") as file:
                return read_trace(file)
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the trace {Path(source).name!r} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}; give a CSV file", field="trace") from None
    reader = csv.DictReader(source)
    try:
        header = [(n or "").strip() for n in reader.fieldnames or ()]
    except csv.Error as error:
        raise BadInput(f"the trace's first line cannot be read: {error}; give a CSV file with the columns {listed(TRACE_COLUMNS)}", field="trace") from None
    missing = [c for c in TRACE_COLUMNS if c not in header]
    if missing:
        raise BadInput(f"the trace lacks {listed(missing)}; its first line must name the columns {listed(TRACE_COLUMNS)}", field="trace")
    reader.fieldnames = header
    bad: list[str] = []
    columns: tuple[list, list, list] = ([], [], [])
    for line, values in _rows(reader, bad):
        if columns[0] and values[0] < columns[0][-1]:
            bad.append(f"line {line}: arrival_s = {values[0]:g} comes before the row ahead of it")
            continue
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    if bad:
        raise BadInput(f"the trace has {len(bad)} bad row{'s' * (len(bad) > 1)}: {'; '.join(bad[:3])}{'; …' * (len(bad) > 3)}", field="trace")
    if not columns[0]:
        raise BadInput("the trace has no rows; give at least one request", field="trace")
    return Requests(np.array(columns[0], float), np.array(columns[1], np.int32), np.array(columns[2], np.int32)).check()


def _rows(reader: csv.DictReader, bad: list[str]) -> Iterator[tuple[int, tuple[float, int, int]]]:
    """The rows that hold three usable numbers; what is wrong with the others goes to ``bad``."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(f"line {reader.line_num}: {error}")
            continue
        values = []
        for name in TRACE_COLUMNS:
            text = (row.get(name) or "").strip()
            try:
                value = float(text)
            except ValueError:
                bad.append(f"line {reader.line_num}: {name} = {text[:40]!r} is not a number")
                break
            low, high = (0.0, 1e12) if name == "arrival_s" else (1, LONGEST)
            if not low <= value <= high or (name != "arrival_s" and value != int(value)):
                bad.append(f"line {reader.line_num}: {name} = {text[:40]!r} must be {'seconds' if name == 'arrival_s' else 'a whole number'} between {low:,.10g} and {high:,.10g}")
                break
            values.append(value if name == "arrival_s" else int(value))
        else:
            yield reader.line_num, tuple(values)


def draw_requests(load: ServingLoad, *, rate: float, count: int, seed: int, longest: int) -> list[Request]:
    """Poisson arrivals with log-normal lengths, cut at ``longest`` tokens together: the draws of `simulate`, kept for its results.

    The same seed gives the same requests, and the same lengths at every rate.
    """
    drawn = drawn_requests(load, rate=rate, count=count, seed=seed, longest=longest)
    return [Request(*row) for row in zip(drawn.arrival.tolist(), drawn.prompt.tolist(), drawn.output.tolist(), strict=True)]


def drawn_requests(load: ServingLoad, *, rate: float, count: int, seed: int, longest: int) -> Requests:
    """The requests of `draw_requests` as arrays. Gaps and lengths are drawn once for all rates and designs."""
    lengths = (float(n) for n in (load.prompt_tokens, load.prompt_spread, load.output_tokens, load.output_spread))
    gaps, prompt, output = _drawn(*lengths, count, seed, longest)
    return Requests(np.cumsum(gaps / float(rate)), prompt, output)


@lru_cache(maxsize=64)
def _drawn(prompt_tokens: float, prompt_spread: float, output_tokens: float, output_spread: float, count: int, seed: int, longest: int) -> tuple[np.ndarray, ...]:
    """Gaps at one request a second, prompts and answers."""
    rng = random.Random(seed)
    gaps, prompts, outputs = np.empty(count), np.empty(count, np.int32), np.empty(count, np.int32)
    for i in range(count):
        gaps[i] = rng.expovariate(1.0)
        prompt = round(prompt_tokens * math.exp(prompt_spread * rng.gauss(0, 1)))
        output = round(output_tokens * math.exp(output_spread * rng.gauss(0, 1)))
        prompts[i] = prompt = max(1, min(prompt, longest - 1))
        outputs[i] = max(1, min(output, longest - prompt))
    for column in (gaps, prompts, outputs):
        column.setflags(write=False)
    return gaps, prompts, outputs
