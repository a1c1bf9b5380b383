"""The instructor's command reads a messy folder as data, grades what can be graded, and says why the rest has no score."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from tests.tutor.handins import HOSTILE, code, design, notebook, payload, write
from tests.tutor.instructor import grades, tree
from tests.tutor.instructor import validate as run
from tutor import briefs, grading, output, validate
from tutor.grading import candidates
from tutor.intake import gather

# What it must survive


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_hand_in_has_a_named_reason_within_a_second(name, inbox, tmp_path):
    make, reason = HOSTILE[name]
    make(inbox)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    start = time.process_time()
    found = list(candidates(gather([inbox])))
    spent = time.process_time() - start
    assert spent < 1, "seconds of this process, so that a busy machine does not count"
    assert found and all(one.submission is None for one in found)
    for one in found:
        assert re.search(reason, one.reason), one.reason
        assert len(one.reason) <= 240 and "\n" not in one.reason
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before, "reading wrote something"


def test_the_corpus_is_large():
    assert len(HOSTILE) >= 60


def test_the_whole_corpus_changes_no_other_grade_and_writes_nowhere_else(tmp_path, out, capsys):
    good = tmp_path / "good"
    for student in ("s-1", "s-2", "s-3"):
        write(good / f"{student}.submission.json", payload(student=student))
    assert run(good, out=out) == 0
    clean = {row["student"]: row["score"] for row in grades(out)}
    messy = tmp_path / "messy"
    shutil.copytree(good, messy)
    for place, (make, _) in enumerate(HOSTILE.values()):
        folder = messy / f"h{place:02}"
        folder.mkdir()
        make(folder)
    before = sorted(str(path) for path in messy.rglob("*"))
    capsys.readouterr()
    assert run(messy, out=tmp_path / "out2") == 3
    rows = grades(tmp_path / "out2")
    assert {row["student"]: row["score"] for row in rows if row["state"] == "graded"} == clean
    refused = [row for row in rows if row["state"] != "graded"]
    assert len(refused) >= len(HOSTILE) and all(row["score"] == "" and row["reason"] for row in refused)
    assert sorted(str(path) for path in messy.rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "messy", "out", "out2"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(inbox):
    write(inbox / "x.submission.json", payload()).chmod(0)
    assert "permission denied" in next(iter(candidates(gather([inbox])))).reason


def test_a_folder_that_cannot_be_opened_is_named(inbox, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert "permission denied" in next(iter(candidates(gather([inbox])))).reason


def test_a_file_that_changes_while_it_is_read_is_named(inbox, monkeypatch):
    path = write(inbox / "x.submission.json", payload())
    real, calls = os.fstat, []

    def changing(handle):
        calls.append(handle)
        if len(calls) == 3:
            path.write_bytes(path.read_bytes() + b" ")
        return real(handle)

    monkeypatch.setattr(os, "fstat", changing)
    assert "changed while it was being read" in next(iter(candidates(gather([inbox])))).reason


def test_a_fault_of_the_tutor_costs_one_file_its_grade_and_no_other(inbox, out, monkeypatch, capsys):
    write(inbox / "a.submission.json", payload(student="s-1"))
    write(inbox / "b.submission.json", payload(student="s-2", design=design(replicas=23)))
    real = grading.grade
    monkeypatch.setattr(grading, "grade", lambda s, **more: 1 / 0 if s.student == "s-1" else real(s, **more))
    assert run(inbox, out=out) == 3
    first, second = grades(out)
    assert first["state"] == "ungradable" and "our fault" in first["reason"] and first["score"] == ""
    assert second["state"] == "graded"


def test_a_hand_in_that_takes_too_long_is_left_and_named(inbox, out, monkeypatch, capsys):
    write(inbox / "a.submission.json", payload())
    monkeypatch.setattr(grading, "DEADLINE_S", 0.05)

    def slow(submission, **more):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    monkeypatch.setattr(grading, "grade", slow)
    assert run(inbox, out=out) == 3
    assert "took longer" in grades(out)[0]["reason"]


# Nothing is run


def test_a_notebook_is_never_executed(inbox, out, tmp_path, capsys):
    target = tmp_path / "written-by-a-cell"
    evil = code(f"open({str(target)!r}, 'w').write('x'); import os; os.system('touch {target}')")
    write(inbox / "x.ipynb", notebook(payload(), cells=[evil]))
    assert run(inbox, out=out) == 0
    assert not target.exists()


def test_grading_imports_nothing_that_could_run_a_notebook(inbox, tmp_path):
    import subprocess
    import sys

    write(inbox / "x.ipynb", notebook(payload()))
    lines = ("import argparse, sys; from tutor import validate; p = argparse.ArgumentParser(); validate.add_arguments(p); "
             f"validate.run(p.parse_args([{str(inbox)!r}, '--out', {str(tmp_path / 'out')!r}])); "
             "print([m for m in ('nbclient', 'nbformat', 'IPython', 'yaml', 'pickle', 'ipykernel') if m in sys.modules and m != 'pickle'])")
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


# Which hand-in counts


def test_the_last_payload_of_a_notebook_counts(inbox, out, capsys):
    write(inbox / "x.ipynb", notebook(payload(design=design(replicas=2)), payload(design=design(replicas=16))))
    assert run(inbox, out=out) == 0
    graded, other = grades(out)
    assert graded["state"] == "graded" and other["state"] == "superseded" and other["score"] == ""
    assert "x.ipynb counts" in other["reason"]


def test_the_sidecar_and_the_notebook_with_the_same_hand_in_are_one_row(inbox, out, capsys):
    write(inbox / "x.ipynb", notebook(payload()))
    write(inbox / "serve-7b.submission.json", payload())
    assert run(inbox, out=out) == 0
    assert [row["file"] for row in grades(out)] == ["serve-7b.submission.json"]


def test_a_sound_hand_in_supersedes_a_broken_one_of_the_same_student(inbox, out, capsys):
    write(inbox / "a.submission.json", payload(design=design(replicas=0)))
    write(inbox / "b.ipynb", notebook(payload()))
    assert run(inbox, out=out) == 0
    assert [row["state"] for row in grades(out)] == ["graded", "superseded"]
    assert "out of range" in grades(out)[1]["reason"]


def test_two_briefs_of_a_student_are_two_rows_on_one_page(inbox, out, capsys):
    write(inbox / "x.ipynb", notebook(payload(), payload(brief="serve-70b")))
    assert run(inbox, out=out) == 0
    assert [row["brief"] for row in grades(out)] == ["serve-70b", "serve-7b"]
    assert sorted(path.name for path in (out / "report").glob("*.html")) == ["index.html", "s-0031.html", "students.html"]


def test_cells_that_were_deleted_split_or_retagged_do_not_matter(inbox, out, capsys):
    book = notebook(payload())
    book["cells"] = [{"cell_type": "markdown"}, {"cell_type": "raw", "source": 3}, *book["cells"], 7]
    book["metadata"] = "gone"
    write(inbox / "x.ipynb", book)
    assert run(inbox, out=out) == 0


def test_an_archive_is_read_in_place(inbox, out, capsys):
    with zipfile.ZipFile(inbox / "class.zip", "w") as archive:
        archive.writestr("s-1/serve-7b.submission.json", json.dumps(payload(student="s-1")))
        archive.writestr("__MACOSX/s-1/._serve-7b.submission.json", b"junk")
        archive.writestr("s-2/x.ipynb", json.dumps(notebook(payload(student="s-2"))))
    assert run(inbox / "class.zip", out=out) == 0
    assert [row["file"] for row in grades(out)] == ["class.zip: s-1/serve-7b.submission.json", "class.zip: s-2/x.ipynb"]
    assert os.listdir(inbox) == ["class.zip"]


def test_checkpoints_and_hidden_folders_are_passed_over(inbox, out, capsys):
    write(inbox / "x.ipynb", notebook(payload()))
    write(inbox / ".ipynb_checkpoints" / "x-checkpoint.ipynb", b"")
    assert run(inbox, out=out) == 0


def test_the_reports_own_folder_is_not_read_again(inbox, capsys):
    write(inbox / "x.submission.json", payload())
    out = inbox / "graded"
    assert run(inbox, out=out) == 0
    write(out / "stray.ipynb", b"")
    assert run(inbox, out=out) == 0


def test_one_id_in_two_folders_is_said_aloud(inbox, out, capsys):
    write(inbox / "anna" / "x.submission.json", payload(design=design(replicas=12)))
    write(inbox / "bert" / "x.submission.json", payload(design=design(replicas=13)))
    assert run(inbox, out=out) == 0
    assert "serve-7b by s-0031 was handed in from 2 folders" in capsys.readouterr().out
    assert "serve-7b by s-0031 was handed in from 2 folders" in (out / "report" / "index.html").read_text()


def test_ids_that_differ_in_capitals_are_said_aloud_and_keep_their_pages(inbox, out, capsys):
    write(inbox / "a.submission.json", payload(student="s-1a"))
    write(inbox / "b.submission.json", payload(student="S-1A"))
    assert run(inbox, out=out) == 0
    assert "S-1A and s-1a differ in nothing but capitals" in (out / "report" / "index.html").read_text()
    assert len({path.name.casefold() for path in (out / "report").glob("*.html")}) == 4


# Scores


def test_the_score_is_the_tutors_own(inbox, out, capsys):
    import tutor
    from tests.tutor.handins import sound

    write(inbox / "x.submission.json", payload())
    run(inbox, out=out)
    handed = sound()
    assert grades(out)[0]["score"] == f"{tutor.review('serve-7b', handed.entry).score:.1f}"


def test_what_the_layout_forbids_is_ungradable_with_its_sentence(inbox, out, capsys):
    from dataclasses import asdict

    broken = asdict(briefs.brief("train-100b").reference) | {"data_parallel": 3}
    write(inbox / "x.submission.json", payload(brief="train-100b", design=broken))
    assert run(inbox, out=out) == 5
    assert "make the two equal" in grades(out)[0]["reason"]


def test_the_smallest_repair_is_shown_and_counted(inbox, out, capsys):
    from tutor import designfile

    best = designfile.read_design(Path(validate.__file__).parent / "briefs" / "best" / "serve-70b.toml")
    few = best.changed(replicas=max(1, best.design.replicas - 2))
    from dataclasses import asdict

    write(inbox / "a.submission.json", payload(brief="serve-70b", design=asdict(few.design)))
    assert run(inbox, out=out, plain=True) == 0
    assert "one change is enough for 1: replicas up for 1" in capsys.readouterr().out
    assert "What one repair would earn" in (out / "report" / "s-0031.html").read_text()
    assert run(inbox, out=out, plain=True, **{"no-repairs": True}) == 0
    assert "No repair was searched" in capsys.readouterr().out
    assert "What one repair would earn" not in (out / "report" / "s-0031.html").read_text()


# Exit codes


def test_exit_codes_tell_scripts_what_happened(inbox, out, tmp_path, capsys):
    assert run(inbox, out=out) == 5, "nothing there"
    write(inbox / "bad.ipynb", b"")
    assert run(inbox, out=out) == 5, "nothing readable"
    write(inbox / "x.submission.json", payload())
    assert run(inbox, out=out) == 3, "some ungradable"
    (inbox / "bad.ipynb").unlink()
    assert run(inbox, out=out) == 0, "all graded"
    assert run(tmp_path / "nowhere", out=out) == 2, "usage"
    assert "is not there" in capsys.readouterr().err


def test_a_report_folder_of_somebody_else_is_left_alone(inbox, out, capsys):
    write(inbox / "x.submission.json", payload())
    write(out / "report" / "thesis.html", "mine")
    assert run(inbox, out=out) == 2
    assert (out / "report" / "thesis.html").read_text() == "mine"
    assert "left alone" in capsys.readouterr().err


def test_a_damaged_gradebook_is_one_sentence(inbox, out, capsys):
    write(inbox / "x.submission.json", payload())
    write(out / "gradebook.sqlite", b"this is no database, but it is long enough to look like one" * 40)
    assert run(inbox, out=out) == 2
    assert "cannot be used as a gradebook" in capsys.readouterr().err


def test_an_interruption_leaves_the_last_whole_report(inbox, out, monkeypatch, capsys):
    write(inbox / "a.submission.json", payload(student="s-1"))
    assert run(inbox, out=out) == 0
    before = tree(out)
    write(inbox / "b.submission.json", payload(student="s-2", design=design(replicas=20)))
    write(inbox / "c.submission.json", payload(student="s-3", design=design(replicas=21)))
    real, done = grading.grade, []

    def killed(submission, **more):
        if done:
            raise KeyboardInterrupt
        done.append(submission.student)
        return real(submission, **more)

    monkeypatch.setattr(grading, "grade", killed)
    assert run(inbox, out=out) == 130
    assert tree(out) == before
    monkeypatch.setattr(grading, "grade", lambda s, **more: done.append(s.student) or real(s, **more))
    assert run(inbox, out=out) == 0
    assert sorted(done) == ["s-2", "s-3"], "what was finished is not done again"
    fresh = out.parent / "fresh"
    run(inbox, out=fresh)
    assert tree(fresh) == tree(out), "a killed and resumed run gives the identical report"


def test_an_interruption_while_writing_leaves_the_last_whole_report(inbox, out, monkeypatch, capsys):
    write(inbox / "a.submission.json", payload(student="s-1"))
    assert run(inbox, out=out) == 0
    before = tree(out)
    write(inbox / "b.submission.json", payload(student="s-2"))

    def pull_the_plug(rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "grades_csv", pull_the_plug)
    assert run(inbox, out=out) == 130
    assert tree(out) == before


def test_finished_work_is_skipped(inbox, out, monkeypatch, capsys):
    write(inbox / "a.submission.json", payload())
    run(inbox, out=out)
    monkeypatch.setattr(grading, "grade", lambda s, **more: pytest.fail("graded again"))
    assert run(inbox, out=out) == 0


# The files


def test_the_same_files_in_any_order_give_the_same_bytes(tmp_path, capsys):
    names = [f"s-{n}" for n in (3, 11, 2, 1)]
    for place, order in enumerate((names, sorted(names), names[::-1])):
        folder = tmp_path / f"in{place}" / "class"
        for name in order:
            write(folder / f"{name}.submission.json", payload(student=name, design=design(replicas=8 + int(name[2:])), rationale=briefs.brief("serve-7b").reference_rationale))
        write(folder / "bad.ipynb", b"")
        run(folder, out=tmp_path / f"out{place}")
    first = tree(tmp_path / "out0")
    assert tree(tmp_path / "out1") == first and tree(tmp_path / "out2") == first
    run(tmp_path / "in0" / "class", out=tmp_path / "out0")
    assert tree(tmp_path / "out0") == first


def test_the_csv_is_safe_in_a_spreadsheet_and_quoted_as_rfc_4180_says(inbox, out, capsys):
    write(inbox / "=cmd|' /C calc'!A0.submission.json", payload(student="s-1"))
    write(inbox / "+1,\"2\".ipynb", b"")
    write(inbox / "@x\n-y.ipynb", b"")
    run(inbox, out=out)
    raw = (out / "grades.csv").read_bytes()
    rows = grades(out)
    assert len(rows) == 3 and all(None not in row and None not in row.values() for row in rows)
    assert {row["file"][:2] for row in rows} == {"'=", "'+", "'@"}
    assert raw.count(b"\r\n") >= 4 and b'"\'+1,""2"".ipynb"' in raw
