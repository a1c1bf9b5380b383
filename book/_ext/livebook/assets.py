"""What is copied into ``_static/livebook``: script, worker, archives, MathJax and, if wanted, Pyodide itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

from . import packaging, parting

HERE = Path(__file__).parent
MATHJAX = "livebook/mathjax/tex-chtml-full.js"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assets:
    """What a build put in place, for the parts that link to it or ask whether it changed."""

    course: dict[str, str]  # the archive of each part, the common one first
    files: dict[str, bytes]  # what is in them, by path
    runtime_zip: str
    pyodide_url: str
    packages_digest: str
    assets_digest: str
    worker_version: str


def use_local_mathjax(app: Sphinx, config: Config) -> None:
    """Point Sphinx at the MathJax that the book carries, unless the configuration names another."""
    if "mathjax_path" not in config:
        raise ExtensionError("livebook sets up MathJax: add sphinx.ext.mathjax to the extensions")
    if config.mathjax_path == config.values["mathjax_path"].default:
        config.mathjax_path = MATHJAX
    # Its context menu makes a tab stop of every formula. (A copy: the default value is shared.)
    settings = dict(config.mathjax3_config or {})
    settings["options"] = {"enableMenu": False, **settings.get("options", {})}
    config.mathjax3_config = settings


def install(app: Sphinx) -> None:
    """Copy everything before the first page is written, so that Sphinx can stamp it with its checksum."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "livebook"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (HERE / "static").iterdir():
        shutil.copyfile(path, folder / path.name)
    shutil.copytree(HERE / "mathjax", folder / "mathjax", dirs_exist_ok=True)

    whole = packaging.package_files(app.config.livebook_packages, Path(app.confdir))
    course = packaging.without(whole, app.config.livebook_left_out)
    runtime = packaging.distribution_files(app.config.livebook_distributions)
    runtime |= packaging.package_files(["livekernel"], HERE)
    archives = {name: packaging.write_pack(files, folder, name) for name, files in parting.divide(course, app.config.livebook_apart).items()}
    runtime_zip = packaging.write_zip(runtime, folder, "runtime")
    logger.info("livebook: %s", ", ".join(f"{name} {(folder / name).stat().st_size / 1e3:.0f} kB" for name in (*archives.values(), runtime_zip)))

    app.livebook = Assets(
        course=archives,
        files=course,
        runtime_zip=runtime_zip,
        pyodide_url=_pyodide(app, folder),
        packages_digest=packaging.digest(whole),  # a figure that was built may rest on data that does not travel
        assets_digest=_digest_of(_style_files(app), *archives.values(), runtime_zip, *_settings(app)),
        worker_version=packaging.digest({"worker.js": (HERE / "static" / "worker.js").read_bytes()}),
    )


def _pyodide(app: Sphinx, folder: Path) -> str:
    """The address of Pyodide seen from the root of the book; a local distribution is copied into it."""
    local = os.environ.get("LIVEBOOK_PYODIDE_DIR") or app.config.livebook_pyodide_dir
    if not local:
        return app.config.livebook_pyodide_url
    source = Path(app.confdir, local)
    if not (source / "pyodide-lock.json").is_file():
        raise ExtensionError(f"livebook_pyodide_dir: {source} holds no pyodide-lock.json")
    # Its files bear the same names in every release: with the release in the folder's, a browser's cache cannot mix two.
    name = f"pyodide-{json.loads((source / 'pyodide-lock.json').read_text(encoding='utf-8'))['info']['version']}"
    shutil.copytree(source, folder / name, dirs_exist_ok=True)
    return f"_static/livebook/{name}/"


def _style_files(app: Sphinx) -> Iterable[Path]:
    """Files that pages link to: our own, and those of the book's static folders."""
    folders = [HERE / "static", *(Path(app.confdir, name) for name in app.config.html_static_path)]
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _settings(app: Sphinx) -> list[str]:
    """The settings that are written into pages."""
    config = app.config
    return [config.livebook_pyodide_url, config.livebook_pyodide_dir, os.environ.get("LIVEBOOK_PYODIDE_DIR", ""),
            json.dumps(config.livebook_apart), *config.livebook_pyodide_packages]


def _digest_of(files: Iterable[Path], *words: str) -> str:
    whole = hashlib.sha256("\0".join(words).encode())
    for path in files:
        whole.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()
