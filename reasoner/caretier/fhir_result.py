"""What comes back, as FHIR: a result as RiskAssessment and GuidanceResponse.

No probability is given, for none is known: how serious a condition would be is said by its care tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import uuid4

from caretier.evaluation import NextQuestion
from caretier.fhir import (
    Codes,
    Resource,
    domain_iri,
    domain_title,
    term_coding,
    term_concept,
)
from caretier.fhir_response import fhir_time, references_of, response_resource
from caretier.knowledge import Knowledge
from caretier.language import Language
from caretier.result import Result, SuggestedCondition


def results_bundle(results: Iterable[Result], codes: Codes) -> Resource:
    """Write results as a Bundle: for each its RiskAssessment, its GuidanceResponse, and the answers both rest on.

    The entries have new ids each time, since two people may give the same answers.
    """
    entries = [entry for result in results for entry in _entries(result, codes)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _entries(result: Result, codes: Codes) -> Iterator[Resource]:
    risk, guidance, basis = (f"urn:uuid:{uuid4()}" for _ in range(3))
    yield {"fullUrl": risk, "resource": risk_assessment(result, codes, basis=basis)}
    yield {"fullUrl": guidance, "resource": guidance_response(result, risk=risk)}
    yield {"fullUrl": basis, "resource": response_resource(result.answers, result.knowledge)}


def risk_assessment(result: Result, codes: Codes, *, basis: str | None) -> Resource:
    """Write a result as a RiskAssessment: a prediction for each condition suggested, highest tier first.

    `basis` is a reference to the QuestionnaireResponse that it rests on, where there is one. The id of the answers is
    that response's own, so it is none of the assessment's.
    """
    knowledge = result.knowledge
    resource: Resource = {
        "resourceType": "RiskAssessment",
        "status": "final" if result.final else "preliminary",
        "method": {"text": f"{_software(result)}, engine {result.engine}, knowledge {knowledge.iri}"},
        "code": {"text": domain_title(knowledge)},
        "subject": {"display": knowledge.language("the person who answered")},
        "mitigation": result.advice,
        **references_of(result.answers),
    }
    if basis:
        resource["basis"] = [{"reference": basis}]
    if time := fhir_time(result.answers.date):
        resource["occurrenceDateTime"] = time
    if result.conditions:
        resource["prediction"] = [_prediction(result, condition, codes) for condition in result.conditions]
    return resource | {"note": [{"text": text} for text in _notes(result)]}


def guidance_response(result: Result, *, risk: str) -> Resource:
    """Write a result as a GuidanceResponse: done, or with the questions that are needed, best first.

    They are parameters, since no path of a DataRequirement may lead to a linkId: it is a text and no code.
    """
    knowledge = result.knowledge
    resource: Resource = {"resourceType": "GuidanceResponse"}
    if result.id:
        resource["requestIdentifier"] = {"value": result.id}
    resource |= {
        "contained": [_parameters(result, risk)],
        "moduleCanonical": f"{domain_iri(knowledge)}|{knowledge.version}",
        "status": "success" if result.final else "data-required",
        "performer": {"display": _software(result)},
        "outputParameters": {"reference": "#parameters"},
        **references_of(result.answers),
    }
    if result.notes:
        issues = [issue("warning", "informational", note) for note in result.notes]
        resource["contained"].append({**operation_outcome(issues), "id": "messages"})
        resource["evaluationMessage"] = [{"reference": "#messages"}]
    if not result.final:
        resource["dataRequirement"] = [{"type": "QuestionnaireResponse"}]
    return resource


def rationale(condition: SuggestedCondition, language: Language) -> Iterator[str]:
    """Say for each red flag found which answers show it, why it matters, and who says so, in a line each."""
    for found in condition.red_flags:
        answers = "; ".join(reason.text for reason in found.because)
        sources = "; ".join(source.text for source in found.red_flag.sources)
        yield language(
            "Answered: %(answers)s. %(reason)s Source: %(sources)s.",
            answers=answers,
            reason=found.red_flag.reason,
            sources=sources or language("none"),
        )


def operation_outcome(issues: Iterable[Resource]) -> Resource:
    """Put issues into an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def issue(severity: str, code: str, text: str) -> Resource:
    """Say one thing of an OperationOutcome."""
    return {"severity": severity, "code": code, "details": {"text": text}}


def _prediction(result: Result, condition: SuggestedCondition, codes: Codes) -> Resource:
    told, tier = result.knowledge.conditions[condition.id], result.knowledge.tier(condition.tier)
    return {
        "outcome": term_concept(told.iri, told.label, codes),
        "qualitativeRisk": term_concept(tier.iri, tier.label, codes),
        "rationale": "\n".join(rationale(condition, result.knowledge.language)),
    }


def _notes(result: Result) -> Iterator[str]:
    for condition in result.conditions:
        if condition.recommendation:
            yield f"{condition.label}: {condition.recommendation.advice} {condition.recommendation.course}"
    yield from result.notes
    yield result.knowledge.questionnaire.safety_net
    yield result.knowledge.questionnaire.disclaimer


def _parameters(result: Result, risk: str) -> Resource:
    knowledge = result.knowledge
    values: tuple[tuple[str, str, object], ...] = (
        ("tier", "valueCoding", term_coding(result.tier.iri, result.tier.label)),
        ("ceiling", "valueCoding", term_coding(result.ceiling.iri, result.ceiling.label)),
        ("final", "valueBoolean", result.final),
        ("settled", "valueBoolean", result.settled),
        ("advice", "valueString", result.advice),
        ("risk-assessment", "valueReference", {"reference": risk}),
        ("engine", "valueString", result.engine),
        ("knowledge-version", "valueString", knowledge.version),
        ("knowledge-sha256", "valueString", knowledge.sha256),
        ("software", "valueString", result.software),
    )
    return {
        "resourceType": "Parameters",
        "id": "parameters",
        "parameter": [
            *({"name": name, element: value} for name, element, value in values),
            *(_open_question(knowledge, question) for question in result.next_questions),
        ],
    }


def _open_question(knowledge: Knowledge, open_question: NextQuestion) -> Resource:
    question = knowledge.questionnaire.by_id[open_question.id]
    tier = knowledge.tier(open_question.could_raise_to)
    parts = [
        {"name": "linkId", "valueString": question.id},
        {"name": "text", "valueString": question.text},
        {"name": "could-raise-to", "valueCoding": term_coding(tier.iri, tier.label)},
    ]
    return {"name": "open-question", "part": parts}


def _software(result: Result) -> str:
    return f"caretier {result.software}"
