"""Values that a speaker sets for the design, in base units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tutor.dialogue.text import digits, words

NUMBER = r"(?P<n>\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?) ?(?P<m>k|thousand|million|mio|billion|bn|trillion|m|b|t)?(?![\w.]*\d)\b"
BIG = r"(?P<n>\d[\d,]*(?:\.\d+)?(?:e1[0-9])?) ?(?P<m>billion|bn|trillion|b|t)\b"
TIME = r"(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<u>milliseconds?|msec|ms|µs|us|seconds?|secs?|s|minutes?|mins?|min|hours?|hrs?|h|days?|d)\b"
SHARE = r"(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<p>%|percent|per cent)?"
LINK = (
    r"(?:(?:should|shall|will|would|must|could|can|might|may|is|are|was) )?(?:to be |be )?(?:set|fixed|kept|raised?|raising|lowered?|limited|capped|cap|cut|increas(?:e|ed|es)|"
    r"reduc(?:e|ed|es)|grow(?:s|n)?|rises?|falls?|drops?|goes?|go|went|bump(?:ed|s)?|mov(?:e|ed|es)|chang(?:e|ed|es)|doubl(?:e|ed|es)|put|assumed|taken|equals?) (?:up |down )?(?:to|at|on|as)(?: be)?"
)
"""Ways to say "to" or "=" before a value."""
SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12, None: 1.0}
SECONDS = {"ms": 1e-3, "mi": 60.0, "µs": 1e-6, "us": 1e-6, "s": 1.0, "se": 1.0, "h": 3600.0, "ho": 3600.0, "hr": 3600.0, "d": 86400.0, "da": 86400.0}


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    kind: str
    patterns: tuple[re.Pattern[str], ...]


@cache
def _slots() -> tuple[_Slot, ...]:
    holes = {"n": NUMBER, "N": BIG, "time": TIME, "pct": SHARE, "chip": _chip_pattern()}
    found = []
    for item in words("slots")["slot"]:
        patterns = []
        for source in item["patterns"]:
            for name, value in holes.items():
                source = source.replace("{" + name + "}", value)
            patterns.append(re.compile(rf"(?<![\w.$,]){source}" if not source.startswith("\\$") else source))
        found.append(_Slot(item["name"], item["kind"], tuple(patterns)))
    return tuple(found)


@cache
def _chip_pattern() -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(words("slots")["chips"], key=len, reverse=True)) + ")"


@cache
def _chips() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({_chip_pattern()})(?:s|-sxm|-pcie)?(?![\w])")


@cache
def _formats() -> re.Pattern[str]:
    return re.compile("(?P<f>" + "|".join(re.escape(f) for f in sorted(words("slots")["formats"], key=len, reverse=True)) + r")\b")


def prepared(text: str) -> str:
    """The text without quotations and without the old value of a change; number words as digits."""
    text = re.sub(r'"[^"]*"', " ", digits(text))
    text = re.sub(r"(\d+(?:\.\d+)?) ?(?:cents?|ct)\b", lambda m: f"${float(m[1]) / 100:g}", text)
    text = re.sub(r"\bhalf an hour\b", "30 minutes", re.sub(r"\bhalf a second\b", "0.5 s", text))
    text = re.sub(r"\b(?:every|each) (hour|day|minute)\b", r"every 1 \1", re.sub(r"\ban hour and a half\b", "90 minutes", text))
    text = re.sub(r"\b(?:about|around|roughly|approximately|approx|say|maybe|perhaps|only|just|exactly|like|some|circa) (?=[$~]?\d)", "", text)
    text = re.sub(r"\bfrom \$?[\d.,]+ ?\w{0,12}(?: \w+)? to\b", " to ", text)
    text = re.sub(rf" +{LINK}\b", " to", re.sub(r" +", " ", text))
    text = re.sub(r"\b(?:instead of|rather than|not) \$?[\d.,]+[ -]?\w*(?: \w+)?", " ", text)
    return text


def read_slots(text: str, kind: str) -> dict[str, Any]:
    """Slot → value of a normalised text, for a brief of a kind.

    >>> read_slots("8 replicas of 4 l40s in fp8, batch of 32, ttft under 500 ms", "serving")
    {'batch_limit': 32, 'ttft_s': 0.5, 'chips_per_replica': 4, 'replicas': 8, 'accelerator': 'l40s', 'weight_bits': 8}
    """
    text = prepared(text)
    found: dict[str, Any] = {}
    taken: list[tuple[int, int]] = []
    for slot in _slots():
        if slot.name in found:
            continue
        for pattern in slot.patterns:
            match = next((m for m in pattern.finditer(text) if not _overlaps(m.span("n"), taken)), None)
            value = None if match is None else _value(slot.kind, match)
            if value is not None:
                found[slot.name] = value
                taken.append(match.span("n"))
                break
    chip = _chips().search(text)
    if chip:
        found["accelerator"] = words("slots")["chips"][chip[1]]
    found |= _choices(text)
    found |= _bits(text, kind)
    return found


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)


def _value(kind: str, match: re.Match[str]) -> Any:
    groups = match.groupdict()
    try:
        value = float(groups["n"].replace(",", ""))
    except ValueError:
        return None
    if kind == "time":
        unit = groups["u"]
        seconds = value * SECONDS.get(unit[:2], SECONDS.get(unit[:1], 1.0))
        return round(seconds, 9)
    if kind == "share":
        return value / 100 if groups.get("p") or value > 1.5 else value
    if kind == "context" and groups.get("m") == "k":
        return int(value * 1024)
    value *= SCALE[groups.get("m")]
    if kind == "usd_per_1k":
        return round(value * 1000, 9)
    return int(value) if value == int(value) and value < 1e15 and kind != "usd" else value


@cache
def _choice_patterns() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    return {slot: [(value, re.compile(rf"(?<![\w-])(?:{p})(?![\w])")) for value, p in table.items()] for slot, table in words("slots")["choices"].items()}


def _choices(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for slot, patterns in _choice_patterns().items():
        hits = [(m.start(), value) for value, pattern in patterns if (m := pattern.search(text)) and not _negated(text, m.start())]
        if hits:
            found[slot] = min(hits)[1]
    chunk = re.search(r"chunk(?:ed|ing)?(?: the)?(?: pre-?fill\w*| prompts?)?", text)
    if chunk:
        found["chunked_prefill"] = not re.search(r"\b(?:no|not|without|disable|off|unchunk)\b", text[max(0, chunk.start() - 14):chunk.end() + 8])
    return found


def _negated(text: str, start: int) -> bool:
    return bool(re.search(r"\b(?:not|no|without|instead of|rather than|never)(?: the| a| use| using)?\W*$", text[max(0, start - 18):start]))


def _bits(text: str, kind: str) -> dict[str, Any]:
    """Bits of weights and cache when serving, of products and state when training."""
    found: dict[str, Any] = {}
    table = words("slots")["formats"]
    for match in _formats().finditer(text):
        if _negated(text, match.start()):
            continue
        around = text[max(0, match.start() - 26):match.end() + 26]
        after = text[match.end():match.end() + 22]
        before = text[max(0, match.start() - 26):match.start()]
        fmt = match["f"]
        if kind == "training":
            if re.search(r"(?:master|moments?|optimi|state)", around):
                continue
            if fmt in ("fp8", "bf16", "fp16", "int8", "int4", "fp4"):
                found.setdefault("matmul_precision", fmt)
        elif re.match(r"[ -]*(?:kv|cache|keys)", after) or re.search(r"(?:kv|cache)[\w -]{0,14}(?:in|to|at|is|=|:|with)? ?$", before):
            found.setdefault("kv_bits", table[fmt])
        else:
            found.setdefault("weight_bits", table[fmt])
    if kind == "training":
        wide = re.search(r"\b(fp32|tf32)\b (?:matmul|product|math|train)|(?:train|matmuls?|products) in (fp32|tf32)", text)
        if wide:
            found["matmul_precision"] = wide[1] or wide[2]
    return found
