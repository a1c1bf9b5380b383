"""What the page on hosting promises about files and addresses, as far as it can be tried without a hub or GitHub."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "reference" / "hosting.md").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))


@pytest.mark.parametrize("start", ["https://HUB/hub/user-redirect/git-pull", "https://mybinder.org/v2/gh/"])
def test_the_addresses_open_a_workbook_that_exists(start):
    (address,) = re.findall(rf"^{re.escape(start)}\S+$", PAGE, re.M)
    asked = parse_qs(urlsplit(address).query)
    path = asked["urlpath"][0].removeprefix("lab/tree/").removeprefix("REPOSITORY/")
    assert (ROOT / path).is_file()
    if "repo" in asked:
        assert asked["repo"] == ["https://github.com/OWNER/REPOSITORY"] and asked["branch"] == ["main"]
        assert asked["urlpath"][0].startswith("lab/tree/REPOSITORY/"), "nbgitpuller clones into a folder of the repository's name"


def test_the_image_installs_the_pinned_packages_and_its_script_names_files_that_exist():
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert "-r ../requirements.txt" in lines and {line.partition(">")[0] for line in lines if line[0].isalpha()} == {"jupyterlab", "nbgitpuller"}
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK) and subprocess.run(["bash", "-n", script]).returncode == 0
    assert list(ROOT.glob("lessons/workbooks/*.ipynb"))


def test_commands_of_the_page_are_targets():
    assert set(re.findall(r"^make ([a-z]+)", PAGE, re.M)) <= TARGETS


class TestWorkflow:
    FLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text("utf-8"))

    def test_it_runs_the_two_commands_and_nothing_else(self):
        assert [step["run"] for step in self.FLOW["jobs"]["build"]["steps"] if "run" in step] == ["make book", "make site"]

    def test_every_action_is_one_of_github_s_own_at_a_major_version(self):
        used = [step["uses"] for job in self.FLOW["jobs"].values() for step in job["steps"] if "uses" in step]
        assert len(used) == 4 and all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)

    def test_what_is_uploaded_is_what_make_site_makes_and_deploying_waits_for_it(self):
        (upload,) = [step for step in self.FLOW["jobs"]["build"]["steps"] if "upload-pages-artifact" in step.get("uses", "")]
        assert upload["with"]["path"] == "_build/site" and self.FLOW["jobs"]["deploy"]["needs"] == "build"
        assert self.FLOW["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
