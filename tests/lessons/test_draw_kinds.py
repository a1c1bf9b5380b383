"""Every kind of picture, with example values, with hostile words, and over ranges of values."""

import inspect

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lessons import draw
from lessons.draw import gallery
from lessons.draw.pipeline import one_f_one_b
from lessons.draw.ring import ring_state
from lessons.draw.roofline import roofline
from lessons.draw.systolic import busy_cells
from tests.lessons import svgs

EXAMPLES = gallery.pictures()
HOSTILE = (
    '<script>alert(1)</script> & "a label that is much too long for any picture to hold in one line of text"'
)
KINDS = (
    "roofline",
    "memory_bars",
    "pipeline",
    "chip_map",
    "ring",
    "timeline",
    "kv_blocks",
    "waterfall",
    "log_strip",
    "measured_band",
    "curve",
    "cost_bars",
    "pareto",
    "tornado",
    "ledger_bar",
    "systolic",
    "fleet",
)


@pytest.mark.parametrize(("name", "html"), EXAMPLES, ids=[n for n, _ in EXAMPLES])
def test_each_example_is_sound_at_both_widths(name, html):
    svgs.assert_sound(html)


def test_the_same_data_draw_the_same_string():
    assert gallery.page() == gallery.page()


def test_labels_at_rest_do_not_lie_on_one_another():
    """Horizontal labels of the example pictures: no two share more than a sliver."""
    for name, html in EXAMPLES:
        for svg in svgs.pictures(html):
            found = [t for t in svgs.texts(svg) if not t["turned"] and not t["grouped"]]
            for k, a in enumerate(found):
                for b in found[:k]:
                    across = min(a["end"], b["end"]) - max(a["start"], b["start"])
                    down = min(a["y"], b["y"]) + 3 - max(a["y"] - a["size"] * 0.72, b["y"] - b["size"] * 0.72)
                    assert across <= 2 or down <= 3, (name, svg.get("class"), a["text"], b["text"])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_table_that_takes_the_same_data(kind):
    picture, table = getattr(draw, kind), getattr(draw, f"{kind}_table")
    data = [p for p in inspect.signature(picture).parameters.values() if p.default is p.empty]
    accepted = inspect.signature(table).parameters
    takes_rest = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    assert all(p.name in accepted or takes_rest for p in data)
    assert picture.__doc__ and table.__doc__
    assert f"{kind}(" in draw.__doc__


def test_hostile_words_stay_words():
    label, short = HOSTILE, "<b>"
    pictures = [
        draw.roofline(
            [(label, 5.0), (short, 900.0)],
            peak_flop_per_s=1e15,
            mem_bytes_per_s=3e12,
            yours=label,
            precision=label,
            chip=label,
        ),
        draw.memory_bars(
            [(label, [("weights", 5e9, label), ("kv", 9e9, label), ("odd", 1e9, label)], label)],
            capacity_bytes=8e9,
            capacity_label=label,
        ),
        draw.chip_map(tensor=2, pipeline=2, data=2, node=label),
        draw.ring(chips=3, names=[label] * 3),
        draw.timeline([(label, 0, [("prefill", 0, 1), ("strange", 1, 2)], 1)], label=label),
        draw.kv_blocks([(label, 40), (short, 8)]),
        draw.waterfall(
            [(label, "queue", 3), (label, "odd", 4)], limit=5, unit=label, total=label, limit_label=label
        ),
        draw.log_strip(computed=3, yours=9, unit=label, anchors=[(label, 2, "weights")]),
        draw.measured_band(
            [dict(label=label, kind=label, line=[(1, 1), (2, 2)], measured=[(1, 1)])],
            x_label=label,
            y_label=label,
        ),
        draw.curve(
            [(1, 2), (2, 3)],
            others=[(label, [(1, 1), (2, 1)])],
            x_label=label,
            y_label=label,
            label=label,
            yours=1,
            yours_label=label,
            limit=2,
            limit_label=label,
        ),
        draw.cost_bars([(label, [("grey", 3, label)], label)], per=label, budget=2, budget_label=label),
        draw.pareto(
            [(1, 2, label), (2, 1, short)],
            x_label=label,
            y_label=label,
            yours=(1, 1),
            best=(2, 2),
            limit=1.5,
            limit_label=label,
        ),
        draw.tornado([(label, label, label, 1, 3)], base=2),
        draw.fleet([label, short], [(label, [1, 2])], demand=[3, 4], demand_label=label),
    ]
    for html in pictures:
        assert "<script" not in html and "<b>" not in html
        svgs.assert_sound(html)


def test_says_takes_the_place_of_the_written_description():
    html = draw.waterfall([("a", "compute", 3)], says="The queue is 3 ms of 5")
    assert 'aria-label="Time to first token. The queue is 3 ms of 5"' in html


# Over ranges of values ------------------------------------------------------------------------------------

positive = st.floats(1e-6, 1e12)
kinds = st.sampled_from(
    ["weights", "kv", "activations", "optimizer", "reserve", "compute", "network", "queue", "grey", "idle"]
)
words = st.sampled_from(["KV", "weights", "moments and master copy", "prefill, all-reduce", "a", ""])
quick = settings(max_examples=60, deadline=None)


@quick
@given(st.floats(1e12, 1e17), st.floats(1e10, 1e14), st.lists(st.floats(0.01, 1e5), min_size=1, max_size=5))
def test_rooflines(peak, bandwidth, intensities):
    points = [(f"work {k}", v) for k, v in enumerate(intensities)]
    svgs.assert_sound(
        roofline(
            points,
            peak_flop_per_s=peak,
            mem_bytes_per_s=bandwidth,
            yours="work 0",
            achieved_flop_per_s=0.8 * peak,
            achieved_bytes_per_s=0.8 * bandwidth,
        )
    )


@quick
@given(
    st.lists(
        st.lists(st.tuples(kinds, st.floats(0, 1e13), words), min_size=1, max_size=6), min_size=1, max_size=4
    ),
    st.none() | st.floats(1e8, 1e13),
)
@example([[("weights", 5e-324, "KV")]], None)
def test_memory_and_cost_bars(rows, capacity):
    rows = [(f"row {k}", segments, "a note") for k, segments in enumerate(rows)]
    svgs.assert_sound(draw.memory_bars(rows, capacity_bytes=capacity))
    svgs.assert_sound(draw.cost_bars(rows, budget=capacity))


@quick
@given(
    st.lists(st.tuples(words, kinds, st.floats(0, 1e6)), min_size=1, max_size=8),
    st.none() | st.floats(1, 1e6),
)
def test_waterfalls(terms, limit):
    svgs.assert_sound(draw.waterfall(terms, limit=limit))
    svgs.assert_sound(draw.breakdown(terms, limit=limit))


@quick
@given(positive, st.none() | positive, st.lists(st.tuples(words, positive), max_size=3))
def test_log_strips(computed, yours, anchors):
    svgs.assert_sound(
        draw.log_strip(computed=computed, yours=yours, anchors=anchors, interval=(computed / 2, computed * 3))
    )


@quick
@given(
    st.lists(st.tuples(st.floats(1, 1e4), st.none() | st.floats(0, 1e6)), min_size=2, max_size=12),
    st.booleans(),
    st.floats(1, 1e6),
)
def test_curves_survive_values_that_are_not_known(points, log, limit):
    points = sorted(dict(points).items())
    svgs.assert_sound(
        draw.curve(
            points,
            x_label="batch 1",
            y_label="ms",
            x_log=log,
            yours=points[0][0],
            limit=limit,
            others=[("with 8 bits", points)],
        )
    )


@quick
@given(
    st.lists(st.tuples(positive, positive, st.sampled_from("abc")), min_size=1, max_size=30),
    st.none() | positive,
)
def test_pareto_fronts(points, limit):
    svgs.assert_sound(
        draw.pareto(
            points, x_label="cost", y_label="ms", yours=points[0][:2], best=points[-1][:2], limit=limit
        )
    )


@quick
@given(
    st.lists(
        st.tuples(words, words, words, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)), min_size=1, max_size=6
    ),
    st.floats(-1e5, 1e5),
)
def test_tornadoes(rows, base):
    svgs.assert_sound(draw.tornado(rows, base=base))


@quick
@given(st.integers(1, 64), st.integers(1, 24), st.integers(1, 512), st.none() | st.integers(1, 128))
def test_chip_maps(tensor, pipeline, data, layers):
    svgs.assert_sound(
        draw.chip_map(
            tensor=tensor,
            pipeline=pipeline,
            data=data,
            layers=layers,
            chip=(data // 2, pipeline // 2, tensor - 1),
        )
    )


@quick
@given(
    st.lists(st.tuples(st.sampled_from("ABCDEF"), st.integers(1, 900)), min_size=1, max_size=6),
    st.sampled_from([8, 16, 32]),
)
def test_block_maps(sequences, block):
    svgs.assert_sound(draw.kv_blocks(sequences, block_tokens=block))


@quick
@given(st.tuples(*[st.integers(0, 500)] * 4).filter(any))
def test_ledgers(counts):
    svgs.assert_sound(
        draw.ledger_bar(dict(zip(("holds", "caveat", "wrong", "no source"), counts, strict=True)))
    )


@quick
@given(st.integers(2, 16), st.sampled_from(["reduce-scatter", "all-gather", "all-reduce"]))
def test_rings(chips, kind):
    svgs.assert_sound(draw.ring(chips=chips, kind=kind))


# What the pictures compute --------------------------------------------------------------------------------


@given(st.integers(1, 8), st.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_the_bubble_of_1f1b_is_the_formula_s(stages, batches):
    cells = one_f_one_b(stages=stages, microbatches=batches)
    total = max(c.end for c in cells)
    assert total == pytest.approx(3 * (batches + stages - 1))
    assert len(cells) == 2 * stages * batches


@given(st.integers(2, 6), st.integers(1, 4), st.integers(2, 4))
@settings(deadline=None, max_examples=30)
def test_interleaving_divides_the_bubble_by_the_chunks(stages, groups, chunks):
    cells = one_f_one_b(stages=stages, microbatches=stages * groups, interleave=chunks)
    assert max(c.end for c in cells) == pytest.approx(3 * (stages * groups + (stages - 1) / chunks))


@given(st.integers(1, 6), st.integers(1, 12), st.sampled_from([1, 2]))
@settings(deadline=None, max_examples=40)
def test_no_stage_does_two_things_at_once_and_nothing_starts_before_its_input(stages, batches, chunks):
    cells = one_f_one_b(
        stages=stages, microbatches=batches * stages if chunks > 1 else batches, interleave=chunks
    )
    ends = {(c.backward, c.batch, c.chunk * stages + c.stage): c.end for c in cells}
    for stage in range(stages):
        mine = sorted((c for c in cells if c.stage == stage), key=lambda c: c.start)
        assert all(a.end <= b.start + 1e-9 for a, b in zip(mine, mine[1:], strict=False))
    for c in cells:
        here = c.chunk * stages + c.stage
        before = ends.get((True, c.batch, here + 1)) if c.backward else ends.get((False, c.batch, here - 1))
        assert before is None or before <= c.start + 1e-9


@given(st.integers(2, 12))
def test_after_a_reduce_scatter_each_chip_holds_one_whole_sum(chips):
    state = ring_state(chips=chips, kind="reduce-scatter", step=chips - 1)
    assert all([count for count, _ in row].count(chips) == 1 for row in state)
    assert all(fresh == (count == chips) for row in state for count, fresh in row)


@given(st.integers(2, 12), st.sampled_from(["all-gather", "all-reduce"]))
def test_afterwards_everybody_holds_everything(chips, kind):
    last = (chips - 1) * (2 if kind == "all-reduce" else 1)
    assert all(count == chips for row in ring_state(chips=chips, kind=kind, step=last) for count, _ in row)
    for step in range(1, last + 1):
        assert all(
            sum(fresh for _, fresh in row) == 1 for row in ring_state(chips=chips, kind=kind, step=step)
        )


@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))
def test_each_cell_of_the_array_adds_every_product_once(rows, cols, depth):
    seen = [[[] for _ in range(cols)] for _ in range(rows)]
    for cycle in range(depth + rows + cols - 2):
        for i, row in enumerate(busy_cells(rows=rows, cols=cols, depth=depth, cycle=cycle)):
            for j, value in enumerate(row):
                seen[i][j] += [value] if value else []
    assert all(cell == list(range(1, depth + 1)) for row in seen for cell in row)


def test_memory_says_what_is_free_and_what_is_too_much():
    rows = [("a", [("weights", 10e9, "weights")], ""), ("b", [("weights", 30e9, "weights")], "")]
    html = draw.memory_bars(rows, capacity_bytes=24e9)
    assert "14 GB free" in html and "6 GB too much" in html
    head, out = draw.memory_bars_table(rows, capacity_bytes=24e9)
    assert head[-1] == "left of the capacity, GB" and [r[-1] for r in out] == [14, -6]


def test_a_broken_curve_is_not_joined_and_counts_as_not_known():
    html = draw.curve([(1, 5), (2, None), (3, 4), (4, 3)], x_label="replicas", y_label="ms")
    assert "not known at 1 of 4 values" in html
    assert draw.curve_table([(1, 5), (2, None)], x_label="replicas", y_label="ms")[1][1] == [2, "not known"]


def test_the_table_of_measurements_says_whether_the_band_holds_them():
    series = [
        dict(
            label="s",
            line=[(0, 1), (10, 2)],
            band=[(0, 0.9, 1.1), (10, 1.8, 2.2)],
            measured=[(5, 1.5), (10, 3)],
        )
    ]
    rows = draw.measured_band_table(series, x_label="x")[1]
    assert [r[-1] for r in rows] == ["inside", "outside"]


def test_impossible_shapes_are_refused_in_words():
    for call in (
        lambda: draw.chip_map(tensor=0, pipeline=1, data=1),
        lambda: draw.pipeline(stages=4, microbatches=6, interleave=2),
        lambda: draw.ring(chips=1),
        lambda: draw.log_strip(computed=0),
        lambda: draw.ledger_bar({}),
    ):
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("kind", [*KINDS, "breakdown"])
def test_the_docstring_of_the_package_names_every_argument(kind):
    """Others code against lessons.draw's docstring, so it may not fall behind."""
    start = draw.__doc__.index(f"    {kind}(")
    said = draw.__doc__[start : start + 600]
    common = {"title", "says", "wide", "narrow", "look"}
    names = [n for n in inspect.signature(getattr(draw, kind)).parameters if n not in common]
    assert all(name in said for name in names), [n for n in names if n not in said]


def test_everything_promised_is_there():
    assert all(hasattr(draw, name) for name in draw.__all__)
