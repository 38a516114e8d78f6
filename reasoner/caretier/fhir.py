"""What all FHIR R4 resources here share: the canonical names of a domain, codings and references.

Resources are plain data, as JSON has it. What a thing is called in FHIR is built of the IRIs of the ontology, so that
every domain has names of its own and the same thing keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caretier.knowledge import Knowledge
from caretier.presentation import sentence
from caretier.questionnaire import Answer, Question

Resource = dict[str, Any]
"""A FHIR resource, or an element of one, as plain data."""

VERSION = "4.0.1"
"""The version of FHIR that is spoken here."""

MEDIA_TYPE = "application/fhir+json"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
"""The extension that says why there is no value."""

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HISTORY = r"(?:/_history/[A-Za-z0-9.-]{1,64})?"
_LITERAL = re.compile(rf"(?:(?P<server>.+)/)?(?P<kind>[A-Z][A-Za-z]*)/(?P<id>[A-Za-z0-9.-]{{1,64}}){_HISTORY}")


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
    return sentence(knowledge.title)


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


def plain_reference(given: object) -> Resource:
    """Keep of a reference what can be given out again: where it points, a plain identifier and what it is called.

    A reference to a contained resource points nowhere without that resource, which stays behind. Empty when nothing
    is left that says who or what is meant.
    """
    kept = _texts(given, "reference", "type", "display")
    if kept.get("reference", "").startswith("#"):
        del kept["reference"]
    if isinstance(given, dict) and (identifier := _identifier(given.get("identifier"))):
        kept["identifier"] = identifier
    return kept if kept.keys() - {"type"} else {}


def refers_to(reference: Resource, kind: str) -> bool:
    """Say whether a reference may be one to a kind of resource; an absolute one does not tell."""
    told = str(reference.get("reference", ""))
    if str(reference.get("type", kind)).rpartition("/")[2] != kind:
        return False
    if not told or _ABSOLUTE.match(told):
        return True
    found = _LITERAL.fullmatch(told)
    return found is not None and (found["server"], found["kind"]) == (None, kind)


def id_on(server: str | None, reference: Resource, kind: str) -> str | None:
    """Return the id by which a reference names a resource of a kind on a server; None where it names none there.

    Where no server is told, every address is taken for one on it.
    """
    found = _LITERAL.fullmatch(str(reference.get("reference", "")))
    if found is None or found["kind"] != kind:
        return None
    is_there = server is None or found["server"] in (None, server.rstrip("/"))
    return found["id"] if is_there else None


def _identifier(given: object) -> Resource:
    """Keep of an identifier what tells whose or what it is; `use` stays, since it may say that it no longer holds."""
    kept = _texts(given, "use", "system", "value")
    if not isinstance(given, dict) or "value" not in kept:
        return {}
    if kind := _concept(given.get("type")):
        kept["type"] = kind
    return kept


def _concept(given: object) -> Resource:
    kept = _texts(given, "text")
    codings = given.get("coding") if isinstance(given, dict) else None
    if isinstance(codings, list) and (plain := [each for coding in codings if (each := _coding(coding))]):
        kept["coding"] = plain
    return kept


def _coding(given: object) -> Resource:
    return _texts(given, "system", "version", "code", "display")


def _texts(given: object, *names: str) -> Resource:
    """Keep of an element those of its members that are texts with something in them."""
    if not isinstance(given, dict):
        return {}
    return {name: given[name] for name in names if isinstance(given.get(name), str) and given[name].strip()}


def _split(iri: str) -> tuple[str, str]:
    end = max(iri.rfind("#"), iri.rfind("/"))
    return iri[:end], iri[end + 1 :]
