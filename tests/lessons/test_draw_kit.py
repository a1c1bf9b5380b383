"""The kit: text is escaped and stays inside, numbers are said as people say them, marks have words."""

from hypothesis import given
from hypothesis import strategies as st

from lessons import draw
from lessons.draw import blocks
from lessons.draw.figures import alike, num, quantity
from lessons.draw.measure import shorten, spread, text_width, wrap
from lessons.draw.scale import Scale, log_ticks, padded, ticks
from lessons.draw.svg import Pic
from lessons.draw.table import Html
from tests.lessons import svgs

HOSTILE = "<script>alert('x')</script> & \"quoted\" ]]> \u202e"
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e18, max_value=1e18)


def read(pic: Pic):
    return svgs.pictures(pic.svg("wide"))[0]


def test_hostile_text_stays_text():
    pic = Pic(680, 40, HOSTILE, HOSTILE).text(0, 20, HOSTILE).labels([(5, 5, HOSTILE)])
    svg = read(pic)
    assert "<script" not in pic.svg()
    assert HOSTILE in svg.get("aria-label")
    assert [t["text"] for t in svgs.texts(svg)] == [HOSTILE, HOSTILE]


@given(
    st.text(max_size=200), st.floats(-2000, 2000), st.sampled_from(["start", "middle", "end"]), st.booleans()
)
def test_a_label_never_leaves_the_picture(text, x, anchor, bold):
    text = "".join(c for c in text if c.isprintable())
    for t in svgs.texts(read(Pic(340, 40, "t").text(x, 20, text, a=anchor, bold=bold))):
        assert t["start"] >= -0.2 and t["end"] <= 340.2


def test_hatching_lies_inside_its_box_and_continues_over_neighbours():
    one = Pic(100, 60, "t").rect(10, 10, 40, 22, fill="hatch")
    segments = one.parts[1]
    assert "M10" in one.parts[0] and "l22 -22" in segments
    assert Pic(100, 60, "t").rect(10, 10, 40, 22, fill="hatch").svg() == one.svg()


def test_many_rectangles_are_one_path():
    pic = Pic(100, 60, "t").rects([(k, 0, 1, 1) for k in range(50)], fill="c-kv")
    assert len(pic.parts) == 1


def test_two_draws_both_widths_and_hides_the_narrow_one_itself():
    html = draw.two(lambda w: Pic(w, 10, "t", "1"), wide=452, narrow=320)
    wide, narrow = svgs.pictures(html)
    assert svgs.size(wide)[0] == 452 and svgs.size(narrow)[0] == 320
    assert "display:none" in narrow.get("style") and "display:none" not in wide.get("style")
    assert html.startswith('<div class="two mid">')


# Numbers --------------------------------------------------------------------------------------------------


@given(finite)
def test_numbers_carry_three_digits_and_no_exponent(x):
    text = num(x)
    assert "e" not in text
    value = float(text.replace(",", "").replace("−", "-"))
    assert abs(value - x) <= max(abs(x) * 0.0051, 6e-16)


def test_what_is_not_known_is_said_and_never_zero():
    assert (
        num(None)
        == quantity(None, "$")
        == draw.percent(None)
        == draw.times(None)
        == draw.interval(None, 1)
        == "not known"
    )
    assert quantity(float("nan"), "B") == "not known"
    assert "not known" in draw.table(["a", "b"], [["x", None]])


def test_units_are_those_a_reader_would_say():
    assert quantity(85.9e9, "B") == "85.9 GB"
    assert quantity(3.35e12, "B/s") == "3.35 TB/s"
    assert (
        quantity(0.05, "s") == "50 ms"
        and quantity(90, "s") == "90 s"
        and quantity(34 * 86400, "s") == "34 days"
    )
    assert quantity(0.73e6, "$") == "$730,000" and quantity(730e6, "$") == "$730 million"
    assert quantity(999.96e9, "B") == "1 TB"
    assert alike([512, 1.5]) == ["512.0", "1.5"]


# Axes and labels ------------------------------------------------------------------------------------------


@given(finite, finite, st.integers(2, 8))
def test_ticks_are_few_and_inside(a, b, most):
    low, high = sorted((a, b))
    if high - low <= abs(high) * 1e-9 + 1e-9:
        return
    values = ticks(low, high, most)
    air = (high - low) * 1e-6
    assert len(values) <= most + 1
    assert all(low - air <= v <= high + air for v in values)


@given(st.floats(1e-9, 1e9), st.floats(1.5, 1e12))
def test_log_ticks_are_few_and_inside(low, ratio):
    values = log_ticks(low, low * ratio)
    assert all(low * 0.999 <= v <= low * ratio * 1.001 for v in values)
    assert len(values) <= 7


@given(st.lists(finite.filter(lambda v: v == 0 or abs(v) > 1e-12), max_size=20), st.booleans())
def test_limits_hold_all_values(values, log):
    low, high = padded(values, log=log)
    assert high > low
    assert all(low <= v <= high for v in values if v > 1e-12 or not log)
    scale = Scale(low=low, high=high, a=0, b=100, log=log)
    assert all(-1e-6 <= scale(v) <= 100 + 1e-6 for v in values)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_labels_are_spread_apart_inside_and_in_order(wanted):
    placed = spread(wanted, 16, 0, 300)
    order = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
    for before, after in zip(order, order[1:], strict=False):
        assert placed[after] - placed[before] >= 16 - 1e-6
    assert all(-1e-6 <= y <= 300 + 1e-6 for y in placed)


@given(st.text(max_size=80), st.floats(20, 300))
def test_shortened_and_wrapped_labels_fit(text, width):
    assert text_width(shorten(text, width)) <= max(width, text_width("…"))
    assert all(text_width(line) <= max(width, text_width("…")) for line in wrap(text, width, lines=2))


# Tables, marks, blocks ------------------------------------------------------------------------------------


def test_tables_have_scopes_right_aligned_figures_and_escaped_cells():
    html = draw.table(["step", "ms"], [[HOSTILE, 97.2], ["total", 601]], caption="Terms", sums=1)
    assert html.count('scope="col"') == 2 and html.count('scope="row"') == 2
    assert '<td class="r">97.2</td>' in html and "<script" not in html and "<caption>Terms</caption>" in html
    assert '<tr class="sum"><th scope="row">total' in html
    assert "<i>L</i>" in draw.table(["a"], [[Html("<i>L</i>")]])


def test_each_mark_has_a_shape_and_a_word():
    for name, (shape, word) in draw.VERDICTS.items():
        html = draw.mark(name)
        assert word in html and "aria-hidden" in html and shape.count("<") >= 1
    assert draw.mark("WRONG") == draw.mark("wrong")


def test_one_red_for_what_fails():
    red = {name for name in draw.VERDICTS if "--miss" in draw.mark(name)}
    assert red == {"blocks", "misses", "wrong"}


def test_an_unknown_verdict_is_refused_with_the_ones_that_exist():
    try:
        draw.mark("splendid")
    except ValueError as error:
        assert "meets" in str(error)
    else:
        raise AssertionError("no error")


def test_targets_say_why_something_is_not_known():
    rows = [dict(verdict="unknown", target="Dollars", limit="11.14", why="no list price", yours="0")]
    html = draw.targets_table(rows)
    assert "Not known" in html and "no list price" in html and '<td class="r">–</td>' in html


def test_blocks_escape_what_is_text():
    html = "".join(
        [
            draw.tag(HOSTILE, id='a"b'),
            draw.sub(HOSTILE),
            draw.details(HOSTILE, ""),
            draw.state_line(HOSTILE),
            draw.facts([(HOSTILE, HOSTILE)]),
            draw.turn(HOSTILE, "ok"),
            draw.claim_block("wrong", "a", "b", HOSTILE),
            draw.targets_table(
                [
                    dict(
                        verdict="meets",
                        target=HOSTILE,
                        yours=HOSTILE,
                        interval=HOSTILE,
                        limit=HOSTILE,
                        margin=HOSTILE,
                    )
                ]
            ),
            draw.findings_list(
                [dict(severity="blocks", says=HOSTILE, why=HOSTILE, rule=HOSTILE, href='"><script>')]
            ),
        ]
    )
    assert "<script" not in html


def test_what_changes_is_announced():
    assert 'role="status"' in draw.readout("x") and 'role="status"' in draw.headline("x")
    assert 'role="log"' in draw.log([draw.turn("You", "x")]) and 'role="alert"' in draw.state_line(
        "Refused", error=True
    )


def test_the_conversation_tells_who_speaks_without_colour():
    assert 'class="hw-turn you"' in blocks.turn("You", "x") and 'class="hw-turn tutor"' in blocks.turn(
        "Tutor", "x"
    )
