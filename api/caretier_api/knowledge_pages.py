"""The pages for editors and researchers: conditions, findings, terms and the decision table.

RDF is loaded when one of these pages first needs it; the interview never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from caretier.decision_table import needs, sections, standing
from caretier.documents import format_named
from caretier_api import negotiation
from caretier_api.problems import NOT_FOUND, refused
from caretier_api.service import Service
from caretier_api.site import HTML, Site, made_once

if TYPE_CHECKING:
    from caretier.terms import Terms

_TERM_FORMATS = {
    HTML: "html",
    **{format_named(name).media_type: name for name in ("turtle", "jsonld", "ntriples", "rdfxml")},
}


def knowledge_pages_router(service: Service, site: Site) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)
    terms = made_once(lambda: _read_terms(service))
    table = made_once(lambda: sections(service.knowledge))

    @router.get("/conditions", response_class=Response)
    def conditions(request: Request) -> Response:
        service.require_ready()
        return site.page(request, "conditions.html")

    @router.get("/conditions/{id}", response_class=Response)
    def condition(request: Request, id: str) -> Response:  # noqa: A002 -- as in the API
        knowledge = service.knowledge
        found = knowledge.conditions.get(id)
        if found is None:
            raise refused(NOT_FOUND, "There is no condition with this name.")
        flags = [flag for flag in knowledge.red_flags if flag.condition == id]
        return site.page(
            request,
            "condition.html",
            condition=found,
            red_flags=[(flag, needs(knowledge.questionnaire, flag.patterns)) for flag in flags],
            recommendations=[
                (tier, advice) for tier in knowledge.tiers if (advice := knowledge.recommendations.get((id, tier.id)))
            ],
        )

    @router.get("/decision-table", response_class=Response)
    def decision_table(request: Request) -> Response:
        knowledge, model = service.knowledge, service.kb.model
        return site.page(
            request,
            "decision_table.html",
            sections=table(),
            needs=lambda sets: needs(knowledge.questionnaire, sets),
            proven=model is not None,
            standing=standing(model.certificate if model else None),
        )

    @router.get("/findings", response_class=Response)
    def findings(request: Request) -> Response:
        return site.page(request, "findings.html", findings=terms().findings)

    @router.get("/terms", response_class=Response)
    def all_terms(request: Request) -> Response:
        return site.page(request, "terms.html", by_kind=terms().by_kind)

    @router.get("/terms/{prefix}/{name}", response_class=Response)
    def term(request: Request, prefix: str, name: str, format: str | None = None) -> Response:  # noqa: A002
        namespace = service.knowledge.prefixes.get(prefix)
        iri = f"{namespace}{name}"
        found = terms().find(iri) if namespace else None
        if found is None:
            raise refused(NOT_FOUND, "The ontology has no such term; /terms lists all.")
        media_type = next((each for each, known in _TERM_FORMATS.items() if known == format), None)
        media_type = media_type or negotiation.wanted(request, tuple(_TERM_FORMATS))
        if media_type == HTML:
            page = site.page(request, "term.html", term=found, prefix=prefix)
        else:
            page = Response(
                terms().rdf(iri, _TERM_FORMATS[media_type]),
                media_type=media_type,
                headers={"Cache-Control": "no-cache"},
            )
        page.headers["Vary"] = "Accept"
        return page

    return router


def _read_terms(service: Service) -> Terms:
    from caretier.terms import Terms

    return Terms(service.kb)
