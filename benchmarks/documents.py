"""Answers to measure with: a fair mix of people who were asked little, much and nearly everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from caretier import InputError, KnowledgeBase
from caretier.documents import format_named, parse
from caretier.questionnaire import Answer, Question, Questionnaire

Document = dict[str, Answer]

_SHARES = (0.25, 0.5, 0.9)
_OF_EACH_SHARE = 200
_NOT_KNOWN = 0.1
_CASES = Path(__file__).parents[1] / "tests" / "ontology"


def fair_mix(kb: KnowledgeBase) -> list[Document]:
    """Return documents without contradictions: 200 for each share of questions answered, vignettes and cases."""
    drawn = [
        document
        for share in _SHARES
        for document in islice(
            (each for each in random_documents(kb.questionnaire, share) if _is_assessable(kb, each)), _OF_EACH_SHARE
        )
    ]
    return drawn + [each for each in written_documents() if _is_assessable(kb, each)]


def random_documents(questionnaire: Questionnaire, share: float) -> Iterator[Document]:
    """Draw documents without end, always the same ones; a tenth of the questions not answered are "don't know"."""
    random = Random(share)
    while True:
        document: Document = {}
        for question in questionnaire.questions:
            if random.random() < share:
                document[question.id] = _drawn(question, random)
            elif random.random() < _NOT_KNOWN:
                document[question.id] = None
        yield document


def written_documents() -> Iterator[Document]:
    """Go through the answers of the vignettes and of the clinical cases, those that are refused included."""
    for line in (_CASES / "vignettes.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)["answers"]
    for path in sorted((_CASES / "cases").rglob("*.yaml")):
        yield parse(path.read_bytes(), format_named("yaml"))["answers"]


def _drawn(question: Question, random: Random) -> Answer:
    if question.type == "boolean":
        return random.random() < 0.5
    if question.minimum is not None and question.maximum is not None:
        return random.randint(question.minimum, question.maximum)
    return random.choice(question.options).id


def _is_assessable(kb: KnowledgeBase, document: Document) -> bool:
    try:
        kb.triage(document)
    except InputError:
        return False
    return True
