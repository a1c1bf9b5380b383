"""Your own machine: how fast it multiplies and reads, and whether that predicts how fast it reads a prompt and writes.

Everything is numpy, so it runs in a browser too; a CUDA GPU is measured through torch when there is one. Best of
several repeats counts, because other work only ever makes a run slower; the median tells how quiet the machine was.
`Session.slices` works in pieces of well under two seconds, so that a page stays alive between them.
"""

from __future__ import annotations

import math
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput
from hwlib.formula import Figure, defined
from hwlib.measure.timing import Timing, timed
from hwlib.measure.work import groups, predicted
from hwlib.tiny_transformer import SIZES, Cache, Model, Size, write

__all__ = ["Measured", "Phase", "Rate", "Session", "Timing", "groups", "main", "measure", "predicted", "timed"]

EDGES = (32, 64, 128, 256, 512, 1024, 2048)
SPANS = (2**14, 2**17, 2**20, 2**23, 2**26)
"""Bytes read in a pass over memory: from what the nearest cache holds to what none does."""
QUIET = 0.5
"""Medians within this share above the best make a quiet machine."""
SLICE_S = 0.5
"""No single run of any work is begun that would take longer than this."""
PROMPT, ANSWER = 96, 8
ELEMENTS = 2**17
PASSES = {"prefill": (PROMPT, 0), "decode with a cache": (1, PROMPT), "decode without a cache": (PROMPT + 1, 0)}
"""New tokens and tokens in the cache of each pass."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A measured rate at one size, in FLOP/s or bytes a second: an amount of work over its best time."""

    size: float
    amount: float
    timing: Timing

    @property
    def value(self) -> float:
        return self.amount / self.timing.best_s


@dataclass(frozen=True, slots=True)
class Phase:
    """One kind of pass, predicted and measured."""

    name: str
    tokens: int
    predicted_s: Figure
    timing: Timing
    flops: float
    moved_bytes: float

    @property
    def ratio(self) -> float:
        """Predicted over measured time."""
        return float(self.predicted_s) / self.timing.best_s


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured here."""

    machine: str
    gemm: tuple[Rate, ...]
    read: tuple[Rate, ...]
    stream: Rate
    floor: Timing
    size: Size
    phases: tuple[Phase, ...]
    agreement: float
    """The largest difference between logits with and without a cache, over the largest logit."""
    gpu: tuple[tuple[str, Rate], ...] = ()

    @property
    def peak_flops_per_s(self) -> float:
        return max(r.value for r in self.gemm)

    @property
    def mem_bytes_per_s(self) -> float:
        """Of the largest span, which no cache holds."""
        return self.read[-1].value

    @property
    def weights_bytes_per_s(self) -> float:
        """Of a span as large as the model's weights, which a small cache may hold in part."""
        return between(self.read, 4.0 * self.size.matmul_params)[0]

    @property
    def unrest(self) -> float:
        """The largest spread among the roofs and passes: how much other work ran beside the measurement."""
        return max(t.spread for t in (*(r.timing for r in self.gemm), *(r.timing for r in self.read), *(p.timing for p in self.phases)))

    def phase(self, name: str) -> Phase:
        return next(p for p in self.phases if p.name == name)


class Session:
    """A measurement in slices. ``result`` is there when `slices` has run out.

    Everything is timed in each of ``rounds`` and the best counts, because a neighbour's work comes and goes.
    """

    def __init__(self, *, budget_s: float = 0.15, rounds: int = 2, size: Size | None = None, largest: int = 2048, gpu: bool = True) -> None:
        if isinstance(rounds, bool) or not isinstance(rounds, int) or not 1 <= rounds <= 100:
            raise BadInput(f"rounds = {rounds!r} must be a whole number of at least 1 and at most 100", field="rounds")
        if isinstance(budget_s, bool) or not isinstance(budget_s, int | float) or not 0 < budget_s <= 60:
            raise BadInput(f"budget_s = {budget_s!r} must be above 0 and at most 60 s for each measurement", field="budget_s")
        if isinstance(largest, bool) or not isinstance(largest, int) or not EDGES[0] <= largest <= 1 << 14:
            raise BadInput(f"largest = {largest!r} must be a whole number of at least {EDGES[0]} and at most 16,384", field="largest")
        self.budget_s, self.rounds, self.size, self.largest, self.gpu = budget_s, rounds, size, largest, gpu
        self.result: Measured | None = None
        self._jobs: dict[tuple, tuple[str, Callable[[], object]]] = {}
        self._times: dict[tuple, Timing] = {}

    def slices(self) -> Iterator[str]:
        """Do the next piece and say which comes after it."""
        rng = np.random.default_rng(0)
        a, b = rng.random((1, 8), dtype=np.float32), rng.random((8, 8), dtype=np.float32)
        yield from self._first(("floor",), "an empty product, for what every call costs", lambda: a @ b)
        gemm = yield from self._ladder("gemm", [e for e in EDGES if e <= self.largest], 3, lambda e: f"a product of {e} × {e}", _product)
        read = yield from self._ladder("read", SPANS, 1, lambda n: f"reading {n / 1e6:.3g} MB", _reading)
        c, d = (np.ones(ELEMENTS, dtype=np.float32) for _ in range(2))
        yield from self._first(("stream",), "element by element, each result a new array", lambda: c * d)
        size = self.size or fitting(2.0 * gemm[-1] ** 3 / self._times["gemm", gemm[-1]].best_s)
        model, prompt = Model(size), rng.integers(0, size.vocab, PROMPT)
        for name, (new, before) in PASSES.items():
            yield from self._first(("pass", name), f"{name} of {size.name}", _pass(model, prompt, new, before))
        for _ in range(self.rounds - 1):
            for key, (words, work) in self._jobs.items():
                yield f"again: {words}"
                self._times[key] += timed(work, budget_s=self.budget_s)
        yield "whether both ways of decoding say the same"
        (_, kept), (_, again) = (write(model, prompt[:16], ANSWER, cached=c) for c in (True, False))
        gpu: tuple[tuple[str, Rate], ...] = ()
        if self.gpu and _torch() is not None:
            yield "the GPU"
            gpu = gpu_rates(lambda work: timed(work, budget_s=self.budget_s))
        self.result = self._measured(size, gemm, read, float(np.abs(kept - again).max() / np.abs(again).max()), gpu)
        self._jobs.clear()

    def _first(self, key: tuple, words: str, work: Callable[[], object]) -> Iterator[str]:
        yield words
        self._jobs[key] = words, work
        self._times[key] = timed(work, budget_s=self.budget_s)

    def _ladder(self, kind: str, sizes: Sequence[int], power: int, words: Callable[[int], str], make: Callable[[int], Callable[[], object]]):
        """Sizes upward, as long as the next one would not take longer than a slice may."""
        done: list[int] = []
        for size in sizes:
            if done and self._times[kind, done[-1]].best_s * (size / done[-1]) ** power > SLICE_S:
                break
            yield from self._first((kind, size), words(size), make(size))
            done.append(size)
        return done

    def _measured(self, size: Size, gemm: list[int], read: list[int], agreement: float, gpu: tuple) -> Measured:
        t = self._times
        rates = tuple(Rate(e, 2.0 * e**3, t["gemm", e]) for e in gemm)
        spans = tuple(Rate(n, float(n), t["read", n]) for n in read)
        stream = Rate(12.0 * ELEMENTS, 12.0 * ELEMENTS, t["stream",])
        machine = Roofline(rates, spans, stream, t["floor",])
        phases = []
        for name, (new, before) in PASSES.items():
            work = groups(size, new, before).values()
            phases.append(Phase(name, new, machine.predict(size, new, before), t["pass", name], sum(g.flops for g in work), sum(g.moved_bytes for g in work)))
        return Measured(machine_words(), rates, spans, stream, t["floor",], size, tuple(phases), agreement, gpu)


def _product(edge: int) -> Callable[[], object]:
    a = np.full((edge, edge), 0.5, dtype=np.float32)
    b, out = a.copy(), np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


def _reading(span: int) -> Callable[[], object]:
    a, b = (np.ones(span // 8, dtype=np.float32) for _ in range(2))
    return lambda: np.dot(a, b)


def _pass(model: Model, prompt: np.ndarray, new: int, before: int) -> Callable[[], object]:
    """One pass over ``new`` tokens after ``before`` in the cache; the same one each time."""
    text = np.append(prompt, 1)
    cache = Cache(model.size, before + new) if before else None
    if cache:
        model(text[:before], cache)

    def one() -> None:
        if cache:
            cache.length = before
        model(text[before : before + new], cache)

    return one


class Roofline:
    """This machine's measured roofs, as figures that say how they were measured."""

    def __init__(self, gemm: Sequence[Rate], read: Sequence[Rate], stream: Rate, floor: Timing) -> None:
        self.gemm, self.read_rates, self.stream, self.floor = gemm, read, stream, floor

    def predict(self, size: Size, new: int, before: int) -> Figure:
        return predicted(
            size, new, before, speed=self.speed, read=self.read, stream=defined(self.stream.value, f"measured here on a product of elements, {self.stream.timing.words()}"),
            floor=defined(self.floor.best_s, f"measured here on a product of 8 × 8, {self.floor.words()}"),
        )

    def speed(self, edge: float) -> Figure:
        value, words = between(self.gemm, edge)
        return defined(value, f"measured here on square products, {words}")

    def read(self, span: float) -> Figure:
        value, words = between(self.read_rates, span)
        return defined(value, f"measured here on reading memory, {words}")


def between(rates: Sequence[Rate], size: float) -> tuple[float, str]:
    """The rate at a size, straight between the measured ones in logarithms; the ends hold beyond them.

    >>> t = Timing((1.0, 1.0))
    >>> round(between([Rate(10, 1.0, t), Rate(1000, 100.0, t)], 100)[0], 6)
    10.0
    """
    x = [math.log(r.size) for r in rates]
    value = math.exp(np.interp(math.log(size), x, [math.log(r.value) for r in rates]))
    near = min(rates, key=lambda r: abs(math.log(r.size / size)))
    return value, f"next size {near.size:,.0f}: {near.timing.words()}"


def fitting(flops_per_s: float) -> Size:
    """The largest model whose pass over a prompt stays well inside a slice."""
    fits = [s for s in SIZES if 2 * s.matmul_params * PROMPT / flops_per_s < SLICE_S / 4]
    return fits[-1] if fits else SIZES[0]


def measure(**options) -> Measured:
    """The whole measurement at once."""
    session = Session(**options)
    for _ in session.slices():
        pass
    return session.result


def machine_words() -> str:
    """What runs here, without names of the machine."""
    where = "a browser (Pyodide)" if sys.platform == "emscripten" else f"{platform.system()} on {platform.machine()}"
    return f"Python {platform.python_version()}, numpy {np.__version__}, {where}"


def _torch():
    """torch with a CUDA device, or nothing."""
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def gpu_rates(timer) -> tuple[tuple[str, Rate], ...]:
    """A large product in 16 bits and in FP32, and a copy, on the first CUDA device."""
    torch = _torch()
    found = []
    for label, dtype in (("16-bit product", torch.bfloat16), ("FP32 product", torch.float32)):
        edge = 4096
        a, b = (torch.ones((edge, edge), device="cuda", dtype=dtype) for _ in range(2))

        def product(a=a, b=b) -> None:
            torch.matmul(a, b)
            torch.cuda.synchronize()

        t = timer(product)
        found.append((label, Rate(edge, 2.0 * edge**3, t)))
    count = 2**27
    source, target = (torch.ones(count, device="cuda", dtype=torch.float32) for _ in range(2))

    def copy() -> None:
        target.copy_(source)
        torch.cuda.synchronize()

    t = timer(copy)
    return (*found, ("copy, read and write", Rate(8.0 * count, 8.0 * count, t)))


def main(argv: list[str] | None = None) -> int:
    """The command; see `hwlib.measure.command`."""
    from hwlib.measure import command

    return command.main(argv)
