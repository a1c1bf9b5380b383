"""A number explains itself."""

import inspect
import pickle

import numpy as np
import pytest

from hwlib import all_formulas, why
from hwlib.formula import Derivation, Figure, formula, given
from hwlib.memory import kv_cache_bytes, weight_bytes
from hwlib.transformer import kv_bytes_per_token


@pytest.fixture
def cache():
    per_token = kv_bytes_per_token(layers=given(80), kv_heads=given(8), head_dim=given(128), bytes_per_value=given(2, "FP16"))
    return kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=given(4096), sequences=given(32))


def test_a_figure_is_a_float_with_an_origin(cache):
    assert cache == 42949672960.0
    assert isinstance(cache.origin, Derivation)


def test_the_origin_survives_composition(cache):
    assert [s.formula.name for s in cache.origin.steps()] == ["kv_bytes_per_token", "kv_cache_bytes"]


def test_leaves_of_the_same_name_at_two_steps_are_both_kept():
    @formula(gives="params", cites="definition")
    def outer(*, params, tokens_per_chip):
        "Anything."
        return params * tokens_per_chip

    inner = outer(params=given(3.0), tokens_per_chip=given(5.0))
    whole = outer(params=inner, tokens_per_chip=given(7.0))
    assert [float(leaf.value) for leaf in whole.origin.leaves() if leaf.name == "tokens_per_chip"] == [5.0, 7.0]


def test_a_bare_number_is_seen_as_a_gap():
    gaps = [leaf.name for leaf in weight_bytes(params=70e9, bytes_per_param=given(2)).origin.leaves() if leaf.bare]
    assert gaps == ["params"]


def test_arrays_give_plain_arrays():
    swept = weight_bytes(params=np.array([1e9, 2e9]), bytes_per_param=2)
    assert type(swept) is np.ndarray and swept.tolist() == [2e9, 4e9]


def test_latex_shows_symbols_then_numbers_then_the_value(cache):
    text = why(cache).latex()
    assert r"M_{kv} &= k_{kv}\,S\,B" in text
    assert r"4{,}096" in text and r"42.9\,\mathrm{GB}" in text


def test_counts_read_as_people_read_them():
    text = why(weight_bytes(params=given(70e9), bytes_per_param=given(2.0))).text()
    assert "70 × 10⁹" in text and "7e+10" not in text


def test_long_derivations_break_into_lines():
    for each in all_formulas():
        inputs = {n: given(123456.0) for n in each.formula.parameters}
        if len(inputs) < 7:
            continue
        try:
            figure = each(**inputs)
        except (OverflowError, ZeroDivisionError):
            continue
        assert r"\\ &\quad" in why(figure).latex(width=40) or "frac" in why(figure).latex(width=40)


def test_html_is_mathml_with_a_row_for_each_factor(cache):
    html = why(cache).html()
    assert html.count("<math") >= 2 and html.count("<tr>") >= 7
    assert "42,949,672,960" in html and "your choice: FP16" in html


def test_hostile_text_in_an_origin_is_escaped():
    html = why(weight_bytes(params=given(1.0, "<script>x</script>"), bytes_per_param=given(2))).html()
    assert "<script>" not in html


def test_a_bare_number_cannot_be_explained():
    with pytest.raises(TypeError, match="bare number"):
        why(3.0)


def test_why_shows_itself_in_a_notebook(cache):
    assert set(why(cache)._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex"}


def test_a_formula_is_a_docstring_and_one_return():
    @formula(gives="params", cites="definition")
    def two_lines(*, params):
        doubled = params * 2
        return doubled

    with pytest.raises(TypeError, match="one return"):
        _ = two_lines.formula.expr


def test_arguments_are_keyword_only_and_required():
    with pytest.raises(TypeError, match="keyword-only"):
        @formula(gives="params", cites="definition")
        def positional(params):
            return params


@pytest.mark.parametrize("each", all_formulas(), ids=lambda f: f"{f.__module__.split('.')[-1]}.{f.__name__}")
def test_every_formula_can_be_written_down_and_shows_a_known_answer(each):
    from hwlib.explain import formula_latex, formula_mathml

    assert formula_latex(each.formula) and formula_mathml(each.formula).startswith("<math")
    assert ">>>" in inspect.getdoc(each), "each formula carries a doctest on a known answer"
    assert each.formula.summary.endswith(".")


def test_the_exact_integer_expression_is_what_runs():
    @formula(gives="params", cites="definition")
    def power_of_sum(*, params, layers):
        "A power of a sum keeps its brackets."
        return (params + layers) ** 2 * (params - layers) / (layers + 1)

    from hwlib.explain import plain

    step = power_of_sum(params=given(3.0), layers=given(2.0)).origin
    assert plain(step, {"params": "a", "layers": "b"}) == "((a + b)^2 × (a − b)) / (b + 1)"


def test_a_figure_can_be_pickled_with_a_plain_origin():
    assert pickle.loads(pickle.dumps(given(2.0, "x"))).origin == given(2.0, "x").origin
    assert isinstance(given(given(2.0, "first"), "second"), Figure) and given(given(2.0, "first"), "second").origin.reason == "first"
