"""The application: everything made from one knowledge base and one value of settings. Nothing is global."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match, Route

from caretier.errors import CaretierError
from caretier.knowledge_base import KnowledgeBase, load
from caretier.result import SOFTWARE
from caretier_api.assessments import assessments_router
from caretier_api.cds_hooks import cds_hooks_router
from caretier_api.clinical import clinical_router
from caretier_api.health import health_router
from caretier_api.knowledge import knowledge_router
from caretier_api.limits import Limits
from caretier_api.log import Log
from caretier_api.observation import Observation
from caretier_api.openapi import document
from caretier_api.pages import pages_router
from caretier_api.problems import METHOD_NOT_ALLOWED, NOT_FOUND, Problem, ProblemError, problem_of
from caretier_api.seal import Seal
from caretier_api.service import Service, new_service
from caretier_api.settings import Settings, read_settings
from caretier_api.site import Site
from caretier_api.sparql import sparql_router


def create_app(kb: KnowledgeBase | None = None, settings: Settings | None = None, log: Log | None = None) -> FastAPI:
    """Make the service: of the bundled knowledge and of the environment's settings, unless others are given.

    The log goes to standard error, unless another is given.
    """
    settings = settings or read_settings(os.environ)
    service = new_service(kb or load(), settings, log or Log(sys.stderr))
    app = FastAPI(
        title="caretier",
        version=SOFTWARE,
        root_path=settings.root_path,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan_of(service),
    )
    routers = (assessments_router, knowledge_router, clinical_router, cds_hooks_router, sparql_router, health_router)
    for router in routers:
        app.router.routes.extend(router(service).routes)
    site = Site(service)
    app.router.routes.extend(pages_router(service, site).routes)
    app.add_middleware(Limits, settings=settings, tell=site.tell)
    app.add_middleware(Observation, metrics=service.metrics, log=service.log, headers=_headers(service), tell=site.tell)
    if settings.cors_origins:
        app.add_middleware(  # around all that answers, so that a browser application can read every error
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-Request-Id"],
            expose_headers=[*_headers(service), "ETag", "X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Seal)
    _add_problems(app, site)
    app.openapi = lambda: document(app.router.routes, service)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _lifespan_of(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Make what runs while the application does."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        preparing = asyncio.create_task(service.prepare())
        yield
        preparing.cancel()
        await service.workers.close()
        await service.queries.close()

    return lifespan


def _headers(service: Service) -> dict[str, str]:
    """Return the headers by which every response names the knowledge and the software."""
    known = service.kb.model.knowledge if service.kb.model is not None else service.kb.ontology
    return {
        "Caretier-Knowledge-Version": known.version,
        "Caretier-Knowledge-Sha256": known.sha256,
        "Caretier-Software": SOFTWARE,
    }


def _add_problems(app: FastAPI, site: Site) -> None:
    """Tell every error as a problem."""

    @app.exception_handler(CaretierError)
    @app.exception_handler(ProblemError)
    async def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, CaretierError | ProblemError)
        return site.tell(problem_of(error), request.scope)

    @app.exception_handler(HTTPException)
    async def not_routed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == METHOD_NOT_ALLOWED.status:
            allowed = ", ".join(_methods(request))
            detail = f"Allowed are {allowed}."
            return site.tell(Problem(METHOD_NOT_ALLOWED, detail, headers={"Allow": allowed}), request.scope)
        return site.tell(Problem(NOT_FOUND, "There is no such address; /openapi.json lists all."), request.scope)


def _methods(request: Request) -> list[str]:
    """List the methods that the address of a request allows."""
    allowed = set[str]()
    for route in request.app.router.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE:
            allowed |= route.methods or set()
    return sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
