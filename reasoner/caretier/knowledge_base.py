"""The library's front door: one domain loaded, its questions, and answers assessed.

The decision model answers where it can speak: when it was compiled from exactly these files, and for all that answers
can say. The reference reasoner answers everything else; RDF and the reasoner are imported when they are first needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from caretier.assessment import Assessment
from caretier.bundled import bundled_root
from caretier.errors import InputError, InvalidAnswersError, KnowledgeChangedError, KnowledgeError
from caretier.knowledge import CareTier, Knowledge
from caretier.language import ENGLISH, require_language
from caretier.limits import DEFAULT_TIME_LIMIT
from caretier.lockfile import NAME, read_model, translated
from caretier.model import DecisionModel
from caretier.questionnaire import Answer, Answers, Question, Questionnaire, is_answer
from caretier.result import Result, Triage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeVar

    from caretier.explanation import Explanation
    from caretier.fhir import Codes
    from caretier.interview import Interview
    from caretier.ontology import Ontology
    from caretier.reference import Reference

    Engine = Literal["model", "reference"]
    Read = TypeVar("Read", bound=Answers)


class KnowledgeBase:
    """One domain, ready to assess answers; make one with `load`."""

    def __init__(
        self,
        root: str,
        model: DecisionModel | None,
        time_limit: float = DEFAULT_TIME_LIMIT,
        original: KnowledgeBase | None = None,
        language: str = ENGLISH.tag,
    ) -> None:
        """Keep the root file of an ontology, and the decision model compiled from it, if there is one that fits.

        In another language than English it stands on its `original` in English.
        """
        self.root = root
        self.model = model
        self._time_limit = time_limit
        self._original = original
        self._language = language

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags of the languages that the domain speaks, English first.

        >>> load().languages
        ('en', 'es')
        """
        if self._original is not None:
            return self._original.languages
        if self.model is not None:
            return (ENGLISH.tag, *self.model.translations)
        from caretier.extraction import languages_of

        return languages_of(self.ontology.graph)

    def in_language(self, wanted: str) -> KnowledgeBase:
        """Return the same domain with its texts in another language; InputError when it does not speak it.

        Whatever the language, the same answers come to the same result.

        >>> load().in_language("es").questionnaire.by_id["fever"].text
        '¿Tiene fiebre?'
        """
        language = wanted if wanted == self._language else require_language(wanted, self.languages)
        if language == self._language:
            return self
        original = self._original or self
        if language == ENGLISH.tag:
            return original
        if language not in original._translated:
            model = translated(original.model, language) if original.model is not None else None
            original._translated[language] = KnowledgeBase(self.root, model, self._time_limit, original, language)
        return original._translated[language]

    @cached_property
    def _translated(self) -> dict[str, KnowledgeBase]:
        """The same in other languages, once it was asked for."""
        return {}

    @property
    def engine(self) -> Engine:
        """Which engine answers by default: the decision model, or the reference reasoner where there is none."""
        return "reference" if self.model is None else "model"

    @cached_property
    def ontology(self) -> Ontology:
        """The ontology with everything that it imports, as RDF.

        Where there is a decision model it is read when it is first needed; KnowledgeChangedError where its files are
        others by then, since two engines must not answer from two states of the knowledge.
        """
        from pathlib import Path

        from caretier.ontology import load_ontology

        if self._original is not None:
            return self._original.ontology
        if self.model is None:
            return load_ontology(Path(self.root))
        remedy = "load them again, or put them back as they were"
        try:
            ontology = load_ontology(Path(self.root))
        except KnowledgeError as error:
            message = f"The knowledge was changed since it was loaded: {error} After that, {remedy}."
            raise KnowledgeChangedError(message) from error
        if ontology.sha256 != self.sha256:
            raise KnowledgeChangedError(f"The files of {self.root} were changed since they were loaded; {remedy}.")
        return ontology

    @property
    def sha256(self) -> str:
        """The SHA-256 of the files that the knowledge was loaded from."""
        return self.model.knowledge.sha256 if self.model is not None else self.ontology.sha256

    @property
    def knowledge(self) -> Knowledge:
        """All that the domain knows, as plain values."""
        return self.model.knowledge if self.model is not None else self.reference.knowledge

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questionnaire of the domain, with its groups and the texts that every result carries."""
        if self.model is not None:
            return self.model.knowledge.questionnaire
        from caretier.extraction import extract_questionnaire, told_superclasses

        graph = self.ontology.graph
        return extract_questionnaire(graph, told_superclasses(graph), self._language)

    @cached_property
    def codes(self) -> Codes:
        """The codes of clinical terminologies that match terms of the domain, by the IRI of the term."""
        from caretier.mappings import read_codes

        return read_codes(self.root)

    @cached_property
    def remembered(self) -> dict[int, tuple[object, object]]:
        """What somebody who writes many results remembers of values of the knowledge: by id, with the value itself."""
        return {}

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question in the order in which it is asked.

        >>> [question.id for question in load().questions][:2]
        ['age', 'sex']
        """
        return self.questionnaire.questions

    @cached_property
    def reference(self) -> Reference:
        """The reference reasoner; making it classifies the ontology, which takes seconds."""
        if self._original is not None:
            return self._original.reference.in_language(self._language)
        from caretier.reference import Reference

        return Reference(self.ontology, self._time_limit)

    def assess(
        self,
        answers: Mapping[str, Answer],
        *,
        id: str | None = None,  # noqa: A002 -- the contract's word
        engine: Engine | None = None,
    ) -> Result:
        """Assess one person's answers (question id to answer), by the decision model unless another engine is named.

        Raises InvalidAnswersError, or ContradictionError when the answers cannot all be true.

        >>> result = load().assess({"pain-lower-back": True, "saddle-numbness": True})
        >>> result.tier.id, [condition.id for condition in result.conditions]
        ('EmergencyCare', ['CaudaEquinaSyndrome'])
        """
        document = self.read({"answers": answers, "id": id})
        outcome = self.assess_many([Assessment(document)], engine=engine)[0]
        if isinstance(outcome, InputError):
            raise outcome
        return outcome

    def read(self, document: object) -> Answers:
        """Read an answers document; see `checked` for what is raised."""
        return self.checked(lambda: self.questionnaire.read(document))

    def checked(self, read: Callable[[], Read]) -> Read:
        """Read answers by a function.

        Raises InvalidAnswersError, which also tells what the answers with which nothing is wrong prove all the same:
        no slip may hide an emergency.
        """
        try:
            return read()
        except InvalidAnswersError as error:
            raise InvalidAnswersError(error.problems, self._proven(error.readable), error.readable) from None

    def triage(self, answers: Mapping[str, Answer]) -> Triage:
        """Assess one person's answers and return only tier and conditions.

        Whether more answers could raise the tier is not said, so show it to nobody as their result; `assess` says it.

        >>> load().triage({"pain-lower-back": True}).tier
        'ContinueProgram'
        """
        if self.model is not None:
            return self.model.triage(answers)
        result = self.assess(answers)
        return Triage(result.tier.id, tuple(condition.id for condition in result.conditions))

    def assess_many(
        self, assessments: Sequence[Assessment], *, engine: Engine | None = None
    ) -> list[Result | InputError]:
        """Assess many people's answers in one run; an assessment that cannot be used has its error in its place.

        RDF that says more than answers can say goes to the reference reasoner, whichever engine is named.
        """
        model = self._model(engine)
        if model is not None and all(each.graph is None for each in assessments):
            return [_by_model(model, each) for each in assessments]
        outcomes: dict[int, Result | InputError] = {}
        if model is not None:
            says_more = self._saying_more_than_answers(assessments)
            for number, assessment in enumerate(assessments):
                if number not in says_more:
                    outcomes[number] = _by_model(model, assessment)
        others = [number for number in range(len(assessments)) if number not in outcomes]
        if others:
            found = self.reference.assess([assessments[number] for number in others])
            told = [self._led(assessments[number], outcome) for number, outcome in zip(others, found, strict=True)]
            outcomes |= dict(zip(others, told, strict=True))
        return [outcomes[number] for number in range(len(assessments))]

    def explain(self, answers: Mapping[str, Answer]) -> Explanation:
        """Explain a result: every set of answers that shows each red flag, why not the rest, what would change it.

        >>> explanation = load().explain({"pain-lower-back": True})
        >>> explanation.raises[0].tier
        'EmergencyCare'
        """
        from caretier.evaluation import Evaluator
        from caretier.explanation import explain

        result = self.assess(answers)
        evaluator = self.model.evaluator if self.model is not None else Evaluator(self.knowledge)
        return explain(evaluator, result.answers.values)

    def interview(self) -> Interview:
        """Return the interview: which questions to ask next, and when to stop.

        >>> load().interview().next({}).screen.questions[0].id
        'saddle-numbness'
        """
        from caretier.interview import Interview

        return Interview(self.questionnaire, self.assess)

    def _led(self, assessment: Assessment, outcome: Result | InputError) -> Result | InputError:
        """Let a refusal of RDF tell first what the answers in it prove with which nothing is wrong."""
        if assessment.graph is None or type(outcome) is not InvalidAnswersError:
            return outcome
        by_id = self.questionnaire.by_id
        readable = {
            question: answer
            for question, answer in assessment.answers.values.items()
            if answer is None or is_answer(by_id[question], answer)
        }
        return InvalidAnswersError(outcome.problems, self._proven(readable), readable)

    def _proven(self, answers: Mapping[str, Answer]) -> CareTier | None:
        """Return the tier that answers prove, whatever else is said; None for the lowest."""
        outcome = self.assess_many([Assessment(Answers(answers))])[0]
        if isinstance(outcome, Result):
            return outcome.tier if outcome.tier.rank > 0 else None
        return outcome.proven if isinstance(outcome, InvalidAnswersError) else None

    def _model(self, engine: Engine | None) -> DecisionModel | None:
        if engine == "model" and self.model is None:
            raise KnowledgeError(
                f"{os.path.join(os.path.dirname(self.root), NAME)} is missing or was compiled from other files than "
                "these; run `caretier compile`, or let the reference reasoner answer."
            )
        return None if engine == "reference" else self.model

    def _saying_more_than_answers(self, assessments: Sequence[Assessment]) -> set[int]:
        """Tell, by their numbers, which assessments came as RDF that their answers do not say all of.

        Axioms that came with one assessment hold for all others of the same graph.
        """
        as_rdf = {number: assessment for number, assessment in enumerate(assessments) if assessment.graph is not None}
        if not as_rdf:
            return set()
        from caretier.assessments import says_no_more_than_answers
        from caretier.batch import brings_axioms

        origins = {id(each.origin): each.origin for each in as_rdf.values() if each.origin is not None}
        with_axioms = {key for key, origin in origins.items() if brings_axioms(origin)}
        return {
            number
            for number, each in as_rdf.items()
            if id(each.origin) in with_axioms or not says_no_more_than_answers(each, self.knowledge)
        }


def load(root: str | os.PathLike[str] | None = None, *, time_limit: float = DEFAULT_TIME_LIMIT) -> KnowledgeBase:
    """Load a domain: the back-pain knowledge that comes with caretier, or the ontology with this root file.

    `time_limit` holds for each run of the reasoner, in seconds. Raises KnowledgeError that names what is wrong.
    """
    path = os.path.realpath(root) if root is not None else bundled_root()
    kb = KnowledgeBase(path, read_model(path), time_limit)
    if kb.model is None:
        kb.ontology  # noqa: B018 -- what is wrong with the files is told now
    return kb


def _by_model(model: DecisionModel, assessment: Assessment) -> Result | InputError:
    try:
        result = model.assess(assessment.answers)
    except InputError as error:
        return error
    if assessment.graph is None or assessment.subject is None:
        return result
    return replace(result, given=(assessment.graph, assessment.subject))
