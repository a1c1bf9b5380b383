"""The landing page: nine prebuilt states of one chip, swapped by a slider without a kernel, and the four questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from hwlib import catalogue
from hwlib.costs import annual_token_bill
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.economics import MILLION
from hwlib.formula import given
from hwlib.memory import kv_cache_bytes, weight_bytes
from hwlib.replica import BYTES
from hwlib.training import estimate_training
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels import roofline
from lessons.panels.parts import WIDE, explained

CHIP, MODEL, CONTEXT = "h100-sxm", "llama3.1-8b", 2048
FIRST = 3
"""The frame that stands before anybody moves the slider: eight together."""
READING = "On the slope the chip waits for memory, on the flat roof its arithmetic is busy. Dashes: what programs reach. Both scales are logarithmic."
"""How to read the picture."""
VERDICTS = {"holds": "holds", "holds-with-caveat": "caveat", "wrong": "wrong", "unsupported": "no source"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One state: how many answers together, the picture, the sentence, and the share of the arithmetic in use."""

    together: int
    picture: str
    says: str
    busy: str


@cache
def stops() -> tuple[int, ...]:
    """Powers of two, then as many as the memory holds."""
    return (*(2**k for k in range(8)), int(roofline.place(CHIP, MODEL, 1, CONTEXT).fit))


@cache
def frames() -> tuple[Frame, ...]:
    """The nine states."""
    return tuple(Frame(n, roofline.picture(roofline.place(CHIP, MODEL, n, CONTEXT), WIDE), says(n), busy(n)) for n in stops())


def says(together: int) -> str:
    """The sentence of a state."""
    p, n = roofline.place(CHIP, MODEL, together, CONTEXT), draw.num
    full = together == stops()[-1]
    head = f"<b>{together}, and the memory is full:</b>" if full else f"<b>{together} written together:</b>" if together > 1 else "<b>One answer alone:</b>"
    speed = f"One reader gets at most {n(p.user_tokens_per_s)} tokens a second, all of them together {n(p.tokens_per_s)}." if together > 1 else f"Its reader gets at most {n(p.user_tokens_per_s)} tokens a second."
    return f"{head} the arithmetic {'still ' if full else ''}waits for the memory {p.waits_words} of the time. {speed}"


def busy(together: int) -> str:
    """The share of the chip's arithmetic that is in use at most, as a percentage."""
    p = roofline.place(CHIP, MODEL, together, CONTEXT)
    return draw.percent(float(p.decode_at_most / p.peak))


def table() -> str:
    """The nine states as a table."""
    body = []
    for n in stops():
        p = roofline.place(CHIP, MODEL, n, CONTEXT)
        body.append([n, p.decode, p.decode_at_most / 1e12, p.waits_words, p.user_tokens_per_s, p.tokens_per_s])
    head = ["Together", "FLOP per byte", "TFLOP/s at most", "Arithmetic waits", "Tokens a second, one reader", "Tokens a second, all"]
    return draw.table(head, body, right={0, 1, 2, 3, 4, 5})


SCRIPT = """
(() => {
  const root = document.currentScript.closest('.hw-landing'), frames = JSON.parse(root.querySelector('.hw-frames').textContent);
  const slider = root.querySelector('input'), show = (name, html) => { root.querySelector(name).innerHTML = html; };
  slider.disabled = false;
  slider.oninput = () => {
    const [together, picture, says, busy] = frames[slider.value];
    show('output', together); show('.hw-frame', picture); show('.hw-readout', says);
    show('.hw-busy b', busy); root.querySelector('.hw-busy i').style.width = busy;
    slider.setAttribute('aria-valuetext', together + ' together');
  };
  slider.oninput();
})();
"""


def panel() -> str:
    """The panel as HTML with its one small script; without scripts the first frame and the table stand."""
    frame, p = frames()[FIRST], roofline.place(CHIP, MODEL, stops()[FIRST], CONTEXT)
    data = json.dumps([[str(f.together), f.picture, f.says, f.busy] for f in frames()], ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        '<div class="hw-landing"><section class="hw-panel" aria-label="One chip, live"><div>'
        f'<div class="hw-ctl"><label for="hw-together">Answers written together</label><output for="hw-together">{frame.together}</output>'
        f'<input id="hw-together" type="range" min="0" max="{len(stops()) - 1}" step="1" value="{FIRST}" aria-valuetext="{frame.together} together" disabled></div>'
        f'<div class="hw-busy"><span><i style="width:{frame.busy}"></i></span><p>arithmetic in use <b>{frame.busy}</b></p></div>'
        f'<p class="hw-small">{p.model} in BF16 on one {p.chip.name}, {CONTEXT:,} tokens of context each. At {stops()[-1]} the memory is full.</p>'
        f'{draw.readout(frame.says)}</div><figure><div class="hw-frame">{frame.picture}</div><figcaption>{READING}</figcaption></figure></section>'
        f"<noscript><p class=\"hw-small\">The slider needs JavaScript; the table holds all {len(stops())} states.</p></noscript>"
        f"{draw.details('Why this number', explained(p.decode_at_most))}{draw.details('The table behind it', table())}"
        f'<script type="application/json" class="hw-frames">{data}</script><script>{SCRIPT}</script></div>'
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """One of the four questions: what it asks, one computed figure, where it is argued."""

    number: int
    title: str
    asks: str
    figure: str
    of: str
    page: str
    discussion: str
    brief: str


def questions() -> tuple[Ask, ...]:
    """The four questions with their figures, computed."""
    seven, small = shape_of("llama2-7b"), BYTES[16]
    weights = weight_bytes(params=seven.params, bytes_per_param=small)
    per_token = kv_bytes_per_token(layers=seven.layers, kv_heads=seven.kv_heads, head_dim=seven.head_dim, bytes_per_value=small)
    cache_bytes = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=given(2048), sequences=given(10_000))
    run = estimate_training(TrainingDesign(accelerator="h100-sxm", nodes=128, tensor_parallel=8, pipeline_parallel=8, data_parallel=16), TrainingLoad())
    seventy = weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[8])
    hold = {name: -int(-seventy // room) for name, room in (
        ("Groq chips", catalogue.chip("groq-lpu-v1").sram_bytes), ("TPU v5e", catalogue.chip("tpu-v5e").mem_bytes),
        ("Inferentia2", catalogue.chip("inferentia2").mem_bytes), ("L40S", catalogue.chip("l40s").mem_bytes))}  # fmt: skip
    year = annual_token_bill(tokens_per_day=given(1e9), usd_per_mtoken=given(2.0), tokens_per_mtoken=MILLION, year_days=catalogue.constant("year_days"))
    return (
        Ask(1, "Two workloads", "What changes when a model that was trained begins to answer?", f"{show(weights, 'B')} of weights, {show(cache_bytes, 'B')} of KV cache",
            "Llama 2 7B, 10,000 sessions of 2,048 tokens", "1-two-workloads/index", "1-two-workloads/discussion", "serve-7b"),
        Ask(2, "Training hardware", "What does a run with 100 billion parameters need?", f"{show(run.state_bytes_total, 'B')} of state; {draw.num(run.days, 2)} days",
            f"2 trillion tokens on 1,024 H100 at {draw.percent(run.mfu)} of the peak", "2-training/index", "2-training/discussion", "train-100b"),
        Ask(3, "Inference chips", "Four ways to answer within half a second: which one?", ", ".join(f"{n} {name}" for name, n in hold.items()),
            "only to hold the weights of Llama 2 70B at one byte each", "3-inference-chips/index", "3-inference-chips/discussion", "serve-70b"),
        Ask(4, "Economics", "When does answering cost more than training?", f"{show(year, 'usd')} a year", "a billion tokens a day at $2 a million",
            "4-economics/index", "4-economics/discussion", "tco-3y"),
    )  # fmt: skip


def rows() -> str:
    """The four questions as rows."""
    items = "".join(
        f'<li><p class="hw-n">{q.number}</p><div><h3><a href="{q.page}.html">{q.title}</a></h3><p>{q.asks}</p></div>'
        f'<div class="hw-fig"><p class="hw-big">{draw.esc(q.figure)}</p><p class="hw-src">{draw.esc(q.of)}</p></div>'
        f'<p class="hw-to"><a href="{q.discussion}.html">Discussion {q.brief}</a></p></li>'
        for q in questions()
    )
    return f'<ol class="hw-qs">{items}</ol>'


def counts() -> dict[str, int]:
    """Claims by verdict, as the bar calls them."""
    return {VERDICTS[v]: n for v, n in catalogue.verdict_counts().items()}


def trust() -> str:
    """The bar of the ledger."""
    return draw.figure(draw.ledger_bar(counts()), table=draw.table(*draw.ledger_bar_table(counts())))


DOORS = (
    ("Read", "1-two-workloads/index", "Every chapter works in the browser, with nothing to install: predict, move, see why, compare with what was measured."),
    ("Work", "reference/workbooks", "Five workbooks for JupyterLab, from a worked example to an open design, with a tutor that computes what you claim."),
    ("Teach", "reference/instructors", "Hand out briefs with each student’s own numbers; check a thousand designs without running anyone’s code."),
)


def doors() -> str:
    """Read, Work, Teach."""
    body = "".join(f'<tr><th scope="row"><a href="{page}.html">{name}</a></th><td>{words}</td></tr>' for name, page, words in DOORS)
    return f'<table class="hw-doors"><tbody>{body}</tbody></table>'
