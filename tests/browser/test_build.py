"""The Sphinx extension: what it packs, which cells it takes, and when it builds again."""

from __future__ import annotations

import json
import re
import sys
import time
import zipfile

import pytest

from . import conftest, reading

sys.path.insert(0, str(reading.EXTENSIONS))

from livebook import cells, packaging, page  # noqa: E402


def package(folder, **files: str):
    """A package on disk, from relative names (double underscore for a slash) to contents."""
    for name, content in files.items():
        path = folder / "course" / name.replace("__in__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "course" / "__init__.py").touch()
    return folder


def test_data_and_templates_are_packed_and_notebooks_and_bytecode_are_not(tmp_path):
    """Everything that an import or importlib.resources may ask for."""
    root = package(tmp_path, **{"data__in__chips.toml": "", "t.html": "", "book.ipynb": "{}", "m.py": "x = 1"})
    for unwanted in ("__pycache__/m.pyc", ".hidden/x.py"):
        (root / "course" / unwanted).parent.mkdir(exist_ok=True)
        (root / "course" / unwanted).write_text("")
    files = packaging.package_files(["course"], root)
    assert sorted(files) == ["course/__init__.py", "course/data/chips.toml", "course/m.py", "course/t.html"]


def test_what_no_live_cell_reads_stays_at_home():
    """By pattern; and a pattern that names nothing is told."""
    files = {"course/big.csv": b"", "course/data/big.csv": b"", "course/m.py": b""}
    assert sorted(packaging.without(files, ["course/big.csv"])) == ["course/data/big.csv", "course/m.py"]
    assert sorted(packaging.without(files, ["course/*.csv"])) == ["course/m.py"]
    with pytest.raises(Exception, match="livebook_left_out names 'course/none"):
        packaging.without(files, ["course/none*"])


def test_the_same_contents_give_the_same_zip_whenever_they_are_packed(tmp_path):
    """Name and bytes."""
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir(), second.mkdir()
    files = {"x.py": b"1", "y.toml": b"2"}
    name = packaging.write_zip(files, first, "course")
    time.sleep(0.01)
    assert packaging.write_zip(dict(reversed(files.items())), second, "course") == name
    assert (first / name).read_bytes() == (second / name).read_bytes()
    assert packaging.write_zip({**files, "x.py": b"3"}, first, "course") != name
    assert not (first / name).exists(), "the earlier zip is not left behind"


def test_an_unknown_package_is_named(tmp_path):
    """In the words of the setting."""
    with pytest.raises(Exception, match="livebook_packages names 'nonesuch_at_all'"):
        packaging.package_files(["nonesuch_at_all"], tmp_path)


def test_the_widget_library_travels_with_its_licences():
    """ipywidgets, comm and traitlets, as installed here."""
    files = packaging.distribution_files(["ipywidgets", "comm", "traitlets"])
    assert {"ipywidgets/__init__.py", "comm/__init__.py", "traitlets/__init__.py"} <= set(files)
    assert len([name for name in files if name.endswith("LICENSE")]) == 3
    assert not [name for name in files if "tests" in name]


def cell(index, source, *tags):
    """A cell for `select`."""
    return cells.Cell(index, source, frozenset(tags))


@pytest.mark.parametrize(("sources", "chosen"), [
    ([("import a", ""), ("a.show()", "live")], [0, 1]),
    ([("import a", ""), ("x = a.f()", ""), ("def g():\n    return x", ""), ("g()", "live")], [0, 1, 2, 3]),
    ([("from matplotlib import pyplot as plt\nplt.plot()", ""), ("1 + 1", "live")], [1]),
    ([("import a", "no-live"), ("a.show()", "live")], [1]),
    ([("import a", ""), ("import a\na.show()", "live"), ("a.later()", "")], [0, 1]),
    ([("d = {}", ""), ("d['k'] = 1", ""), ("print(d)", "live")], [0, 1, 2]),
    ([("%matplotlib inline", ""), ("1", "live")], [1]),
    ([("1", "live no-live")], []),
])
def test_a_live_cell_brings_the_earlier_cells_that_it_needs(sources, chosen):
    """And no others."""
    page_cells = [cell(index, source, *tags.split()) for index, (source, tags) in enumerate(sources)]
    assert [found.index for found in cells.select(page_cells)] == chosen


def test_the_size_of_a_download_is_known_for_the_pinned_release_only():
    """numpy and its runtime are about 9 MB; of anything else no number is claimed."""
    pinned = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"
    files = page.expected_files(pinned, ["numpy"])
    assert 8.5e6 < sum(wire for wire, _ in files.values()) < 9.5e6
    assert len(page.expected_files(pinned, ["matplotlib"])) > len(files) + 5
    assert page.expected_files(pinned, ["numpy", "nonesuch"]) == {}
    assert page.expected_files("https://example.org/pyodide/v9/full/", ["numpy"]) == {}


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    """A built copy of the small book, to be changed and built again."""
    source = conftest.copy_minibook(tmp_path_factory.mktemp("changing"))
    (source / "_static").mkdir()
    (source / "_static" / "look.css").write_text("p { color: black }")
    config = source / "_config.yml"
    config.write_text(config.read_text() + "    html_static_path: [_static]\n    html_css_files: [look.css]\n")
    conftest.build(source)
    return source


def built(source, name="explorer.html") -> str:
    """A page as built."""
    return (source / "_build" / "html" / name).read_text()


def test_a_built_page_carries_its_cells_and_a_versioned_everything(changing):
    """The sources, the zips by hash, the script by checksum; and no address outside but Pyodide's."""
    html = built(changing)
    config = json.loads(re.search(r'<script[^>]*id="livebook-config"[^>]*>(.*?)</script>', html, re.DOTALL)[1])
    assert [(c["number"], c["live"]) for c in config["cells"]] == [(1, False), (3, True)]
    assert (changing / "_build" / "html" / config["course"]).is_file()
    assert re.search(r"livebook\.js\?v=\w+", html) and re.search(r"livebook\.css\?v=\w+", html)
    assert "worker.js?v=" in config["worker"]
    assert "THEBE_JS_URL" not in html
    names = zipfile.ZipFile(changing / "_build" / "html" / config["course"]).namelist()
    assert "minilib/chips.toml" in names
    assert "<noscript>" in html


def test_a_change_in_a_package_leaves_no_stale_figure(changing):
    """The text of no page changed, and yet every figure is computed again."""
    assert conftest.build(changing).count("Executing notebook") == 0  # nothing changed: nothing runs
    chips = changing / "minilib" / "chips.toml"
    before = built(changing)
    chips.write_text(chips.read_text().replace("mem_bytes_per_s = 1e12", "mem_bytes_per_s = 2e12"))
    assert conftest.build(changing).count("Executing notebook") == 4
    after = built(changing)
    assert "<b>571</b>" in before and "<b>1,143</b>" in after and "<b>571</b>" not in after


def test_a_change_in_a_style_sheet_reaches_every_page_without_running_any(changing):
    """Sphinx by itself would not even copy it."""
    before = re.search(r"look\.css\?v=\w+", built(changing))[0]
    (changing / "_static" / "look.css").write_text("p { color: navy }")
    said = conftest.build(changing)
    assert re.search(r"look\.css\?v=\w+", built(changing))[0] != before
    assert "navy" in (changing / "_build" / "html" / "_static" / "look.css").read_text()
    assert "Executing notebook" not in said


def test_a_page_with_widgets_and_no_live_cell_is_refused(changing):
    """Its sliders would move and compute nothing."""
    text = (changing / "explorer.md").read_text()
    (changing / "explorer.md").write_text(text.replace("[remove-input, live]", "[remove-input]"))
    with pytest.raises(AssertionError, match="no cell is tagged live"):
        conftest.build(changing)
    (changing / "explorer.md").write_text(text)
