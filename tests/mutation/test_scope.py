"""What `make mutation` changes and runs is there; a part or a test that was renamed would silently drop out."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from mutation.__main__ import file_of, mutants_of, settings
from mutation.scope import LEFT_OUT, PARTS, TESTS


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_a_file_of_its_own_name(checkout: Path, part: str) -> None:
    """A function that only passes through a module on its way from another would be looked for in the wrong file."""
    path = checkout / file_of(part).replace("src/", "reasoner/")
    assert path.is_file()
    assert part.startswith(f"caretier.{path.stem}")


def test_mutants_are_found_by_the_names_that_the_tool_gives_them() -> None:
    assert mutants_of("caretier.interval") == "caretier.interval.*"
    assert mutants_of("caretier.interval.ceiling") == "caretier.interval.x_ceiling__mutmut_*"
    assert mutants_of("caretier.knowledge.Atom.holds") == "caretier.knowledge.xǁAtomǁholds__mutmut_*"


@pytest.mark.parametrize("path", TESTS)
def test_each_file_of_tests_is_there(checkout: Path, path: str) -> None:
    assert (checkout / path).is_file()


@pytest.mark.parametrize("test", LEFT_OUT)
def test_what_is_left_out_is_a_test_of_these_files(checkout: Path, test: str) -> None:
    path, name = test.split("::")
    assert path in TESTS
    tree = ast.parse((checkout / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_settings_can_be_read() -> None:
    read = tomllib.loads(settings(PARTS))["tool"]["mutmut"]
    assert read["pytest_add_cli_args_test_selection"] == list(TESTS)
    assert "src/caretier/evaluation.py" in read["only_mutate"]
