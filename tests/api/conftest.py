"""What the tests of the service share: one service on a real socket, a client of it, and a visitor of its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

import caretier
from caretier_api.app import create_app
from caretier_api.settings import Settings
from tests.api.serving import Served, serving
from tests.api.visitor import Visitor


@pytest.fixture(scope="session")
def served(kb: caretier.KnowledgeBase) -> Iterator[Served]:
    """Return a service with the settings that come without any."""
    assert kb.model is not None
    with serving(kb, Settings()) as made:
        yield made


@pytest.fixture(scope="session")
def client(served: Served) -> Iterator[httpx.Client]:
    """Return a client of the service."""
    with httpx.Client(base_url=served.url, timeout=120) as made:
        yield made


@pytest.fixture(scope="session")
def visitor(kb: caretier.KnowledgeBase) -> Iterator[Visitor]:
    """Return somebody who visits the pages, without a socket."""
    with TestClient(create_app(kb, Settings())) as made:
        yield Visitor(made)


@pytest.fixture(scope="session")
def uncompiled(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> caretier.KnowledgeBase:
    """Return the knowledge as it is after an edit: its decision model does not fit any more."""
    folder = tmp_path_factory.mktemp("edited")
    for name in ("ontology", "shapes"):
        shutil.copytree(checkout / name, folder / name)
    (folder / "ontology" / "decision-model.json").unlink()
    edited = caretier.load(folder / "ontology" / "back-pain.ttl", time_limit=60)
    assert edited.model is None
    return edited
