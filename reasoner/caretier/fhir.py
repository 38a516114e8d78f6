"""What all FHIR R4 resources here share: the canonical names of a domain, codings and identifiers.

Resources are plain data, as JSON has it. What a thing is called in FHIR is built of the IRIs of the ontology, so that
every domain has names of its own and the same thing keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caretier.knowledge import Knowledge
from caretier.questionnaire import Answer, Question

Resource = dict[str, Any]
"""A FHIR resource, or an element of one, as plain data."""

VERSION = "4.0.1"
"""The version of FHIR that is spoken here."""

MEDIA_TYPE = "application/fhir+json"
LANGUAGE = "en"
"""The language in which the texts of an ontology are read."""

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
"""The extension that says why there is no value."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a clinical terminology, which FHIR calls a code system."""

    system: str
    code: str


Codes = Mapping[str, tuple[Code, ...]]
"""Codes of clinical terminologies by the IRI of the term of the ontology that they match."""


def domain_iri(knowledge: Knowledge) -> str:
    """Return the IRI of a domain, whatever its version."""
    return knowledge.iri.removesuffix(f"/{knowledge.version}")


def domain_name(knowledge: Knowledge) -> str:
    """Return the name of a domain as a part of addresses: the last part of its IRI."""
    return _split(domain_iri(knowledge))[1]


def domain_title(knowledge: Knowledge) -> str:
    """Return the name of a domain for people to read."""
    return domain_name(knowledge).replace("-", " ").capitalize()


def questionnaire_url(knowledge: Knowledge) -> str:
    """Return the canonical URL of the questionnaire of a domain, whatever its version."""
    return f"{domain_iri(knowledge)}/Questionnaire"


def option_system(knowledge: Knowledge, question: Question) -> str:
    """Return the code system of the options of a question: the same option id means something else elsewhere."""
    return f"{questionnaire_url(knowledge)}/{question.id}"


def option_coding(knowledge: Knowledge, question: Question, option_id: Answer) -> Resource:
    """Code an option of a question."""
    option = question.option(option_id)
    return {"system": option_system(knowledge, question), "code": option.id, "display": option.label}


def group_link(group: str) -> str:
    """Return the linkId of a group; the dot, which is in no id, keeps it apart from those of questions."""
    return f"group.{group}"


def help_link(question: str) -> str:
    """Return the linkId of the help text of a question."""
    return f"help.{question}"


def term_coding(iri: str, label: str) -> Resource:
    """Code a term of the ontology by the name that applications know it by."""
    system, code = _split(iri)
    return {"system": system, "code": code, "display": label}


def term_concept(iri: str, label: str, codes: Codes) -> Resource:
    """Code a term of the ontology, followed by the codes of clinical terminologies that match it."""
    return {"coding": [term_coding(iri, label), *term_codes(iri, codes)], "text": label}


def term_codes(iri: str, codes: Codes) -> list[Resource]:
    """List the codes of clinical terminologies that match a term; their texts belong to others and are not given."""
    return [{"system": code.system, "code": code.code} for code in codes.get(iri, ())]


def _split(iri: str) -> tuple[str, str]:
    end = max(iri.rfind("#"), iri.rfind("/"))
    return iri[:end], iri[end + 1 :]
