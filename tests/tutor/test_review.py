"""A review never raises, stays within its scale, and moves the right way."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.designs import knobs
from hwlib.errors import BadInput
from hwlib.formula import Figure
from tutor.briefs import brief, brief_ids
from tutor.context import Context, context
from tutor.designfile import dumps, entry, loads
from tutor.review import review
from tutor.samples import reference, starter


def legal(id: str) -> st.SearchStrategy:
    """Random legal designs of a brief: every field anywhere in its range."""
    of = brief(id)

    def value(name, knob, default):
        if name in of.fixed:
            return st.just(of.fixed[name][0])
        if knob.kind == "chip":
            options = [*of.chips, "groq-lpu-v1", "h100-sxm"] + (["none"] if "none:" in knob.help else [])
            return st.sampled_from(options)
        if knob.kind == "model":
            return st.just(default)
        if knob.kind == "link":
            return st.sampled_from(["none", "ib-ndr", "ib-hdr", "roce-400"])
        if knob.kind == "flag":
            return st.booleans()
        if knob.kind == "choice":
            return st.sampled_from(knob.options)
        tries = [t for t in knob.tries]
        low, high = max(knob.low, 1e-3), min(knob.high, 1e12)
        wide = st.integers(int(max(low, 0)), int(min(high, 5000))) if knob.kind == "count" else st.floats(low, high, allow_nan=False)
        edge = st.sampled_from([int(knob.low), int(min(knob.high, 10**6))] if knob.kind == "count" else [knob.low, min(knob.high, 1e9)])
        return st.one_of(*([st.sampled_from(tries)] if tries else []), wide, edge)

    known = knobs(of.design_class)
    return st.fixed_dictionaries({name: value(name, knob, of.reference_values[name]) for name, knob in known.items()}).map(lambda v: squared(id, v))


def squared(id, values):
    """A layout of training that uses its chips."""
    if id == "train-100b":
        values = {**values, "nodes": min(values["nodes"], 4096), "tensor_parallel": 2 ** (values["tensor_parallel"] % 4), "pipeline_parallel": 2 ** (values["pipeline_parallel"] % 4)}
        chips = values["nodes"] * values["chips_per_node"]
        split = values["tensor_parallel"] * values["pipeline_parallel"]
        values["nodes"] = max(1, -(-chips // split) * split // values["chips_per_node"]) if chips % split else values["nodes"]
        while values["nodes"] * values["chips_per_node"] % split:
            values["nodes"] += 1
        values["data_parallel"] = values["nodes"] * values["chips_per_node"] // split
    return values


@pytest.mark.parametrize("id", brief_ids())
def test_review_of_any_legal_design(id):
    @given(legal(id))
    @settings(max_examples=25, deadline=None)
    def check(values):
        result = review(id, values)
        assert 0 <= result.score <= 100
        for line in result.criteria:
            assert -1e-9 <= line.points <= line.of + 1e-9
        json.dumps(result.as_dict(), allow_nan=False)
        assert str(result)
        assert not any(f.severity == "blocks" and f.tier == 1 for f in result.findings) or result.score <= 40

    check()


@pytest.mark.parametrize("id", brief_ids())
def test_order_of_fields_does_not_matter(id):
    values = {f.name: getattr(reference(id).design, f.name) for f in fields(reference(id).design)}
    backwards = dict(reversed(values.items()))
    assert review(id, values).as_dict() == review(id, backwards).as_dict()


def test_reviewing_twice_says_the_same():
    once = reference("serve-70b")
    assert review(None, once).as_dict() == review(None, loads(dumps(once))).as_dict()


@pytest.mark.parametrize("replicas", [3, 4, 6, 8])
def test_more_replicas_never_raise_utilisation_or_the_tail(replicas):
    less, more = (Context(reference("serve-70b").changed(replicas=n)) for n in (replicas, replicas + 2))
    assert more.estimate.utilisation <= less.estimate.utilisation
    assert more.simulated.ttft_p50_s <= less.simulated.ttft_p50_s * 1.05


@given(st.integers(0, 3), st.integers(2, 12))
@settings(max_examples=12, deadline=None)
def test_a_spare_never_breaks_a_target_but_cost(spare, replicas):
    base = reference("serve-70b")
    fewer = {t.id: t for t in review(None, base.changed(replicas=replicas, spare_replicas=spare)).targets}
    more = {t.id: t for t in review(None, base.changed(replicas=replicas, spare_replicas=spare + 1)).targets}
    for id, target in fewer.items():
        if id != "cost" and target.met:
            assert more[id].met, id


def test_a_stricter_objective_never_turns_a_miss_into_a_pass():
    of = brief("serve-70b")
    ctx = context(reference("serve-70b"))
    from tutor.targets import held

    verdicts = [held(ctx, replace(of.target("ttft-p99"), limit=limit)).met for limit in (2.0, 1.0, 0.5, 0.3, 0.1)]
    assert verdicts == sorted(verdicts, reverse=True)


def test_evidence_can_be_asked_why():
    from hwlib import why

    for id in brief_ids():
        for found in review(None, starter(id)).problems:
            figures = [row.value for row in found.evidence if isinstance(row.value, Figure)]
            assert figures, found.rule
            for figure in figures:
                assert str(why(figure))


def test_text_can_only_add_points():
    base = replace(reference("serve-70b"), rationale="")
    silent = review(None, base).score
    for text in ("Chips should run at 100 % utilisation.", "asdf", "We use INT4 on 12 Groq chips.", "Nothing."):
        assert review(None, replace(base, rationale=text)).score >= silent


def test_predictions_are_scored_on_a_log_scale():
    base = reference("serve-70b")
    right = float(context(base).estimate.usd_per_mtoken)

    def points(factor):
        made = replace(base, predictions={"usd_per_mtoken": right * factor})
        return next(c.points for c in review(None, made).criteria if c.id == "predictions")

    assert points(1.0) == points(1.2) > points(2.0) > points(3.5) > points(4.1) == 0.0


def test_the_wrong_brief_is_one_sentence():
    with pytest.raises(BadInput, match="another brief"):
        review("serve-7b", reference("serve-70b"))
    with pytest.raises(BadInput):
        review(None, None)


def test_module_and_function_share_a_name():
    import tutor.repair
    import tutor.review

    assert tutor.review("serve-70b", reference("serve-70b")).score == tutor.review.review("serve-70b", reference("serve-70b")).score
    assert tutor.repair("serve-70b", reference("serve-70b")).already


def test_a_design_object_and_a_mapping_will_do():
    made = reference("tco-3y")
    assert review("tco-3y", made.design).met == review(None, entry("tco-3y", made.design)).met


def test_reviewing_is_quick():
    made = [reference("serve-70b").changed(replicas=n) for n in (5, 7, 9, 11)]
    review(None, made[0])
    start = time.perf_counter()
    for one in made[1:]:
        review(None, one)
    assert (time.perf_counter() - start) / 3 < 1.0


def test_changed_assumptions_compare_with_a_best_design_for_them():
    made = entry("serve-70b", reference("serve-70b").design, assumptions={"daily_users": 100_000}, reasons={"daily_users": "two countries"})
    cost = next(t for t in review(None, made).targets if t.id == "cost")
    assert cost.limit is not None and cost.yours is not None
