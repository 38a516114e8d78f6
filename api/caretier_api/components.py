"""The schemas that the OpenAPI document names, beside those of answers and results."""

from __future__ import annotations

from caretier.knowledge import Knowledge
from caretier_api.description import TEXT, TEXT_OR_NULL, Schema, an_object, listed, named, resource
from caretier_api.problems import KINDS

_COUNT: Schema = {"type": "integer", "minimum": 0}


def schemas(knowledge: Knowledge) -> dict[str, Schema]:
    """Return the schemas by their names."""
    tier: Schema = {"enum": [tier.id for tier in knowledge.tiers]}
    return _of_problems(tier) | _of_knowledge(tier) | _of_answers(tier)


def _of_problems(tier: Schema) -> dict[str, Schema]:
    return {
        "Problem": an_object(
            {
                "type": {"enum": [kind.type for kind in KINDS.values()]},
                "title": TEXT,
                "status": {"type": "integer"},
                "detail": TEXT,
                "instance": {**TEXT, "description": "The id of the request, as a URN."},
                "proven": {
                    **an_object({"tier": tier, "label": TEXT, "advice": TEXT}),
                    "description": "What the answers with which nothing is wrong prove all the same: show it first.",
                },
                "errors": listed(an_object({"questions": listed(TEXT), "message": TEXT})),
            },
            "instance", "proven", "errors",
        ),
        "OperationOutcome": resource("OperationOutcome"),
    }  # fmt: skip


def _of_answers(tier: Schema) -> dict[str, Schema]:
    atom = an_object(
        {
            "question": TEXT,
            "relation": {"enum": ["is", "at least", "below"]},
            "value": {"type": ["boolean", "string", "integer"]},
        }
    )
    reason = an_object({"question": TEXT_OR_NULL, "answer": {}, "text": TEXT})
    change = an_object({"tier": tier, "answers": listed(atom), "withdrawn": listed(TEXT)})
    next_question = an_object({"id": TEXT, "could_raise_to": tier})
    explanation = an_object(
        {
            "shown_by": {"type": "object", "additionalProperties": listed(listed(reason))},
            "why_not": listed(
                an_object(
                    {
                        "condition": TEXT,
                        "red_flag": TEXT,
                        "tier": tier,
                        "given": listed(reason),
                        "missing": listed(atom),
                        "text": TEXT,
                    }
                )
            ),
            "smallest_changes": an_object({"raise": listed(change), "lower": listed(change)}),
        }
    )
    screen = an_object({"lead_in": TEXT_OR_NULL, "questions": listed(named("Question"))})
    return {
        "Step": an_object(
            {
                "screen": {"anyOf": [screen, {"type": "null"}]},
                "progress": an_object({"done": _COUNT, "left_at_most": _COUNT}),
                "stop": {"enum": ["emergency", "final", "unknown", None]},
                "unknown": listed(next_question),
                "result": named("Result"),
            }
        ),
        "ExplainedResult": {"allOf": [named("Result"), an_object({"explanation": explanation})]},
        "MinimalSet": an_object(
            {
                "answers": listed(atom),
                "reaches": {"enum": [*tier["enum"], None]},
                "raised_by": listed(change),
                "lowered_by": listed(change),
            },
            "reaches", "raised_by", "lowered_by",
        ),
    }  # fmt: skip


def _of_knowledge(tier: Schema) -> dict[str, Schema]:
    about = {"knowledge": an_object({"version": TEXT, "sha256": TEXT}), "software": TEXT}
    source = an_object({"title": TEXT, "section": TEXT_OR_NULL})
    red_flag = {"id": TEXT, "label": TEXT, "reason": TEXT, "definition": TEXT, "sources": listed(source)}
    condition = an_object(
        {
            "id": TEXT,
            "iri": TEXT,
            "label": TEXT,
            "definition": TEXT,
            "red_flags": listed(an_object({**red_flag, "iri": TEXT, "tier": tier})),
            "recommendations": listed(an_object({"tier": tier, "advice": TEXT, "course": {"type": "object"}})),
        }
    )
    question = an_object(
        {
            "id": TEXT,
            "type": {"enum": ["boolean", "choice", "integer"]},
            "group": TEXT,
            "text": TEXT,
            "answer_text": TEXT,
            "help": TEXT,
            "lead_in": TEXT,
            "options": listed(an_object({"id": TEXT, "label": TEXT, "text": TEXT})),
            "minimum": {"type": "integer"},
            "maximum": {"type": "integer"},
            "unit": TEXT_OR_NULL,
        },
        "help", "lead_in", "options", "minimum", "maximum", "unit",
    )  # fmt: skip
    section = an_object(
        {
            "id": tier,
            "label": TEXT,
            "rank": _COUNT,
            "advice": TEXT,
            "raised_by": {"type": "array"},
            "conditions": listed(
                an_object(
                    {
                        "id": TEXT,
                        "label": TEXT,
                        "red_flags": listed(an_object({**red_flag, "minimal_sets": listed(named("MinimalSet"))})),
                    }
                )
            ),
        }
    )
    return {
        "Question": question,
        "Questionnaire": an_object(
            {
                "groups": listed(an_object({"id": TEXT, "label": TEXT})),
                "questions": listed(named("Question")),
                "safety_net": TEXT,
                "disclaimer": TEXT,
                **about,
            }
        ),
        "Condition": condition,
        "Conditions": an_object({"conditions": listed(named("Condition")), **about}),
        "DecisionTable": an_object(
            {
                "standing": an_object({"proven": {"type": "boolean"}, "label": TEXT, "text": TEXT}),
                "tiers": listed(section),
                "refused": listed(an_object({"reason": TEXT, "minimal_sets": listed(named("MinimalSet"))})),
                **about,
            }
        ),
    }
