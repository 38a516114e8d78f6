"""The notebooks run from beginning to end, and what they show is what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_comes_out(path: Path, tmp_path: Path) -> None:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    shown = [_texts(cell) for cell in notebook.cells]
    assert any(shown), "it was committed without what it shows"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [_texts(cell) for cell in notebook.cells] == shown
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))


def _texts(cell: Any) -> str:
    """Return what a cell printed, joined: a kernel hands one text over in as many pieces as it likes."""
    return "".join(output["text"] for output in cell.get("outputs", ()) if output["output_type"] == "stream")
