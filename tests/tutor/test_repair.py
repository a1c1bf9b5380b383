"""Repairs: they work, no part of them would do, locks hold, and the search equals brute force."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from hwlib.designs import knobs
from hwlib.errors import BadInput
from tutor.best import SKIP, cost_of
from tutor.briefs import brief
from tutor.context import Context
from tutor.designfile import entry
from tutor.dialogue.moves import consistent
from tutor.neighbourhood import enters, neighbours, physics_broken
from tutor.repair import _Search, repair
from tutor.samples import reference, starter
from tutor.targets import fast_margin, feasible

BROKEN = {
    "one replica too few": ("serve-70b", {"replicas": 3}),
    "a batch too small": ("serve-70b", {"batch_limit": 16}),
    "does not fit": ("serve-70b", {"chips_per_replica": 4}),
    "two things": ("serve-70b", {"replicas": 3, "batch_limit": 16}),
    "nothing sharded": ("train-100b", {"zero_stage": 0}),
    "across nodes": ("train-100b", {"tensor_parallel": 16, "data_parallel": 16}),
    "static": ("serve-7b", {"scheduler": "static"}),
}


def broken(name):
    id, changes = BROKEN[name]
    return entry(id, {**brief(id).reference_values, **changes})


def works(made, changes):
    """Whether a set of edits meets the targets, by the same rules as the search but without it."""
    search = _Search(brief(made.brief), made, (), 2, None)
    ctx = search._context(changes)
    return ctx is not None and search._feasible(Context(ctx.entry))


@pytest.mark.parametrize("name", BROKEN)
def test_a_repair_meets_the_targets(name):
    made = broken(name)
    assert not works(made, {})
    found = repair(made.brief, made, seconds=None)
    assert found.fewest, found.words()
    for one in (found.fewest, found.cheapest, found.keep_chip):
        if one:
            fixed = made.changed(**one.changes)
            goals = tuple(t.id for t in brief(made.brief).targets if t.id in SKIP and t.id != "cost")
            assert feasible(Context(fixed), goals)
            assert not physics_broken(Context(fixed))


@pytest.mark.parametrize("name", BROKEN)
def test_no_part_of_a_repair_would_do(name):
    made = broken(name)
    found = repair(made.brief, made, seconds=None)
    derived = ("data_parallel", "migration_weeks")
    edits = {k: v for k, v in found.fewest.changes.items() if k not in derived}
    assert len(edits) == found.fewest.edits
    for size in range(len(edits)):
        for part in itertools.combinations(edits.items(), size):
            assert not works(made, dict(part))


def test_locks_are_respected():
    made = broken("one replica too few")
    free = repair(made.brief, made, seconds=None)
    locked = repair(made.brief, made, lock=tuple(free.fewest.changes), seconds=None)
    for one in (locked.fewest, locked.cheapest, locked.keep_chip):
        assert one is None or not set(one.changes) & set(free.fewest.changes)
    everything = tuple(knobs(brief("serve-70b").design_class))
    assert repair(made.brief, made, lock=everything, seconds=None).fewest is None


def test_keep_my_chip_keeps_the_chip():
    for name in BROKEN:
        found = repair(broken(name).brief, broken(name), seconds=None)
        assert found.keep_chip is None or "accelerator" not in found.keep_chip.changes


def test_the_search_is_deterministic():
    made = broken("two things")
    first, second = (repair(made.brief, made, seconds=None).as_dict() for _ in range(2))
    assert first == second
    json.dumps(first, allow_nan=False)


def test_it_equals_brute_force_on_a_small_space():
    """All fields but three locked: every one- and two-field change tried by hand."""
    made = broken("two things")
    of = brief(made.brief)
    free = ("replicas", "batch_limit", "weight_bits")
    lock = tuple(n for n in knobs(of.design_class) if n not in free)
    found = repair(of, made, lock=lock, seconds=None)
    known = knobs(of.design_class)
    options = {n: neighbours(of, n, known[n], getattr(made.design, n)) for n in free}
    ones = [{n: v} for n in free for v in options[n]]
    twos = [{a: x, b: y} for a, b in itertools.combinations(free, 2) for x in options[a] for y in options[b]]
    good_ones = [c for c in ones if works(made, c)]
    good_twos = [c for c in twos if works(made, c)]
    assert bool(found.fewest) == bool(good_ones or good_twos)
    if found.fewest:
        pool = good_ones or good_twos
        cost = min(cost_of(Context(made.changed(**c), simulate=False)) for c in pool)
        assert found.fewest.edits == (1 if good_ones else 2)
        assert found.fewest.cost == pytest.approx(cost)


def test_little_time_gives_a_partial_result_and_says_so():
    made = starter("serve-7b")
    found = repair(made.brief, made, seconds=0.0)
    assert not found.complete and not found.proved_minimal
    assert found.fewest is None and "stopped at the limit" in found.words()
    few = repair(made.brief, made, evaluations=20)
    assert not few.complete and not few.proved_minimal and sum(few.tried.values()) == 20


def test_what_meets_its_targets_is_left_alone():
    assert repair("serve-70b", reference("serve-70b"), seconds=None).already


def test_a_conflict_is_named_when_nothing_works():
    made = starter("serve-70b")
    found = repair(made.brief, made, seconds=None)
    if found.fewest is None:
        assert found.conflict and found.complete


def test_three_edits_are_found_where_two_do_not_suffice():
    """A small space: all but four fields locked, and a design with three faults in them."""
    made = entry("serve-70b", {**brief("serve-70b").reference_values, "replicas": 2, "weight_bits": 16, "batch_limit": 8})
    free = ("replicas", "weight_bits", "batch_limit", "kv_bits")
    lock = tuple(n for n in knobs(brief("serve-70b").design_class) if n not in free)
    two, three = (repair(made.brief, made, lock=lock, max_edits=k) for k in (2, 3))
    assert two.fewest is None and three.fewest is not None
    assert three.fewest.edits == 3 and three.proved_minimal and three.tried[3] > 0
    edits = {k: v for k, v in three.fewest.changes.items() if k in free}
    assert works(made, edits)
    for size in range(3):
        for part in itertools.combinations(edits.items(), size):
            assert not works(made, dict(part))


def test_a_conflict_is_minimal_among_what_was_tried():
    """No tried change meets the set; leave any one of it out, and some change does."""
    made = starter("serve-7b")
    of = brief(made.brief)
    search = _Search(of, made, (), 2, None)
    found = search.run()
    assert found.fewest is None and found.complete
    named = [t for t in search.goals if any(t.label.lower() == c.lower() for c in found.conflict)]
    assert len(named) == len(found.conflict) >= 1
    assert not search._meets(named)
    for goal in named:
        rest = [t for t in named if t is not goal]
        assert not rest or search._meets(rest)


def test_a_lock_in_the_way_is_named():
    made = starter("train-100b")
    free = repair(made.brief, made)
    assert free.fewest is not None
    locked = repair(made.brief, made, lock=("zero_stage",), max_edits=1)
    if locked.fewest is None:
        assert any("ZeRO stage" in c for c in locked.conflict), locked.conflict


def test_labels_read_as_in_the_form():
    found = repair("train-100b", starter("train-100b"))
    assert "ZeRO stage" in found.fewest.words()


def test_more_than_three_edits_are_refused():
    with pytest.raises(BadInput, match="max_edits"):
        repair("serve-70b", starter("serve-70b"), max_edits=4)


def test_an_unknown_lock_is_one_sentence():
    with pytest.raises(BadInput, match="replicaz"):
        repair("serve-70b", reference("serve-70b"), lock=("replicaz",))


def test_layouts_stay_consistent():
    design = reference("train-100b").design
    assert consistent(design, {"tensor_parallel": 8}) == {"tensor_parallel": 8, "data_parallel": 32}
    assert consistent(design, {"data_parallel": 32}) == {"data_parallel": 32, "nodes": 64}
    with pytest.raises(BadInput):
        consistent(design, {"tensor_parallel": 3})


@pytest.mark.parametrize("id", ["serve-7b", "serve-70b", "train-100b"])
def test_fields_that_cannot_enter_a_target_leave_it_as_it_is(id):
    """The search skips estimates on the strength of these lists, so they are tried on random changes of two designs."""
    draw = random.Random(7)
    for made in (starter(id), reference(id)):
        search = _Search(brief(id), made, (), 2, None)
        singles = list(search._singles())
        for _ in range(120):
            base = dict(draw.sample(singles, 3))
            name, value = draw.choice(singles)
            one, two = search._context(base), search._context(base | {name: value})
            if one is None or two is None:
                continue
            for target in search.goals:
                if not enters(target.fast or target.measure, name):
                    assert fast_margin(one, target) == fast_margin(two, target), (name, target.id)
            if not enters(search.cost_name, name):
                assert cost_of(one) == cost_of(two)


@pytest.mark.parametrize(("changes", "free"), [
    ({"replicas": 2, "weight_bits": 16, "batch_limit": 8}, ("replicas", "weight_bits", "batch_limit")),
    ({"replicas": 3, "batch_limit": 16, "spare_replicas": 0}, ("replicas", "batch_limit", "spare_replicas")),
])
def test_three_edits_equal_brute_force_on_a_small_space(changes, free):
    """Whatever the search leaves out, its fewest and its cheapest are those of trying everything."""
    made = entry("serve-70b", {**brief("serve-70b").reference_values, **changes})
    of, known = brief(made.brief), knobs(brief(made.brief).design_class)
    found = repair(of, made, lock=tuple(n for n in known if n not in free), max_edits=3)
    options = {n: neighbours(of, n, known[n], getattr(made.design, n))[:12] for n in free}
    search = _Search(of, made, tuple(n for n in known if n not in free), 3, None)
    assert all((n, v) in set(search._singles()) for n in free for v in options[n])
    costs: dict[int, list[float]] = {}
    good: list[frozenset] = []
    for size in (1, 2, 3):
        for names in itertools.combinations(free, size):
            for values in itertools.product(*(options[n] for n in names)):
                change = frozenset(zip(names, values, strict=True))
                if any(part <= change for part in good):
                    continue
                ctx = search._context(dict(change))
                if ctx is None or not all(fast_margin(ctx, t) >= -1e-9 for t in search.goals):
                    continue
                if costs and cost_of(ctx) >= min(min(c) for c in costs.values()):
                    continue  # dearer and with more edits: it can be no answer
                if search._feasible(Context(ctx.entry)):
                    good.append(change)
                    costs.setdefault(size, []).append(cost_of(ctx))
        if costs and size > min(costs):
            break
    assert bool(costs) == bool(found.fewest)
    if found.fewest:
        assert found.fewest.edits == min(costs)
        assert found.fewest.cost == pytest.approx(min(costs[min(costs)]))
        assert found.cheapest.cost == pytest.approx(min(min(c) for c in costs.values()))
