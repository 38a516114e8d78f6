"""The house stays as it was planned: who may import whom, and no clinical word in code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "reasoner" / "caretier").glob("*.py"))
SERVICE = sorted((ROOT / "api" / "caretier_api").glob("*.py"))
MODEL_TOWER = (
    "assessment",
    "bundled",
    "changes",
    "decision_table",
    "errors",
    "evaluation",
    "explanation",
    "factoring",
    "fhir",
    "fhir_questionnaire",
    "fhir_response",
    "fhir_result",
    "interval",
    "interview",
    "knowledge",
    "knowledge_files",
    "language",
    "lattice",
    "limits",
    "lockfile",
    "model",
    "page_style",
    "presentation",
    "questionnaire",
    "reasons",
    "result",
    "schemas",
    "spreadsheet",
    "statements",
    "table_csv",
    "table_html",
    "table_json",
    "table_text",
    "transversals",
)
ONLY = {
    "owlready2": {"hermit"},
    "pyshacl": {"shapes"},
    "jpype": {"profile"},
    "yaml": {"documents"},
    "duckdb": {"cohort_duckdb"},
    "pyspark": {"cohort_spark"},
}


def _imports(path: Path, *, at_import: bool) -> set[str]:
    """List the modules that a module imports, at import only or anywhere but for type checking."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        waiting.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("name", MODEL_TOWER)
def test_the_model_tower_stands_on_the_standard_library(name: str) -> None:
    imports = _imports(ROOT / "reasoner" / "caretier" / f"{name}.py", at_import=True)
    own = {imported.split(".")[1] for imported in imports if imported.startswith("caretier.")}
    foreign = {imported.split(".")[0] for imported in imports if not imported.startswith("caretier")}
    assert own <= set(MODEL_TOWER)
    assert foreign <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("library", sorted(ONLY))
def test_each_library_is_met_in_one_place(library: str) -> None:
    meeting = {
        path.stem for path in MODULES if any(each.split(".")[0] == library for each in _imports(path, at_import=False))
    }
    assert meeting == ONLY[library]


def test_importing_the_command_line_imports_no_rdf() -> None:
    heavy = ("rdflib", "pyshacl", "owlready2", "pyoxigraph", "rich", "yaml", "ibis", "duckdb")
    code = f"import sys, caretier, caretier.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_command_that_serves_knows_the_service() -> None:
    knowing = {path.stem for path in MODULES if any("caretier_api" in each for each in _imports(path, at_import=False))}
    assert knowing == {"serving"}
    at_import = _imports(ROOT / "reasoner" / "caretier" / "serving.py", at_import=True)
    assert not {each for each in at_import if "caretier_api" in each}


@pytest.mark.parametrize("path", [*MODULES, *SERVICE], ids=lambda path: path.stem)
def test_a_module_holds_one_thought(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_clinical_word_stands_in_code() -> None:
    """Local names of the domain, and the ids of its questions and tiers, belong to the ontology."""
    terms = set()
    for name in ("findings", "conditions", "red-flags", "questionnaire"):
        text = (ROOT / "ontology" / f"{name}.ttl").read_text(encoding="utf-8")
        terms |= set(re.findall(r"^bp:(\w+) a ", text, re.MULTILINE))
        terms |= set(re.findall(r'ct:identifier "([a-z]+-[a-z-]+)"', text))
    terms |= set(
        re.findall(
            r"^ct:(\w+) a ct:CareTier", (ROOT / "ontology" / "core.ttl").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert len(terms) > 200
    for path in [*MODULES, *SERVICE]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body = node.body[1:]
        words = set(re.findall(r"[\w-]+", ast.unparse(tree)))
        assert not words & terms, (path.name, words & terms)
