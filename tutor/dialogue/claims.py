"""Claims that can be computed: does it fit, how much cache, how many requests, what a chip has.

Each detector reads a clause and returns what the speaker claims, what `hwlib` computes and the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hwlib.errors import BadInput
from hwlib.units import show
from tutor.context import Context, NotKnown
from tutor.dialogue.frames import denied
from tutor.dialogue.slots import NUMBER, SCALE, TIME, _chip_pattern, _formats, digits
from tutor.dialogue.text import clauses, words

NEAR = 1.25
BYTES = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
SIZE = r"(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<u>[kmgt]i?b)\b(?!/)"
DETECTORS: list[tuple[tuple[str, ...], Callable[..., Iterator[dict[str, Any]]]]] = []


def detector(*kinds: str):
    """Register a detector for kinds of briefs."""

    def keep(run: Callable[..., Iterator[dict[str, Any]]]):
        DETECTORS.append((kinds, run))
        return run

    return keep


def claims(ctx: Context, text: str) -> list[dict[str, Any]]:
    """The computable claims of a normalised text, asserted or asked."""
    found = []
    for clause in clauses(digits(text)):
        if clause.supposed:
            continue
        for kinds, run in DETECTORS:
            if ctx.brief.kind not in kinds:
                continue
            try:
                for claim in run(ctx, clause.text):
                    claim["asked"] = clause.question
                    if claim["kind"] not in {c["kind"] for c in found}:
                        found.append(claim)
            except (NotKnown, BadInput, ArithmeticError):
                continue
    return found


def _claim(kind: str, match: re.Match[str], text: str, *, holds: bool | None, said: Any, computed: Any, unit: str, words: str) -> dict[str, Any]:
    inside = bool(re.search(r"\b(?:not|never|no|hardly)\b", match[0]))
    polarity = denied(text, match.start(), match.end()) == inside
    verdict = None if holds is None else holds == polarity
    return {
        "kind": kind, "text": " ".join(match[0].split()), "polarity": polarity, "said": said, "computed": float(computed) if isinstance(computed, float) else computed,
        "unit": unit, "verdict": verdict, "words": words, "figure": computed,
    }


def _number(match: re.Match[str]) -> float:
    return float(match["n"].replace(",", "")) * SCALE.get(match.groupdict().get("m"), 1.0)


def _near(said: float, value: float) -> bool:
    return value > 0 and said > 0 and max(said / value, value / said) <= NEAR


@cache
def _holds() -> tuple[re.Pattern[str], ...]:
    chip = rf"(?P<chip>{_chip_pattern()})s?"
    verb = r"(?:can |can not |could |will |do |does |would |really )?(?:hold|holds|fit|fits|store|stores|carry|load|loads|is enough for|are enough for|suffice for|is enough|are enough|suffices?|run|runs)"
    return (
        re.compile(rf"(?P<k>\d+|a single|a|an|single) {chip}(?: cards?| chips?| gpus?)? {verb}(?: the| it| a| llama| model| 70b| 7b| weights)*"),
        re.compile(rf"(?:model|70b|7b|weights|it|llama[\w. -]*)(?: (?:in|at|with) [\w -]{{3,9}})? (?:can |can not |could |will |would |does |does not |do |do not )?(?:fit|fits|run|runs|goes?) (?:on|in|into|onto) (?:just |only )?(?P<k>\d+|a single|a|an|single) {chip}"),
    )


@detector("serving")
def fits(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    """"4 L40S hold 70B in FP16.\""""
    for pattern in _holds():
        match = pattern.search(text)
        if not match:
            continue
        count = int(match["k"]) if match["k"].isdigit() else 1
        chip = words("slots")["chips"][match["chip"]]
        fmt = _formats().search(text)
        bits = words("slots")["formats"][fmt["f"]] if fmt else ctx.design.weight_bits
        other = ctx.variant(accelerator=chip, chips_per_replica=count, weight_bits=bits, scale_out_link="none").estimate
        have = count * float(other.mem_bytes)
        yield _claim(
            "fits", match, text, holds=bool(other.fits), said=count, computed=other.weight_bytes, unit="B",
            words=f"At {bits} bits the weights are {show(other.weight_bytes, 'B')}; {count} × {chip} have {show(have, 'B')}"
            + (f", which leaves room for {show(other.sequences_that_fit)} sequences." if other.fits else ", which leaves no room for a cache."),
        )
        return


@detector("serving")
def weights(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"(?:weights?|parameters|model|llama[\w -]*?|70b|7b)(?: (?:in|at) \S+)?(?: \w+)? (?:is|are|take|takes|need|needs|weigh|weighs|=|occupy|use|uses|of) (?:about |around |only |just |roughly )?{SIZE}", text)
    if match:
        fmt = _formats().search(text)
        bits = words("slots")["formats"][fmt["f"]] if fmt else 16
        value = ctx.variant(weight_bits=bits).measure("estimate.weight_bytes")
        said = _size(match)
        yield _claim("weights", match, text, holds=_near(said, value), said=said, computed=value, unit="B", words=f"At {bits} bits the weights are {show(value, 'B')}.")


@detector("serving")
def cache_size(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"(?:kv|cache)[^.]{{0,50}}?{SIZE}|{SIZE.replace('?P<n>', '?P<n2>').replace('?P<u>', '?P<u2>')}[^.]{{0,30}}?(?:of )?(?:kv|cache)", text)
    if not match:
        return
    number, unit = match["n"] or match["n2"], match["u"] or match["u2"]
    said = float(number.replace(",", "")) * BYTES[unit]
    if re.search(r"\b(?:per|a|each|one|for every) token\b", text):
        name, noun = "estimate.kv_bytes_per_token", "A token"
    elif re.search(r"\b(?:per|a|each|one|every|for a) (?:user|sequence|session|conversation|request|person)\b", text):
        name, noun = "estimate.kv_bytes_per_sequence", "A conversation of the mean length"
    else:
        return
    value = ctx.measure(name)
    yield _claim("kv-size", match, text, holds=_near(said, value), said=said, computed=value, unit="B",
                 words=f"{noun} keeps {show(value, 'B')} of cache in your design.")


@detector("serving")
def arrivals(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"{NUMBER} ?(?:requests?|queries|qps|rps|req/s|prompts)(?: ?(?:per|a|each|every|/) ?s\w*)?", text)
    if match and re.search(r"qps|rps|req/s|(?:per|a|each|every|/) ?s", match[0]):
        value, said = ctx.measure("estimate.peak_requests_per_s"), _number(match)
        yield _claim("arrivals", match, text, holds=_near(said, value), said=said, computed=value, unit="",
                     words=f"At the peak {show(value)} requests a second arrive.")


@detector("serving")
def users_fit(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    """"1,000 users at 4k fit.\""""
    match = re.search(rf"{NUMBER} (?:users?|sequences?|people|sessions?|conversations?)(?: (?:of|at|with) (?P<c>\d[\d,]*) ?(?P<ck>k)?(?: tokens?)?(?: each)?)?[^.]{{0,20}}? (?:fit|fits|can fit|would fit)\b", text)
    if match:
        said, e = _number(match), ctx.estimate
        each = float(e.kv_bytes_per_sequence)
        if match["c"]:
            each = float(e.kv_bytes_per_token) * float(match["c"].replace(",", "")) * (1024 if match["ck"] else 1)
        room = float(e.kv_room_bytes) * ctx.design.replicas
        yield _claim("users-fit", match, text, holds=said * each <= room, said=said, computed=room / each, unit="",
                     words=f"Each keeps {show(each, 'B')} of cache, and your replicas have room for {show(room, 'B')} of it: {show(room // each)} fit.")


@detector("serving")
def in_flight(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"{NUMBER} ?(?:\w+ )?(?:are |is )?(?:in flight|in-flight|at the same moment|simultaneous\w*)", text)
    if match:
        value, said = ctx.measure("estimate.in_flight"), _number(match)
        yield _claim("in-flight", match, text, holds=_near(said, value), said=said, computed=value, unit="", words=f"{show(value)} are in flight at the peak.")


@detector("serving")
def first_token(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"(?:ttft|first token|first word)[^.]{{0,40}}?{TIME}", text)
    if match:
        said = float(match["n"].replace(",", "")) * {"m": 1e-3 if match["u"].startswith("ms") or match["u"].startswith("mill") else 60.0, "s": 1.0}.get(match["u"][0], 1.0)
        floor = ctx.measure("estimate.ttft_floor_p99_s")
        yield _claim("first-token", match, text, holds=False if said < floor * 0.8 else None, said=said, computed=floor, unit="s",
                     words=f"Without any queue the longest prompts need {show(floor, 's')} in your design; the rest is waiting.")


@detector("serving")
def bound_by(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(r"(?:decod\w*|generation|a step|each step)[^.]{0,25}? (?:is |are )?(?:bound by|limited by|waits? for|bottlenecked by)?(?: the)? ?(?P<w>memory|bandwidth|compute|arithmetic|flops?|network|links?|pcie|overhead)(?:[- ]bound|[- ]limited)?", text)
    if match and re.search(r"bound|limit|wait|bottleneck", match[0]):
        said = {"memory": "memory", "bandwidth": "memory", "compute": "compute", "arithmetic": "compute", "flop": "compute", "flops": "compute", "overhead": "overhead"}.get(match["w"], "network")
        value = ctx.measure("estimate.bottleneck")
        e = ctx.estimate
        yield _claim("bound-by", match, text, holds=said == value, said=said, computed=value, unit="",
                     words=f"Of a step of {show(e.step_s, 's')}, memory takes {show(e.step_memory_s, 's')}, arithmetic {show(e.step_compute_s, 's')}, links {show(e.step_comm_s, 's')}: it waits for {value}.")


def _size(match: re.Match[str]) -> float:
    return float(match["n"].replace(",", "")) * BYTES[match["u"]]


@detector("training")
def state(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(r"(?P<n>\d+) bytes? (?:per|a|each|for each|for every) param\w*", text)
    if match:
        value, said = ctx.measure("estimate.state_bytes_per_param"), float(match["n"])
        yield _claim("bytes-a-parameter", match, text, holds=_near(said, value), said=said, computed=value, unit="B",
                     words=f"Your state keeps {show(value, 'B')} a parameter, {show(ctx.measure('estimate.state_bytes_total'), 'B')} in all.")


@detector("training")
def run_time(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(r"(?:takes?|run\w*|train\w*|lasts?|needs?|done|finish\w*|in|be)\b[^.]{0,25}? (?P<n>\d[\d,.]*) days?\b", text)
    if match:
        value, said = ctx.measure("estimate.days"), float(match["n"].replace(",", "").rstrip("."))
        yield _claim("days", match, text, holds=_near(said, value), said=said, computed=value, unit="days", words=f"Your design takes {show(value, 'days')}.")


@detector("training")
def utilisation(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(r"mfu[^.]{0,20}? (?P<n>\d+(?:\.\d+)?) ?(?P<p>%|percent)?|(?P<n2>\d+(?:\.\d+)?) ?(?:%|percent) (?:mfu|of (?:the )?peak)", text)
    if match:
        said = float(match["n"] or match["n2"])
        said = said / 100 if said > 1.5 else said
        value = ctx.measure("estimate.mfu")
        yield _claim("mfu", match, text, holds=_near(said, value), said=said, computed=value, unit="%", words=f"Your design reaches an MFU of {show(value, '%')}.")


@detector("training")
def failing(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"(?:fail\w*|breaks?|dies|crash\w*|mtbf)[^.]{{0,25}}? (?:every|each|of|is|once (?:a|per|every))? ?{TIME}", text)
    if match:
        said = float(match["n"].replace(",", "")) * {"h": 3600.0, "d": 86400.0, "m": 60.0}.get(match["u"][0], 1.0)
        value = ctx.measure("estimate.mtbf_s")
        yield _claim("failures", match, text, holds=_near(said, value), said=said, computed=value, unit="s", words=f"Your cluster fails every {show(value, 's')}.")


@detector("tco")
def bill(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(rf"\$ ?{NUMBER}(?: dollars?)?[^.]{{0,12}}?(?:a|per|each|every|/) ?(?P<w>year|day|month)", text)
    if match:
        said = _number(match) * {"year": 1.0, "day": 365.0, "month": 12.0}[match["w"]]
        value = ctx.measure("estimated_annual_bill")
        yield _claim("annual-bill", match, text, holds=_near(said, value), said=said, computed=value, unit="usd",
                     words=f"{show(ctx.design.tokens_per_day)} tokens a day at {show(ctx.load.revenue_usd_per_mtoken, 'usd/Mtoken')} are {show(value, 'usd')} a year.")


@detector("tco")
def overtakes(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    match = re.search(r"(?:break-?even|overtak\w*|exceeds?|passes|dwarfs?|equals?)[^.]{0,40}? (?P<n>\d+(?:\.\d+)?) (?P<w>months?|years?)|(?P<n2>\d+) (?P<w2>months?|years?)[^.]{0,25}?(?:break-?even|overtak\w*)", text)
    if match:
        months = float(match["n"] or match["n2"]) * (12 if (match["w"] or match["w2"]).startswith("year") else 1)
        value = ctx.measure("estimate.break_even_months")
        yield _claim("break-even", match, text, holds=_near(months, value), said=months, computed=value, unit="months",
                     words=f"At your volume serving equals one run after {show(value, 'months')}.")


@cache
def _fact_pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<chip>{_chip_pattern()})s?\b[^.]{{0,25}}? (?:has|have|with|=|of|offers?|is|carries) (?:about |only |just )?(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<u>tb/s|gb/s|gb|mb|gib|tflops?|tflop/s|pflops?|w|watts?)\b"
        rf"(?: of)? ?(?P<what>sparse|dense)?(?: (?P<fmt>fp8|bf16|fp16|int8|fp4))?"
    )


@detector("serving", "training", "tco")
def chip_fact(ctx: Context, text: str) -> Iterator[dict[str, Any]]:
    """"An L40S has 48 GB.\""""
    from hwlib.catalogue import chip

    match = _fact_pattern().search(text)
    if not match:
        return
    known = chip(words("slots")["chips"][match["chip"]])
    said = float(match["n"].replace(",", ""))
    unit = match["u"]
    if unit in ("gb", "mb", "gib"):
        value, said, shown = known.mem_bytes, said * BYTES[unit], "B"
        noun = "memory"
    elif unit in ("tb/s", "gb/s"):
        value, said, shown, noun = known.mem_bytes_per_s, said * (1e12 if unit[0] == "t" else 1e9), "B/s", "memory bandwidth"
    elif unit.startswith("w"):
        value, shown, noun = known.power_w, "W", "power"
    else:
        fmt = match["fmt"] or ("bf16" if "bf16" in known.formats else known.formats[0])
        value, said, shown, noun = known.peak(fmt), said * (1e15 if unit[0] == "p" else 1e12), "FLOP/s", f"dense {fmt} peak"
    if value is None:
        return
    yield _claim("chip-fact", match, text, holds=abs(said / value - 1) <= 0.075, said=said, computed=value, unit=shown,
                 words=f"The catalogue has a {noun} of {show(value, shown)} for {known.name}.")
