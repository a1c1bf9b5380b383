"""Pictures and blocks of the course: pure functions from plain values to HTML strings.

Nothing here knows hwlib, widgets or a browser; only the standard library is imported, so the same call draws
in the build, in Pyodide, in JupyterLab and in a report. Each picture is drawn twice (wide and narrow, type of
12 to 13 px in both); look.css shows the one that fits its container, and without that stylesheet the wide one shows.

Conventions shared by all kinds
    wide=680, narrow=340     the two drawn widths. Give wide=452 beside controls (.hw-panel), wide=556 in the studio.
    title="…"                what the picture is: the first words of its aria-label.
    says=""                  the result in words, with figures. Left out, each kind writes its own from its numbers.
    kind (of a segment)      "compute" "memory" "network" · "weights" "kv" "activations" "optimizer" ·
                             "reserve" (solid grey) · "idle" "free" "queue" "wait" "stall" "bubble" (hatched) ·
                             "grey" "grey2" "ink" (no resource: dollars, ranges, counts)
    <kind>_table(...)        takes the same data, gives (head, rows) for table(head, rows): "the table behind it".

Picture kinds (base units where the name ends in _bytes, _s, _usd, …; else "as shown", with unit=)
    roofline(points, *, peak_flop_per_s, mem_bytes_per_s, achieved_flop_per_s=None, achieved_bytes_per_s=None,
             yours=None, precision="dense BF16", chip="one chip", title=None, says="", wide=680, narrow=340)
        points: [(label, flop_per_byte) or (label, flop_per_byte, flop_per_s measured)]; yours: the label of one of them
    memory_bars(rows, *, capacity_bytes=None, capacity_label=None, max_bytes=None, title="Memory of one chip", …)
        rows: [(label, [(kind, bytes, name), …], note)]; what is left up to the capacity is hatched as free
    pipeline(*, stages, microbatches, interleave=1, backward=2, title=None, …)       1F1B, computed
    chip_map(*, tensor, pipeline, data, layers=None, chips_per_node=8, chip=(0, 0, 0), node="server", title=None, …)
        chip: (replica, stage, shard), counted from 0: marks whom this chip talks to; None marks nobody
    ring(*, chips=4, kind="reduce-scatter" | "all-gather" | "all-reduce", steps=None, names=None, title=None, …)
    timeline(requests, *, until_s=None, limit_s=None, label="prompt", title=None, …)
        requests: [(label, arrival_s, [("wait"|"prefill"|"decode"|"stall", start_s, end_s), …], first_token_s or None)]
    kv_blocks(sequences, *, block_tokens=16, reserved_tokens=512, total_blocks=64, blocks=None, contiguous=True, title=None, …)
        sequences: [(letter, tokens)]; blocks: [(letter, tokens_in_it) or None] as an allocator left them
    waterfall(terms, *, limit=None, unit="ms", total="first token", limit_label=None, most=None, title="…", …)
        terms: [(label, kind, value)], in the order of time; most fixes the scale while a control moves
    log_strip(*, computed, yours=None, unit="B", anchors=(), interval=None, yours_word="you",
              computed_word="computed", title=None, …)
        anchors: [(label, value) or (label, value, kind)]
    measured_band(series, *, x_label, y_label, x_log=False, y_log=False, x_ticks=None, y_ticks=None, unit="",
                  y_zero=False, title=None, …)
        series: [dict(label=, kind=, line=[(x, y)], band=[(x, low, high)], measured=[(x, y)])]
    curve(points, *, x_label, y_label, label="as designed", yours=None, yours_label=None, limit=None, meets="below",
          limit_label=None, others=(), unit="", x_log=False, y_log=False, x_ticks=None, y_max=None, y_zero=True, band=(),
          kind="ink", title=None, …)
        others: [(label, points)], drawn dashed; limit washes the region that meets it
    cost_bars(rows, *, unit="$", per="", budget=None, budget_label=None, most=None, title="Cost", …)
        rows: [(label, [(kind, value, name), …], note)], stacked; kind "grey"/"grey2"/"ink"/"idle" or a resource
    breakdown(terms, *, unit="$", total="total", limit=None, …)                    a waterfall of dollars: same terms
    pareto(points, *, x_label, y_label, yours=None, best=None, limit=None, limit_label=None, x_log=True, y_log=True,
           x_unit="$", y_unit="", best_label="best known", x_limits=None, y_limits=None, title=None, …)
        points: [(x, y, group)], smaller is better; yours, best: (x, y)
    tornado(rows, *, base, unit="$", title="…", …)   rows: [(name, low_label, high_label, value_at_low, value_at_high)]
    ledger_bar(counts, *, title=None, …)             counts: {"holds": 35, "caveat": 79, "wrong": 26, "no source": 13}
    systolic(*, rows=6, cols=6, depth=6, cycles=None, title=None, …)
    fleet(years, rows, *, demand=None, demand_label="tokens/s wanted", title=None, …)   rows: [(chip, [count a year])]

Tables and numbers
    table(head, rows, *, caption="", right=None, sums=0, cls="hw-table") -> HTML with scopes; figures right-aligned
    num(x, digits=3) · quantity(x, unit="", digits=3) · percent(x) · times(x) · interval(low, high, unit="")
    quantity scales "B" "B/s" "FLOP/s" "W" "J" by prefix, "s" to ms, min, h or days, "$" and the rest to millions
    esc(text) · mark(verdict, word=None) · VERDICTS · Pic · two(draw, wide=680, narrow=340) · Scale · text_width

Blocks of a page (lessons.draw.blocks): HTML strings. An argument called html (and caption, source, table, body,
claim, computation) is markup; all others are text and are escaped
    readout(html) · source_line(html) · caption(html) · tag(text, *, id=None) · sub(text)
    state_line(word, html="", *, error=False) · details(summary, body, *, open=False)
    figure(picture, *, caption="", source="", table="")         picture, words and the table behind it
    claim_block(verdict, claim, computation, ledger_id, *, source="") verdict: holds | caveat | wrong | no source
    targets_table(rows)     rows: [dict(verdict=, target=, yours=, interval=, limit=, margin=, why=)]
    headline(html) · findings_list(findings)   [dict(severity=, says=, why=, rule=, href=)]
    turn(who, html) · log(turns) · read_as(html) · facts(pairs) · why_table(rows, *, result)
"""

from .blocks import (
    caption,
    claim_block,
    details,
    facts,
    figure,
    findings_list,
    headline,
    log,
    read_as,
    readout,
    source_line,
    state_line,
    sub,
    tag,
    targets_table,
    turn,
    why_table,
)
from .chip_map import chip_map, chip_map_table
from .cost_bars import cost_bars, cost_bars_table
from .curve import curve, curve_table
from .figures import interval, num, percent, quantity, times
from .fleet import fleet, fleet_table
from .kv_blocks import kv_blocks, kv_blocks_table
from .ledger_bar import ledger_bar, ledger_bar_table
from .log_strip import log_strip, log_strip_table
from .marks import VERDICTS, mark
from .measure import text_width
from .measured_band import measured_band, measured_band_table
from .memory_bars import memory_bars, memory_bars_table
from .pareto import pareto, pareto_table
from .pipeline import pipeline, pipeline_table
from .ring import ring, ring_table
from .roofline import roofline, roofline_table
from .scale import Scale
from .svg import Pic, esc, two
from .systolic import systolic, systolic_table
from .table import table
from .timeline import timeline, timeline_table
from .tornado import tornado, tornado_table
from .waterfall import breakdown, waterfall, waterfall_table

__all__ = [
    "Pic",
    "Scale",
    "VERDICTS",
    "breakdown",
    "caption",
    "chip_map",
    "chip_map_table",
    "claim_block",
    "cost_bars",
    "cost_bars_table",
    "curve",
    "curve_table",
    "details",
    "esc",
    "facts",
    "figure",
    "findings_list",
    "fleet",
    "fleet_table",
    "headline",
    "interval",
    "kv_blocks",
    "kv_blocks_table",
    "ledger_bar",
    "ledger_bar_table",
    "log",
    "log_strip",
    "log_strip_table",
    "mark",
    "measured_band",
    "measured_band_table",
    "memory_bars",
    "memory_bars_table",
    "num",
    "pareto",
    "pareto_table",
    "percent",
    "pipeline",
    "pipeline_table",
    "quantity",
    "read_as",
    "readout",
    "ring",
    "ring_table",
    "roofline",
    "roofline_table",
    "source_line",
    "state_line",
    "sub",
    "systolic",
    "systolic_table",
    "table",
    "tag",
    "targets_table",
    "text_width",
    "timeline",
    "timeline_table",
    "times",
    "tornado",
    "tornado_table",
    "turn",
    "two",
    "waterfall",
    "waterfall_table",
    "why_table",
]
