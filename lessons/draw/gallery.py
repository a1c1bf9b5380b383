"""Every kind of picture and block with example data, light beside dark: python -m lessons.draw.gallery OUT.html

The figures are examples for looking at, near the catalogue's values but not computed; nothing on a page of the
course comes from here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lessons import draw, style
from lessons.draw.examples import (
    EIGHT_BITS,
    GIB,
    PARTS,
    REPLICAS,
    TORNADO,
    W7,
    band_series,
    designs,
    kv_rows,
    requests,
    training_rows,
)


def pictures() -> list[tuple[str, str]]:
    """(heading, picture) for each kind; the second of a kind shows another width or another case."""
    roof = dict(
        peak_flop_per_s=989.4e12,
        mem_bytes_per_s=3.35e12,
        achieved_flop_per_s=794e12,
        achieved_bytes_per_s=2.68e12,
        chip="an H100",
    )
    work = [
        ("decode, 8 together", 7.1),
        ("prefill, 512 tokens", 500.0),
        ("training, 8,192 tokens a chip", 2200.0),
    ]
    seen = [("decode, 32 together", 26.0, 61e12), ("prefill, 2,048 tokens", 1900.0, 610e12)]
    cost = [
        (
            "L40S",
            [("grey2", 13.1, "chips"), ("idle", 2.4, "idle at night"), ("axis", 1.1, "power")],
            "48 chips",
        ),
        (
            "TPU v5e",
            [("grey2", 7.4, "chips"), ("idle", 1.0, "idle at night"), ("axis", 0.5, "power")],
            "64 chips",
        ),
    ]
    return [
        ("Roofline", draw.roofline(work, yours="decode, 8 together", **roof)),
        (
            "Roofline beside controls, with measurements",
            draw.roofline(work[:1] + seen, yours="decode, 8 together", wide=452, **roof),
        ),
        (
            "Memory bars",
            draw.memory_bars(kv_rows(), capacity_bytes=80 * GIB, capacity_label="80 GiB = 85.9 GB"),
        ),
        (
            "Memory bars beside controls",
            draw.memory_bars(
                kv_rows(),
                capacity_bytes=80 * GIB,
                capacity_label="80 GiB = 85.9 GB",
                wide=452,
                max_bytes=130e9,
            ),
        ),
        (
            "Memory bars, training",
            draw.memory_bars(training_rows(), capacity_bytes=80 * GIB, capacity_label="80 GiB = 85.9 GB"),
        ),
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
        (
            "Curve",
            draw.curve(
                REPLICAS,
                others=[("all-reduce in 8 bits", EIGHT_BITS)],
                x_label="replicas",
                y_label="p99 to first token, ms",
                yours=12,
                yours_label="12 replicas: 602",
                limit=500,
                unit="ms",
                wide=556,
            ),
        ),
        (
            "Curve, one line",
            draw.curve(
                [(2**k, 40 / (1 + 0.02 * 2**k)) for k in range(10)],
                x_label="sequences together",
                y_label="tokens a second for a user",
                x_log=True,
                yours=32,
                limit=15,
                meets="above",
                kind="memory",
            ),
        ),
        (
            "Measured beside predicted",
            draw.measured_band(
                band_series(),
                x_label="tokens generated",
                y_label="time for a token, against the run of 512 tokens",
                unit="×",
                x_ticks=[512, 1024, 4096, 8192],
            ),
        ),
        (
            "Log strip",
            draw.log_strip(computed=10.7e12, yours=200e9, anchors=[("the weights", W7, "weights")]),
        ),
        (
            "Log strip, close",
            draw.log_strip(
                computed=34,
                yours=31,
                unit="days",
                interval=(27, 45),
                anchors=[("a month", 30.4), ("a quarter", 91)],
            ),
        ),
        ("Cost bars", draw.cost_bars(cost, per="a million output tokens", budget=11.14)),
        (
            "Breakdown",
            draw.breakdown(
                [
                    ("chips, busy", "grey2", 9.8),
                    ("chips, idle", "idle", 4.2),
                    ("power", "grey", 1.5),
                    ("network", "network", 1.08),
                ],
                limit=11.14,
                limit_label="target $11.14",
                total="a million tokens",
            ),
        ),
        (
            "Pareto",
            draw.pareto(
                designs(),
                x_label="per million output tokens",
                y_label="p99 to first token with one replica lost, ms",
                yours=(16.58, 1121),
                best=(8.91, 470),
                limit=500,
                y_unit="ms",
                x_limits=(4, 50),
                y_limits=(150, 4000),
            ),
        ),
        ("Tornado", draw.tornado(TORNADO, base=16.58, title="What moves the cost")),
        (
            "Fleet by year",
            draw.fleet(
                ["year 1", "year 2", "year 3"],
                [("L40S", [162, 162, 0]), ("H100 SXM", [0, 19, 75])],
                demand=[34722, 62500, 112500],
            ),
        ),
        ("Ledger", draw.ledger_bar({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13})),
    ]


def blocks() -> str:
    """Every block of a page once."""
    targets = [
        dict(verdict="meets", target="Fits in memory, sequences", yours="366", limit="32", margin="11 times"),
        dict(
            verdict="misses",
            target="First token, p99, ms",
            yours="602",
            interval="562 to 705",
            limit="500",
            margin="20% over",
        ),
        dict(
            verdict="unknown", target="Dollars for a million tokens out", limit="11.14", why="no list price"
        ),
    ]
    findings = [
        dict(
            severity="blocks",
            says="Adding replicas cannot bring the p99 under 500 ms before the 20th.",
            why="The longest prompts need 404 ms with no queue at all.",
            rule="ttft-floor",
            href="#",
        ),
        dict(
            severity="costs",
            says="1.86 times the best design found for this brief.",
            why="$16.58 against $8.91.",
            rule="cost-at-objective",
            href="#",
        ),
        dict(severity="risks", says="At a peak of 3.5 times the mean instead of 3, the p99 is 2,044 ms."),
        dict(severity="asks", says="Who checks the answers after weights go to 8 bits?"),
        dict(severity="praises", says="Continuous batching, and a spare replica counted from the start."),
    ]
    why = [
        ["", "2", "a key and a value", "definition"],
        ["<i>L</i>", "32", "layers", "Llama 2 7B, catalogue"],
        ["<i>T</i>", "2,048", "tokens of context", "your choice"],
    ]
    picture = draw.ledger_bar({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13})
    return "".join(
        [
            draw.headline(
                "<b>Two of five targets met.</b> The first token comes after 602 ms at the 99th percentile; the limit is 500."
            ),
            draw.targets_table(targets),
            draw.readout(
                "<b>100 sequences</b> with a KV head for each query head: <b>107 GB</b>, 39 GB too much."
            ),
            draw.source_line('llama.cpp, spring 2024, one sequence. <a href="#">8 rows</a>'),
            draw.sub("Findings"),
            draw.findings_list(findings),
            draw.sub("Why"),
            draw.why_table(why, result=["KV", "107.4 GB", "= 107,374,182,400 bytes", ""]),
            draw.sub("A claim, checked"),
            draw.claim_block(
                "wrong",
                "That an 80 GB GPU serves one session of a 70B model at 128K tokens of context.",
                "It leaves out the weights: 140 GB in 16 bits.",
                "S4-29",
            ),
            draw.claim_block(
                "caveat",
                "That an H100 has 3.35 TB/s.",
                "The SXM part does; the PCIe part has 2.0.",
                "S2-04",
                source="Vendor data sheet.",
            ),
            draw.claim_block(
                "no source",
                "That half the market is inference.",
                "We found no figure to check it against.",
                "S4-02",
            ),
            draw.sub("States"),
            draw.state_line("Loading", "Figures as built. Python starts in this page: 3 of 9 MB."),
            draw.state_line(
                "Refused", "Replicas: 0 is outside 1 to 400. The verdict below is still for 12.", error=True
            ),
            draw.sub("Tutor"),
            draw.facts([("users a day", "50,000"), ("first token, p99", "500 ms")]),
            draw.log(
                [
                    draw.turn("Tutor", "What is your first token waiting for?"),
                    draw.turn("You", draw.esc("the links?? <b>pcie</b>")),
                    draw.turn(
                        "Tutor",
                        "<p>Yes: of 122 ms of prefill, 88 are all-reduces.</p>"
                        + draw.read_as("links set the time to first token."),
                    ),
                ]
            ),
            draw.figure(
                picture,
                caption="A figure with its words.",
                source="The ledger.",
                table=draw.table(
                    *draw.ledger_bar_table({"holds": 35, "caveat": 79, "wrong": 26, "no source": 13})
                ),
            ),
            draw.details("Worked solution", "<p>Three, and in practice four.</p>"),
        ]
    )


def page() -> str:
    """The whole gallery; the right half is dark whatever the system says."""
    dark = "".join(f"--{k}:{v};" for k, v in style.tokens("dark").items())
    light = "".join(f"--{k}:{v};" for k, v in style.tokens("light").items())
    halves = []
    for theme in style.THEMES:
        body = "".join(
            f'<section class="hw-blk"><h2 class="hw-tag">{draw.esc(name)}</h2>{picture}</section>'
            for name, picture in pictures()
        )
        halves.append(
            f'<div class="theme {theme}" data-theme="{theme}">{body}<section class="hw-blk"><h2 class="hw-tag">Blocks</h2>{blocks()}</section></div>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Gallery</title><style>{style.report_css()}"
        f".light{{{light}}}.dark{{{dark}}}main.all{{max-width:none;padding:0;display:grid;grid-template-columns:1fr 1fr}}"
        ".theme{background:var(--paper);color:var(--ink);padding:8px 16px;min-width:0}"
        f"@media(max-width:900px){{main.all{{grid-template-columns:1fr}}}}</style></head><body><main class='all'><h1 class='hw-vh'>Gallery</h1>{''.join(halves)}</main></body></html>"
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
