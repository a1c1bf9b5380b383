"""Every kind of picture and block with example data, light beside dark: python -m lessons.draw.gallery OUT.html

The figures are examples for looking at, near the catalogue's values but not computed; nothing on a page of the
course comes from here.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from lessons import draw, style

GIB = 2.0**30
W7, KV7 = 13.48e9, 524288.0  # Llama 2 7B in 16 bits: weights, bytes of KV cache a token


def kv_rows() -> list:
    """A hundred sequences of 2,048 tokens at 32, 8 and 1 KV heads."""
    rows = []
    for name, heads in (("MHA · 32 heads", 32), ("GQA · 8 heads", 8), ("MQA · 1 head", 1)):
        token = KV7 * heads / 32
        segments = [("weights", W7, "weights"), ("reserve", 3.5 * GIB, "runtime"), ("kv", token * 2048 * 100, "KV")]
        rows.append((name, segments, f"{token / 1024:.0f} KiB a token"))
    return rows


def training_rows() -> list:
    """Bytes of a training step, with and without sharding."""
    def row(name, shard):
        return (name, [("weights", 14e9 / shard, "weights"), ("optimizer", 14e9 / shard, "gradients"),
                       ("optimizer", 84e9 / shard, "moments and master copy"), ("reserve", 3.76e9, "runtime"),
                       ("activations", 9.4e9, "activations")], "")
    return [row("one chip", 1), row("ZeRO-3 over 8", 8)]


def requests(n: int = 9) -> list:
    """One replica, prefill first, decode shared: a prefill stalls everybody's decode."""
    rng = random.Random(11)
    arrivals, now = [], 0.0
    for _ in range(n):
        now += rng.expovariate(2.4)
        prompt = int(min(1700, max(60, rng.lognormvariate(6.1, 0.7))))
        arrivals.append((now, prompt, int(rng.lognormvariate(4.2, 0.5))))
    parts: list[list] = [[] for _ in range(n)]
    first: list = [None] * n
    left: dict[int, int] = {}
    now, seen = 0.0, 0
    while seen < n or left:
        if seen < n and arrivals[seen][0] <= now or not left:
            start = max(now, arrivals[seen][0])
            end = start + arrivals[seen][1] * 0.000257
            parts[seen] += [("wait", arrivals[seen][0], start), ("prefill", start, end)]
            for other in left:
                parts[other].append(("stall", start, end))
            first[seen], left[seen], now, seen = end, arrivals[seen][2], end, seen + 1
            continue
        step = 0.024 + 0.0005 * len(left)
        for k in list(left):
            parts[k].append(("decode", now, now + step))
            left[k] -= 1
            if left[k] <= 0:
                del left[k]
        now += step
    return [(f"{p:,} tokens", a, parts[k], first[k]) for k, (a, p, _) in enumerate(arrivals)]


def designs(n: int = 160) -> list:
    """Made-up designs for the Pareto front."""
    rng = random.Random(5)
    out = []
    for _ in range(n):
        group = rng.choice(("L40S", "Inferentia2", "TPU v5e"))
        cost = rng.lognormvariate({"L40S": 2.9, "Inferentia2": 3.0, "TPU v5e": 2.8}[group], 0.45)
        out.append((cost, 260 + 9000 / cost * rng.lognormvariate(0.2, 0.6), group))
    return out


def band_series() -> list:
    """Two lines with their bands, as on the KV cache page."""
    xs = range(512, 8193, 512)
    out = []
    for name, slope, seen in (("4.85-bit weights", 0.24, 0.20), ("16-bit weights", 0.07, 0.07)):
        at = lambda x, s: 1 + s * (x - 512) / 7680  # noqa: E731
        out.append(dict(label=name, kind="kv", line=[(x, at(x, slope)) for x in xs],
                        band=[(x, at(x, slope * 0.8), at(x, slope * 1.36)) for x in xs],
                        measured=[(x, at(x, seen)) for x in (512, 1024, 4096, 8192)]))
    return out


PARTS = [("network and gateway", "wait", 30), ("queue", "queue", 198), ("prefill, arithmetic", "compute", 97),
         ("prefill, all-reduce", "network", 248), ("first decode step", "memory", 28)]
TORNADO = [("Peak to mean ratio", "2", "5", 11.2, 27.6), ("Price of a chip-hour", "$1.55 Nebius", "$2.42, +30%", 13.8, 21.6),
           ("Prompt, median tokens", "256", "768", 14.9, 19.9), ("Answer, median tokens", "270", "120", 14.4, 19.1)]
REPLICAS = [(9, None), (10, None), (11, None), (12, 602), (13, 560), (14, 540), (16, 516), (18, 505), (20, 497), (22, 484), (24, 477)]
EIGHT_BITS = [(10, 390), (11, 362), (12, 350), (14, 344), (16, 338), (20, 332), (24, 331)]


def pictures() -> list[tuple[str, str]]:
    """(heading, picture) for each kind; the second of a kind shows another width or another case."""
    roof = dict(peak_flop_per_s=989.4e12, mem_bytes_per_s=3.35e12, achieved_flop_per_s=794e12, achieved_bytes_per_s=2.68e12, chip="an H100")
    work = [("decode, 8 together", 7.1), ("prefill, 512 tokens", 500.0), ("training, 8,192 tokens a chip", 2200.0)]
    seen = [("decode, 32 together", 26.0, 61e12), ("prefill, 2,048 tokens", 1900.0, 610e12)]
    cost = [("L40S", [("grey2", 13.1, "chips"), ("idle", 2.4, "idle at night"), ("axis", 1.1, "power")], "48 chips"),
            ("TPU v5e", [("grey2", 7.4, "chips"), ("idle", 1.0, "idle at night"), ("axis", 0.5, "power")], "64 chips")]
    return [
        ("Roofline", draw.roofline(work, yours="decode, 8 together", **roof)),
        ("Roofline beside controls, with measurements", draw.roofline(work[:1] + seen, yours="decode, 8 together", wide=452, **roof)),
        ("Memory bars", draw.memory_bars(kv_rows(), capacity_bytes=80 * GIB, capacity_label="80 GiB = 85.9 GB")),
        ("Memory bars beside controls", draw.memory_bars(kv_rows(), capacity_bytes=80 * GIB, capacity_label="80 GiB = 85.9 GB", wide=452, max_bytes=130e9)),
        ("Memory bars, training", draw.memory_bars(training_rows(), capacity_bytes=80 * GIB, capacity_label="80 GiB = 85.9 GB")),
        ("Pipeline", draw.pipeline(stages=4, microbatches=8)),
        ("Pipeline, interleaved", draw.pipeline(stages=4, microbatches=8, interleave=2)),
        ("Pipeline, many", draw.pipeline(stages=8, microbatches=32)),
        ("Chip map", draw.chip_map(tensor=8, pipeline=4, data=16, layers=32, chip=(0, 1, 2))),
        ("Chip map, a wide slice", draw.chip_map(tensor=16, pipeline=16, data=2, layers=80, chip=(1, 9, 5))),
        ("Chip map, one server", draw.chip_map(tensor=4, pipeline=1, data=2)),
        ("Ring reduce-scatter", draw.ring(chips=4)),
        ("Ring all-reduce", draw.ring(chips=8, kind="all-reduce")),
        ("Systolic array", draw.systolic()),
        ("KV blocks", draw.kv_blocks([("A", 212), ("B", 71), ("C", 358), ("D", 30)])),
        ("Timeline", draw.timeline(requests(), limit_s=0.5)),
        ("Waterfall", draw.waterfall(PARTS, limit=500)),
        ("Waterfall in the studio", draw.waterfall(PARTS, limit=500, wide=556)),
        ("Curve", draw.curve(REPLICAS, others=[("all-reduce in 8 bits", EIGHT_BITS)], x_label="replicas", y_label="p99 to first token, ms",
                             yours=12, yours_label="12 replicas: 602", limit=500, unit="ms", wide=556)),
        ("Curve, one line", draw.curve([(2**k, 40 / (1 + 0.02 * 2**k)) for k in range(10)], x_label="sequences together", y_label="tokens a second for a user",
                                       x_log=True, yours=32, limit=15, meets="above", kind="memory")),
        ("Measured beside predicted", draw.measured_band(band_series(), x_label="tokens generated", y_label="time for a token, against the run of 512 tokens", unit="×", x_ticks=[512, 1024, 4096, 8192])),
        ("Log strip", draw.log_strip(computed=10.7e12, yours=200e9, anchors=[("the weights", W7, "weights")])),
        ("Log strip, close", draw.log_strip(computed=34, yours=31, unit="days", interval=(27, 45), anchors=[("a month", 30.4), ("a quarter", 91)])),
        ("Cost bars", draw.cost_bars(cost, per="a million output tokens", budget=11.14)),
        ("Breakdown", draw.breakdown([("chips, busy", "grey2", 9.8), ("chips, idle", "idle", 4.2), ("power", "grey", 1.5), ("network", "network", 1.08)], limit=11.14, limit_label="target $11.14", total="a million tokens")),
        ("Pareto", draw.pareto(designs(), x_label="per million output tokens", y_label="p99 to first token with one replica lost, ms", yours=(16.58, 1121), best=(8.91, 470), limit=500, y_unit="ms", x_limits=(4, 50), y_limits=(150, 4000))),
        ("Tornado", draw.tornado(TORNADO, base=16.58, title="What moves the cost")),
        ("Fleet by year", draw.fleet(["year 1", "year 2", "year 3"], [("L40S", [162, 162, 0]), ("H100 SXM", [0, 19, 75])], demand=[34722, 62500, 112500])),
        ("Ledger", draw.ledger_bar({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13})),
    ]


def blocks() -> str:
    """Every block of a page once."""
    targets = [
        dict(verdict="meets", target="Fits in memory, sequences", yours="366", limit="32", margin="11 times"),
        dict(verdict="misses", target="First token, p99, ms", yours="602", interval="562 to 705", limit="500", margin="20% over"),
        dict(verdict="unknown", target="Dollars for a million tokens out", limit="11.14", why="no list price"),
    ]
    findings = [
        dict(severity="blocks", says="Adding replicas cannot bring the p99 under 500 ms before the 20th.", why="The longest prompts need 404 ms with no queue at all.", rule="ttft-floor", href="#"),
        dict(severity="costs", says="1.86 times the best design found for this brief.", why="$16.58 against $8.91.", rule="cost-at-objective", href="#"),
        dict(severity="risks", says="At a peak of 3.5 times the mean instead of 3, the p99 is 2,044 ms."),
        dict(severity="asks", says="Who checks the answers after weights go to 8 bits?"),
        dict(severity="praises", says="Continuous batching, and a spare replica counted from the start."),
    ]
    why = [["", "2", "a key and a value", "definition"], ["<i>L</i>", "32", "layers", "Llama 2 7B, catalogue"],
           ["<i>T</i>", "2,048", "tokens of context", "your choice"]]
    picture = draw.ledger_bar({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13})
    return "".join([
        draw.headline("<b>Two of five targets met.</b> The first token comes after 602 ms at the 99th percentile; the limit is 500."),
        draw.targets_table(targets),
        draw.readout("<b>100 sequences</b> with a KV head for each query head: <b>107 GB</b>, 39 GB too much."),
        draw.source_line('llama.cpp, spring 2024, one sequence. <a href="#">8 rows</a>'),
        draw.sub("Findings"), draw.findings_list(findings),
        draw.sub("Why"), draw.why_table(why, result=["KV", "107.4 GB", "= 107,374,182,400 bytes", ""]),
        draw.sub("A claim, checked"),
        draw.claim_block("wrong", "That an 80 GB GPU serves one session of a 70B model at 128K tokens of context.", "It leaves out the weights: 140 GB in 16 bits.", "S4-29"),
        draw.claim_block("caveat", "That an H100 has 3.35 TB/s.", "The SXM part does; the PCIe part has 2.0.", "S2-04", source="Vendor data sheet."),
        draw.claim_block("no source", "That half the market is inference.", "We found no figure to check it against.", "S4-02"),
        draw.sub("States"),
        draw.state_line("Loading", "Figures as built. Python starts in this page: 3 of 9 MB."),
        draw.state_line("Refused", "Replicas: 0 is outside 1 to 400. The verdict below is still for 12.", error=True),
        draw.sub("Tutor"), draw.facts([("users a day", "50,000"), ("first token, p99", "500 ms")]),
        draw.log([draw.turn("Tutor", "What is your first token waiting for?"), draw.turn("You", draw.esc("the links?? <b>pcie</b>")),
                  draw.turn("Tutor", "<p>Yes: of 122 ms of prefill, 88 are all-reduces.</p>" + draw.read_as("links set the time to first token."))]),
        draw.figure(picture, caption="A figure with its words.", source="The ledger.",
                    table=draw.table(*draw.ledger_bar_table({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13}))),
        draw.details("Worked solution", "<p>Three, and in practice four.</p>"),
    ])


def page() -> str:
    """The whole gallery; the right half is dark whatever the system says."""
    dark = "".join(f"--{k}:{v};" for k, v in style.tokens("dark").items())
    light = "".join(f"--{k}:{v};" for k, v in style.tokens("light").items())
    halves = []
    for theme in style.THEMES:
        body = "".join(f'<section class="hw-blk"><h2 class="hw-tag">{draw.esc(name)}</h2>{picture}</section>' for name, picture in pictures())
        halves.append(f'<div class="theme {theme}" data-theme="{theme}">{body}<section class="hw-blk"><h2 class="hw-tag">Blocks</h2>{blocks()}</section></div>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Gallery</title><style>{style.report_css()}"
        f".light{{{light}}}.dark{{{dark}}}.all{{display:grid;grid-template-columns:1fr 1fr}}"
        ".theme{background:var(--paper);color:var(--ink);padding:8px 16px;min-width:0}"
        f"@media(max-width:900px){{.all{{grid-template-columns:1fr}}}}</style></head><body><div class='all'>{''.join(halves)}</div></body></html>"
    )


def main(arguments: list[str]) -> int:
    """Write the gallery where the one argument says."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m lessons.draw.gallery OUT.html\n")
        return 2
    Path(arguments[0]).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
