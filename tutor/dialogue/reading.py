"""Which concepts a text states: frames, gists and a linear model weighed together; and what the text does.

First two models say what a text is about and what it states, sentence by sentence. Then one model for all concepts
decides whether each candidate is meant: it sees both scores, what the frames found, and the small words (negations,
questions, quotations, suppositions, "I used to think"). Nothing is decided by a single score, and `Judged.why` names
the words that weighed most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tutor.dialogue.features import NEGATION, STOP, affirmed, denials, features, parts, skeleton
from tutor.dialogue.frames import guarded
from tutor.dialogue.linear import denial_counts, linear, thresholds
from tutor.dialogue.text import words

AGREED, CLEARLY, SHORT = (0.7, 0.3), (0.0, -2.0), 14
"""Least probabilities where frames and model agree, with the least log odds that the text is about the concept; words of a short one."""
TURNING = frozenset(f"m:{mark}" for mark in ("asked", "asks first", "asks inside", "supposed", "iffy", "unsure", "quoted", "rejected", "taken back", "denied thinking", "ironic", "contrast"))
WARY = 0.81
"""Least probability where something in the text is denied: what is denied may be the point."""
MISFIT = -3.5
"""Log odds below which the denials of a text are not those of anybody who states the concept."""
SCORES, BENDS = ("stated, whole", "stated, best part", "about, whole", "about, best part"), (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Scores whose weight may change with their size, and where."""
TURNS = ("negations", "m:asked", "m:supposed", "m:reported", "m:contrast", "m:iffy", "frames")
"""Beginnings of the names of what may weigh otherwise where the words state a concept clearly."""
SAYS = re.compile(r"\b(?:says?|said|claims?|claimed|tells?|told|writes?|wrote|insists?|argue[sd]?|promis\w+|according|heard|read somewhere)\b")
CANDIDATE = -2.5
"""Log odds below which a concept is not considered, unless the frames found it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A concept with the probability that the text states it, the log odds that the text is about it and that its denials are those of a statement, and the strongest words."""

    id: str
    probability: float
    about: float
    fits: float
    why: tuple[str, ...]


def negations(text: str) -> int:
    return sum(word in NEGATION for word in text.split())


@dataclass(frozen=True, slots=True)
class Denials:
    """How often each kind of denial stands in texts that state a concept (``said``) and in texts about it that do not."""

    said: np.ndarray
    texts_said: float
    other: np.ndarray
    texts_other: float

    def fit(self, found: Sequence[bool], general: tuple[np.ndarray, np.ndarray]) -> float:
        """Log odds that the denials of a text are those of a statement; ``general`` are the shares over all concepts."""
        has = np.array(found)
        p, q = ((count + FEW * share) / (n + FEW) for count, n, share in ((self.said, self.texts_said, general[0]), (self.other, self.texts_other, general[1])))
        return float(np.where(has, np.log(p / q), np.log((1 - p) / (1 - q))).sum())


FEW = 4.0
"""Texts that the general shares count as."""


@cache
def _denied(brief: str) -> tuple[dict[str, Denials], tuple[np.ndarray, np.ndarray]]:
    rows, general = denial_counts(brief)
    kinds = general.shape[1]
    known = linear(f"stated {brief}").labels
    return {i: Denials(r[:kinds], float(r[kinds]), r[kinds + 1:-1], float(r[-1])) for i, r in zip(known, rows, strict=True)}, (general[0], general[1])


def evidence(text: str, *, kind: str, topic: tuple[float, float], stated: tuple[float, float], other: float, seen: bool, others: bool, fits: float, turned: float) -> dict[str, float]:
    """What the deciding model sees of a candidate: name → value.

    ``topic`` and ``stated`` are log odds of the whole text and of the best of its parts, ``other`` the best of any other
    concept; ``seen`` says that the frames read the concept, ``others`` that they read another one; ``fits`` how well the
    denials of the text are those of a statement, ``turned`` what the denying words add to its being stated.
    """
    several = min(negations(text), 2)
    found = {
        "always": 1.0, "frames": 2.0 * seen, "frames read another": float(others), "expectation": float(kind == "expectation"),
        "most likely of all": float(topic[1] >= other), "ahead of the next": _cut(topic[1] - other, 3), f"negations {several}": 1.0, f"negations {several} {kind}": 1.0,
        "denials fit": _cut(fits), f"denials fit {kind}": _cut(fits), "turned by denials": _cut(turned), "next": _cut(other),
        "about, whole": _cut(topic[0]), "about, best part": _cut(topic[1]), "stated, whole": _cut(stated[0]), "stated, best part": _cut(stated[1]),
    }
    for mark in features(text)["m"]:
        if not mark.startswith(("m:length", "m:last")):
            found[mark] = 0.7
            found[f"{mark} {kind}"] = 0.5
    if guarded(text):
        found["guarded"] = 1.0
        found[f"guarded {kind}"] = 1.0
    for name in SCORES:
        for bend in BENDS:
            found[f"{name} over {bend}"] = max(0.0, found[name] - bend)
    for name in [n for n in found if n.startswith(TURNS)]:
        found[f"{name} × stated"] = found["stated, whole"] * found[name]
    for small in skeleton(text):
        found[small] = 0.4
    return found


def _shown(name: str) -> str:
    """A feature as it can be told."""
    group, _, rest = name.partition(":")
    return {"n": f"not … {rest}", "d": f"not … {rest} (family)", "c": f"{rest} (family)", "s": rest.replace(" ", " … "), "x": rest.replace("!", "not "), "y": rest.replace("!", "not "), "m": f"{rest} (mark)"}.get(group, rest)


def _cut(value: float, most: float = 4.0) -> float:
    return max(-most, min(most, value)) / 2


def scored(text: str, name: str) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Log odds of the whole text, of its best part, and which part that is, for each label of a model."""
    rows = np.array([linear(name).scores(features(part)) for part in parts(text)])
    return rows[0], rows.max(0), list(rows.argmax(0))


def candidates(kinds: Mapping[str, str], text: str, seen: Sequence[str], topic: Any, stated: Any, bare: np.ndarray, fits: Mapping[str, float]) -> list[tuple[str, float, dict[str, float]]]:
    """The concepts that a text may state: id, log odds that it is about it, evidence. Used alike for the fit and for reading.

    ``bare`` are the log odds that the text without its denying words states each concept.
    """
    found = []
    ids = list(kinds)
    for j, id in enumerate(ids):
        if topic[1][j] > CANDIDATE or stated[1][j] > CANDIDATE + 0.5 or id in seen:
            other = max(float(topic[1][k]) for k in range(len(ids)) if k != j)
            found.append((id, float(topic[1][j]), evidence(
                text, kind=kinds[id], topic=(float(topic[0][j]), float(topic[1][j])), stated=(float(stated[0][j]), float(stated[1][j])),
                other=other, seen=id in seen, others=len(set(seen) - {id}) > 0, fits=fits[id], turned=float(stated[0][j]) - float(bare[j]),
            )))
    return found


def judged(brief: str, kinds: Mapping[str, str], text: str, seen: Sequence[str]) -> list[Judged]:
    """The candidates in a normalised text, likeliest first; ``seen`` are the concepts that the frames read."""
    topic, stated = scored(text, f"topic {brief}"), scored(text, f"stated {brief}")
    decide = linear("polarity")
    out = []
    bare = linear(f"stated {brief}").scores(features(affirmed(text))) if negations(text) else stated[0]
    known, general = _denied(brief)
    has = denials(text)
    fits = {i: known[i].fit(has, general) for i in kinds}
    for id, about, found in candidates(kinds, text, seen, topic, stated, bare, fits):
        odds = float(decide.bias[0]) + sum(value * float(decide.weights[row, 0]) * float(decide.scale[0]) for name, value in found.items() if (row := decide.index.get(name)) is not None)
        part = parts(text)[stated[2][list(kinds).index(id)]]
        why = tuple(_shown(name) for name, _ in linear(f"stated {brief}").reasons(features(part), id))
        out.append(Judged(id, 1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), about, fits[id], why))
    return sorted(out, key=lambda j: (-j.probability, j.id))


def states(one: Judged, kind: str, *, agreed: bool, denies: bool, least: float | None = None) -> bool:
    """Whether a concept counts as said: it is likely enough, or less likely where the frames read a plain sentence so and the text is clearly about it.

    ``agreed`` says that the frames read it in a plain sentence, ``denies`` that something in the text is denied; ``least`` is the least probability (default: the fitted one of the kind).
    """
    if one.fits <= MISFIT:
        return False  # to read the opposite of what was said is the worst error
    if one.probability >= max(thresholds()[kind] if least is None else least, WARY if denies else 0.0):
        return True
    return agreed and (one.probability >= AGREED[0] and one.about >= CLEARLY[0] or not denies and one.probability >= AGREED[1] and one.about >= CLEARLY[1])


def plain(text: str) -> bool:
    """Whether a normalised text is a short statement without anything that may turn it."""
    marks = set(features(text)["m"])
    if "m:leans" in marks:
        marks -= {"m:asked", "m:asks first", "m:contrast"}  # "but that must be faster, right?"
    return len(text.split()) <= SHORT and not SAYS.search(text) and not TURNING & marks


def act_features(text: str, *, slots: Sequence[str], rule: str) -> dict[str, list[str]]:
    """What the model of acts sees: the words and marks, how many values there are, and the act that the patterns give."""
    found = dict(features(text))
    long = min(len(text.split()) // 3, 4)
    found["a"] = sorted({f"a:{rule}", f"a:{rule} {min(len(slots), 2)}", f"a:values {min(len(slots), 2)} {long}"})
    found["k"] = skeleton(text)
    return found


@cache
def _plain_question() -> re.Pattern[str]:
    return re.compile(words("reading")["question"]["plain"])


def only_asks(text: str) -> bool:
    """Whether a normalised text is a plain question that yes or no answers, and so states nothing.

    >>> only_asks("must we buy infiniband for a 7b?"), only_asks("is not the cache small?"), only_asks("the cache is small, right?")
    (True, False, False)
    """
    return bool(_plain_question().match(text)) and "m:leans" not in features(text)["m"]


def acts(text: str, *, slots: Sequence[str], rule: str) -> list[tuple[str, float]]:
    """The acts of a normalised text with their log odds, likeliest first."""
    model = linear("act")
    odds = model.scores(act_features(text, slots=slots, rule=rule))
    return [(model.labels[i], float(odds[i])) for i in np.argsort(-odds, kind="stable")]


def strange(brief: str, text: str) -> float:
    """The share of a normalised text's content words that the models of a brief do not know."""
    known = linear(f"stated {brief}").index
    content = [w for w in features(text)["w"] if w.removeprefix("w:") not in STOP and w[2:3].isalpha()]
    return sum(w not in known for w in content) / max(len(content), 1)


def meant(text: str) -> str:
    """How a normalised text speaks of something that it does not state: asked, supposed, reported, denied, or only about."""
    found = set(features(text)["m"])
    for name, how in (("m:asked", "asked"), ("m:supposed", "supposed"), ("m:quoted", "reported"), ("m:rejected", "denied"), ("m:taken back", "denied")):
        if name in found:
            return how
    if SAYS.search(text):
        return "reported"
    return "denied" if negations(text) else "about"
