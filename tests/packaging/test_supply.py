"""What is installed with the wheel is known: requirements have lower bounds, and the bill of materials names them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import caretier


@pytest.fixture(scope="module")
def requirements(checkout: Path) -> list[str]:
    """Return all that the project and its extras require of others."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    listed = [each for extra in (project["dependencies"], *extras) for each in extra]
    return [each for each in listed if not each.startswith("caretier[")]


@pytest.fixture
def bill(checkout: Path, tmp_path: Path) -> Path:
    """Write a bill of materials of the environment of the tests, by the commands of the Makefile."""
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^sbom:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    for name, value in {
        "$(PYTHON)": sys.executable,
        "$(VERSION)": caretier.__version__,
        "build/environment": sys.executable,
    }.items():
        recipe = recipe.replace(name, value)
    for folder in ("build", "dist"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").write_bytes((checkout / "pyproject.toml").read_bytes())
    subprocess.run(["sh", "-e", "-c", recipe], cwd=tmp_path, check=True, capture_output=True)
    (written,) = (tmp_path / "dist").iterdir()
    return written


def test_each_requirement_has_a_lower_bound(requirements: list[str]) -> None:
    """`make lowest` tests with these; without one it would test with a version that nobody has any more."""
    assert len(requirements) > 30
    assert [each for each in requirements if not re.search(r">=\d", each)] == []


@pytest.mark.slow
def test_the_bill_of_materials_names_what_is_installed(bill: Path, requirements: list[str], checkout: Path) -> None:
    text = bill.read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text)
    assert bill.name == f"caretier-{caretier.__version__}.cdx.json"
    assert told["bomFormat"] == "CycloneDX"
    whole = told["metadata"]["component"]
    assert (whole["name"], whole["version"]) == ("caretier", caretier.__version__)
    needed = {each["ref"]: each.get("dependsOn", []) for each in told["dependencies"]}[whole["bom-ref"]]
    parts = {each["bom-ref"]: each for each in told["components"]}
    named = {_plain(parts[each]["name"]): parts[each]["version"] for each in needed}
    required = {_plain(re.split(r"[\[<>=~! ]", each)[0]) for each in requirements}
    assert named == {each: version(each) for each in required}
    assert all(re.fullmatch(rf"pkg:pypi/\S+@{re.escape(each['version'])}", each["purl"]) for each in parts.values())
    assert "timestamp" not in told["metadata"]
    for place in ("file:", sys.prefix, str(checkout), str(bill.parent), str(Path.home())):
        assert place not in text


def _plain(name: str) -> str:
    """Write the name of a package in its one form."""
    return re.sub(r"[-_.]+", "-", name).lower()
