"""The workbooks run as delivered, reply to right and wrong answers, and end in a hand-in that the instructor's command grades."""

from __future__ import annotations

import argparse
import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import lessons
from hwlib.errors import BadInput
from lessons.exercises import answered, attempt, card, check, hint, question, questions
from tutor import briefs, submission, tickets, validate

FOLDER = Path(lessons.__file__).parent / "workbooks"
BOOKS = sorted(FOLDER.glob("*.ipynb"))


def run(book: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return book


def outputs(cell) -> str:
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", ()))


def said(book) -> str:
    return "\n".join(outputs(cell) for cell in book.cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_workbook_is_valid_and_kept_without_outputs(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert len({cell.id for cell in book.cells}) == len(book.cells)
    assert set(book.metadata) == {"kernelspec", "language_info"} and book.metadata.kernelspec.name == "python3"
    for cell in book.cells:
        assert not cell.metadata
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_the_questions_of_a_workbook_exist_and_its_prose_has_no_figures_of_its_own(path):
    text = path.read_text("utf-8")
    for name in re.findall(r'(?:check|hint)\(\\"([\w.-]+)\\"', text):
        question(name)


@dataclass(frozen=True)
class Learner:
    """What one learner would type into a workbook: blanks that a question answers, and the rest as it would stand there."""

    brief: str
    asked: dict[str, str]
    typed: dict[str, str]
    say: str


LEARNERS = {
    "1-two-workloads": Learner(
        "serve-7b",
        {"kv_heads": "w1.kv-heads", "bytes_per_value": "w1.bytes-per-value", "sessions": "w1.sessions", "in_flight": "w1.in-flight",
         "waits_for": "w1.waits-for", "idle_money": "w1.idle-money", "cache_bytes": "w1.claim-number", "verdict": "w1.claim"},
        {"bottleneck": "'memory'", "kv_bytes_per_user": "0.17e9", "users_per_chip": "400", "usd_per_mtoken": "0.5"},
        "Decode waits for memory bandwidth, not for compute.",
    ),
    "2-training": Learner(
        "train-100b",
        {"optimizer_bytes": "w2.optimizer-bytes", "shards": "w2.shards", "days": "w2.days", "bubble": "w2.bubble", "all_reduce": "w2.all-reduce",
         "broken": "w2.failures", "costly": "w2.costly", "tokens_per_s": "w2.claim-number", "verdict": "w2.claim"},
        {"bottleneck": "'compute'", "bytes_per_chip": "70e9", "mfu": "0.4", '"days"': "34", '"bubble"': "0.05", "allreduce_s": "0.5", "failures": "15"},
        "Tensor parallelism should stay inside a node.",
    ),
    "3-inference-chips": Learner(
        "serve-70b",
        {"lpus": "w3.lpus", "day_s": "w3.day-s", "peak_factor": "w3.peak-factor", "prefill_s": "w3.prefill", "step_s": "w3.step", "waits_most": "w3.waits-for",
         "usd_per_mtoken": "w3.usd", "moves_the_floor": "w3.floor", "gain": "w3.claim-number", "verdict": "w3.claim"},
        {"bottleneck": "'memory'", "peak_requests_per_s": "21", '"prefill_s"': "0.06", "utilisation_at_limit": "0.7", '"usd_per_mtoken"': "5"},
        "The first token is network, queue, prefill and one step.",
    ),
    "4-economics": Learner(
        "tco-3y",
        {"tokens_in_price": "w4.tokens-in-price", "days": "w4.days", "months": "w4.months", "made": "w4.made", "today": "w4.today", "power_usd_per_hour": "w4.power",
         "together": "w4.together", "batching_share": "w4.share", "hidden": "w4.hidden", "years": "w4.claim-number", "verdict": "w4.claim"},
        {"bottleneck": "'training'", "annual_bill_usd": "14.6e6", "inference_share_y1": "0.4", "inference_share_y3": "0.5", "break_even_months": "20",
         "saving_quantise_usd": "50e6", "saving_batching_usd": "100e6", "saving_chip_usd": "0", "saving_all_usd": "150e6"},
        "The savings of the levers overlap.",
    ),
}
EVERY = pytest.mark.parametrize("stem", LEARNERS)


def test_every_workbook_has_its_learner():
    assert [path.stem for path in BOOKS if path.stem[0] in "1234"] == list(LEARNERS)


def filled(stem: str) -> nbformat.NotebookNode:
    """The workbook with every blank filled. A field of the design or of the predictions is named in quotes, an answer is not."""
    learner = LEARNERS[stem]
    typed = {}
    for name, id in learner.asked.items():
        value = question(id).answer()
        typed[name] = repr(value if isinstance(value, str) else float(value))
    known = briefs.brief(learner.brief)
    typed |= {f'"{name}"': repr(value) for name, value in known.reference_values.items()}
    typed |= {name if name.startswith('"') else f'"{name}"': value for name, value in learner.typed.items()}
    typed |= {"rationale": repr(known.reference_rationale), "say": repr(learner.say), "student": "'s-0031'"}
    book = nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r'^(\s*)("?\w+"?)(: | = )\.\.\.', lambda m: f"{m[1]}{m[2]}{m[3]}{typed[m[2]]}", cell.source, flags=re.M)
            assert not re.search(r"(: | = )\.\.\.", cell.source), cell.source
    return book


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """The folder and the book of a workbook as a learner leaves it: every blank filled, run and saved; run once each."""
    done: dict[str, tuple[Path, nbformat.NotebookNode]] = {}

    def of(stem: str) -> tuple[Path, nbformat.NotebookNode]:
        if stem not in done:
            folder = tmp_path_factory.mktemp("learner")
            book = run(filled(stem), folder)
            nbformat.write(book, folder / f"{stem}.ipynb")
            done[stem] = folder, book
        return done[stem]

    return of


@EVERY
def test_a_workbook_as_delivered_runs_and_says_what_is_open(stem, tmp_path):
    text = said(run(nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4), tmp_path))
    blanks = len(LEARNERS[stem].asked)
    assert text.count("Not answered yet") >= blanks and "Nothing to hand in yet" in text
    assert not list(tmp_path.iterdir()), "nothing is handed in by accident"


@EVERY
def test_a_workbook_filled_in_finds_every_answer_as_computed(stem, worked):
    text = said(worked(stem)[1])
    assert text.count("✓ As computed") == len(LEARNERS[stem].asked) and "Look again" not in text
    assert f"Handed in: {LEARNERS[stem].brief}, student s-0031" in text


@EVERY
def test_a_workbook_asks_of_the_whole_design(stem):
    design = next(cell.source for cell in nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4).cells if cell.id == "s4-design")
    known = briefs.brief(LEARNERS[stem].brief)
    assert set(known.decides) <= set(re.findall(r'"(\w+)": \.\.\.', design))
    predictions = next(cell.source for cell in nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4).cells if cell.id == "s4-predictions")
    assert [p.name for p in known.predictions] == re.findall(r'"(\w+)": \.\.\.', predictions)


@EVERY
def test_the_tutor_answers_in_a_workbook(stem, worked):
    cell = next(cell for cell in worked(stem)[1].cells if cell.id == "s4-say")
    assert len(outputs(cell)) > 40


@EVERY
@pytest.mark.parametrize("kept", ["*.ipynb", "*.submission.json", "*"])
def test_what_a_workbook_leaves_is_graded(stem, worked, tmp_path, kept, capsys):
    import shutil

    inbox = tmp_path / "in"
    inbox.mkdir()
    folder, book = worked(stem)
    for path in folder.glob(kept):
        shutil.copy(path, inbox)
    parser = argparse.ArgumentParser()
    validate.add_arguments(parser)
    assert validate.run(parser.parse_args([str(inbox), "--out", str(tmp_path / "out")])) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "grades.csv").open(newline="", encoding="utf-8")))
    assert [(row["student"], row["brief"], row["state"]) for row in rows] == [("s-0031", LEARNERS[stem].brief, "graded")]
    preview = re.search(r"Preview: (\d+) of 100", said(book))[1]
    assert float(rows[0]["score"]) == pytest.approx(float(preview), abs=0.5)


@EVERY
def test_the_hand_in_survives_the_export_of_the_notebook_to_html(stem, worked):
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_notebook_node(worked(stem)[1])
    assert f"This output is your hand-in for {LEARNERS[stem].brief}" in html


# The exercises


@pytest.mark.parametrize("name", questions())
def test_every_question_accepts_its_own_answer_and_knows_its_slips(name):
    asked = question(name)
    assert check(name, asked.answer()).good
    for slip in asked.slips:
        reply = check(name, slip.answer())
        assert reply.good is False and reply.text == slip.words, f"{slip.words}: {reply}"


def test_the_concepts_of_the_slips_are_those_of_the_course():
    listed = Path(__file__).parents[1] / "data" / "dialogue" / "concepts.csv"
    known = {row["id"] for row in csv.DictReader(listed.open(encoding="utf-8"))}
    assert {slip.concept for asked in questions().values() for slip in asked.slips if slip.concept} <= known


@pytest.mark.parametrize("blank", [..., None, "", "  "])
def test_a_blank_is_not_a_mistake(blank):
    reply = check("w1.sessions", blank)
    assert reply.good is None and not answered(blank) and "three dots" in str(reply)


@pytest.mark.parametrize(("answer", "words"), [
    ("42.9 GB", "✓ As computed"), ("40 GiB", "✓ As computed"), ("42,949,672,960 B", "✓ As computed"),
    (42.9, "a prefix is off"), (42.9e9 * 8, "the 64|query head|bits were taken"), (42.9e9 / 2, "half of the computed"),
    ("43 ms", "not a unit of this answer"), ("plenty", "cannot be read as a number"), (True, "is a number, not bool"),
    (float("nan"), "a finite number"), (-3, "above zero"), (1e12, "times too high"), ([1], "is a number, not list"),
])
def test_feedback_names_the_value_the_unit_or_the_factor(answer, words):
    assert re.search(words, str(check("w1.claim-number", answer)))


def test_hints_go_one_step_further_and_end_in_the_value():
    hint.step.clear()
    steps = [hint("w1.sessions").text for _ in range(6)]
    assert len(set(steps)) == 4 and steps[3] == steps[4] == steps[5]
    assert re.search(r"\d", steps[3])


def test_an_unknown_question_is_one_sentence():
    with pytest.raises(BadInput, match="question = 'w1.sesions' is not known; did you mean"):
        check("w1.sesions", 1)


def test_an_attempt_names_its_blanks_and_then_its_mistakes():
    values = dict(briefs.brief("serve-7b").reference_values)
    assert "Still open: replicas" in str(attempt("serve-7b", values | {"replicas": ...}))
    assert "design.replicas = 0 is out of range" in str(attempt("serve-7b", values | {"replicas": 0}))
    good = attempt("serve-7b", values, predictions={"bottleneck": ...})
    assert good.ready and good.review.score > 0 and "<pre" in good._repr_html_()


# A ticket: numbers of one's own

KEY = b"instructor's key, for the test: k"


def ticket_for(brief: str, student: str = "s-0031", chips: int = 0) -> str:
    return tickets.issue(KEY, student, brief, datetime(2030, 1, 1, tzinfo=UTC), chips)


@pytest.mark.parametrize("brief", [learner.brief for learner in LEARNERS.values()])
def test_a_ticket_puts_its_numbers_into_the_brief_the_review_and_the_hand_in(brief, tmp_path):
    ticket = ticket_for(brief)
    given = tickets.numbers(ticket)
    own = str(card(brief, ticket=f" {ticket}\n"))
    assert given and all(name in own for name in given) and "Your numbers" not in str(card(brief))
    values = dict(briefs.brief(brief).reference_values)
    mine = attempt(brief, values, ticket=ticket, assumptions={name: 1.0 for name in given}, reasons=dict.fromkeys(given, "mine"))
    assert mine.ready and {name: mine.entry.assumptions[name] for name in given} == given, "the ticket's numbers stand before one's own"
    receipt = lessons.submit(mine.entry, student="s-0031", ticket=ticket, path=tmp_path / "x.submission.json")
    assert receipt.submission.entry == mine.entry and receipt.review.score == mine.review.score


def test_two_learners_with_the_same_design_are_reviewed_under_their_own_numbers():
    values = dict(briefs.brief("serve-7b").reference_values)
    seen = {str(attempt("serve-7b", values, ticket=ticket_for("serve-7b", student)).review) for student in ("s-1", "s-2", "s-3")}
    assert len(seen) == 3


@pytest.mark.parametrize(("ticket", "words"), [("no ticket", "ticket must be the text"), ("t2~serve-70b~20270101T000000Z~daily_users=45000~0f~0f", "ticket is for serve-70b")])
def test_a_ticket_that_is_none_is_one_sentence_and_stops_nothing(ticket, words):
    values = dict(briefs.brief("serve-7b").reference_values)
    said = attempt("serve-7b", values, ticket=ticket)
    assert not said.ready and words in str(said) and words in str(card("serve-7b", ticket=ticket)) and words in card("serve-7b", ticket=ticket)._repr_markdown_()


def test_a_chip_that_the_ticket_does_not_offer_is_refused_while_one_works():
    values = dict(briefs.brief("serve-70b").reference_values)
    offered = tickets.numbers(ticket_for("serve-70b", chips=2))["chips"]
    other = next(chip for chip in briefs.brief("serve-70b").chips if chip not in offered)
    assert "not on offer under this ticket" in str(attempt("serve-70b", values | {"accelerator": other}, ticket=ticket_for("serve-70b", chips=2)))


@EVERY
def test_a_workbook_with_a_ticket_hands_in_what_the_key_of_the_instructor_accepts(stem, tmp_path):
    """Only brief, design and hand-in are run again: the rest of the workbook knows no ticket."""
    learner, book = LEARNERS[stem], filled(stem)
    ticket = ticket_for(learner.brief)
    book.cells = [cell for cell in book.cells if cell.id in ("setup", "s4-brief", "s4-predictions", "s4-design", "s7-submit")]
    for cell in book.cells:
        cell.source = cell.source.replace('ticket = ""', f"ticket = {ticket!r}")
    shown = said(run(book, tmp_path))
    first = next(iter(tickets.numbers(ticket)))
    assert f"({first})" in shown and "Handed in" in shown
    handed = submission.read((tmp_path / f"{learner.brief}.submission.json").read_bytes())
    assert tickets.check(KEY, handed.ticket, "s-0031", learner.brief, received=datetime(2026, 1, 1, tzinfo=UTC)).given == tickets.numbers(ticket)
    assert handed.entry.assumptions == tickets.numbers(ticket)


# submit


def test_submit_writes_a_sidecar_that_the_gate_reads(tmp_path):
    target = tmp_path / "serve-7b.submission.json"
    receipt = lessons.submit(briefs.brief("serve-7b").reference, student="s-1", brief="serve-7b", rationale="<b>why</b>", path=target)
    assert submission.read(target.read_bytes()) == receipt.submission
    assert "Preview" in str(receipt) and "<table>" in receipt._repr_html_()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_submit_takes_numbers_of_numpy_and_figures(tmp_path):
    import numpy as np

    values = dict(briefs.brief("serve-7b").reference_values) | {"replicas": np.int64(16)}
    receipt = lessons.submit(values, student="s-1", brief="serve-7b", path=tmp_path / "x.submission.json",
                             predictions={"kv_bytes_per_user": question("w1.claim-number").answer(), "users_per_chip": np.float64(3)})
    assert receipt.submission.payload()["design"]["replicas"] == 16


@pytest.mark.parametrize(("change", "words"), [
    ({"student": "no spaces please"}, "student = "), ({"brief": None}, "brief is missing"), ({"brief": "serve-70b"}, "design.model"),
    ({"rationale": "\ud800"}, "lone surrogate|plain text"), ({"predictions": {"luck": 1}}, "luck"), ({"path": "x.json"}, "must end in"),
    ({"path": "/nowhere/x.submission.json"}, "cannot be written"), ({"predictions": {"usd_per_mtoken": float("nan")}}, "usd_per_mtoken"),
])
def test_submit_says_in_one_sentence_what_is_not_right_and_writes_nothing(tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    given = {"student": "s-1", "brief": "serve-7b"} | change
    with pytest.raises(BadInput, match=words):
        lessons.submit(briefs.brief("serve-7b").reference, **given)
    assert not list(tmp_path.iterdir())
