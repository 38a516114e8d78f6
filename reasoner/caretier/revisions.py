"""Where a version of an ontology lies: in a folder, or in a revision of the git repository that one stands in."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rdflib import SH

from caretier.errors import KnowledgeError, UnreadableInputError
from caretier.ontology import parse_file


@contextmanager
def root_of(name: str, within: str | None = None) -> Iterator[Path]:
    """Give the root file of a version: a root file, a folder, or a git revision, which is there until the context ends.

    `within` is the path of the root in a folder or revision; without it the one root there, or in its folder
    `ontology`, is found. Raises UnreadableInputError or KnowledgeError that says what was looked for.
    """
    path = Path(name)
    if path.is_file():
        yield path
    elif path.is_dir():
        yield _root_in(path, name, within)
    else:
        with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
            _extract(name, Path(folder))
            yield _root_in(Path(folder), name, within)


def _root_in(folder: Path, name: str, within: str | None) -> Path:
    if within is not None:
        if not (folder / within).is_file():
            raise KnowledgeError(f"{name} has no file {within}.")
        return folder / within
    files = sorted([*folder.glob("*.ttl"), *folder.glob("ontology/*.ttl")])
    roots = [file for file in files if (None, SH.shapesGraph, None) in parse_file(file)]  # only a root names shapes
    if len(roots) == 1:
        return roots[0]
    found = f"several: {', '.join(file.name for file in roots)}" if roots else "none"
    raise KnowledgeError(f"{name} should have one root of an ontology; here is {found}. Name it with --ontology.")


def _extract(revision: str, folder: Path) -> None:
    """Write all files of a git revision into a folder."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    top = _git("rev-parse", "--show-toplevel")
    archive = _git("-C", top.strip(), "archive", commit.strip()) if commit and top else None
    if archive is None:
        raise UnreadableInputError(f"{revision} is no folder, no file, and no revision of a git repository here.")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def _git(*arguments: str | bytes) -> bytes | None:
    """Run git and return what it says; None when there is no git or it finds fault."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
