"""A result as the cards of CDS Hooks 2.0: which conditions the answers suggest and how soon care is needed.

A card is for a clinician who did not ask for it. It speaks of what the answers suggest, never of what the person has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import uuid4

from caretier.errors import ContradictionError, InvalidAnswersError
from caretier.fhir import Codes, Resource, domain_iri, domain_title, questionnaire_url, term_coding
from caretier.fhir_response import references_of
from caretier.fhir_result import rationale, risk_assessment
from caretier.knowledge import CareTier, Knowledge
from caretier.presentation import sentence
from caretier.result import Result, SuggestedCondition

_LONGEST_SUMMARY = 139
_QUESTIONS_SHOWN = 5
_OVERRIDE_REASONS = (
    ("known", "This is known and is being looked after."),
    ("answer-not-right", "An answer is not right."),
    ("does-not-apply", "This does not apply to the person."),
)
_MARKS = re.compile(r"([\\`*_\[\]<>~|&])")
_AT_START = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")


def result_cards(result: Result, codes: Codes, *, basis: str | None = None) -> list[Resource]:
    """Write a result as cards: one for each condition suggested, most urgent first, then what is still open.

    `basis` is a reference to the response that was assessed, where the client has one.
    """
    cards = [_condition_card(result, condition) for condition in result.conditions]
    if not result.final:
        cards.append(_open_card(result))
    elif not cards:
        cards.append(_settled_card(result))
    if references_of(result.answers).get("subject", {}).get("reference"):
        _suggest(cards[0], [_record_suggestion(result, codes, basis)])
    return cards


def refusal_cards(error: InvalidAnswersError, knowledge: Knowledge) -> list[Resource]:
    """Write cards for answers that cannot be used as they are; what the others prove all the same comes first."""
    cards = []
    contradict = isinstance(error, ContradictionError)
    if error.proven is not None:
        tier = error.proven
        wrong = "contradict each other" if contradict else "cannot be used"
        summary = f"{sentence(tier.label)}: some answers {wrong}, but the others alone show this."
        advice = f"**Advice to the person:** {_plain(tier.advice)}"
        detail = f"{advice}\n\n{_closing(knowledge)}"
        cards.append(_card(knowledge, summary, indicator(tier, knowledge.tiers), detail))
    told = "\n".join(f"- {_plain(problem.message)}" for problem in error.problems)
    summary = "Some answers contradict each other. Please find out which are right."
    if not contradict:
        summary = "Some answers cannot be used. Please correct them."
    return [*cards, _card(knowledge, summary, "warning", f"{told}\n\n{_closing(knowledge)}")]


def interview_card(knowledge: Knowledge) -> Resource:
    """Write the card that offers the interview; the link to it is added to every card."""
    summary = f"{domain_title(knowledge)}: answer some questions to see how soon care is needed, and why."
    return _card(knowledge, summary, "info", _closing(knowledge))


def indicator(tier: CareTier, tiers: Sequence[CareTier]) -> str:
    """Say how urgent a tier is in the words of CDS Hooks: the upper half of those that call for care is critical."""
    calling = [each for each in tiers if each.rank > 0]
    if tier.rank == 0:
        return "info"
    return "critical" if calling.index(tier) < (len(calling) + 1) // 2 else "warning"


def _condition_card(result: Result, condition: SuggestedCondition) -> Resource:
    knowledge = result.knowledge
    tier, recommendation = knowledge.tier(condition.tier), condition.recommendation
    card = _card(
        knowledge,
        f"{sentence(tier.label)}: the answers suggest {condition.label}.",
        indicator(tier, knowledge.tiers),
        "\n\n".join(_condition_detail(knowledge, condition, recommendation.advice if recommendation else tier.advice)),
    )
    sources = [source for found in condition.red_flags for source in found.red_flag.sources]
    if sources:
        card["source"] = {"label": sources[0].text, "url": sources[0].iri}
    card["source"]["topic"] = term_coding(knowledge.conditions[condition.id].iri, condition.label)
    system = f"{domain_iri(knowledge)}/override-reasons"
    card["overrideReasons"] = [
        {"code": code, "system": system, "display": display} for code, display in _OVERRIDE_REASONS
    ]
    return card


def _condition_detail(knowledge: Knowledge, condition: SuggestedCondition, advice: str) -> Iterator[str]:
    yield f"**Advice to the person:** {_plain(advice)}"
    yield "**Why:**\n\n" + "\n".join(f"- {_plain(line)}" for line in rationale(condition, knowledge.language))
    if condition.recommendation:
        yield f"**What will probably follow:** {_plain(condition.recommendation.course)}"
    yield _closing(knowledge)


def _open_card(result: Result) -> Resource:
    """Write the card that says what is still open: what is unknown never reassures."""
    knowledge = result.knowledge
    summary = f"Not settled: questions still open could raise this to {result.ceiling.label}."
    if not result.next_questions:
        summary = f"Not settled: what the person did not know could raise this to {result.ceiling.label}."
    questions = [knowledge.questionnaire.by_id[each.id] for each in result.next_questions[:_QUESTIONS_SHOWN]]
    told = [_plain(result.advice)]
    if questions:
        told.append("**Ask first:**\n\n" + "\n".join(f"- {_plain(question.text)}" for question in questions))
    card = _card(knowledge, summary, "warning", "\n\n".join([*told, _closing(knowledge)]))
    _suggest(card, [_question_suggestion(result, question.id, question.text) for question in questions])
    return card


def _settled_card(result: Result) -> Resource:
    knowledge = result.knowledge
    summary = (
        f"{sentence(result.tier.label)}: the answers suggest none of the conditions known here, and rule none out."
    )
    urgency = indicator(result.tier, knowledge.tiers)
    if not result.settled:
        summary, urgency = "Not settled: it is not known whether the questions are meant for this person.", "warning"
        if knowledge.leaves_out(result.answers.values):
            summary = "Not settled: the questions are not meant for this person."
    return _card(
        knowledge,
        summary,
        urgency,
        f"{_plain(result.advice)}\n\n{_closing(knowledge)}",
    )


def _card(knowledge: Knowledge, summary: str, urgency: str, detail: str) -> Resource:
    return {
        "uuid": str(uuid4()),
        "summary": _cut(summary),
        "indicator": urgency,
        "detail": detail,
        "source": {"label": f"caretier: {domain_title(knowledge)}", "url": domain_iri(knowledge)},
    }


def _suggest(card: Resource, suggestions: list[Resource]) -> None:
    if suggestions:
        card["suggestions"] = [*card.get("suggestions", ()), *suggestions]
        card["selectionBehavior"] = "any"


def _record_suggestion(result: Result, codes: Codes, basis: str | None) -> Resource:
    return _suggestion("Add this assessment to the record", risk_assessment(result, codes, basis=basis))


def _question_suggestion(result: Result, question_id: str, text: str) -> Resource:
    url = questionnaire_url(result.knowledge)
    task: Resource = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": url, "code": question_id}], "text": text},
        "description": text,
    }
    if subject := references_of(result.answers).get("subject"):
        task["for"] = subject
    return _suggestion(f"Note to ask: {text}", task)


def _suggestion(label: str, resource: Resource) -> Resource:
    action = {"type": "create", "description": label, "resource": resource}
    return {"label": label, "uuid": str(uuid4()), "actions": [action]}


def _closing(knowledge: Knowledge) -> str:
    questionnaire = knowledge.questionnaire
    return f"{_plain(questionnaire.safety_net)} {_plain(questionnaire.disclaimer)}"


def _plain(text: str) -> str:
    """Write text so that Markdown shows it as it stands, on one line."""
    line = " ".join(text.split())
    return _AT_START.sub(_escaped_start, _MARKS.sub(r"\\\1", line))


def _escaped_start(found: re.Match[str]) -> str:
    mark = found[2]
    return f"{found[1]}{mark}\\" if mark.isdigit() else f"{found[1]}\\{mark}"


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_SUMMARY:
        return text
    return text[: _LONGEST_SUMMARY - 1].rsplit(" ", 1)[0] + "…"
