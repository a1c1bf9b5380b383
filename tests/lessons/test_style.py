"""The look's numbers are true: contrast, colour blindness, one source for the tokens, a current look.css."""

import itertools
import re
import subprocess
import sys

import pytest

from lessons import style
from lessons.draw import svg
from lessons.draw.contrast import VISION, contrast, distance, mixed, oklab

# Section 2 of the look, as written there: token, ratio to paper in the light, in the dark.
FILLS = {
    "compute": (3.14, 6.90),
    "memory": (4.42, 5.53),
    "network": (9.49, 9.99),
    "weights": (8.17, 4.07),
    "kv": (3.32, 12.00),
    "activations": (4.82, 9.60),
    "optimizer": (7.36, 4.83),
}
TEXTS = {
    "compute": (5.51, 8.39),
    "memory": (5.85, 8.17),
    "network": (9.49, 9.99),
    "weights": (8.17, 7.55),
    "kv": (5.63, 12.00),
    "activations": (5.94, 9.60),
    "optimizer": (7.36, 7.49),
}
INKS = {
    "ink": (16.22, 14.46),
    "ink2": (6.27, 7.75),
    "axis": (3.15, 4.56),
    "rule": (1.42, 1.60),
    "wash": (1.09, 1.13),
    "miss": (6.54, 8.12),
    "idle": (3.32, 4.56),
}
BOTH = list(enumerate(style.THEMES))


@pytest.mark.parametrize(("column", "theme"), BOTH)
@pytest.mark.parametrize(
    ("prefix", "table"), [("c-", FILLS), ("t-", TEXTS), ("", INKS)], ids=["fills", "text hues", "inks"]
)
def test_every_ratio_of_the_look_is_what_it_says(column, theme, prefix, table):
    named = style.tokens(theme)
    for name, ratios in table.items():
        assert contrast(named[prefix + name], named["paper"]) == pytest.approx(ratios[column], abs=0.006), (
            name
        )


@pytest.mark.parametrize("theme", style.THEMES)
def test_fills_reach_3_and_text_reaches_4_5_on_paper_and_on_wash(theme):
    named = style.tokens(theme)
    for hue in style.HUES:
        assert contrast(named[f"c-{hue}"], named["paper"]) >= 3
        for ground in ("paper", "wash"):
            assert contrast(named[f"t-{hue}"], named[ground]) >= 4.5
    for ink in ("ink", "ink2", "miss"):
        for ground in ("paper", "wash"):
            assert contrast(named[ink], named[ground]) >= 4.5
    for line in ("axis", "idle", "ink"):
        assert contrast(named[line], named["paper"]) >= 3


@pytest.mark.parametrize("theme", style.THEMES)
def test_text_inside_filled_cells_can_be_read(theme):
    """axe does not judge text in SVG, so these pairs are computed here."""
    named = style.tokens(theme)
    for fill, ink in style.ON.items():
        ground = named[f"c-{fill}"] if fill in style.HUES else named[fill]
        assert contrast(named[ink], ground) >= 4.5, (fill, ink)
    expected = {"light": (5.67, 5.37, 9.49), "dark": (6.90, 12.0, 9.99)}[theme]
    for hue, ratio in zip(("compute", "kv", "network"), expected, strict=True):
        assert contrast(named[style.ON[hue]], named[f"c-{hue}"]) == pytest.approx(ratio, abs=0.006)


def test_no_ink_is_offered_where_none_can_be_read():
    for hue in ("memory", "weights"):
        assert hue not in style.ON
        worst = [
            max(contrast(c, style.FILL[t][hue]) for c in (style.INK[t]["paper"], "#14181e", "#ffffff"))
            for t in style.THEMES
        ]
        assert min(worst) < 4.5


# Smallest distance inside a group that shares pictures, by theme and kind of eye.
WITHIN = {
    "light": {"normal": 0.148, "protan": 0.144, "deutan": 0.106, "tritan": 0.111},
    "dark": {"normal": 0.176, "protan": 0.145, "deutan": 0.160, "tritan": 0.171},
}


@pytest.mark.parametrize("theme", style.THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_hues_can_be_told_apart_by_every_kind_of_eye(theme, vision):
    fills = style.FILL[theme]
    within = [*itertools.combinations(style.RESOURCES, 2), *itertools.combinations(style.OCCUPANTS, 2)]
    closest = min(distance(fills[a], fills[b], vision) for a, b in within)
    assert closest == pytest.approx(WITHIN[theme][vision], abs=0.0006)
    across = itertools.product(style.RESOURCES, style.OCCUPANTS)
    assert min(distance(fills[a], fills[b], vision) for a, b in across) >= 0.0735


def test_bands_can_be_seen_and_lines_on_them_too():
    """Bands are a hue at 18%: a hint on paper, and the line of the same hue stands out from its band."""
    for theme in style.THEMES:
        for hue in style.HUES:
            paper, fill = style.INK[theme]["paper"], style.FILL[theme][hue]
            band = mixed(fill, paper, 0.18)
            assert distance(band, paper) > 0.02
            assert contrast(fill, band) > 2.4


def test_oklab_agrees_with_published_values():
    """CSS Color 4's sample values of the primaries; white has no chroma, so both matrices are entered right."""
    for colour, lab in {
        "#ffffff": (1, 0, 0),
        "#ff0000": (0.62796, 0.22486, 0.12585),
        "#00ff00": (0.86644, -0.23389, 0.17950),
        "#0000ff": (0.45201, -0.03246, -0.31153),
    }.items():
        assert oklab(colour) == pytest.approx(lab, abs=2e-5)


def test_simulated_eyes_leave_greys_grey():
    """Each row of a simulation matrix sums to 1: whoever confuses hues still sees white as white."""
    for matrix in VISION.values():
        for row in matrix:
            assert sum(row) == pytest.approx(1, abs=2e-6)


def test_both_themes_define_the_same_tokens():
    assert style.tokens("light").keys() == style.tokens("dark").keys()
    assert all(re.fullmatch("#[0-9a-f]{6}", v) for t in style.THEMES for v in style.tokens(t).values())


def test_css_gives_every_token_in_light_dark_and_print():
    for sheet in (style.css(), style.css_media()):
        for name, value in style.tokens("light").items():
            assert sheet.count(f"--{name}:{value};") >= 2, name  # by default and in print
        for name, value in style.tokens("dark").items():
            assert f"--{name}:{value};" in sheet


def test_look_css_is_current():
    assert style.LOOK_CSS.read_text(encoding="utf-8") == style.look(), "run: python -m lessons.style --write"


def test_every_variable_that_look_css_reads_is_a_token_or_the_theme_s():
    sheet = style.look()
    read = set(re.findall(r"var\(--([a-z0-9-]+)", sheet))
    ours = {name for name in read if not name.startswith(("pst-", "jp-"))}
    assert ours <= style.tokens().keys()


def test_look_css_is_well_formed():
    sheet = re.sub(r"/\*.*?\*/", "", style.look(), flags=re.S)
    sheet = re.sub(r'"[^"]*"', '""', sheet)
    depth = 0
    for character in sheet:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


def test_colour_appears_only_as_a_token():
    """Outside the tokens the sheets hold no colour of their own, but the arrow that cannot read a variable."""
    rules = re.sub(r'url\("[^"]*"\)', "", style.look().replace(style.css(), ""))
    assert not re.findall(r":[^;{}]*#[0-9a-fA-F]{3,8}\b[^;{}]*;", rules)


def test_style_and_pictures_need_only_the_standard_library():
    """They run in the browser, before anything is fetched."""
    code = (
        "import sys; before = set(sys.modules); import lessons.style, lessons.draw; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(m for m in new if m not in sys.stdlib_module_names and m != 'lessons'))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_static_figures_take_the_same_tokens():
    matplotlib = pytest.importorskip("matplotlib")
    before = matplotlib.rcParams["axes.labelcolor"]
    with style.use_style("dark") as fill:
        assert matplotlib.rcParams["svg.fonttype"] == "none"
        assert matplotlib.rcParams["figure.facecolor"] == style.INK["dark"]["paper"]
        assert fill["kv"] == style.FILL["dark"]["kv"]
    assert matplotlib.rcParams["axes.labelcolor"] == before


def test_pictures_fall_back_to_the_light_tokens():
    assert svg.var("c-kv") == f"var(--c-kv,{style.FILL['light']['kv']})"
