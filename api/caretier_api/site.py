"""The look of the web pages: templates, style, and the headers that every page has.

Nothing on a page comes from elsewhere, and all words that are not the domain's own stand in the templates, marked for
translation.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Scope

from caretier.fhir import domain_title
from caretier.knowledge import CareTier
from caretier.language import ENGLISH, Language, read_language
from caretier.presentation import sentence
from caretier.result import SOFTWARE
from caretier_api import negotiation, outcomes
from caretier_api.exchange import JSON
from caretier_api.problems import MEDIA_TYPE as PROBLEM
from caretier_api.problems import NOT_FOUND, Problem, refused
from caretier_api.service import Service

HTML = "text/html"

Made = TypeVar("Made")

_FOLDER = Path(__file__).parent
_LEVELS = 4  # ways in which tiers above rank 0 look; further ones look like the last
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


class Site:
    """The pages of one service."""

    def __init__(self, service: Service) -> None:
        """Read templates and static files."""
        self._service = service
        self._static = {path.name: path.read_bytes() for path in sorted((_FOLDER / "static").iterdir())}
        self._digest = hashlib.sha256(b"".join(self._static.values())).hexdigest()[:12]
        self._languages = [read_language(tag) for tag in service.kb.languages]
        self._templates = {language.tag: _templates(language) for language in self._languages}

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        private: bool = False,
        language: str = ENGLISH.tag,
        **context: Any,
    ) -> Response:
        """Make a page; one that is private, since a person's answers are in it, is kept nowhere."""
        shared = self._shared(request, language)
        text = self._templates[language].get_template(template).render(**shared, **context)
        headers = {
            "Content-Language": language,
            "Cache-Control": "no-store" if private else "no-cache",
            "Content-Security-Policy": _POLICY,
        }
        return Response(text, status_code=status, headers=headers, media_type=HTML)

    def tell(self, problem: Problem, scope: Scope) -> Response:
        """Tell of a problem: on a page to those who ask for pages, as browsers do, and to all others as data."""
        request = Request(scope)
        accept = ",".join(request.headers.getlist("accept"))
        if negotiation.preferred(accept, (PROBLEM, JSON, HTML)) != HTML:
            return outcomes.response(problem, scope)
        language = scope.get(negotiation.SPOKEN) or negotiation.language(request, tuple(self._templates))
        status = problem.kind.status
        page = self.page(request, "problem.html", status=status, private=True, language=language, problem=problem)
        page.headers.update(problem.headers)
        return page

    def static(self, digest: str, name: str) -> Response:
        """Answer with a static file; its address changes with the content, so that it may be kept for ever."""
        content = self._static.get(name)
        if content is None or digest != self._digest:
            raise refused(NOT_FOUND, "There is no such file.")
        return Response(content, media_type=_STATIC_TYPES[Path(name).suffix], headers={"Cache-Control": _KEPT})

    def term(self, iri: str) -> str | None:
        """Return the address of the page of a term; None when it is none of the domain's own."""
        for prefix, namespace in self._service.knowledge.prefixes.items():
            if iri.startswith(namespace) and iri != namespace:
                return f"/terms/{prefix}/{quote(iri.removeprefix(namespace), safe='')}"
        return None

    def short(self, iri: str) -> str:
        """Shorten an IRI by the prefixes of the domain."""
        for prefix, namespace in self._service.knowledge.prefixes.items():
            if iri.startswith(namespace):
                return f"{prefix}:{iri.removeprefix(namespace)}"
        return iri

    def level(self, tier: CareTier) -> str:
        """Name the look of a tier, by its place among all tiers."""
        if tier.rank == 0:
            return "calm"
        tiers = self._service.knowledge.tiers
        return f"level-{min([each.id for each in tiers].index(tier.id) + 1, _LEVELS)}"

    def _shared(self, request: Request, language: str) -> Mapping[str, object]:
        """Return what every page needs."""
        service = self._service
        root = str(request.scope.get("root_path", "")).rstrip("/")
        knowledge = service.kb.in_language(language).knowledge if service.ready.is_set() else None
        number = service.settings.emergency_number
        return {
            "root": root,
            "language": language,
            "languages": self._languages,
            "static": f"{root}/static/{self._digest}",
            "keeps_answers": service.recorder is not None,
            "emergency_number": number,
            "emergency_link": _link(number),
            "knowledge": knowledge,
            "domain": domain_title(knowledge) if knowledge else "",
            "disclaimer": knowledge.questionnaire.disclaimer if knowledge else "",
            "software": SOFTWARE,
            "level": self.level,
            "term_address": self.term,
            "short": self.short,
        }


def _templates(language: Language) -> Environment:
    """Make the templates in a language."""
    templates = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_callables(  # type: ignore[attr-defined]
        language, lambda one, many, number: language(one if number == 1 else many), newstyle=True
    )
    templates.filters["sentence"] = sentence
    return templates


def _link(number: str) -> str:
    """Return the address by which a telephone calls a number; the first of several, so that no two become one."""
    first = re.search(r"[+*#\d][\d*#().\- ]*", number)
    return "tel:" + re.sub(r"[^\d+*#]", "", first[0] if first else "")


def made_once(make: Callable[[], Made]) -> Callable[[], Made]:
    """Return a function that makes something when it is first called, and gives the same from then on.

    Threads that call it meanwhile wait.
    """
    lock, made = Lock(), list[Made]()

    def get() -> Made:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
