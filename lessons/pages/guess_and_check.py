"""The chapter on speculative decoding: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hwlib import catalogue
from hwlib.formula import given
from hwlib.roofline import ridge_point
from hwlib.speculative import accepted_tokens, speedup_at_cost
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.guess_and_check import GUESSES, MODELS, guessing
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

CROWD = 128
PAPER = (2.0, 3.0)
"""Times as fast, by the paper that named the method, for an 11B model and identical answers (abstract)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A published run, one answer at a time: parameters in millions; share and number of right guesses where they are told."""

    large: str
    small: str
    params: tuple[float, float]
    faster: float
    share: float = 0.0
    right: float = 0.0
    who: str = ""

    @property
    def guesses(self) -> float:
        """Guesses in a round: those that were right over their share."""
        return self.right / self.share

    @property
    def says(self) -> float:
        """Gain by the formula, with the cost of a guess taken from the sizes; nan where no share is told."""
        if not self.share:
            return float("nan")
        ratio = self.params[1] / self.params[0]
        return float(speedup_at_cost(accepted_tokens=self.right + 1, draft_tokens=self.guesses, draft_ratio=ratio))


LAB, MINI = "an Apple M2, 32-bit floats", "a laptop’s GPU"
RUNS = (
    Run(large="GPT-2 large", small="DistilGPT-2", params=(774, 82), faster=1.80, share=0.710, right=2.84, who=LAB),
    Run(large="GPT-2 medium", small="DistilGPT-2", params=(355, 82), faster=1.71, share=0.642, right=2.46, who=LAB),
    Run(large="Qwen2.5 7B", small="Qwen2.5 0.5B", params=(7000, 500), faster=2.26, who=MINI),
    Run(large="Qwen2.5 7B", small="Qwen2.5 1.5B", params=(7000, 1500), faster=1.76, who=MINI),
    Run(large="Qwen2.5 1.5B", small="Qwen2.5 0.5B", params=(1500, 500), faster=1.18, who=MINI),
)
"""Read as printed: the first two in hurjun2026speculative, the others in changkun2026minllm."""


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    g, crowd = guessing(), guessing(batch=CROWD)
    s, large, small = g.said, *(shape_of(m).name for m in MODELS["70-8"][:2])
    best = max(GUESSES, key=lambda k: float(guessing(guesses=k).said.speedup))
    keen = max(GUESSES, key=lambda k: float(guessing(guesses=k, acceptance=0.9).said.speedup))
    known = [r for r in RUNS if r.share]
    return {
        "large": large, "small": small, "chips": str(g.chips), "step": show(s.step_s, "s"), "guesses": str(g.guesses), "share": draw.percent(g.acceptance), "yields": draw.num(s.accepted_tokens, 3), "check": show(s.verify_s, "s"), "draft": show(s.draft_s, "s"),
        "round": show(s.round_s, "s"), "faster": draw.num(s.speedup, 2), "ratio": draw.percent(s.draft_ratio), "best": str(best), "keen": str(keen), "keen_share": draw.percent(0.9), "keen_gain": draw.num(guessing(guesses=keen, acceptance=0.9).said.speedup, 2),
        "crowd": str(CROWD), "crowd_check": show(crowd.said.verify_s, "s"), "crowd_step": show(crowd.said.step_s, "s"), "crowd_speed": draw.percent(crowd.said.speedup), "even": draw.num(s.break_even_batch, 2),
        "paper": f"{draw.num(PAPER[0])} to {draw.num(PAPER[1])}", "runs": str(len(RUNS)), "low": draw.num(min(r.faster for r in RUNS), 3), "high": draw.num(max(r.faster for r in RUNS), 3), "known": str(len(known)),
    }  # fmt: skip


def question() -> Question:
    """How many times as fast?"""
    s = guessing().said
    return Question(
        ask="With guesses it writes", unit="times as fast", scale=1.0, base="", computed=s.speedup,
        choice_ask=f"And with {CROWD} answers together?", choices=("more than that", "as much", "slower than without"), right="slower than without", example="3",
        because=f"Checking then costs {show(guessing(batch=CROWD).said.verify_s, 's')} where a step takes {show(guessing(batch=CROWD).said.step_s, 's')}: the arithmetic is no longer idle.",
        bought=lambda v: f"Then a token would take {draw.quantity(float(s.step_s) / v, 's')} instead of {draw.quantity(float(s.step_s), 's')}.", anchors=(("all guesses right and free", float(guessing().guesses + 1)),),
    )


def derivation() -> Shown:
    """Tokens of a round, and the gain."""
    s = guessing().said
    return Shown(explained(s.accepted_tokens) + explained(s.speedup))


def measured() -> Shown:
    """Published gains beside what the formula says where the share of right guesses is known."""
    rows = []
    for r in RUNS:
        rows.append((f"{r.large}, by {r.small}", [("ink", r.faster, "measured")], ""))
        if r.share:
            rows.append(("by the formula", [("grey2", r.says, "computed")], ""))
    says = "; ".join(f"{r.large} by {r.small}: {r.faster:.2f} measured" + (f", {r.says:.2f} by the formula" if r.share else "") for r in RUNS)
    picture = draw.cost_bars(rows, unit="×", title="Times as fast with guesses, one answer at a time", says=says)
    known = [r for r in RUNS if r.share]
    caption = (
        f"Bars from zero; one is no gain. Where the share of right guesses was told, the formula says {draw.num(known[0].says, 2)} and {draw.num(known[1].says, 2)} and the runs gave {draw.num(known[0].faster, 2)} and {draw.num(known[1].faster, 2)}: "
        "it takes a guess to cost what the small model’s size says, and leaves out sampling, launches and what is undone after a wrong guess. "
        "Two small projects on laptops are all that we found with figures that can be checked; no run on a server’s chip is among them."
    )
    body = [[r.large, r.small, r.who, f"{r.share:.3f}" if r.share else "not told", f"{r.faster:.2f}", f"{r.says:.2f}" if r.share else "–"] for r in RUNS]
    return Shown(draw.figure(picture, caption=caption, source="Repositories speculative-decoding-lab (first rows of its table) and minllm (release 0.5.7), in stored copies read in November 2026.", table=draw.table(["Large", "Small", "On", "Right guesses", "Times as fast", "By the formula"], body, right={3, 4, 5})))


def claim_computed() -> str:
    """What a step with one token leaves idle, and what checking five makes of it."""
    one = catalogue.chip("a100-80-sxm")
    at = ridge_point(peak_flops_per_s=one.peak("bf16"), mem_bytes_per_s=one.mem_bytes_per_s)
    many = guessing().guesses + 1
    return f"The ridge of an {one.name} lies at {draw.num(at)} FLOP a byte. A token alone uses {draw.percent(1 / float(at))} of its arithmetic, the check of {many} tokens {draw.percent(many / float(at))}: that is the room in which guessing works."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    half = {k: float(speedup_at_cost(accepted_tokens=accepted_tokens(acceptance=0.5, draft_tokens=float(k)), draft_tokens=float(k), draft_ratio=0.1)) for k in (2, 8)}
    cheap, dear = guessing(pair="405-8").said, guessing(pair="405-70").said
    even = min(ACCEPTED, key=lambda a: abs(float(guessing(pair="405-70", acceptance=a).said.speedup - cheap.speedup)))
    return {
        "p1_share": draw.percent(0.5), "p1_ratio": draw.percent(0.1), "p1_few": "2", "p1_many": "8", "p1_few_yield": draw.num(accepted_tokens(acceptance=0.5, draft_tokens=2.0), 3), "p1_many_yield": draw.num(accepted_tokens(acceptance=0.5, draft_tokens=8.0), 3),
        "p1_gain": draw.num(half[2], 3), "p1_loss": draw.num(half[8], 3), "p2_cheap": draw.percent(cheap.draft_ratio), "p2_dear": draw.percent(dear.draft_ratio), "p2_gain": draw.num(cheap.speedup, 2), "p2_less": draw.num(dear.speedup, 2), "p2_share": draw.percent(0.7), "p2_params": draw.quantity(float(shape_of(MODELS["405-8"][0]).params), ""), "p2_even": draw.percent(even),
    }  # fmt: skip


ACCEPTED = tuple(k / 100 for k in range(30, 100))
"""Shares of right guesses among which the one is looked for that makes two pairs equal."""


def quiz(rng: random.Random) -> Item:
    """Tokens of a round."""
    share, guesses = rng.choice((0.5, 0.6, 0.7, 0.8, 0.9)), rng.choice((2, 3, 4, 5, 6))
    found = accepted_tokens(acceptance=given(share, "the question"), draft_tokens=given(float(guesses), "the question"))
    value = float(found)
    return Item(
        ask=f"A small model guesses {guesses} tokens, each right with a chance of {draw.percent(share)} as long as those before it were. The large model checks them and adds one of its own. How many tokens does a round yield on average?",
        unit="tokens", scale=1.0, base="tokens", answer=found,
        slips=(((guesses + 1) / value, "that is if every guess is right"), ((share * guesses + 1) / value, "a guess after a wrong one is lost, even if it is right"), ((value - 1) / value, "the large model adds one of its own")),
    )  # fmt: skip
