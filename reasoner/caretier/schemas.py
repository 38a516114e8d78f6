"""JSON Schemas (2020-12) of what goes in and what comes back, made from the knowledge, so that they change with it."""

from __future__ import annotations

from collections.abc import Iterable

from caretier.knowledge import Knowledge
from caretier.limits import MAXIMUM_ID_LENGTH
from caretier.questionnaire import Question, Questionnaire

TYPE_CHECKING = False
if TYPE_CHECKING:
    Schema = dict[str, object]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_IDS = "https://w3id.org/caretier/schemas/"
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def answers_schema(questionnaire: Questionnaire) -> Schema:
    """Return the schema of an answers document."""
    return {
        "$schema": _DIALECT,
        "$id": f"{_IDS}answers",
        "title": "Answers",
        "description": "What one person answered at one time. A question that is missing is not answered yet; null "
        "says that the answer is not known.",
        **_object(
            {
                "answers": {
                    "type": "object",
                    "description": "Question ids and answers.",
                    "properties": {question.id: _answer(question) for question in questionnaire.questions},
                    "additionalProperties": False,
                },
                "id": {
                    **_TEXT_OR_NULL,
                    "maxLength": MAXIMUM_ID_LENGTH,
                    "description": "What the application calls this assessment.",
                },
                "date": {"type": ["string", "null"], "format": "date", "description": "When it was answered."},
            },
            optional=("id", "date"),
        ),
        "additionalProperties": False,
    }


def result_schema(knowledge: Knowledge) -> Schema:
    """Return the schema of a result; further keys may follow in later versions."""
    tier = _one_of(tier.id for tier in knowledge.tiers)
    question = _one_of(question.id for question in knowledge.questionnaire.questions)
    source = _object({"title": _TEXT, "section": _TEXT_OR_NULL})
    step = _object(
        {
            "id": _TEXT,
            "label": _TEXT,
            "likelihood": _TEXT,
            "urgency": _TEXT,
            "within_hours": {"type": "integer"},
            "note": _TEXT,
        },
        optional=("likelihood", "urgency", "within_hours", "note"),
    )
    reason = _object(
        {
            "question": {"anyOf": [question, {"type": "null"}]},
            "answer": {"type": ["boolean", "string", "integer", "null"]},
            "text": _TEXT,
        }
    )
    axiom = _object({"manchester": _TEXT, "text": _TEXT, "sources": _list(source)})
    red_flag = _object(
        {
            "id": _one_of(flag.id for flag in knowledge.red_flags),
            "label": _TEXT,
            "tier": tier,
            "because": _list(reason),
            "reason": _TEXT,
            "definition": _TEXT,
            "proof": _list(axiom),
            "source": {"anyOf": [source, {"type": "null"}]},
            "sources": _list(source),
        }
    )
    course = _object(
        {
            "text": _TEXT,
            **{kind: _list(step) for kind in ("tests", "treatments", "referrals", "follow_ups")},
            "within_hours": {"type": ["integer", "null"]},
        }
    )
    condition = _object(
        {
            "id": _one_of(knowledge.conditions),
            "label": _TEXT,
            "tier": tier,
            "red_flags": _list(red_flag),
            "advice": _TEXT,
            "course": course,
        },
        optional=("advice", "course"),
    )
    return {
        "$schema": _DIALECT,
        "$id": f"{_IDS}result",
        "title": "Result",
        "description": "How soon care is needed and why.",
        **_object(
            {
                "id": _TEXT_OR_NULL,
                "tier": {**tier, "description": "What the answers given prove."},
                "ceiling": {**tier, "description": "The highest tier that further answers could lead to."},
                "final": {"type": "boolean", "description": "Whether no further answer could raise the tier."},
                "settled": {
                    "type": "boolean",
                    "description": "Whether the tier is final, and known to be meant for this person.",
                },
                "advice": _TEXT,
                "conditions": _list(condition),
                "next_questions": _list(_object({"id": question, "could_raise_to": tier})),
                "notes": _list(_TEXT),
                "safety_net": _TEXT,
                "disclaimer": _TEXT,
                "engine": _one_of(("model", "reference")),
                "knowledge": _object({"version": _TEXT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}),
                "software": _TEXT,
            }
        ),
    }


def _answer(question: Question) -> Schema:
    """Return the schema of what a question allows."""
    told: Schema = {"description": question.text}
    if question.type == "boolean":
        return told | {"type": ["boolean", "null"]}
    if question.type == "choice":
        return told | {"enum": [*(option.id for option in question.options), None]}
    return told | {"type": ["integer", "null"], "minimum": question.minimum, "maximum": question.maximum}


def _object(properties: dict[str, Schema], optional: Iterable[str] = ()) -> Schema:
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(values)}
