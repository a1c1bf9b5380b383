"""The gradebook keeps what is current and loses nothing: results of other graders, damaged rows, and what a grader is."""

from __future__ import annotations


def test_another_grader_does_not_use_old_results_and_does_not_lose_them(tmp_path, monkeypatch):
    from dataclasses import replace

    from tutor import gradebook

    with gradebook.Gradebook(tmp_path / "g.sqlite") as book:
        book.keep("aa", b"", '{"score": 1.0}')
        assert book.facts("aa") == {"score": 1.0}
    now = gradebook.grader()
    for field in ("rubric", "hwlib", "catalogue"):
        monkeypatch.setattr(gradebook, "grader", lambda field=field: replace(now, **{field: "another"}))
        with gradebook.Gradebook(tmp_path / "g.sqlite") as book:
            assert book.facts("aa") is None, field
    monkeypatch.setattr(gradebook, "grader", lambda: now)
    with gradebook.Gradebook(tmp_path / "g.sqlite") as book:
        assert book.facts("aa") == {"score": 1.0}


def test_a_damaged_row_of_the_gradebook_counts_as_none(tmp_path):
    import sqlite3

    from tutor import gradebook

    with gradebook.Gradebook(tmp_path / "g.sqlite") as book:
        book.keep("aa", b"", '{"score": 1.0}')
    with sqlite3.connect(tmp_path / "g.sqlite") as base:
        base.execute("update results set body = '{', facts = '{'")
    with gradebook.Gradebook(tmp_path / "g.sqlite") as book:
        assert book.facts("aa") is None and book.review("aa") is None


def test_the_grader_is_every_file_that_decides_a_score():
    from importlib.resources import files

    from tutor.versions import BESIDE, _sources

    names = {name for name, _ in _sources(files("tutor"), "tutor", BESIDE)} | {name for name, _ in _sources(files("hwlib"), "hwlib")}
    assert {"tutor/scoring.py", "tutor/briefs/serve-7b.toml", "hwlib/serving.py", "hwlib/catalogue/chips/h100-sxm.toml"} <= names
    assert not any("report/" in name or name.endswith(".html") for name in names)
