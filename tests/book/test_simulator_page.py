"""The simulator's page: complete, computed, and telling what its own tables show."""

import re
import time
from pathlib import Path

from lessons.reference import simulator
from tests.book.test_reference import Outline, html_of

TEXT = (Path(__file__).resolve().parents[2] / "book" / "reference" / "simulator.md").read_text("utf8")


def test_every_glued_name_is_computed_and_used():
    assert set(re.findall(r"\{glue:text\}`(\w+)`", TEXT)) == set(simulator.words())


def test_tables_have_captions_and_scopes_and_ids_are_unique():
    outline = Outline(html_of("simulator"))
    assert not outline.open and len(outline.tables) == 2 and outline.unscoped == 0
    assert len(set(outline.ids)) == len(outline.ids)


def test_it_is_made_in_seconds():
    for made in (simulator.machine, simulator.move_s, simulator.variants, simulator.fleets):
        made.cache_clear()
    begun = time.process_time()
    simulator.schedulers(), simulator.ways(), simulator.words()
    assert time.process_time() - begun < 15


def test_the_sentences_say_what_the_tables_show():
    runs, fleets = simulator.variants(), simulator.fleets()
    tail = {name: run.percentile("ttft", 0.99) for name, run in runs.items()}
    assert runs["Continuous, paged"].preemptions == runs["Room for the whole answer asked for"].preemptions == 0
    assert tail["Room for the whole answer asked for"] > tail["Continuous, paged"]
    assert min(tail["Contiguous cache"], tail["Static batches"]) > 60 > tail["Room for the whole answer asked for"]
    chunked, whole = runs["Prompts in chunks"], runs["Continuous, paged"]
    assert chunked.percentile("tpot", 0.5) < whole.percentile("tpot", 0.5) and chunked.percentile("ttft", 0.5) > whole.percentile("ttft", 0.5)
    assert tail[simulator.REUSED] < tail["Half the prompts begin alike, not reused"] and runs[simulator.DAY].preemptions > 0
    together, apart, short = (fleets[k] for k in ("In turn", "One reads prompts, three answer", "Two read prompts, two answer"))
    assert short.percentile("ttft", 0.99) < together.percentile("ttft", 0.99) and apart.percentile("ttft", 0.5) < together.percentile("ttft", 0.5)
    assert short.percentile("tpot", 0.5) > 3 * together.percentile("tpot", 0.5) and short.kv_peak_share > 0.99
    assert fleets["To the shortest queue"].percentile("ttft", 0.5) > 0.95 * together.percentile("ttft", 0.5)


def test_the_formula_and_the_run_agree_on_the_page():
    said = simulator.words()
    a, b = (float(said[k].split()[0]) for k in ("formula", "simulated"))
    assert said["formula"].split()[1] == said["simulated"].split()[1] and abs(a - b) < 0.05 * a
