"""No chapter states what the ledger calls wrong: it may quote it as the text's claim, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from hwlib.catalogue import claims
from tests.book.said import figures
from tests.book.test_pages import CELL, CHAPTERS, text_of

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"
WRONG = {c.id: c for c in claims() if c.verdict == "wrong"}


@dataclass(frozen=True)
class Rule:
    """What a sentence would have to hold to state the claim: all words in any order, and one of the figures, however it is spelt."""

    words: tuple[str, ...] = ()
    figures: tuple[tuple[float, str], ...] = ()
    but: str = ""
    """Words that make it another statement."""


TWO, FOUR, TEN, MB32, MB50 = (2.0, "times"), (4.0, "times"), (10.0, "times"), [(32e6, "B"), (32 * 2.0**20, "B")], [(50e6, "B"), (50 * 2.0**20, "B")]
TRAINING = r"(?i)train|learn"
STATED = {
    "S1-25": Rule((r"(?i)\bKV\b|key-value|keys and values", r"(?i)\bnever\b|\bonly\b|does not exist|no (place|part|counterpart)", TRAINING), but=r"(?i)between steps|this course|keeps? such"),
    "S1-27": Rule((r"(?i)training (hardware|chips?|clusters?|GPUs?)", r"(?i)\bnever\b|no need|do(es)? not", r"(?i)\bKV\b|key-value")),
    "S1-28": Rule((r"Claude|Anthropic", r"(?i)shape|drove|led|because|designed|sized", r"SRAM|scratchpad|on-chip")),
    "S1-29": Rule((r"Inferentia ?2|NeuronCore", r"SRAM|scratchpad|on-chip", r"(?i)otherwise|unlike|different|rather than")),
    "S2-03": Rule((r"Transformer Engine", r"(?i)hardware|silicon|circuit", r"(?i)\bblock\b|\bunit\b|of its own|dedicated|separate")),
    "S2-19": Rule((r"(?i)scal(es|ing|e factors?)", r"(?i)\bin (the )?(hardware|silicon)\b|by the (chip|hardware)|Tensor Cores? (compute|choose|set)", r"(?i)unseen|transparent|unaware|without the (framework|program|developer)|by itself|automatically")),
    "S2-21": Rule((r"Llama[ -]?2", r"(?i)\bFP8\b|8-bit float|eight-bit float", TRAINING)),
    "S2-24": Rule((), ((3.3e6, "tokens"), (3_311_616.0, "tokens"))),
    "S2-27": Rule((), ((2000.0, "restarts"),)),
    "S3-23": Rule((r"v4", ), ((1.1e12, "bit/s"), (137.5e9, "B/s"), (138e9, "B/s"))),
    "S3-27": Rule((r"v5e", r"(?i)inference|serving|serves", r"(?i)dollar|price|cost|money"), (TWO,), but=r"(?i)train"),
    "S4-17": Rule((r"v5e", r"(?i)inference|serving|serves", r"(?i)dollar|price|cost|money"), (TWO,), but=r"(?i)train"),
    "S3-29": Rule((r"Inferentia ?2|NeuronCore",), tuple(MB32)),
    "S3-30": Rule((r"A100",), tuple(MB50)),
    "S3-32": Rule((r"Inferentia ?2|Inf2", r"GPU"), (FOUR, TEN, (0.1, "share"), (0.25, "share"))),
    "S3-40": Rule((r"Meta|Llama[ -]?2", r"(?i)perplexity"), ((1.0, "%"),)),
    "S4-01": Rule((r"(?i)The Information|\ba day\b|per day|daily|each day",), ((700e3, "usd"),)),
    "S4-10": Rule((), ((730e6, "usd"), (730e6, ""))),
    "S4-11": Rule((TRAINING, r"(?i)insignificant|negligible|nothing|dwarf|irrelevant|forgotten|recovered|paid back"), ((2.0, "months"),)),
    "S4-12": Rule((r"(?i)\bsav|lever|\boff\b|\bcuts?\b|reduc|worth",), ((73e6, "usd"),)),
    "S4-25": Rule((r"Llama[ -]?2", r"(?i)\b(paper|report|authors|Meta)\b", r"(?i)INT8|8-bit|eight bits|quanti[sz]")),
    "S4-26": Rule((r"MMLU", r"(?i)perplexity")),
    "S4-29": Rule((), ((1.0, "sessions"),), but=r"(?i)past|each|aside|leaves"),
    "S4-31": Rule((r"H100 NVL",), ((188e9, "B"),), but=r"(?i)\bpair\b|two cards|both"),
    "S4-33": Rule((r"H100 NVL", r"(?i)training (chip|GPU|card)|for training|to train\b")),
    "S4-37": Rule((r"B100", r"B200", r"(?i)inference|serving")),
}  # fmt: skip
NEEDS_CARD = {"S4-29": (80e9, 85.9e9)}
"""The claim is about one card; without its memory in the sentence one session is nothing wrong."""
ATTRIBUTED = re.compile(r"\b(the|source|our) text\b|\btexts? (says?|promises?|gives?)|\b(the|this|that|each|of) claims?\b|\bwrong\b|\bledger\b", re.IGNORECASE)
"""Words that make a sentence a report of the claim."""
DENIED = re.compile(r"\b(not|no|never|neither|nor|instead of|rather than|nothing)\W+(?:\w+\W+){0,4}$", re.IGNORECASE)
"""A denial counts where it stands just before the figure, and not anywhere in the sentence."""


def states(sentence: str, id: str) -> bool:
    """Whether a sentence says it, on its own authority."""
    rule, said = STATED[id], figures(sentence)
    if ATTRIBUTED.search(sentence) or (rule.but and re.search(rule.but, sentence)) or not all(re.search(part, sentence) for part in rule.words):
        return False
    if id in NEEDS_CARD and not any(s.unit == "B" and abs(s.value - card) < 0.01 * card for s in said for card in NEEDS_CARD[id]):
        return False
    if not rule.figures:
        return True
    at = [s.at for s in said for value, unit in rule.figures if s.unit == unit and abs(s.value - value) <= 0.01 * value]
    return any(not DENIED.search(sentence[:place]) for place in at)


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


def written(page: str) -> list[str]:
    """Sentences of a chapter's source with its figures glued in: what is checked where no book is built."""
    module = __import__(f"lessons.pages.{CHAPTERS[page]}", fromlist=["facts"])
    glued = {**module.facts(), **module.solutions()}
    body = CELL.sub("\n\n", text_of(page).split("---", 2)[-1])
    body = re.sub(r"\{glue:text\}`(\w+)`", lambda m: glued[m[1]], body)
    body = re.sub(r"\{cite[a-z:]*\}`[^`]*`", "", body)
    return [re.sub(r"\s+", " ", s).strip() for block in body.split("\n\n") for s in re.split(r"(?<=[.?!])\s", block) if s.strip()]


def test_every_wrong_claim_has_a_rule_and_the_claim_itself_breaks_it():
    assert set(STATED) == set(WRONG)
    for id in STATED:
        sentence = WRONG[id].claim + (" It is a GPU of 80 GB." if id == "S4-29" else "")
        assert states(sentence.replace("one such session", "one session"), id), (id, WRONG[id].claim)


# Each in three spellings or turns at least that nobody wrote into a rule: digits, words, other units, other order.
SNEAKED = {
    "S4-10": ("At list price a billion tokens each day come to 0.73 billion dollars a year.", "Serving at that volume runs to $730M annually.", "So the bill is seven hundred and thirty million dollars.", "It costs 730,000,000 USD a year, and there is no doubt about it."),
    "S4-12": ("A tenth off the price of a token is worth $73 million a year.", "Ten per cent saves seventy-three million dollars.", "That is 73M dollars, not bad for one lever."),
    "S4-11": ("Training becomes negligible after two months of serving.", "After 2 months the cost of training is nothing.", "Within two months serving dwarfs what was spent to train."),
    "S2-24": ("The cluster read 3.3M tokens a second.", "It went through three point three million tokens per second.", "At 3,300,000 tok/s the run lasted five weeks.", "The rate was 3.3 × 10⁶ tokens a second."),
    "S2-27": ("There were about 2000 job restarts.", "Failures caused two thousand restarts of the run.", "Meta saw 2k interruptions, no fewer."),
    "S3-23": ("A TPU v4 has links of 1.1 Tbps.", "Each v4 chip sends 1,100 Gb/s.", "A TPU v4 moves 1.1 terabits per second."),
    "S3-27": ("For serving, v5e gives twice the work per dollar of v4.", "TPU v5e doubles inference for the price.", "With v5e a dollar buys 2× the inference of v4."),
    "S3-29": ("A core of Inferentia2 has 32 MiB of scratchpad.", "Each NeuronCore holds thirty-two megabytes.", "Inferentia 2 carries 32MB of SRAM for every core."),
    "S3-30": ("An A100 carries 50 megabytes of SRAM.", "The SRAM of an A100, fifty megabytes, is shared by all cores.", "An A100's 50MiB of cache serve all its cores.", "There is no doubt that an A100 has 50 MB of SRAM."),
    "S3-32": ("Inferentia2 answers four times as fast as a GPU instance.", "Against a GPU, Inf2 has a tenth of the latency.", "Inferentia2 has 4x the throughput of GPU instances."),
    "S3-40": ("Meta measured less than 1% of perplexity lost in eight bits.", "Llama 2 lost one percent of perplexity.", "The perplexity of Llama-2 rose by 1 per cent."),
    "S4-01": ("ChatGPT cost $700k a day.", "The Information reported seven hundred thousand dollars.", "OpenAI spent 0.7 million dollars daily."),
    "S4-31": ("One H100 NVL has 188 gigabytes.", "The H100 NVL holds 188GB of memory.", "An H100 NVL with its 188 GB holds a large model."),
    "S4-29": ("A card of 80 GB holds one session of that length.", "With 80 gigabytes there is room for a single GPU's one session.", "A GPU of 80 GB can serve 1 such session."),
    "S2-21": ("Meta trained Llama 2 with FP8 products.", "FP8 was used in the training of Llama-2.", "Llama 2 learned in 8-bit floats."),
    "S2-03": ("The Transformer Engine is a dedicated hardware block.", "A Hopper chip has a unit of silicon called Transformer Engine.", "The Transformer Engine, separate hardware on the die, picks FP8."),
    "S1-29": ("Unlike a training chip, Inferentia2 has SRAM for caches.", "Inferentia2 has a scratchpad of a different size than chips that train.", "A NeuronCore for serving was given SRAM otherwise than one for training."),
    "S4-37": ("The B100 is the inference part beside the B200.", "For serving NVIDIA makes the B100, for training the B200.", "B200 trains, and B100 is meant for inference."),
}  # fmt: skip


@pytest.mark.parametrize("id", SNEAKED)
def test_a_wrong_figure_is_caught_however_it_is_spelt(id):
    assert len(SNEAKED[id]) >= 3
    missed = [s for s in SNEAKED[id] if not states(s, id)]
    assert missed == []


HONEST = (
    "The source text says that an A100 has 50 MB of SRAM.", "730 thousand dollars a year, not 730 million dollars.", "An A100 has a cache of 40 MB.", "A bridged pair of H100 NVL has 188 GB.",
    "A TPU v5e trains up to twice the tokens per dollar and serves up to 2.5 times as many.", "Inferentia2 has 26 MiB a core.", "A pod sums 1.1 PB/s.", "A run of 70 million dollars.", "At 2,000 GPUs RoCE is nearly as good.",
    "OPT counted 105 restarts.", "Blackwell multiplies FP4.", "After two months the run was done.", "The H100 NVL has 94 GB.", "A cluster reads 0.65 million tokens a second.", "GPT-4 cost $63 million to train.",
)  # fmt: skip


@pytest.mark.parametrize("sentence", HONEST)
def test_what_is_right_or_reported_is_left_alone(sentence):
    assert [id for id in STATED if states(sentence, id)] == []


def test_claims_that_are_shown_as_claims_are_no_prose():
    page = Prose('<article><p>A billion tokens\na day cost $730 million.</p><div class="hw-claim"><p>An A100 has 50 MB.</p></div><p>Fine. Good.</p></article>')
    assert page.sentences() == ["A billion tokens a day cost $730 million.", "Fine.", "Good."]


@pytest.mark.parametrize("page", CHAPTERS)
def test_no_chapter_as_written_states_what_the_ledger_calls_wrong(page):
    sentences = written(page)
    assert len(sentences) > 15
    assert [(id, s) for s in sentences for id in STATED if states(s, id)] == []


@pytest.mark.skipif(not (BUILT / "book" / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first")
def test_no_built_chapter_states_what_the_ledger_calls_wrong():
    found, read = [], 0
    for page in chapters():
        file = BUILT / f"{page}.html"
        if file.is_file():
            sentences = Prose(file.read_text("utf-8")).sentences()
            read += len(sentences)
            found += [(page, id, s) for s in sentences for id in STATED if states(s, id)]
    assert found == [] and read > 1_000
