"""The workbooks run as delivered, reply to right and wrong answers, and end in a hand-in that the instructor's command grades."""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import lessons
from hwlib.errors import BadInput
from lessons.exercises import answered, attempt, check, hint, question, questions
from tutor import briefs, submission, validate

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


def answers() -> dict[str, str]:
    """What a learner would type, by the blank's name."""
    design = briefs.brief("serve-7b").reference_values
    given = {
        "kv_heads": "w1.kv-heads", "bytes_per_value": "w1.bytes-per-value", "sessions": "w1.sessions", "in_flight": "w1.in-flight",
        "waits_for": "w1.waits-for", "idle_money": "w1.idle-money", "cache_bytes": "w1.claim-number", "verdict": "w1.claim",
    }
    typed = {}
    for name, id in given.items():
        value = question(id).answer()
        typed[name] = repr(value if isinstance(value, str) else float(value))
    typed |= {
        '"bottleneck"': "'memory'", '"kv_bytes_per_user"': "0.17e9", '"users_per_chip"': "400", '"usd_per_mtoken"': "0.5",
        "rationale": repr(briefs.brief("serve-7b").reference_rationale), "say": "'Decode waits for memory bandwidth, not for compute.'",
        "student": "'s-0031'",
    }
    return typed | {f'"{name}"': repr(value) for name, value in design.items()}


def filled(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    typed = answers()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r'^(\s*)("?\w+"?)(: | = )\.\.\.', lambda m: f"{m[1]}{m[2]}{m[3]}{typed[m[2]]}", cell.source, flags=re.M)
            assert not re.search(r"(: | = )\.\.\.", cell.source), cell.source
    return book


@pytest.fixture(scope="module")
def worked(tmp_path_factory) -> tuple[Path, nbformat.NotebookNode]:
    """Workbook 1 as a learner leaves it: every blank filled, run and saved."""
    folder = tmp_path_factory.mktemp("learner")
    book = run(filled(nbformat.read(FOLDER / "1-two-workloads.ipynb", as_version=4)), folder)
    nbformat.write(book, folder / "1-two-workloads.ipynb")
    return folder, book


def test_workbook_1_as_delivered_runs_and_says_what_is_open(tmp_path):
    text = said(run(nbformat.read(FOLDER / "1-two-workloads.ipynb", as_version=4), tmp_path))
    assert text.count("Not answered yet") >= 9 and "Nothing to hand in yet" in text
    assert not list(tmp_path.iterdir()), "nothing is handed in by accident"


def test_workbook_1_filled_in_finds_every_answer_as_computed(worked):
    text = said(worked[1])
    assert text.count("✓ As computed") == 8 and "Look again" not in text
    assert "Handed in: serve-7b, student s-0031" in text


def test_the_tutor_answers_in_workbook_1(worked):
    cell = next(cell for cell in worked[1].cells if cell.id == "s4-say")
    assert len(outputs(cell)) > 40


@pytest.mark.parametrize("kept", ["*.ipynb", "*.submission.json", "*"])
def test_what_workbook_1_leaves_is_graded(worked, tmp_path, kept, capsys):
    import shutil

    inbox = tmp_path / "in"
    inbox.mkdir()
    for path in worked[0].glob(kept):
        shutil.copy(path, inbox)
    parser = argparse.ArgumentParser()
    validate.add_arguments(parser)
    assert validate.run(parser.parse_args([str(inbox), "--out", str(tmp_path / "out")])) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "grades.csv").open(newline="", encoding="utf-8")))
    assert [(row["student"], row["brief"], row["state"]) for row in rows] == [("s-0031", "serve-7b", "graded")]
    preview = re.search(r"Preview: (\d+) of 100", said(worked[1]))[1]
    assert float(rows[0]["score"]) == pytest.approx(float(preview), abs=0.5)


def test_the_hand_in_survives_the_export_of_the_notebook_to_html(worked):
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_notebook_node(worked[1])
    assert "This output is your hand-in for serve-7b" in html


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
