"""Values that a speaker sets for the design, in base units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tutor.dialogue.text import digits, words

NUMBER = r"(?P<n>\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?) ?(?P<m>k|thousand|million|mio|billion|bn|trillion|m|b|t)?(?![\w.]*\d)\b"
BIG = r"(?P<n>\d[\d,]*(?:\.\d+)?(?:e1[0-9])?) ?(?P<m>billion|bn|trillion|b|t)\b"
TIME = r"(?P<n>\d[\d,]*(?:\.\d+)?)[ -]?(?P<u>milli-?seconds?|millis|msec|ms|µs|us|seconds?|secs?|s|minutes?|mins?|min|hours?|hrs?|h|days?|d)\b"
SHARE = r"(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<p>%|percent|per cent)?"
LINK = (
    r"(?:(?:should|shall|will|would|must|could|can|might|may|is|are|was) )?(?:to be |be )?(?:set|fixed|kept|raised?|raising|lowered?|limited|capped|cap|cut|increas(?:e|ed|es)|"
    r"reduc(?:e|ed|es)|grow(?:s|n)?|rises?|falls?|drops?|goes?|go|went|bump(?:ed|s)?|mov(?:e|ed|es)|chang(?:e|ed|es)|doubl(?:e|ed|es)|put|assumed|taken|equals?) (?:up |down )?(?:to|at|on|as)(?: be)?"
)
"""Ways to say "to" or "=" before a value."""
SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12, None: 1.0}
SECONDS = {"ms": 1e-3, "mil": 1e-3, "mi": 60.0, "µs": 1e-6, "us": 1e-6, "s": 1.0, "se": 1.0, "h": 3600.0, "ho": 3600.0, "hr": 3600.0, "d": 86400.0, "da": 86400.0}


FRACTIONS = tuple((re.compile(rf"\b{said}"), value) for said, value in (
    (r"half an hour\b", "30 minutes"), (r"half a second\b", "0.5 s"), (r"half a minute\b", "30 seconds"), (r"half a (million|billion|trillion|thousand)\b", r"0.5 \1"), (r"half a day\b", "12 hours"),
    (r"half a dollar\b", "$0.5"), (r"a dollar fifty\b", "$1.5"), (r"(?:a )?quarter of an hour\b", "15 minutes"), (r"(?:a )?quarter of a second\b", "0.25 s"), (r"(?:a )?(?:0\.)?quarter of a (million|billion|trillion)\b", r"0.25 \1"),
    (r"(?:three|3)[- ]quarters? of a (million|billion|trillion|second)\b", r"0.75 \1"), (r"(?:three|3)[- ]quarters?\b", "75%"), (r"(\d) tenths of a second\b", r"0.\1 s"), (r"a tenth of a second\b", "0.1 s"), (r"a twentieth of a second\b", "0.05 s"),
    (r"(\d+) and a half\b", r"\1.5"), (r"once (?:an|per|every|each|a) (hour|day|minute)\b", r"every 1 \1"), (r"(growth|spares?|spare replicas) (?:is |of |at )?(?:zero|nil)\b", r"\1 0"),
    (r"(?:zero|no) (spare|extra|standby|backup|redundant|growth)\b", r"0 \1"), (r"no (tensor|pipeline) parallel\w*", r"\1 parallel 1"), (r"a (?=million\b|billion\b|thousand\b|trillion\b)", "1 "), (r"10\^(\d)\b", r"1e\1"),
    (r"(?:every|each) half (?:an )?hour\b", "every 30 minutes"), (r"weekly checkpoints?\b", "checkpoint every 7 days"), (r"daily checkpoints?\b", "checkpoint every 1 days"), (r"hourly checkpoints?\b", "checkpoint every 1 hour"),
    (r"doubl(?:es|ing) (?:every|each|a|per) year\b", "growth of 100%"), (r"(decline|drop|fall|growth|rate) of a quarter\b", r"\1 of 25%"), (r"(\d+) point (\d+)\b", r"\1.\2"), (r"cop(?:y|ies)(?= |,|\.|:|;|$)(?: of the model\b)?", "replica"),
    (r"(?:a|1) pair of\b", "2"), (r"(\d) dozen\b", lambda m: str(12 * int(m[1]))), (r"(was|is|were|of|to|under|be|time|at) (?:a|an) (?=(?:second|minute|hour)\b)", r"\1 1 "),
))
"""Values said as fractions, or as nothing."""
ASIDE = tuple(re.compile(p) for p in (
    r"(?:^|(?<=[.;] ))(?:my|the|our) (?:last|previous|old|former) [^.;]*(?:[.;] |, (?:this time|now)|$)", r"\b(?:they|the vendor|somebody|someone|the brochure|my (?:boss|colleague)) (?:recommends?|proposes?|suggests?|says?|wants?)\b[^,.;]*[,.;]",
    r"\b(?:replace|swap)s? (?:the )?[\w ]{1,24}? (?:by|with|for)\b", r", (?:would|how|does|do|will|can|is|are|what)\b[^,]*\?\s*$", r"\bnot \$?[\d.,]+%? ?\w{0,9} but\b", r"\binstead of [\w-]+ batching\b",
    r"\b(?:drop|remove|leave out|left out|without|exclude) (?:the )?(?=(?:groq|inferentia|tpu|l40s|lpu)[\w ]*(?:$|[.?]| from))\w+",
))
"""What somebody else sets, what once was, what is only asked: dropped."""


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


def chips_named(text: str) -> list[str]:
    """The catalogue's ids of the chips that a normalised text names, in its order.

    >>> chips_named("is the l40s cheaper than an h100?")
    ['l40s', 'h100-sxm']
    """
    return list(dict.fromkeys(words("slots")["chips"][found[1]] for found in _chips().finditer(text)))


@cache
def _formats() -> re.Pattern[str]:
    return re.compile("(?P<f>" + "|".join(re.escape(f) for f in sorted(words("slots")["formats"], key=len, reverse=True)) + r")\b")


def prepared(text: str) -> str:
    """The text without quotations and without the old value of a change; number words as digits."""
    text = re.sub(r'"[^"]*"', " ", digits(text))
    text = re.sub(r"(\d+(?:\.\d+)?) ?(?:cents?|ct)\b", lambda m: f"${float(m[1]) / 100:g}", text)
    for said, value in FRACTIONS:
        text = said.sub(value, text)
    text = re.sub(r"\b(?:every|each) (hour|day|minute)\b", r"every 1 \1", re.sub(r"\ban hour and a half\b", "90 minutes", text))
    text = re.sub(r"\b(?:about|around|roughly|approximately|approx|say|maybe|perhaps|only|just|exactly|like|some|circa) (?=[$~]?\d)", "", text)
    text = re.sub(r"(?<![\d,.])(\d{1,2}),(\d{1,2})(?![\d,])", r"\1.\2", text)  # a decimal comma
    text = re.sub(r"(?<=[a-z]): (?=[$~]?\d)", " ", text)
    text = re.sub(r"[×x] ?(?=\d)", "x ", text)
    text = re.sub(r"(\d)x\b", r"\1 x", text)
    text = re.sub(r"(?:\bfrom )?\$?\b\d[\d.,]* ?(?:ms|s|%|k|x)? ?(?:->|-->|→|=>) ?", " to ", text)  # what stands before an arrow is the old value
    for pattern in ASIDE:
        text = pattern.sub(" ", text)
    text = re.sub(r"\bfrom \$?[\d.,]+(?:k\b|%)? ([a-z-]+(?: (?:a|per) replica)?) to (\d[\d.,]*)(?= ?[.?,]| ?$)", r"to \2 \1", text)
    text = re.sub(r"\bfrom \$?[\d.,]+ ?\w{0,12}%?(?: \w+)? to\b", " to ", text)
    text = re.sub(rf" +{LINK}\b", " to", re.sub(r" +", " ", text))
    text = re.sub(r" (?:were|was|becomes?|became|shall be|is|stays? at|stay at|comes? out at|rose to|grew to|grow to|fell to|limited to|capped at|no more than)(?: only)?(?= [$~]?\d)", " to", text)
    text = re.sub(r",? (?:instead of|rather than|not(?: at)?) \$?[\d.,]+(?:k\b|%)?(?: ?(?:ms|s|percent|replicas|cards|chips|nodes|users|tokens)\b)?", " ", text)
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
    if kind == "training" and "migration_weeks" in found:
        found["days"] = 7 * found.pop("migration_weeks")
    if kind != "training":
        found.pop("train_tokens", None)
        found.pop("zero_stage", None)
        if "params" in found and not re.search(r"param|model (?:to|of|with)", text):
            del found["params"]  # "the 70B" is a name
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
        seconds = value * SECONDS.get(unit[:3], SECONDS.get(unit[:2], SECONDS.get(unit[:1], 1.0)))
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
    chunk = re.search(r"chunk(?:s|ed|ing)?(?: the)?(?: pre-?fill\w*| prompts?)?", text)
    if chunk:
        found["chunked_prefill"] = not re.search(r"\b(?:no|not|without|disabled?|off|unchunk|drop|remove)\b", text[max(0, chunk.start() - 14):chunk.end() + 18])
    return found


def _negated(text: str, start: int) -> bool:
    return bool(re.search(r"\b(?:not|no|without|instead of|rather than|never)(?: the| a| use| using)?\W*$", text[max(0, start - 18):start]))


def _bits(text: str, kind: str) -> dict[str, Any]:
    """Bits of weights and cache when serving, of products and state when training."""
    found: dict[str, Any] = {}
    table = words("slots")["formats"]
    for short, slot in ((r"\bw(4|8|16)\b", "weight_bits"), (r"\bkv(?: cache)? ?(?:on|at|to|=)? ?(4|8|16)\b(?! ?(?:gb|gib|k\b|heads|tokens))", "kv_bits")):
        if kind != "training" and (hit := re.search(short, text)):
            found[slot] = int(hit[1])
    both = kind != "training" and re.search(r"\bweights? and (?:the )?(?:kv|cache)|everywhere|\bboth\b", text)
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
        elif re.match(r"[ -]*(?:matmul|math\b|product)", after):
            found.setdefault("matmul_precision", fmt if not fmt[0].isdigit() else f"int{table[fmt]}")
        elif both:
            found.setdefault("weight_bits", table[fmt])
            found.setdefault("kv_bits", table[fmt])
        elif re.match(r"[ -]*(?:(?:on|for|in) )?(?:the )?(?:kv|cache|keys)", after) or re.search(r"(?:kv|cache)[\w -]{0,14}(?:in|to|at|is|=|:|with)? ?$", before):
            found.setdefault("kv_bits", table[fmt])
        else:
            found.setdefault("weight_bits", table[fmt])
    if kind == "training":
        wide = re.search(r"\b(fp32|tf32)\b (?:matmul|product|math|train)|(?:train|matmuls?|products) in (fp32|tf32)", text)
        if wide:
            found["matmul_precision"] = wide[1] or wide[2]
    return found
