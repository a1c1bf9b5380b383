"""What a linear reading sees of a text: word stems, pairs of them, families of words, beginnings of words, and marks of how it is meant.

Each feature has a name that can be shown, so that a decision can be explained by the ones that weighed most:
`w:` a stem, `n:` a stem behind a negation, `p:` two stems in a row, `s:` two near each other, `c:` a family of the
gists, `d:` a family behind a negation, `g:` four letters, `m:` a mark, `x:` a stem near a word that
turns a sense (its class; `!` where it is denied), `y:` such a class alone, or two in a row.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from tutor.dialogue.senses import NEAR, sensed
from tutor.dialogue.text import digits, words

TOKEN = re.compile(r"[a-z]+(?:-[a-z]+)*\d*|\d+(?:[.,]\d+)*|[?!=%$\"<>+*;:.,()]")
ENDINGS = ("isations", "izations", "isation", "ization", "ations", "ation", "ising", "izing", "ised", "ized", "ises", "izes", "ingly", "ings", "ments", "ment", "ness", "ing", "ied", "ies", "ed", "ise", "ize", "ely", "ly", "es", "s", "e")
NEGATION, STOP, BREAK, FUNCTION, BLANK = (frozenset(words("reading")["sets"][name].split()) for name in ("negation", "stop", "break", "function", "blank"))
SCOPE = 6
"""Words behind a negation that it may turn."""
PARTS = 8
"""Sentences that are read one by one."""


@cache
def stem(word: str) -> str:
    """A word without its ending; cruder than a dictionary, the same for each form of a word.

    >>> stem("quantising"), stem("quantization"), stem("batches"), stem("batching"), stem("bus")
    ('quant', 'quant', 'batch', 'batch', 'bus')
    """
    if not word.isalpha() or len(word) < 4:
        return word
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


@cache
def _families() -> tuple[tuple[str, re.Pattern[str]], ...]:
    data = words("gist")
    return tuple((name, re.compile(rf"(?<![\w$.,])(?:{source})(?!\w)")) for part in ("lexicon", "lexicon2") for name, source in data[part].items())


@cache
def _marks() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(source)) for name, source in words("reading")["marks"].items())


def marks(text: str) -> list[str]:
    """How a normalised text is meant, by its small words: asked, supposed, reported, denied, taken back, leaning."""
    return [name for name, pattern in _marks() if pattern.search(text)]


@cache
def _denials() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(source) for source in words("reading")["denials"].values())


def denials(text: str) -> tuple[bool, ...]:
    """Which kinds of denial a normalised text has.

    >>> denials("it does not stop, and never did")
    (True, False, False, True, False, False, False, False, False)
    """
    return tuple(bool(p.search(text)) for p in _denials())


def affirmed(text: str) -> str:
    """A normalised text without its denying words.

    >>> affirmed("decode does not wait")
    'decode does wait'
    """
    return " ".join(w for w in text.split() if w.strip(".,;:!?") not in NEGATION)


@lru_cache(maxsize=256)
def features(text: str) -> dict[str, list[str]]:
    """The names of the features of a normalised text, by group.

    >>> sorted(features("decode is not compute-bound")["w"])
    ['w:bound', 'w:comput', 'w:decod', 'w:is', 'w:not']
    """
    text = digits(text)
    tokens = [t for raw in TOKEN.findall(text) for t in (raw.split("-") if raw[0].isalpha() else [raw])]
    found: dict[str, set[str]] = {g: set() for g in "wnpscdgmxy"}
    stems: list[str] = []
    seen: list[tuple[str, bool, int]] = []
    clause = 0
    left = 0
    negations = 0
    for token in tokens:
        if token in BREAK:
            left = 0
            clause += token not in ",()"
            if token in ",.;:!()":
                continue
        if token in '"':
            continue
        root = stem(token) if token[0].isalpha() else token if len(token) < 4 else "#"
        found["w"].add(f"w:{root}")
        if left and token not in STOP:
            found["n"].add(f"n:{root}")
        left = max(left - 1, 0)
        if token in NEGATION:
            left, negations = SCOPE, negations + 1
        stems.append(root)
        seen.append((token, left > 0 and token not in NEGATION, clause))
        if token[0].isalpha() and len(token) > 5:
            padded = f"^{token}"
            found["g"].update(f"g:{padded[i:i + 4]}" for i in range(len(padded) - 3))
    found["p"].update(f"p:{a} {b}" for a, b in zip(stems, stems[1:], strict=False))
    content = [s for s in stems if s not in STOP]
    for gap in (1, 2, 3):
        found["s"].update(f"s:{min(a, b)} {max(a, b)}" for a, b in zip(content, content[gap:], strict=False) if a != b)
    for name, pattern in _families():
        match = pattern.search(text)
        if match:
            found["c"].add(f"c:{name}")
            if any(w in NEGATION for w in re.split(r"[.,;:?!]", text[:match.start()])[-1].split()[-5:]):
                found["d"].add(f"d:{name}")
    turned = [(at, f"{'!' if seen[at][1] else ''}{name}") for at, name in sensed([t for t, _, _ in seen], stems, stem)]
    order = [0]
    for root in stems:
        order.append(order[-1] + (root not in STOP))
    for at, name in turned:
        found["y"].add(f"y:{name}")
        for other in range(max(0, at - 12), min(len(stems), at + 13)):
            if other != at and stems[other] not in STOP and seen[other][2] == seen[at][2] and abs(order[other] - order[at]) <= NEAR:
                found["x"].add(f"x:{stems[other]} {name}")
    found["y"].update(f"y:{a} {b}" for (i, a), (j, b) in zip(turned, turned[1:], strict=False) if seen[i][2] == seen[j][2])
    found["m"].update(f"m:{name}" for name in marks(text))
    found["m"].add(f"m:negations {min(negations, 3)}")
    found["m"].add(f"m:length {min(len(stems) // 6, 6)}")
    if stems:
        found["m"].add(f"m:first {stems[0]}")
        found["m"].add(f"m:last {stems[-1]}")
        found["m"].add(f"m:first two {' '.join(stems[:2])}")
    return {group: sorted(names) for group, names in found.items()}


def skeleton(text: str) -> list[str]:
    """The small words of a normalised text in order, what stands between them left out: how something is said, not what.

    >>> [k for k in skeleton("tokens do not mean money") if k.count(" ") == 3][:2]
    ['k:^ _ do not', 'k:_ do not mean']
    """
    row = ["^"]
    for token in TOKEN.findall(digits(text)):
        mark = token if token in FUNCTION else "." if token in ".()" else "0" if token[0].isdigit() else "_"
        if mark != "_" or row[-1] != "_":
            row.append(mark)
    row.append("$")
    return sorted({"k:" + " ".join(row[i:i + n]) for n in (1, 2, 3, 4) for i in range(len(row) - n + 1) if not BLANK.issuperset(row[i:i + n])})


def parts(text: str) -> list[str]:
    """A normalised text as a whole, then each of its sentences when there are several.

    >>> parts("decode waits for memory. prefill does not do that.")
    ['decode waits for memory. prefill does not do that.', 'decode waits for memory.', 'prefill does not do that.']
    """
    some = [s for s in re.split(r"(?<=[.!?;])\s+|\s-\s|\n+", text) if len(s.split()) > 3][:PARTS]
    return [text] if len(some) < 2 else [text, *some]
