"""What tests of reasoning share: copies of the ontology to edit, and random answers that every run makes alike."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import caretier
from caretier.knowledge import Atom
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Question

RandomAnswers = Callable[[random.Random], dict[str, Answer]]
EditedCopy = Callable[[Mapping[str, str]], Path]

PREFIXES = """
@prefix ct: <https://w3id.org/caretier/core#> . @prefix bp: <https://w3id.org/caretier/back-pain#> .
@prefix cs: <https://w3id.org/caretier/shapes#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix swrl: <http://www.w3.org/2003/11/swrl#> .
"""


@pytest.fixture
def edited_copy(tmp_path: Path, checkout: Path) -> EditedCopy:
    """Return a function that copies ontology and shapes, adds text to some of the files, and returns the root."""

    def make(added: Mapping[str, str]) -> Path:
        for folder in ("ontology", "shapes"):
            shutil.copytree(checkout / folder, tmp_path / folder)
        for name, text in added.items():
            with (tmp_path / name).open("a", encoding="utf-8") as file:
                file.write(PREFIXES + text)
        return tmp_path / "ontology" / "back-pain.ttl"

    return make


@pytest.fixture(scope="session")
def model(kb: caretier.KnowledgeBase) -> DecisionModel:
    """Return the shipped decision model."""
    assert kb.model is not None, "ontology/decision-model.json does not fit its files; run `caretier compile`"
    return kb.model


@pytest.fixture(scope="session")
def random_answers(kb: caretier.KnowledgeBase, model: DecisionModel) -> RandomAnswers:
    """Return a function that makes one document of answers: few or many answers, few or many of them telling.

    A telling answer is a yes, any option, or any number; the others say nothing that a red flag speaks of, but for
    numbers, which lie at the limits of bands and just beside them.
    """
    atoms = {atom for flag in model.knowledge.red_flags for pattern in flag.patterns for atom in pattern}
    limits = {
        question.id: sorted({int(atom.value) for atom in atoms if atom.question == question.id})
        for question in kb.questions
        if question.type == "integer"
    }

    def answer(question: Question, generator: random.Random, *, telling: bool) -> Answer:
        if question.type == "boolean":
            return telling
        if question.type == "choice":
            calm = [option.id for option in question.options if Atom(question.id, option.id) not in atoms]
            return generator.choice([option.id for option in question.options] if telling or not calm else calm)
        assert question.minimum is not None
        assert question.maximum is not None
        near = [limit + step for limit in limits[question.id] for step in (-1, 0, 1)]
        anywhere = [question.minimum, question.maximum, generator.randint(question.minimum, question.maximum)]
        return generator.choice(anywhere if telling else near)

    def make(generator: random.Random) -> dict[str, Answer]:
        density, telling = generator.choice([0.05, 0.2, 0.5, 0.9, 1.0]), generator.choice([0.0, 0.03, 0.1, 0.3, 0.6])
        unknown = generator.choice([0.0, 0.02, 0.2])
        return {
            question.id: None
            if generator.random() < unknown
            else answer(question, generator, telling=generator.random() < telling)
            for question in kb.questions
            if generator.random() < density
        }

    return make
