"""The Sphinx extension: what it packs, which cells it takes, and when it builds again."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import time
from pathlib import Path

import pytest

from . import conftest, reading

sys.path.insert(0, str(reading.EXTENSIONS))

from livebook import cells, icons, packaging, page, parting  # noqa: E402
from livebook.livekernel import late  # noqa: E402 - its Python runs here as well


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


def unpacked(packed: bytes, folder) -> dict[str, bytes]:
    """The files of a part, as the page's own Python unpacks it."""
    late.unpack(packed, str(folder))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_part_unpacks_to_what_was_packed(tmp_path):
    """Whatever is in the files, and in whatever order they came; and it is smaller than the zip."""
    files = {"c/a.py": b"x = 1\n" * 50, "c/deep/er/b.toml": b"\n\n", "c/empty.py": b"", "c/e.bin": bytes(range(256))}
    assert packaging.pack(files) == packaging.pack(dict(reversed(files.items())))
    assert unpacked(packaging.pack(files), tmp_path / "out") == files


PARTS = {"big": ["c/data/big.npz"], "judge": ["j/"]}
WHOLE = {name: text.encode() for name, text in {
    "c/__init__.py": "", "c/m.py": "from . import n\ndef late():\n    import j.k\n", "c/n.py": "import os.path", "c/user.py": "from j.k import f",
    "c/data/big.npz": "1", "j/__init__.py": "", "j/k.py": "f = 1", "j/data.toml": ""}.items()}


def test_a_page_asks_at_once_only_for_the_parts_that_its_cells_import():
    """What stands in a function waits; a part comes before the part whose folder it lies in; an empty part is told."""
    assert {name: sorted(files) for name, files in parting.divide(WHOLE, PARTS).items()} == {
        "course": ["c/__init__.py", "c/m.py", "c/n.py", "c/user.py"], "big": ["c/data/big.npz"], "judge": ["j/__init__.py", "j/data.toml", "j/k.py"]}
    assert parting.imported(["from c import m"], WHOLE) == {"c/__init__.py", "c/m.py", "c/n.py"}
    assert parting.wanted(["from c import m"], WHOLE, PARTS) == []
    assert parting.wanted(["import c.m", "def g():\n    pass\nfrom c.user import f"], WHOLE, PARTS) == ["judge"]
    with pytest.raises(Exception, match="livebook_apart names 'none' for x/"):
        parting.divide(WHOLE, {"none": ["x/"]})


@pytest.fixture
def travelling(tmp_path, monkeypatch):
    """The common part in a folder that Python imports from, and the others a request away."""
    parts = parting.divide({f"late_{name}": content.replace(b"import j", b"import late_j").replace(b"from j", b"from late_j") for name, content in WHOLE.items()},
                           {name: [f"late_{prefix}" for prefix in prefixes] for name, prefixes in PARTS.items()})
    late.unpack(packaging.pack(parts["course"]), str(tmp_path))
    asked = []

    def get(address):
        asked.append(address)
        if address == "gone":
            raise ConnectionError("no answer")
        return packaging.pack(parts[address])

    finder = late.Late([("big", ["late_c/data/big.npz"]), ("judge", ["late_j/"]), ("gone", ["late_g/"])], folder=str(tmp_path), get=get)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    yield tmp_path, finder, asked
    for name in [name for name in sys.modules if name.startswith("late_")]:
        del sys.modules[name]


def test_a_part_comes_when_something_of_it_is_imported(travelling):
    """Once, and only that part; what the course does not have is missing as ever."""
    _, _, asked = travelling
    import late_c.m

    assert asked == []
    with pytest.raises(ModuleNotFoundError, match="late_x"):
        import late_x  # noqa: F401 - there is no such module
    late_c.m.late()
    import late_c.user  # noqa: F401 - comes from the part that is here by now

    assert asked == ["judge"]


def test_a_part_comes_when_a_file_of_it_is_opened(travelling):
    """Before it is; a listing brings it too, and a listing of the folder above brings nothing."""
    folder, finder, asked = travelling
    finder.heard("os.listdir", (str(folder / "late_c"),))
    finder.heard("open", (str(folder / "late_c" / "data" / "small.npz"), "r", 0))
    finder.heard("open", (3, "r", 0))
    assert asked == []
    finder.heard("open", (str(folder / "late_c" / "data" / "big.npz"), "r", 0))
    assert (folder / "late_c" / "data" / "big.npz").read_bytes() == b"1"
    finder.heard("os.scandir", (str(folder / "late_j"),))
    assert asked == ["big", "judge"]
    assert (folder / "late_j" / "data.toml").is_file()


def test_a_part_that_cannot_come_is_told_and_asked_again(travelling):
    """In one sentence; the network may be back the next time."""
    _, finder, asked = travelling
    for _ in range(2):
        with pytest.raises(OSError, match="could not be fetched .no answer.: is the network gone"):
            finder.bring("late_g/__init__.py")
    assert asked == ["gone", "gone"]


def test_a_page_shows_the_same_icons_from_a_font_of_its_own(tmp_path):
    """A page of the theme loses the script and the fonts that it fetched, and links to one sheet with the glyphs that it shows."""
    import pydata_sphinx_theme

    vendor = next(Path(pydata_sphinx_theme.__file__).parent.glob("theme/pydata_sphinx_theme/static/vendor/fontawesome/*"))
    html = ('<link href="../_static/vendor/fontawesome/6/css/all.min.css?digest=a" rel="stylesheet" />\n'
            '<link rel="preload" as="font" type="font/woff2" crossorigin href="../_static/vendor/fontawesome/6/webfonts/fa-brands-400.woff2" />\n'
            '<script src="../_static/vendor/fontawesome/6/js/all.min.js?digest=a"></script><i class="fa-solid fa-bars"></i>')
    after = icons.with_icons(html, "livebook/icons.css?v=1")
    assert after == '<link href="../_static/livebook/icons.css?v=1" rel="stylesheet" /><i class="fa-solid fa-bars"></i>'
    assert icons.with_icons(after, "livebook/icons.css?v=2") == after.replace("v=1", "v=2")
    sheet = icons.style([html], vendor)
    assert sheet == icons.style([html], vendor), "two builds give the same bytes"
    assert '.fa-bars::before { content: "\\f0c9"; }' in sheet and len(sheet) < 6000
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(base64.b64decode(re.search(r"base64,([^)]+)", sheet)[1])))
    assert {0xF0C9, icons.CHEVRON} == set(font.getBestCmap())
    assert font["name"].getDebugName(1) == icons.NAME, "the licence reserves the font's own name"


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


def test_a_built_page_carries_its_cells_and_a_versioned_everything(changing, tmp_path):
    """The sources, the zips by hash, the script by checksum; and no address outside but Pyodide's."""
    html = built(changing)
    config = json.loads(re.search(r'<script[^>]*id="livebook-config"[^>]*>(.*?)</script>', html, re.DOTALL)[1])
    assert [(c["number"], c["live"]) for c in config["cells"]] == [(1, False), (3, True)]
    assert re.search(r"livebook\.js\?v=\w+", html) and re.search(r"livebook\.css\?v=\w+", html)
    assert "worker.js?v=" in config["worker"]
    assert "THEBE_JS_URL" not in html
    (common,) = config["course"]
    assert "minilib/chips.toml" in unpacked((changing / "_build" / "html" / common).read_bytes(), tmp_path)
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
