"""Random legal designs: what must not change does not, what must move moves the right way, and something is always told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tests.tutor.test_review import legal
from tutor.briefs import brief_ids
from tutor.context import Context, NotKnown
from tutor.designfile import entry
from tutor.review import noticed, review
from tutor.rules import rules_for
from tutor.samples import reference
from tutor.targets import fast_margin

MANY = settings(max_examples=25, deadline=None)


def broken(ctx) -> dict[str, float]:
    """Every rule that is violated, hidden or not, with its margin."""
    found = {}
    for rule in rules_for(ctx.entry.brief):
        try:
            if rule.relevant(ctx) and (margin := float(rule.margin(ctx))) < 0:
                found[rule.id] = margin
        except NotKnown:
            continue
    return found


def quick(id, values, **more):
    return Context(entry(id, values, **more), simulate=False)


@pytest.mark.parametrize("id", brief_ids())
def test_if_anything_is_broken_a_root_cause_is_told(id):
    rules = {r.id: r for r in rules_for(id)}

    @given(legal(id))
    @MANY
    def check(values):
        ctx = quick(id, values)
        wrong = broken(ctx)
        told = [f for f in noticed(ctx)[0] if f.severity != "praises"]
        assert bool(told) == bool(wrong)
        for f in told:
            assert not set(rules[f.rule].implied_by) & set(wrong), "a consequence is told beside its cause"
        hidden = set(wrong) - {f.rule for f in told}
        for rule in hidden:
            assert set(rules[rule].implied_by) & set(wrong), f"{rule} is hidden without a cause"

    check()


@pytest.mark.parametrize("id", brief_ids())
def test_the_sign_of_a_margin_agrees_with_what_is_said(id):
    @given(legal(id))
    @MANY
    def check(values):
        for found in noticed(quick(id, values))[0]:
            assert (found.margin >= 0) == (found.severity == "praises"), found.rule
            assert found.severity == "praises" or found.question.endswith("?") and len(found.hints) >= 3

    check()


@pytest.mark.parametrize("id", brief_ids())
def test_a_title_changes_nothing(id):
    @given(st.text(max_size=40))
    @settings(max_examples=10, deadline=None)
    def check(title):
        one, other = review(None, reference(id)), review(None, replace(reference(id), title=title))
        assert one.as_dict() | {"title": ""} == other.as_dict() | {"title": ""}

    check()


@given(legal("train-100b"), st.floats(0.5, 20), st.floats(1.1, 8))
@MANY
def test_the_price_scales_the_cost(values, price, factor):
    def cost(usd):
        return Context(entry("train-100b", values, assumptions={"usd_per_chip_hour": usd}), simulate=False).measure("estimate.usd")

    try:
        assert cost(price * factor) == pytest.approx(factor * cost(price), rel=1e-9)
    except NotKnown:
        assume(False)


@pytest.mark.parametrize("id", ["serve-7b", "serve-70b"])
def test_a_spare_never_lowers_the_margin_of_a_lost_replica(id):
    @given(legal(id))
    @MANY
    def check(values):
        less = quick(id, values)
        more = quick(id, {**values, "spare_replicas": values["spare_replicas"] + 1} if values["spare_replicas"] < 1000 else values)
        target = less.brief.target("n-minus-1")
        assert fast_margin(more, target) >= fast_margin(less, target) - 1e-12
        assert "no-spare-replica" not in broken(more) or "no-spare-replica" in broken(less)

    check()


@given(legal("train-100b"))
@MANY
def test_a_faster_link_never_adds_a_finding_about_links(values):
    slow, fast = (broken(quick("train-100b", {**values, "scale_out_link": link})) for link in ("ib-hdr", "ib-ndr"))
    for rule in ("exposed-communication", "tensor-parallel-across-nodes"):
        assert rule not in fast or rule in slow


@pytest.mark.parametrize("id", ["serve-7b", "serve-70b"])
def test_more_replicas_never_add_a_finding_about_load(id):
    @given(legal(id))
    @MANY
    def check(values):
        values = {**values, "replicas": min(values["replicas"], 50_000)}
        less, more = broken(quick(id, values)), broken(quick(id, {**values, "replicas": 2 * values["replicas"]}))
        assert "saturated-at-peak" not in more or "saturated-at-peak" in less
        assert ("fits-in-memory" in more) == ("fits-in-memory" in less)

    check()


@given(legal("serve-70b"))
@MANY
def test_fewer_bits_never_make_the_weights_stop_fitting(values):
    def margin(bits):
        try:
            ctx = quick("serve-70b", {**values, "weight_bits": bits})
            return float(next(r for r in rules_for("serve-70b") if r.id == "fits-in-memory").margin(ctx))
        except (NotKnown, BadInput):
            return None

    wide, narrow = margin(16), margin(8)
    assume(wide is not None and narrow is not None)
    assert narrow >= wide - 1e-9
