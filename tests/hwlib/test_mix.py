"""The fleet mix: equal to trying every fleet, proved at its gap, refused in words."""

import math
import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.errors import BadInput, NotSupported
from hwlib.mix import Infeasible, Kind, Part, cheapest_mix, kind_of

BIG = Kind(name="big", usd_per_hour=20.0, prefill_tokens_per_s=20_000, decode_tokens_per_s=3_000, available=6)
SMALL = Kind(name="small", usd_per_hour=4.0, prefill_tokens_per_s=2_000, decode_tokens_per_s=900, available=12)
DAY = (Part(name="day", hours=10, prefill_tokens_per_s=30_000, decode_tokens_per_s=8_000), Part(name="night", hours=14, prefill_tokens_per_s=6_000, decode_tokens_per_s=1_500))


def carries(kinds, counts, part, utilisation, split):
    """Whether so many replicas carry a part of the day. Time shared: the best readers read first, which is optimal for two tasks."""
    need_read, need_write = part.prefill_tokens_per_s, part.decode_tokens_per_s
    if split:
        for reading in product(*(range(c + 1) for c in counts)):
            read = sum(r * k.prefill_tokens_per_s * utilisation for r, k in zip(reading, kinds, strict=True) if k.reads)
            write = sum((c - r) * k.decode_tokens_per_s * utilisation for c, r, k in zip(counts, reading, kinds, strict=True) if k.writes)
            if read >= need_read and write >= need_write:
                return True
        return False
    worth = lambda k: math.inf if not k.writes else (k.prefill_tokens_per_s / k.decode_tokens_per_s if k.reads else 0.0)  # noqa: E731
    left, write = need_read, 0.0
    for kind, count in sorted(zip(kinds, counts, strict=True), key=lambda kc: -worth(kc[0])):
        rate = kind.prefill_tokens_per_s * utilisation if kind.reads else 0.0
        used = min(count, left / rate) if rate else 0.0
        left -= used * rate
        write += (count - used) * (kind.decode_tokens_per_s * utilisation if kind.writes else 0.0)
    return left <= 1e-9 * need_read and write >= need_write


def brute(kinds, day, utilisation, split):
    """The least bill over all fleets, or infinity; every kind paid all day."""
    hours = sum(p.hours for p in day)
    best = math.inf
    for counts in product(*(range(k.available + 1) for k in kinds)):
        bill = sum(c * k.usd_per_hour * hours for c, k in zip(counts, kinds, strict=True))
        if bill < best and all(carries(kinds, counts, part, utilisation, split) for part in day):
            best = bill
    return best


kinds_of_replica = st.builds(
    Kind, name=st.just("x"), usd_per_hour=st.floats(1, 30), prefill_tokens_per_s=st.floats(500, 30_000), decode_tokens_per_s=st.floats(100, 5_000),
    available=st.integers(0, 4), reads=st.sampled_from([True, True, False]), writes=st.sampled_from([True, True, False]),
)
parts = st.builds(Part, name=st.just("p"), hours=st.floats(1, 12), prefill_tokens_per_s=st.floats(100, 40_000), decode_tokens_per_s=st.floats(100, 8_000))


def named(items):
    from dataclasses import replace

    return [replace(item, name=f"{item.name}{i}") for i, item in enumerate(items)]


@given(st.lists(kinds_of_replica, min_size=1, max_size=3), st.lists(parts, min_size=1, max_size=2), st.booleans(), st.floats(0.3, 1))
@settings(max_examples=150, deadline=None)
def test_the_mix_costs_what_the_best_of_all_fleets_costs(kinds, day, split, utilisation):
    kinds, day = named(kinds), named(day)
    best = brute(kinds, day, utilisation, split)
    try:
        found = cheapest_mix(kinds, day, utilisation=utilisation, split=split)
    except Infeasible as said:
        assert best == math.inf and 30 < len(str(said)) < 300
        return
    assert float(found.usd_per_day) == pytest.approx(best, rel=1e-6)
    assert found.gap <= 1e-9 and found.bound_usd_per_day <= found.usd_per_day


def test_the_mix_carries_what_it_promises():
    found = cheapest_mix([BIG, SMALL], DAY)
    rates = {k.name: k for k in (BIG, SMALL)}
    for part in DAY:
        own = [u for u in found.uses if u.part == part.name]
        assert sum(u.reading * rates[u.kind].prefill_tokens_per_s * 0.8 for u in own) >= part.prefill_tokens_per_s * (1 - 1e-6)
        assert sum(u.writing * rates[u.kind].decode_tokens_per_s * 0.8 for u in own) >= part.decode_tokens_per_s * (1 - 1e-6)
        assert all(u.reading + u.writing <= u.replicas + 1e-6 for u in own)


def test_a_mix_of_two_kinds_beats_either_alone():
    alone = [float(cheapest_mix([k], DAY).usd_per_day) for k in (Kind(**{**_fields(BIG), "available": None}), Kind(**{**_fields(SMALL), "available": None}))]
    both = cheapest_mix([Kind(**{**_fields(BIG), "available": None}), Kind(**{**_fields(SMALL), "available": None})], DAY)
    assert both.usd_per_day < min(alone) and both.replicas("big") and both.replicas("small")


def _fields(kind):
    return {name: getattr(kind, name) for name in kind.__dataclass_fields__}


def test_paying_as_used_is_never_dearer_and_saves_the_night():
    elastic = [Kind(**{**_fields(k), "billing": "as-used"}) for k in (BIG, SMALL)]
    day = cheapest_mix([BIG, SMALL], DAY).usd_per_day
    used = cheapest_mix(elastic, DAY)
    assert used.usd_per_day < 0.8 * day
    assert sum(u.replicas for u in used.uses if u.part == "night") < sum(u.replicas for u in used.uses if u.part == "day")


def test_keeping_replicas_to_one_task_is_never_cheaper():
    assert cheapest_mix([BIG, SMALL], DAY, split=True).usd_per_day >= cheapest_mix([BIG, SMALL], DAY).usd_per_day


def test_a_kind_that_misses_the_first_token_only_writes():
    slow = Kind(name="slow", usd_per_hour=1.0, prefill_tokens_per_s=9_000, decode_tokens_per_s=2_000, reads=False)
    found = cheapest_mix([BIG, slow], DAY)
    assert all(u.reading == 0 for u in found.uses if u.kind == "slow") and "first token" in found.notes[0]


def test_the_bill_answers_why():
    from hwlib import why

    bill = cheapest_mix([BIG, SMALL], DAY).usd_per_day
    assert "chosen by the solver" in why(bill).text() and not [leaf for leaf in bill.origin.leaves() if leaf.bare]


def test_what_cannot_be_carried_is_said_with_the_part_of_the_day_and_the_share():
    with pytest.raises(Infeasible, match=r"'day'.*carry \d+% of the demand.*% of its prompts and \d+% of its answers"):
        cheapest_mix([Kind(**{**_fields(BIG), "available": 1})], DAY)
    with pytest.raises(Infeasible, match="no kind that writes answers meets the objective"):
        cheapest_mix([Kind(**{**_fields(BIG), "writes": False})], DAY)


def test_the_share_that_is_said_is_the_share_that_works():
    few = Kind(**{**_fields(BIG), "available": 2})
    with pytest.raises(Infeasible) as said:
        cheapest_mix([few], DAY)
    share = int(str(said.value).split("carry ")[-1].split("%")[0]) / 100
    fits = lambda s: [Part(name=p.name, hours=p.hours, prefill_tokens_per_s=p.prefill_tokens_per_s * s, decode_tokens_per_s=p.decode_tokens_per_s * s) for p in DAY]  # noqa: E731
    assert cheapest_mix([few], fits(share - 0.01)).replicas("big") == 2
    with pytest.raises(Infeasible):
        cheapest_mix([few], fits(share + 0.01))


def test_kinds_come_from_serving_designs():
    load = ServingLoad(daily_users=50_000)
    designs = [ServingDesign(model="llama3.1-8b", accelerator=chip, chips_per_replica=1, batch_limit=32, replicas=1) for chip in ("h100-sxm", "l40s")]
    kinds = [kind_of(d, load, ttft_s=1.0, tpot_s=0.05, available=50) for d in designs]
    assert kinds[0].decode_tokens_per_s > kinds[1].decode_tokens_per_s and kinds[0].usd_per_hour > kinds[1].usd_per_hour
    found = cheapest_mix(kinds, DAY)
    assert found.usd_per_day > 0
    strict = [kind_of(d, load, ttft_s=1e-4, tpot_s=1e-4) for d in designs]
    with pytest.raises(Infeasible, match="meets the objective for the first token"):
        cheapest_mix(strict, DAY)


def test_a_model_that_does_not_fit_and_a_chip_without_a_price_are_refused():
    load = ServingLoad(daily_users=50_000)
    with pytest.raises(BadInput, match="does not fit"):
        kind_of(ServingDesign(model="llama2-70b", accelerator="l40s", chips_per_replica=1, batch_limit=8, replicas=1), load, ttft_s=1, tpot_s=1)
    with pytest.raises(NotSupported, match="no price"):
        kind_of(ServingDesign(model="llama2-70b", accelerator="groq-lpu-v1", chips_per_replica=700, batch_limit=8, replicas=1, weight_bits=8), load, ttft_s=1, tpot_s=1)


@given(st.sampled_from(["usd_per_hour", "prefill_tokens_per_s", "decode_tokens_per_s", "available", "billing"]), st.sampled_from([math.nan, math.inf, -1, -0.5, 1e300, "8", True, [], "hourly"]))
@settings(max_examples=60, deadline=None)
def test_an_absurd_kind_is_refused_in_one_sentence(field, value):
    if field == "available" and value in (1e300,):
        value = 1.5
    with pytest.raises(BadInput) as refused:
        Kind(**{**_fields(BIG), field: value})
    assert f"big.{field}" in str(refused.value)


@pytest.mark.parametrize(
    ("kinds", "day", "more", "words"),
    [
        ([], DAY, {}, "kinds is empty"), ([BIG], (), {}, "day is empty"), ([BIG, BIG], DAY, {}, "'big' twice"), ([BIG], DAY, {"utilisation": 0}, "utilisation = 0"),
        ([BIG], DAY, {"utilisation": 1.2}, "at most 1"), ([BIG], DAY, {"gap": 1}, "gap = 1"), ([BIG], DAY, {"time_limit_s": 0}, "no time"), ([BIG], DAY, {"gap": math.nan}, "finite"),
    ],
)
def test_bad_arguments_are_refused(kinds, day, more, words):
    with pytest.raises(BadInput, match=words):
        cheapest_mix(kinds, day, **more)


def test_no_demand_needs_no_fleet():
    assert cheapest_mix([BIG], [Part(name="p", hours=24, prefill_tokens_per_s=0, decode_tokens_per_s=0)]).usd_per_day == 0


def test_without_scipy_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(NotSupported, match="needs SciPy"):
        cheapest_mix([BIG], DAY)
