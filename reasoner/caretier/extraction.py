"""Reads what a domain knows out of its ontology and the hierarchy that the reasoner classified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, VANN, Graph, Literal, URIRef
from rdflib.term import Node

from caretier.errors import KnowledgeError
from caretier.expansion import Expansion
from caretier.knowledge import (
    Atom,
    AtomSet,
    CareStep,
    CareTier,
    Condition,
    Contradiction,
    Knowledge,
    Recommendation,
    RedFlag,
    Scope,
    Source,
    Tension,
    minimal,
)
from caretier.language import ENGLISH, read_language
from caretier.ontology import Ontology
from caretier.questionnaire import Group, Option, Question, Questionnaire
from caretier.vocabulary import CT, local_name

if TYPE_CHECKING:
    from caretier.questionnaire import QuestionType

_QUESTION_TYPES: Mapping[URIRef, QuestionType] = {
    CT.BooleanQuestion: "boolean",
    CT.ChoiceQuestion: "choice",
    CT.IntegerQuestion: "integer",
}


class Reader:
    """Looks up the values of one term after the other, and complains by name about what is missing."""

    def __init__(self, graph: Graph, language: str = ENGLISH.tag) -> None:
        """Read from this graph, in the language with this tag; what has no text in it is read in English."""
        self.graph = graph
        self._languages = (language, ENGLISH.tag)

    def text(self, subject: Node, predicate: Node) -> str | None:
        """Return the text of a property, in the language that people read."""
        texts = sorted(
            (value for value in self.graph.objects(subject, predicate) if isinstance(value, Literal)),
            key=lambda value: (*(value.language != tag for tag in self._languages), value.language or "", str(value)),
        )
        return str(texts[0]) if texts else None

    def needed(self, subject: Node, predicate: Node) -> str:
        """Return the text of a property that has to be there."""
        text = self.text(subject, predicate)
        if text is None:
            raise KnowledgeError(f"{self.name(subject)} has no {self.name(predicate)}; add one in the ontology.")
        return text

    def iri(self, subject: Node, predicate: Node) -> str | None:
        """Return the one IRI that a property gives, if it gives one."""
        values = sorted(value for value in self.graph.objects(subject, predicate) if isinstance(value, URIRef))
        return str(values[0]) if values else None

    def number(self, subject: Node, predicate: Node) -> int | None:
        """Return the whole number that a property gives, if it gives one."""
        value: Any = self.graph.value(subject, predicate)
        number = value.toPython() if isinstance(value, Literal) else None
        return number if isinstance(number, int) else None

    def name(self, subject: Node) -> str:
        """Name a term as an editor knows it: its label and local name."""
        label = self.text(subject, RDFS.label)
        return f'"{label}" ({local_name(subject)})' if label else f"<{subject}>"

    def in_order(self, subjects: Iterable[Node]) -> list[Node]:
        """Sort terms by their order, then by IRI."""
        return sorted(subjects, key=lambda subject: (self.number(subject, CT.order) or 0, str(subject)))


def languages_of(graph: Graph) -> tuple[str, ...]:
    """List the tags of the languages that the questionnaire of a domain speaks, English first."""
    spoken = {
        text.language
        for questionnaire in graph.subjects(RDF.type, CT.Questionnaire)
        for text in graph.objects(questionnaire, CT.disclaimer)
        if isinstance(text, Literal) and text.language
    }
    return (ENGLISH.tag, *sorted(spoken - {ENGLISH.tag}))


def extract(ontology: Ontology, superclasses: Mapping[str, frozenset[str]], language: str = ENGLISH.tag) -> Knowledge:
    """Read all that a domain knows, in one language; KnowledgeError names the term in which something is missing."""
    read = Reader(ontology.graph, language)
    questionnaire = extract_questionnaire(ontology.graph, superclasses, language)
    expansion = Expansion(ontology.graph, superclasses, questionnaire)
    tiers = tuple(sorted(_tiers(read), key=lambda tier: -tier.rank))
    conditions = {condition.id: condition for condition in _conditions(read)}
    flags = tuple(_red_flags(read, superclasses, expansion))
    for flag in flags:
        if flag.condition not in conditions:
            raise KnowledgeError(f"{flag.label} ({flag.id}) suggests {flag.condition}, which is no ct:Condition.")
        if flag.tier not in {tier.id for tier in tiers}:
            raise KnowledgeError(f"{flag.label} ({flag.id}) indicates {flag.tier}, which is no ct:CareTier.")
    return Knowledge(
        iri=read.iri(ontology.iri, OWL.versionIRI) or str(ontology.iri),
        title=read.text(ontology.iri, RDFS.label) or read.needed(ontology.iri, DCTERMS.title),
        version=ontology.version,
        sha256=ontology.sha256,
        prefixes=dict(prefixes(read)),
        questionnaire=questionnaire,
        tiers=tiers,
        conditions=conditions,
        red_flags=flags,
        recommendations=dict(_recommendations(read)),
        contradictions=tuple(_contradictions(read, questionnaire, expansion)),
        tensions=tuple(_tensions(read, questionnaire, expansion)),
        scope=_scope(read, expansion),
    )


def extract_questionnaire(
    graph: Graph, superclasses: Mapping[str, frozenset[str]], language: str = ENGLISH.tag
) -> Questionnaire:
    """Read the questionnaire of a domain, in one language."""
    read = Reader(graph, language)
    questionnaires = list(graph.subjects(RDF.type, CT.Questionnaire))
    if len(questionnaires) != 1:
        raise KnowledgeError(f"An ontology has to declare one questionnaire; this one declares {len(questionnaires)}.")
    groups = read.in_order(graph.subjects(CT.groupOf, questionnaires[0]))
    return Questionnaire(
        questions=tuple(
            _question(read, question, group, superclasses)
            for group in groups
            for question in read.in_order(graph.subjects(CT.inGroup, group))
        ),
        groups=tuple(Group(read.needed(group, CT.identifier), read.needed(group, RDFS.label)) for group in groups),
        safety_net=read.needed(questionnaires[0], CT.safetyNet),
        disclaimer=read.needed(questionnaires[0], CT.disclaimer),
        language=read_language(language),
    )


def told_superclasses(graph: Graph) -> dict[str, frozenset[str]]:
    """Follow the subclass axioms of an ontology as they are written, without asking a reasoner."""
    return {
        str(cls): frozenset(
            str(above) for above in graph.transitive_objects(cls, RDFS.subClassOf) if isinstance(above, URIRef)
        )
        for cls in graph.subjects(RDF.type, OWL.Class)
        if isinstance(cls, URIRef)
    }


def _scope(read: Reader, expansion: Expansion) -> Scope | None:
    """Read for whom the questionnaire is meant; None when that is everybody."""
    questionnaire = read.graph.value(None, RDF.type, CT.Questionnaire)
    band = read.graph.value(questionnaire, CT.meantFor)
    if questionnaire is None or band is None:
        return None
    limits = [atom for atoms in expansion.meeting(band) for atom in atoms]
    if len(limits) != 1:
        raise KnowledgeError(f"{read.name(band)} has to be a band of a number that one question asks for.")
    return Scope(limits[0], read.needed(questionnaire, CT.notMeantText))


def _question(read: Reader, question: Node, group: Node, superclasses: Mapping[str, frozenset[str]]) -> Question:
    kinds = [kind for cls, kind in _QUESTION_TYPES.items() if (question, RDF.type, cls) in read.graph]
    if len(kinds) != 1:
        raise KnowledgeError(f"{read.name(question)} has to be of exactly one kind of question.")
    qualified = read.iri(question, CT.qualifiesEach)
    return Question(
        id=read.needed(question, CT.identifier),
        iri=str(question),
        type=kinds[0],
        group=read.needed(group, CT.identifier),
        text=read.needed(question, CT.questionText),
        help=read.text(question, CT.helpText),
        answer_text=read.needed(question, CT.answerText),
        lead_in=read.text(question, CT.leadIn),
        options=tuple(
            Option(
                id=read.needed(option, CT.identifier),
                label=read.needed(option, RDFS.label),
                text=read.needed(option, CT.answerText),
                value=read.iri(option, CT.setsValue),
                reports=read.iri(option, CT.reportsFinding),
                denies=read.iri(option, CT.deniesFinding),
            )
            for option in read.in_order(read.graph.objects(question, CT.hasOption))
        ),
        minimum=read.number(question, CT.minimum),
        maximum=read.number(question, CT.maximum),
        unit=read.text(question, CT.unit),
        asks_about=read.iri(question, CT.asksAbout),
        describes=read.iri(question, CT.describes),
        qualifies=frozenset(name for name, above in superclasses.items() if qualified in above),
        sets=read.iri(question, CT.setsProperty),
    )


def prefixes(read: Reader) -> Iterator[tuple[str, str]]:
    """Go through the prefixes that the modules of an ontology prefer for their terms, with their namespaces."""
    for header in sorted(read.graph.subjects(RDF.type, OWL.Ontology), key=str):
        prefix, namespace = (
            read.text(header, VANN.preferredNamespacePrefix),
            read.text(header, VANN.preferredNamespaceUri),
        )
        if prefix and namespace:
            yield prefix, namespace


def _tiers(read: Reader) -> Iterator[CareTier]:
    for tier in read.graph.subjects(RDF.type, CT.CareTier):
        rank = read.number(tier, CT.rank)
        if rank is None:
            raise KnowledgeError(f"{read.name(tier)} has no rank; add one in the ontology.")
        advice = read.needed(tier, CT.advice)
        yield CareTier(
            id=local_name(tier),
            iri=str(tier),
            label=read.needed(tier, RDFS.label),
            rank=rank,
            advice=advice,
            advice_while_open=read.text(tier, CT.adviceWhileOpen) or advice,
        )


def _conditions(read: Reader) -> Iterator[Condition]:
    for condition in sorted(read.graph.subjects(RDF.type, CT.Condition), key=str):
        yield Condition(
            id=local_name(condition),
            iri=str(condition),
            label=read.needed(condition, RDFS.label),
            definition=read.needed(condition, SKOS.definition),
        )


def red_flag_classes(superclasses: Mapping[str, frozenset[str]]) -> list[str]:
    """List the IRIs of the red flags: the classes below the class of all of them."""
    top = str(CT.RedFlag)
    return sorted(name for name, above in superclasses.items() if top in above and name != top)


def restriction_values(graph: Graph, cls: URIRef, prop: Node) -> list[URIRef]:
    """List the values that a class itself is said to have for a property (its `value` restrictions)."""
    return sorted(
        value
        for restriction in graph.objects(cls, RDFS.subClassOf)
        if (restriction, OWL.onProperty, prop) in graph
        for value in graph.objects(restriction, OWL.hasValue)
        if isinstance(value, URIRef)
    )


def _red_flags(read: Reader, superclasses: Mapping[str, frozenset[str]], expansion: Expansion) -> Iterator[RedFlag]:
    for name in red_flag_classes(superclasses):
        flag = URIRef(name)
        suggested = restriction_values(read.graph, flag, CT.suggests)
        indicated = restriction_values(read.graph, flag, CT.indicatesTier)
        if len(suggested) != 1 or len(indicated) != 1:
            raise KnowledgeError(
                f"{read.name(flag)} has to say which one condition it suggests and which one care tier it indicates."
            )
        yield RedFlag(
            id=local_name(name),
            iri=name,
            label=read.needed(flag, RDFS.label),
            definition=read.needed(flag, SKOS.definition),
            reason=read.needed(flag, CT.plainReason),
            condition=local_name(suggested[0]),
            tier=local_name(indicated[0]),
            sources=sources_of(read, flag),
            patterns=expansion.of_class(name),
        )


def sources_of(read: Reader, term: Node) -> tuple[Source, ...]:
    """Read the sources that a term names."""
    return tuple(_source(read, source) for source in sorted(read.graph.objects(term, DCTERMS.source), key=str))


def _source(read: Reader, source: Node) -> Source:
    title = read.needed(source, DCTERMS.title)
    document = read.graph.value(source, DCTERMS.isPartOf)
    if document is None:
        return Source(str(source), title, None)
    return Source(str(source), read.needed(document, DCTERMS.title), title)


def _recommendations(read: Reader) -> Iterator[tuple[tuple[str, str], Recommendation]]:
    for recommendation in sorted(read.graph.subjects(RDF.type, CT.Recommendation), key=str):
        condition, tier = read.iri(recommendation, CT.forCondition), read.iri(recommendation, CT.forTier)
        if condition is None or tier is None:
            raise KnowledgeError(f"{read.name(recommendation)} has to name its condition and its care tier.")
        steps = (_step(read, step) for step in read.graph.objects(recommendation, CT.includesStep))
        yield (
            (local_name(condition), local_name(tier)),
            Recommendation(
                advice=read.needed(recommendation, CT.advice),
                course=read.needed(recommendation, CT.likelyCourse),
                steps=tuple(sorted(steps, key=lambda step: (step.within_hours is None, step.urgency is None, step.id))),
            ),
        )


def _step(read: Reader, step: Node) -> CareStep:
    activity = read.graph.value(step, CT.hasActivity)
    if activity is None:
        raise KnowledgeError(f"{read.name(step)} has no activity; add one in the ontology.")
    kinds: set[Node] = {
        above
        for cls in read.graph.objects(activity, RDF.type)
        for above in read.graph.transitive_objects(cls, RDFS.subClassOf)
        if above is not None
    }
    likelihood, urgency = read.graph.value(step, CT.hasLikelihood), read.graph.value(step, CT.hasUrgency)
    return CareStep(
        id=local_name(activity),
        label=read.needed(activity, RDFS.label),
        kind=(
            "tests"
            if CT.Test in kinds
            else "referrals"
            if CT.Referral in kinds
            else "follow_ups"
            if CT.FollowUp in kinds
            else "treatments"
        ),
        likelihood=read.text(likelihood, RDFS.label) if likelihood is not None else None,
        urgency=read.text(urgency, RDFS.label) if urgency is not None else None,
        within_hours=read.number(step, CT.withinHours),
        note=read.text(step, SKOS.scopeNote),
    )


def _contradictions(read: Reader, questionnaire: Questionnaire, expansion: Expansion) -> Iterator[Contradiction]:
    for contradiction in sorted(read.graph.subjects(RDF.type, CT.Contradiction), key=str):
        parts: list[tuple[AtomSet, ...]] = [
            expansion.reporting(str(cls)) for cls in read.graph.objects(contradiction, CT.contradictsReported)
        ]
        parts += [
            tuple(_denying(questionnaire, str(cls))) for cls in read.graph.objects(contradiction, CT.contradictsDenied)
        ]
        parts += [
            tuple(_stating(questionnaire, str(value)))
            for value in read.graph.objects(contradiction, CT.contradictsStated)
        ]
        yield Contradiction(
            iri=str(contradiction),
            message=read.needed(contradiction, CT.message),
            conflicts=minimal(frozenset().union(*chosen) for chosen in product(*parts)),
        )


def _tensions(read: Reader, questionnaire: Questionnaire, expansion: Expansion) -> Iterator[Tension]:
    for question in questionnaire.questions:
        denials = [(Atom(question.id, False), question.asks_about)] if question.type == "boolean" else []
        denials += [(Atom(question.id, option.id), option.denies) for option in question.options]
        for denial, denied in denials:
            if denied is not None:
                reports = tuple(
                    atoms
                    for atoms in expansion.reporting(denied)
                    if all(atom.question != question.id for atom in atoms)
                )
                if reports:
                    yield Tension(denial, read.text(URIRef(denied), RDFS.label) or denied, reports)


def _denying(questionnaire: Questionnaire, cls: str) -> Iterator[AtomSet]:
    for question in questionnaire.questions:
        if question.asks_about == cls:
            yield frozenset({Atom(question.id, False)})
        for option in question.options:
            if option.denies == cls:
                yield frozenset({Atom(question.id, option.id)})


def _stating(questionnaire: Questionnaire, value: str) -> Iterator[AtomSet]:
    for question in questionnaire.questions:
        for option in question.options:
            if option.value == value and not question.describes and not question.qualifies:
                yield frozenset({Atom(question.id, option.id)})
