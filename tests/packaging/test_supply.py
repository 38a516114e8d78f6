"""What is installed with the wheel is known: requirements have lower bounds, and the bill of materials names them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import caretier


@pytest.fixture(scope="module")
def extras(checkout: Path) -> Mapping[str, list[str]]:
    """Return what each extra requires of others; that of the empty name is what the project itself requires."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {"": project["dependencies"], **project["optional-dependencies"]}
    return {name: [each for each in extra if not each.startswith("caretier[")] for name, extra in listed.items()}


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


def test_each_requirement_has_a_lower_bound(extras: Mapping[str, list[str]]) -> None:
    """`make lowest` tests with these; without one it would test with a version that nobody has any more."""
    requirements = [each for extra in extras.values() for each in extra]
    assert len(requirements) > 30
    assert [each for each in requirements if not re.search(r">=\d", each)] == []


@pytest.mark.slow
def test_the_bill_of_materials_names_what_is_installed(
    bill: Path, extras: Mapping[str, list[str]], checkout: Path
) -> None:
    text = bill.read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text)
    assert bill.name == f"caretier-{caretier.__version__}.cdx.json"
    assert told["bomFormat"] == "CycloneDX"
    whole = told["metadata"]["component"]
    assert (whole["name"], whole["version"]) == ("caretier", caretier.__version__)
    needed = {each["ref"]: each.get("dependsOn", []) for each in told["dependencies"]}[whole["bom-ref"]]
    parts = {each["bom-ref"]: each for each in told["components"]}
    named = {_plain(parts[each]["name"]): parts[each]["version"] for each in needed}
    here = [each for name, extra in extras.items() if name != "mutation" for each in extra]  # tests need no mutants
    required = {_plain(re.split(r"[\[<>=~! ]", each)[0]) for each in here}
    assert named == {each: version(each) for each in required}
    assert all(re.fullmatch(rf"pkg:pypi/\S+@{re.escape(each['version'])}", each["purl"]) for each in parts.values())
    assert "timestamp" not in told["metadata"]
    for place in ("file:", sys.prefix, str(checkout), str(bill.parent), str(Path.home())):
        assert place not in text


def _plain(name: str) -> str:
    """Write the name of a package in its one form."""
    return re.sub(r"[-_.]+", "-", name).lower()
