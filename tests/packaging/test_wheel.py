"""The wheel holds what it promises, and works where the checkout is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import caretier

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(checkout)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, beside the libraries that it needs; return its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    found = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    site = Path(found.stdout.strip())
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_installs_exactly_two_names(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"caretier", "caretier_api"}


def test_the_wheel_holds_the_web_pages(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "static"):
        files = list((checkout / "api" / "caretier_api" / folder).iterdir())
        assert files
        assert {f"caretier_api/{folder}/{path.name}" for path in files} <= names


def test_the_wheel_holds_all_data(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("ontology", "shapes"):
        for path in (checkout / folder).rglob("*"):
            if path.is_file():
                assert f"caretier/_data/{path.relative_to(checkout).as_posix()}" in names
    assert "caretier/py.typed" in names


def test_the_source_distribution_holds_what_its_readers_need(tmp_path: Path, checkout: Path) -> None:
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(checkout)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("SECURITY.md", "LICENSE", "ontology/LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff",
                 "Makefile", "tests/packaging/test_wheel.py", "docs/deployment.md"):  # fmt: skip
        assert name in names
    assert not {name for name in names if name.startswith((".ci", "dist", "build/", ".venv"))}


def test_it_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"answers": {"saddle-numbness": true}}')
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CARETIER_JAVA")}
    environment["PATH"] = "/nowhere"
    code = "import caretier, sys; print(caretier.__file__)"
    found = subprocess.run(
        [str(installed), "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert str(installed.parents[1]) in found.stdout
    command = [str(installed), "-m", "caretier.cli", "assess", "a.json", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["tier"] == "EmergencyCare"
    assert result["knowledge"]["sha256"] == caretier.load().ontology.sha256


def test_one_version_everywhere(wheel: Path, checkout: Path) -> None:
    assert wheel.name.startswith(f"caretier-{caretier.__version__}-")
    citation = (checkout / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: .?{re.escape(caretier.__version__)}.?$", citation, re.MULTILINE)
