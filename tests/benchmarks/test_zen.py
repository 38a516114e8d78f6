"""The decisions that caretier is compared with are the same decisions."""

from itertools import islice

import pytest

import caretier
from benchmarks import zen
from benchmarks.documents import Document, random_documents, written_documents


@pytest.fixture(scope="module")
def documents(kb: caretier.KnowledgeBase) -> list[Document]:
    """Return random documents, contradictory ones among them, and all written ones that are valid."""
    found = list(written_documents())
    for share in (0.1, 0.25, 0.5, 0.9):
        found += islice(random_documents(kb.questionnaire, share), 200)
    return [document for document in found if _triage(kb, document) is not None]


def _triage(kb: caretier.KnowledgeBase, document: Document) -> tuple[str | None, tuple[str, ...]] | None:
    """Return tier and conditions; no tier for a contradiction, nothing at all for what is no answer."""
    try:
        found = kb.triage(document)
    except caretier.ContradictionError:
        return None, ()
    except caretier.InvalidAnswersError:
        return None
    return found.tier, found.conditions


@pytest.mark.parametrize("way", [zen.compiled, zen.as_in_its_quick_start])
def test_zen_decides_the_same(way: zen.Way, kb: caretier.KnowledgeBase, documents: list[Document]) -> None:
    decide = way(kb.knowledge)
    wrong = []
    for document in documents:
        tier, conditions = zen.decision(decide(zen.named(document)))
        expected = _triage(kb, document)
        if (tier, conditions if tier else ()) != expected:
            wrong.append((document, expected, tier, conditions))
    assert wrong == []


def test_the_documents_try_everything(kb: caretier.KnowledgeBase, documents: list[Document]) -> None:
    found = [triage for document in documents if (triage := _triage(kb, document))]
    given = {(question, answer) for document in documents for question, answer in document.items()}
    assert len(documents) > 1000
    assert {tier for tier, _ in found} == {None, *(tier.id for tier in kb.knowledge.tiers)}
    assert {condition for _, conditions in found for condition in conditions} == set(kb.knowledge.conditions)
    for question in kb.questions:
        assert (question.id, None) in given
        assert {(question.id, option.id) for option in question.options} <= given
