"""The discussion: acts, slots, claims, beliefs with their polarity, and what is answered."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.briefs import brief, brief_ids
from tutor.context import Context
from tutor.designfile import entry
from tutor.dialogue import Discussion
from tutor.dialogue.frames import concepts, read
from tutor.dialogue.interpret import stated
from tutor.dialogue.memo import conditions, read_rationale
from tutor.dialogue.moves import HOLE, filled
from tutor.dialogue.slots import read_slots
from tutor.dialogue.text import normalise, words
from tutor.samples import reference, starter

LISTS = Path(__file__).parents[1] / "data" / "dialogue"


def labels(id, text):
    return {r.concept.id for r in read(id, normalise(text))}


def test_every_concept_of_the_list_can_be_read():
    listed = {(r["brief"], r["id"], r["kind"]) for r in csv.DictReader((LISTS / "concepts.csv").open())}
    assert listed == {(b, c.id, c.kind) for b in brief_ids() for c in concepts(b)}


def test_slots_are_those_of_the_list():
    listed = {r["slot"] for r in csv.DictReader((LISTS / "slots.csv").open())}
    ours = {s["name"] for s in words("slots")["slot"]} | set(words("slots")["choices"]) | {"accelerator", "chunked_prefill", "weight_bits", "kv_bits", "matmul_precision"}
    assert ours == listed


@pytest.mark.parametrize("id", brief_ids())
def test_what_is_said_of_a_concept_can_be_filled(id):
    for make in (starter, reference):
        ctx = Context(make(id), simulate=False)
        for one in concepts(id):
            said = filled(one.fact, ctx)
            assert "{" not in said and "not known" not in said, (one.id, said)
            assert one.ask.endswith("?") and (one.kind == "misconception" or one.pump.endswith("?"))
            if HOLE.search(one.fact):
                assert any(c.isdigit() for c in said), (one.id, said)


POLARITY = [
    ("serve-7b", "FLOPS set the decode speed.", "flops-set-decode-speed", "FLOPS do not set the decode speed."),
    ("serve-7b", "Decoding is bound by memory bandwidth.", "decode-is-bandwidth-bound", "Decoding is not bound by memory bandwidth."),
    ("serve-7b", "Each user needs a GPU of their own.", "one-user-per-chip", "It is not true that each user needs a GPU of their own."),
    ("serve-7b", "Quantising the weights also shrinks the KV cache.", "weight-quantisation-shrinks-kv", "Quantising the weights does not shrink the KV cache."),
    ("serve-7b", "Serving needs InfiniBand between the nodes.", "serving-needs-training-fabric", "Does serving need InfiniBand between the nodes?"),
    ("serve-7b", "We do not need InfiniBand for this.", "no-training-fabric-needed", "We need InfiniBand for this."),
    ("serve-7b", "Static batching is fine.", "static-batching-is-fine", "Static batching is not fine."),
    ("train-100b", "FP8 doubles the training speed.", "fp8-doubles-training-speed", "FP8 will not double the training speed."),
    ("train-100b", "A run like this has no failures.", "no-failures", "Failures will come every few hours."),
    ("train-100b", "Keep tensor parallelism inside a node.", "tensor-inside-nvlink", "Why keep tensor parallelism inside a node?"),
    ("train-100b", "Data parallelism reduces the memory per chip.", "data-parallel-saves-memory", "Data parallelism does not reduce the memory per chip."),
    ("train-100b", "An A100 can train in FP8.", "fp8-on-a100", "An A100 cannot train in FP8."),
    ("serve-70b", "A 70B model fits on one H100.", "fits-one-card", "A 70B model does not fit on one H100."),
    ("serve-70b", "The tokens per second decide the time to first token.", "decode-speed-sets-ttft", "The tokens per second do not decide the time to first token."),
    ("serve-70b", "We should run the chips at 100% utilisation.", "full-utilisation", "We should never run the chips at 100% utilisation."),
    ("serve-70b", "Porting to Neuron is free.", "porting-costs-nothing", "Porting to Neuron is not free."),
    ("serve-70b", "A p99 target needs headroom.", "p99-needs-headroom", "Does a p99 target need head room?"),
    ("tco-3y", "The savings of the levers add up.", "savings-add-up", "The savings of the levers do not add up."),
    ("tco-3y", "Demand stays flat for three years.", "flat-demand", "Demand will not stay flat for three years."),
    ("tco-3y", "Training happens once.", "training-happens-once", "My boss says that training happens once."),
    ("tco-3y", "That makes $730 million a year.", "thousandfold-slip", "That makes $730,000 a year."),
    ("tco-3y", "Inference always dwarfs training.", "inference-always-dwarfs", "Inference does not always dwarf training."),
]


@pytest.mark.parametrize(("id", "yes", "concept", "no"), POLARITY, ids=[p[2] for p in POLARITY])
def test_polarity(id, yes, concept, no):
    assert concept in labels(id, yes)
    assert concept not in labels(id, no)


@pytest.mark.parametrize("text", [
    '"FLOPS set the decode speed" is what I read somewhere.', "Suppose FLOPS set the decode speed.", "People say that FLOPS set the decode speed.",
    "Do FLOPS set the decode speed?", "I used to think that FLOPS set the decode speed.", "FLOPS set the decode speed is a myth.", "What is a FLOP?",
    "hello", "asdf jkl", "what time is it", "I like bananas more than batch normalisation of soup.",
])
def test_neutral_text_carries_no_belief(text):
    assert labels("serve-7b", text) == set()


def test_a_leading_question_asserts():
    assert "flops-set-decode-speed" in labels("serve-7b", "FLOPS set the decode speed, right?")
    assert "weight-quantisation-shrinks-kv" in labels("serve-7b", "How much smaller is the cache once the weights are int4?")


@pytest.mark.parametrize(("text", "kind", "slots"), [
    ("500 ms TTFT", "serving", {"ttft_s": 0.5}), ("ttft of 0.5 s", "serving", {"ttft_s": 0.5}), ("fp8 weights", "serving", {"weight_bits": 8}),
    ("int4", "serving", {"weight_bits": 4}), ("int8 kv cache", "serving", {"kv_bits": 8}), ("$0.005 per 1k tokens", "tco", {"usd_per_mtoken": 5.0}),
    ("train on 2T tokens", "training", {"train_tokens": 2_000_000_000_000}), ("an H100", "serving", {"accelerator": "h100-sxm"}),
    ("a Groq", "serving", {"accelerator": "groq-lpu-v1"}), ("context of 32k", "serving", {"context_tokens": 32768}),
    ("prompts of 16k", "serving", {"prompt_tokens": 16000}), ("from 4 to 8 replicas", "serving", {"replicas": 8}),
    ("two replicas of 4 L40S", "serving", {"replicas": 2, "chips_per_replica": 4, "accelerator": "l40s"}),
    ("tp 8, pp 4, dp=32 on 128 nodes", "training", {"tensor_parallel": 8, "pipeline_parallel": 4, "data_parallel": 32, "nodes": 128}),
    ("zero stage 3", "training", {"zero_stage": 3}), ("checkpoint every 30 minutes", "training", {"checkpoint_interval_s": 1800.0}),
    ("60% utilisation", "serving", {"utilisation": 0.6}), ("MFU of 0.4", "training", {"mfu": 0.4}), ("static batching", "serving", {"scheduler": "static"}),
    ("no chunked prefill", "serving", {"chunked_prefill": False}), ("10,000 concurrent users", "serving", {"concurrent_users": 10000}),
    ("50,000 users a day", "serving", {"daily_users": 50000}), ("a discount rate of 8%", "tco", {"discount_rate": 0.08}),
    ("a billion is a word", "tco", {}), ('he wrote "8 replicas"', "serving", {}),
])
def test_slots(text, kind, slots):
    assert read_slots(normalise(text), kind) == slots


@pytest.mark.parametrize(("text", "act"), [
    ("hi there", "greeting"), ("thank you!", "greeting"), ("I don't know", "help"), ("give me a hint", "help"), ("just tell me the answer", "answer-request"),
    ("what is prefill?", "question"), ("what if we take 8 replicas?", "what-if"), ("with int8?", "what-if"), ("I would use 8 replicas", "proposal"),
    ("about 140 GB", "number"), ("decode is limited by bandwidth", "assertion"), ("this is so frustrating", "frustration"), ("are you a bot?", "meta"),
    ("how is this graded?", "meta"), ("lkjh sdfg", "off-topic"), ("what is the best pizza in town?", "off-topic"), ("", "off-topic"), ("use paged allocation", "proposal"),
])
def test_acts(text, act):
    assert Discussion("serve-7b").say(text)["act"] == act


@pytest.mark.parametrize(("id", "text", "kind", "verdict"), [
    ("serve-70b", "4 L40S hold 70B in FP16", "fits", True), ("serve-70b", "One L40S holds 70B in FP16", "fits", False),
    ("serve-70b", "One L40S cannot hold 70B in FP16", "fits", True), ("serve-70b", "20 requests a second arrive at the peak", "arrivals", True),
    ("serve-70b", "50,000 requests per second arrive", "arrivals", False), ("serve-70b", "the weights in fp16 are 140 GB", "weights", True),
    ("serve-70b", "an L40S has 48 GB", "chip-fact", True), ("serve-70b", "an L40S has 80 GB", "chip-fact", False),
    ("train-100b", "Adam keeps 16 bytes per parameter", "bytes-a-parameter", True), ("train-100b", "training takes 2 bytes per parameter", "bytes-a-parameter", False),
    ("tco-3y", "that is $730,000 a year", "annual-bill", True), ("tco-3y", "that is $730 million per year", "annual-bill", False),
    ("serve-7b", "decode is memory bound", "bound-by", True), ("serve-7b", "decode is compute bound", "bound-by", False), ("serve-7b", "decode is not compute bound", "bound-by", True),
])
def test_claims_are_computed(id, text, kind, verdict):
    claims = {c["kind"]: c for c in Discussion(id).say(text)["claims"]}
    assert claims[kind]["verdict"] is verdict


def test_a_what_if_is_run():
    turn = Discussion("serve-70b", reference("serve-70b")).say("what if we use 8 replicas?")
    assert turn["move"] == "what-if"
    assert turn["design_changes"] == {"replicas": {"before": 5, "after": 8}}
    assert turn["evidence"] and any(c.isdigit() for c in turn["reply"])


def test_a_layout_stays_consistent_in_a_what_if():
    turn = Discussion("train-100b", reference("train-100b")).say("what if tp 8?")
    assert turn["design_changes"]["data_parallel"]["after"] == 32


def test_help_climbs_the_ladder_and_ends_in_a_repair():
    talk = Discussion("serve-70b", entry("serve-70b", {**brief("serve-70b").reference_values, "replicas": 3}))
    talk.repair_seconds = 30.0  # a busy machine must not decide what is found
    moves = [talk.say("I don't know")["move"] for _ in range(5)]
    assert moves == ["pump", "hint", "prompt", "assert", "assert"]
    assert talk.say("smallest repair")["design_changes"]


def test_summing_up_names_what_was_said():
    talk = Discussion("serve-7b")
    talk.say("decode is bound by bandwidth")
    turn = talk.say("sum up")
    assert turn["move"] == "summary" and "bandwidth" in turn["reply"]


def test_it_says_when_it_did_not_understand():
    turn = Discussion("serve-7b").say("the purple model sings to its cache on Thursdays")
    assert turn["understood"] is False and "compute" in turn["reply"]


@pytest.mark.parametrize("id", brief_ids())
@pytest.mark.parametrize("text", ["hi", "idk", "asdf", "sum up", "what is pue?", "levers overlap", "fits", "with 8 replicas?", "?"])
def test_never_the_same_words_twice_in_a_row(id, text):
    talk = Discussion(id)
    said = [talk.say(text)["reply"] for _ in range(6)]
    assert all(a != b for a, b in itertools_pairs(said))


def itertools_pairs(items):
    return list(zip(items, items[1:], strict=False))


@pytest.mark.parametrize("id", brief_ids())
def test_replies_end_with_a_question_and_never_scold(id):
    talk = Discussion(id)
    for text in ("hi", "FLOPS set the decode speed", "FP8 doubles the training speed", "savings add up", "fits on one h100", "idk", "this is stupid", "are you a bot"):
        reply = talk.say(text)["reply"]
        assert "wrong" not in reply.lower() and "!" not in reply
        assert "?" in reply


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(text):
    turn = Discussion("serve-7b").say(text)
    assert turn["reply"] and isinstance(turn["understood"], bool)


def test_a_long_text_is_read_in_part_and_said_so():
    assert "I read the first" in Discussion("serve-7b").say("cache " * 3000)["reply"]


def test_it_is_deterministic():
    lines = ["hi", "flops set the speed of decoding", "idk", "with 8 replicas?", "sum up"]
    first, second = ([t.say(x) for x in lines] for t in (Discussion("serve-7b"), Discussion("serve-7b")))
    assert first == second


def test_a_turn_is_quick():
    talk = Discussion("serve-70b")
    talk.say("hi")
    times = []
    for text in ["decode speed sets the first token", "4 L40S hold 70B in FP16", "with 8 replicas?", "what is the ttft?", "idk", "asdf", "the tail needs headroom"] * 6:
        start = time.process_time()
        talk.say(text)
        times.append(time.process_time() - start)
    times.sort()
    assert times[int(len(times) * 0.95)] < 0.06  # the goal is 20 ms; of the processor's time, since machines are shared


def test_a_memo_names_conditions():
    assert conditions("If volume halves, shrink the fleet; unless prices fall, reserve.") == ("volume", "price")
    assert conditions("We like volume and prices.") == ()


def test_a_rationale_that_contradicts_the_design_is_noticed():
    made = entry("serve-70b", reference("serve-70b").design, rationale="We quantise the weights to int4 on L40S.")
    against = read_rationale(made)["contradictions"]
    assert any("weight bits 4" in a for a in against) and any("accelerator l40s" in a for a in against)
    hedged = entry("serve-70b", reference("serve-70b").design, rationale="INT4 would be cheaper. If we used L40S it would not hold.")
    assert read_rationale(hedged)["contradictions"] == []


@pytest.mark.parametrize(("id", "text"), [(i, t) for i, yes, _, no in POLARITY for t in (yes, no)])
def test_a_rationale_of_one_line_is_read_as_that_line_of_the_discussion(id, text):
    said = {r.concept.id for r in stated(id, normalise(text))[0]}
    got = read_rationale(entry(id, reference(id).design, rationale=text))
    assert set(got["expectations"] + got["misconceptions"]) == said
    assert set(got["why"]) <= said <= set(got["read"])


@pytest.mark.parametrize("text", [
    "I doubt that decoding is bound by memory bandwidth, and the batch raises the intensity.", "If decoding were bound by memory bandwidth, a batch would share that read.",
    "My lead says that FLOPS set the decode speed.", "Is serving free of the training fabric?",
])
def test_what_a_rationale_only_doubts_supposes_or_reports_is_not_counted(text):
    got = read_rationale(entry("serve-7b", reference("serve-7b").design, rationale=text))
    assert got["expectations"] == [] and got["misconceptions"] == []


@pytest.mark.parametrize("id", brief_ids())
def test_a_sound_memo_is_credited_for_four_ideas_and_no_belief(id):
    got = read_rationale(reference(id))
    assert len(got["expectations"]) >= 4 and got["misconceptions"] == [] and got["contradictions"] == []


def test_a_long_rationale_is_read_in_part():
    text = "Nothing. " * 2000 + "Decoding is bound by memory bandwidth."
    assert read_rationale(entry("serve-7b", reference("serve-7b").design, rationale=text))["expectations"] == []
