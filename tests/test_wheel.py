"""The wheel: what `pip install` gives works outside the repository, data files included."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("hwlib", "tutor", "lessons")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def checked(command: list[str], **how) -> str:
    """Run; what it printed, or an assertion with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **how)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """The packages and what the build needs, elsewhere: a build leaves folders behind."""
    copy = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source) -> Path:
    """Built without network: the build tools are those of the environment."""
    checked([*PIP, "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(source / "dist"), str(source)])
    (made,) = (source / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def outside(wheel, tmp_path_factory):
    """Runs Python in an empty folder with the wheel and its dependencies, and no way back to the repository.

    `-S` leaves out the hook by which an editable install would lend modules that the wheel lacks.
    """
    target, empty = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("elsewhere")
    checked([*PIP, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)])


    def run(*arguments: str, first: Path = target, **how) -> str:
        path = os.pathsep.join([str(first), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
        return checked([sys.executable, "-S", *arguments], cwd=empty, env=os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}, **how)

    run.target, run.folder = target, empty
    return run


def test_every_file_of_the_packages_is_in_the_wheel(source, wheel):
    kept = {str(p.relative_to(source)) for name in PACKAGES for p in (source / name).rglob("*") if p.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("LICENSE")]
    assert held == kept and licences


def test_the_packages_come_from_where_they_were_installed(outside):
    shown = outside("-c", "import hwlib, tutor, lessons; print(hwlib.__file__, tutor.__file__, lessons.__file__)")
    assert shown.count(str(outside.target)) == 3 and str(ROOT) not in shown


def test_a_packaged_sample_is_reviewed(outside):
    sample = outside.target / "lessons" / "designs" / "serve-70b-good.toml"
    said = json.loads(outside("-m", "tutor", "review", str(sample), "--json"))
    here = json.loads(outside("-m", "tutor", "review", str(ROOT / "lessons" / "designs" / sample.name), "--json", first=ROOT))
    assert said == here and said["score"]


def test_published_cases_are_predicted(outside):
    cases = outside.target / "hwlib" / "measured" / "3_decode_batch1.csv"
    outside("-m", "hwlib", "predict", str(cases), "--out", "predictions.csv")
    with (outside.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50 and sum(bool(r["predicted"]) for r in rows) > 50


@pytest.mark.parametrize("code", [
    "import hwlib; assert len(hwlib.all_formulas()) > 100",
    "from hwlib import catalogue as c; assert c.chips() and c.transformers() and c.links() and c.claims() and c.price('l40s')",
    "from lessons.panels import roofline; assert '<svg' in str(roofline.view())",
    "from lessons.reference import glossary; assert glossary.terms()",
    "from importlib.resources import files; assert len([p for p in (files('lessons') / 'workbooks').iterdir() if p.name.endswith('.ipynb')]) == 5",
    "import tutor; from tutor.briefs import brief_ids; assert len(brief_ids()) == 4",
])  # fmt: skip
def test_data_files_are_found(outside, code):
    outside("-c", code)


def test_a_discussion_answers(outside):
    said = outside("-m", "tutor", "discuss", "serve-7b", "--json", input="We need 40 chips.\n")
    assert json.loads(said.splitlines()[0])["reply"]
