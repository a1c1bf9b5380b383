"""Hand-ins that agree beyond chance are shown side by side, whatever was changed to hide it; and nobody is accused of a common thought."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tutor.handins import design, payload
from tutor import briefs, duplicates
from tutor.duplicates import find, handin

NOUNS = ["cache", "batch", "replica", "memory", "latency", "prompt", "budget", "chip", "decode", "queue", "weight", "token", "network", "peak"]
VERBS = ["limits", "needs", "fills", "costs", "waits", "moves", "shares", "holds"]


def essay(seed: int, words: int = 90) -> str:
    """A text of its own: no run of four words is likely in two of them."""
    rng = random.Random(seed)
    return " ".join(f"{rng.choice(NOUNS)} {rng.choice(VERBS)} {rng.randrange(1000)}" for _ in range(words // 3))


def one(student: str, text: str = "", given: dict | None = None, brief: str = "serve-7b", **changes: object) -> duplicates.Handin:
    return handin(student, payload(student=student, brief=brief, rationale=text, **changes), given)


def a_class(size: int, seed: int = 1) -> list[duplicates.Handin]:
    """Designs drawn from the form's own values, texts of their own."""
    rng = random.Random(seed)
    made = []
    for number in range(size):
        chosen = design(replicas=rng.randint(4, 60), batch_limit=rng.choice((16, 32, 48, 64, 96, 128, 256)), accelerator=rng.choice(briefs.brief("serve-7b").chips), kv_bits=rng.choice((8, 16)))
        made.append(one(f"s-{number:04}", essay(seed * 100_000 + number), design=chosen, predictions={"usd_per_mtoken": round(rng.lognormvariate(0, 1), 3)}))
    return made


def kinds(found: list[duplicates.Evidence]) -> list[tuple[str, tuple[str, ...]]]:
    return [(e.kind, e.students) for e in found]


def test_a_class_of_its_own_thoughts_shows_nothing():
    assert find(a_class(60)) == []


def test_the_same_hand_in_under_two_names_is_found():
    found = find([*a_class(30), one("x-1", essay(7)), one("x-2", essay(7))])
    assert kinds(found) == [("same hand-in", ("x-1", "x-2"))] and found[0].strength == 1


def test_a_text_with_every_sixteenth_word_changed_is_found_and_says_how_much_is_shared():
    words = essay(7, 240).split()
    words[::16] = ["other"] * len(words[::16])
    found = [e for e in find([*a_class(40), one("x-1", essay(7, 240), design=design(replicas=9)), one("x-2", " ".join(words), design=design(replicas=21, batch_limit=16))]) if e.kind == "same text"]
    assert [e.students for e in found] == [("x-1", "x-2")] and 0.5 <= found[0].strength < 1


def test_capitals_marks_and_line_breaks_hide_nothing():
    text = essay(7)
    found = find([*a_class(20), one("x-1", text), one("x-2", text.upper().replace(" ", ",\n"), design=design(replicas=21))])
    assert ("same text", ("x-1", "x-2")) in kinds(found)


def test_words_of_the_brief_are_nobodys():
    of = briefs.brief("serve-7b")
    assert find([*a_class(20), one("x-1", of.situation, design=design(replicas=9)), one("x-2", of.situation, design=design(replicas=33))]) == []


def test_what_a_tenth_of_the_class_says_is_nobodys():
    shared = essay(9)
    found = find([one(f"s-{n}", f"{shared} {essay(n + 50)}", design=design(replicas=4 + n)) for n in range(40)])
    assert not any(e.kind == "same text" for e in found)


def test_a_rare_design_that_two_share_is_found_though_their_texts_differ():
    odd = design(replicas=57, batch_limit=96, accelerator="tpu-v5e", kv_bits=16, spare_replicas=3, migration_weeks=7)
    more = {"design": odd, "predictions": {"usd_per_mtoken": 1.234, "users_per_chip": 37}}
    found = find([*a_class(60), one("x-1", essay(7), **more), one("x-2", essay(8), **more)])
    assert ("same design", ("x-1", "x-2")) in kinds(found)
    assert "bits" in found[0].words


def test_the_starter_design_that_many_keep_is_no_evidence():
    starter = design(replicas=4, batch_limit=64)
    assert not any(e.kind == "same design" for e in find([*a_class(40), *(one(f"x-{n}", essay(n + 500), design=starter) for n in range(15))]))


def test_numbers_of_somebody_elses_ticket_are_found():
    mine, theirs = {"concurrent_users": 9000, "think_time_s": 27.0, "prompt_tokens": 900}, {"concurrent_users": 11000, "think_time_s": 33.0, "prompt_tokens": 1100}
    found = find([*a_class(20), one("x-1", essay(7), mine, assumptions=theirs, design=design(replicas=9)), one("x-2", essay(8), theirs, assumptions=theirs, design=design(replicas=9, batch_limit=96))])
    assert any("the numbers of x-2's ticket" in e.words and "different numbers" in e.words for e in found)


def test_two_hand_ins_of_one_student_are_no_evidence():
    assert find([*a_class(10), one("x-1", essay(7)), one("x-1", essay(7), design=design(replicas=9))]) == []


def test_hand_ins_to_two_briefs_are_not_compared():
    assert find([one("x-1", essay(7)), one("x-2", essay(7), brief="serve-70b")]) == []


@settings(max_examples=10, deadline=None)
@given(st.randoms())
def test_the_order_of_the_class_does_not_matter(rng):
    everyone = [*a_class(30), one("x-1", essay(7)), one("x-2", essay(7)), one("x-3", essay(7) + " and more", design=design(replicas=9))]
    first = find(everyone)
    rng.shuffle(everyone)
    assert find(everyone) == first and len(first) >= 2


def test_hostile_texts_are_only_texts():
    for text in ("(a+)+" * 2000, "\ud7ff" * 50, "<script>" * 100, "", "x", "٣ " * 300):
        assert all(e.kind == "same hand-in" for e in find([one("x-1", text), one("x-2", text)]))


def test_the_starter_without_a_word_is_nobodys_copy():
    of = briefs.brief("serve-7b")
    assert find([*a_class(30), *(one(f"x-{n}", design=design(**{name: getattr(of.starter, name) for name in of.decides}), predictions={}) for n in range(4))]) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 300), st.floats(0, 1), st.integers(0, 2**31))
def test_the_signature_agrees_as_much_as_the_sets_overlap(size, share, seed):
    rng = random.Random(seed)
    both = round(size * share)
    items = rng.sample(range(2**32), 2 * size - both)
    first, second = frozenset(items[:size]), frozenset(items[size - both:])
    a, b = duplicates._signature(first), duplicates._signature(second)
    agree = sum(x == y for x, y in zip(a, b, strict=True)) / len(a)
    assert abs(agree - len(first & second) / len(first | second)) < 0.2, "126 draws: four standard deviations"


def test_a_crowd_in_one_bucket_is_not_compared_pair_by_pair(monkeypatch):
    met = []
    real = duplicates.combinations
    monkeypatch.setattr(duplicates, "combinations", lambda items, n: met.extend(real(items, n)) or real(items, n))
    find([one(f"s-{n:03}", essay(n)) for n in range(300)])
    assert len(met) < 300 * 299 / 2 / 10


def test_the_distance_is_symmetric_and_nothing_from_itself():
    first, second = a_class(2)
    assert duplicates.distance(first, second) == duplicates.distance(second, first) > 0 == duplicates.distance(first, first)
