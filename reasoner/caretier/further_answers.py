"""What further answers the reference reasoner is asked about, to bound the tier that they could lead to.

One pattern of further answers that alone reaches the highest tier is enough of a witness; where there is none, all
open answers are stated at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rdflib import Graph, URIRef

from caretier.assessment import Assessment
from caretier.batch import Part, stated_part
from caretier.evaluation import Evaluator
from caretier.knowledge import Atom, AtomSet, Knowledge, atom_key, holding
from caretier.questionnaire import Answer
from caretier.statements import atoms_of, state
from caretier.vocabulary import CT


def goal_of(answers: Mapping[str, Answer], evaluator: Evaluator) -> AtomSet | None:
    """Choose the pattern by which further answers would most simply reach the highest of all tiers."""
    top = evaluator.knowledge.tiers[0]
    position = evaluator.position(answers, evaluator.given(answers))
    goals = [
        ((goal.bits & ~position.given).bit_count(), len(goal.atoms), sorted(map(atom_key, goal.atoms)), goal.atoms)
        for goal in evaluator.patterns
        if goal.rank == top.rank
        and not goal.bits & ~position.possible
        and not evaluator.is_contradictory(position.given | goal.bits)
    ]
    best = min(goals, default=None)
    return best[-1] if best is not None and best[0] > 0 else None


def with_all_open(
    part: Part, number: int, assessment: Assessment, knowledge: Knowledge, ontology: Graph, *, share: bool
) -> Part:
    """Add every open, non-contradicting answer to an assessment at once, and every threshold of open numbers."""
    answers = assessment.answers.values
    numbers = [each for each in knowledge.questionnaire.questions if each.type == "integer"]
    quantities = {URIRef(str(each.sets)) for each in numbers if answers.get(each.id) is None}
    bands = [str(band) for band, quantity in ontology.subject_objects(CT.ofQuantity) if quantity in quantities]
    atoms = atoms_of(answers) | frozenset(_open_atoms(knowledge, answers))
    stated = stated_part(f"open-{number}", state(atoms, knowledge.questionnaire), share=share, meets=bands)
    facts = stated.facts
    for subject, predicate, value in part.facts:
        facts.add((stated.name if subject == part.name else subject, predicate, value))
    return Part(stated.name, facts)


def _open_atoms(knowledge: Knowledge, answers: Mapping[str, Answer]) -> Iterator[Atom]:
    """Go through every answer that is still open and contradicts none given, but for whole numbers.

    They are taken together without regard to each other, so what they imply bounds every valid further answer.
    """
    for question in knowledge.questionnaire.questions:
        if answers.get(question.id) is None:
            values = [True] if question.type == "boolean" else [option.id for option in question.options]
            for value in values:
                changed = {**answers, question.id: value}
                if not any(
                    holding(conflict, changed) for each in knowledge.contradictions for conflict in each.conflicts
                ):
                    yield Atom(question.id, value)
