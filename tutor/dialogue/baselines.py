"""Two readers that know no rules, to show what the rules add: a bag of keywords, and the nearest neighbour by TF-IDF."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

TOKEN = re.compile(r"[a-z0-9]{2,}")


class KeywordBag:
    """For each label the words that are most particular to it; a text gets the labels of which it has three such words."""

    def __init__(self, texts: Sequence[str], labels: Sequence[frozenset[str]], *, kept: int = 8, needed: int = 3) -> None:
        seen = [set(TOKEN.findall(t.lower())) for t in texts]
        common = Counter(w for words in seen for w in words)
        per: dict[str, Counter[str]] = defaultdict(Counter)
        for words, found in zip(seen, labels, strict=True):
            for label in found:
                per[label].update(words)
        self.needed = needed
        self.bags = {label: {w for w, _ in sorted(count.items(), key=lambda p: (-p[1] / math.sqrt(common[p[0]]), p[0]))[:kept]} for label, count in per.items()}

    def read(self, text: str) -> frozenset[str]:
        words = set(TOKEN.findall(text.lower()))
        return frozenset(label for label, bag in self.bags.items() if len(bag & words) >= min(self.needed, len(bag)))


class NearestNeighbour:
    """The labels of the most similar text known, by the cosine of TF-IDF vectors; none when nothing is similar."""

    def __init__(self, texts: Sequence[str], labels: Sequence[frozenset[str]], *, least: float = 0.35) -> None:
        self.labels, self.least = list(labels), least
        words = [Counter(TOKEN.findall(t.lower())) for t in texts]
        seen = Counter(w for counts in words for w in counts)
        self.index = {w: i for i, w in enumerate(sorted(seen))}
        self.idf = np.array([math.log((1 + len(texts)) / (1 + seen[w])) + 1 for w in self.index])
        self.known = np.array([self._vector(c) for c in words])

    def _vector(self, counts: Counter[str]) -> np.ndarray:
        vector = np.zeros(len(self.index))
        for word, count in counts.items():
            if word in self.index:
                vector[self.index[word]] = count
        vector *= self.idf
        size = float(np.linalg.norm(vector))
        return vector / size if size else vector

    def read(self, text: str) -> frozenset[str]:
        near = self.known @ self._vector(Counter(TOKEN.findall(text.lower())))
        best = int(near.argmax())
        return self.labels[best] if near[best] >= self.least else frozenset()
