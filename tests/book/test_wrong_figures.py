"""No chapter states what the ledger calls wrong: it may quote it as the text's claim, and nowhere else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from hwlib.catalogue import claims

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"
WRONG = {c.id: c for c in claims() if c.verdict == "wrong"}

# What a sentence would have to hold to state the claim: every pattern, in any order.
STATED = {
    "S1-25": (r"KV", r"never", r"training"), "S1-27": (r"[Tt]raining hardware", r"never", r"KV"), "S1-28": (r"Claude", r"shape", r"SRAM"), "S1-29": (r"Inferentia2", r"SRAM", r"otherwise"),
    "S2-03": (r"Transformer Engine", r"(block of hardware|hardware block|hardware of its own)"), "S2-19": (r"[Ss]caling", r"in hardware", r"(unseen|transparent)"), "S2-21": (r"Llama 2", r"\bin FP8", r"[Tt]rain"),
    "S2-24": (r"3\.3 million tokens",), "S2-27": (r"2,000 restarts",), "S3-23": (r"1\.1 ?Tb/s", r"chip"), "S3-27": (r"v5e", r"[Tt]wice|2 ?×|two times", r"inference"), "S3-29": (r"Inferentia2", r"\b32 ?MB"),
    "S3-30": (r"A100", r"\b50 ?MB"), "S3-32": (r"Inferentia2", r"(four times|4 ?×)", r"latency"), "S3-40": (r"Meta", r"perplexity", r"1%"), "S4-01": (r"The Information", r"700,?000"),
    "S4-10": (r"\b([Aa]|1) billion tokens", r"730 million"), "S4-11": (r"[Tt]raining", r"insignificant", r"two months"), "S4-12": (r"73 million", r"(10%|tenth|ten per cent)"), "S4-17": (r"v5e", r"twice", r"inference"),
    "S4-25": (r"Llama 2 (paper|report)", r"INT8"), "S4-26": (r"MMLU", r"[Pp]erplexity"), "S4-29": (r"80 GB", r"one such session"), "S4-31": (r"H100 NVL", r"188 ?GB", r"HBM3e"), "S4-33": (r"H100 NVL", r"training chip"),
    "S4-37": (r"B100", r"B200", r"inference"),
}  # fmt: skip
ATTRIBUTED = re.compile(r"\btext\b|\bclaim|\bwrong|\bledger|\bnot\b|\bno\b|\bSomebody\b|\bpair\b", re.IGNORECASE)
"""Words that make a sentence a report of the claim or its denial."""


def states(sentence: str, rule: tuple[str, ...]) -> bool:
    """Whether a sentence says it, on its own authority."""
    return all(re.search(part, sentence) for part in rule) and not ATTRIBUTED.search(sentence)


class Prose(HTMLParser):
    """The words of a page's article: without scripts, claims that are shown as claims, and what repeats a picture."""

    VOID = {"br", "img", "input", "hr", "meta", "link", "wbr", "source", "path", "line", "rect", "circle", "polygon"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.depth, self.skipped, self.text = 0, 0, []
        self.feed(html[html.index("<article"): html.rindex("</article>")])

    def handle_starttag(self, tag, attrs):
        if tag in self.VOID:
            return
        self.depth += 1
        kind = dict(attrs).get("class") or ""
        if not self.skipped and (tag in ("script", "style", "svg") or "hw-claim" in kind.split()):
            self.skipped = self.depth
        if tag in ("p", "li", "td", "th", "figcaption", "div", "summary"):
            self.text.append("\n")

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if self.skipped == self.depth:
            self.skipped = 0
        self.depth -= 1

    def handle_data(self, data):
        if not self.skipped:
            self.text.append(data)

    def sentences(self) -> list[str]:
        """One after the other; a line of the source ends none."""
        flat = re.sub(r"[ \t\r]*\n[ \t\r]*\n\s*", "\n\n", "".join(self.text))
        return [re.sub(r"\s+", " ", s).strip() for block in flat.split("\n\n") for s in re.split(r"(?<=[.?!])\s", block) if s.strip()]


def chapters() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [c["file"] for part in contents["parts"] for c in part["chapters"] if not c["file"].startswith("book/reference")] + ["book/index"]


def test_every_wrong_claim_has_a_rule_and_the_claim_itself_breaks_it():
    assert set(STATED) == set(WRONG)
    for id, rule in STATED.items():
        assert all(re.search(part, WRONG[id].claim) for part in rule), (id, WRONG[id].claim)


def test_a_claim_that_is_stated_is_caught_and_one_that_is_reported_is_not():
    assert states("An A100 has 50 MB of SRAM.", STATED["S3-30"])
    assert not states("The source text says that an A100 has 50 MB of SRAM.", STATED["S3-30"])
    page = Prose('<article><p>A billion tokens\na day cost $730 million.</p><div class="hw-claim"><p>An A100 has 50 MB.</p></div><p>Fine. Good.</p></article>')
    assert page.sentences() == ["A billion tokens a day cost $730 million.", "Fine.", "Good."]


@pytest.mark.skipif(not (BUILT / "book" / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first")
def test_no_built_chapter_states_what_the_ledger_calls_wrong():
    found, read = [], 0
    for page in chapters():
        file = BUILT / f"{page}.html"
        if file.is_file():
            sentences = Prose(file.read_text("utf-8")).sentences()
            read += len(sentences)
            found += [(page, id, s) for s in sentences for id, rule in STATED.items() if states(s, rule)]
    assert found == [] and read > 1_000
