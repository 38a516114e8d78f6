"""Every document of the corpus comes to what its file says, at once, from the library and from the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import caretier
from caretier.documents import format_named, parse
from caretier.errors import UnreadableInputError
from caretier_api.exchange import READERS
from caretier_api.settings import Settings
from tests.api.serving import Served, serving
from tests.hostile.raw_http import request, send
from tests.hostile.requests import require_sound
from tests.soon import soon

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.yaml"))
SECONDS = 10


@pytest.fixture(scope="module")
def served(kb: caretier.KnowledgeBase) -> Iterator[Served]:
    with serving(kb, Settings()) as made:
        yield made


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_document_comes_to_what_its_file_says(path: Path, served: Served) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert case.keys() == {"about", "format", "parts", "refused"}
    text = "".join(part if isinstance(part, str) else part[0] * part[1] for part in case["parts"])
    content, form = text.encode(), format_named(case["format"])
    with soon(SECONDS):
        if case["refused"]:
            with pytest.raises(UnreadableInputError, match=case["refused"]):
                parse(content, form)
        else:
            parse(content, form)
    if form.media_type in READERS:
        answer = send(
            served.url, request("POST", "/v1/assessments", {"Content-Type": form.media_type}, content), SECONDS
        )
        require_sound(answer)
        assert answer is not None
        assert answer.status in ((400,) if case["refused"] else (200, 422)), answer.body


def test_the_readme_names_every_document() -> None:
    told = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    assert [path.stem for path in CORPUS if f"`{path.stem}`" not in told] == []
