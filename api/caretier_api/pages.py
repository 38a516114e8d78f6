"""The web interview: one question or one checklist a page, and then the result. It works without JavaScript.

All that a person has answered is in the page that they see, as hidden fields of its form: nothing is kept here, and
nothing of it is in an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from caretier.errors import CaretierError, UnreadableInputError
from caretier.interview import Screen
from caretier.knowledge import Knowledge
from caretier.language import chosen
from caretier.questionnaire import Answer, Question
from caretier_api import negotiation
from caretier_api.conversation import (
    FORM,
    Conversation,
    Fields,
    Filled,
    Given,
    NotAnsweredError,
    read_conversation,
    read_fields,
    read_filled,
    screen_of,
)
from caretier_api.knowledge_pages import knowledge_pages_router
from caretier_api.problems import CONTRADICTION, TOO_LARGE, Problem, ProblemError, problem_of, refused
from caretier_api.query_pages import query_router
from caretier_api.service import Service
from caretier_api.site import Site

_CONVERSATION_BYTES = 100_000
"""Many times what a page sends that was filled in by a person."""


def pages_router(service: Service, site: Site) -> APIRouter:
    """Make the routes of all pages."""
    router = APIRouter(include_in_schema=False)
    interview = _Interview(service, site)

    @router.get("/", response_class=Response)
    @router.get("/interview", response_class=Response)
    async def start(request: Request) -> Response:
        return await interview.start(request)

    @router.post("/interview", response_class=Response)
    async def go_on(request: Request) -> Response:
        negotiation.given(request, (FORM,))
        body = await request.body()
        if len(body) > _CONVERSATION_BYTES:
            raise refused(TOO_LARGE, f"An interview is at most {_CONVERSATION_BYTES:,} bytes.")
        return await interview.go_on(request, read_fields(body))

    @router.get("/static/{digest}/{name}", response_class=Response)
    async def static(digest: str, name: str) -> Response:
        return site.static(digest, name)

    router.routes.extend(knowledge_pages_router(service, site).routes)
    router.routes.extend(query_router(service, site).routes)
    return router


@dataclass(frozen=True, slots=True)
class _Interview:
    """Answers each request with the page that comes next."""

    service: Service
    site: Site

    async def start(self, request: Request) -> Response:
        """Welcome a person."""
        language = self._language(request, request.query_params.getlist("lang"))
        return await self._welcome(request, Conversation(language=language))

    async def _welcome(self, request: Request, conversation: Conversation) -> Response:
        begun = Conversation(language=conversation.language)
        most = (await self._step(begun))["progress"]["left_at_most"]
        return self._page(request, "start.html", begun, most=most)

    def _language(self, request: Request, told: Sequence[str]) -> str:
        """Return the language that a person has chosen, or else the one that the browser asks for.

        Whatever goes wrong from here on is told in it as well.
        """
        spoken = self.service.kb.languages
        language = (chosen(told[-1], spoken) if told else None) or negotiation.language(request, spoken)
        request.scope[negotiation.SPOKEN] = language
        return language

    def _knowledge(self, conversation: Conversation) -> Knowledge:
        self.service.require_ready()
        return self.service.kb.in_language(conversation.language).knowledge

    async def go_on(self, request: Request, fields: Fields) -> Response:
        """Do what the button says that was pressed."""
        language = self._language(request, fields.get("lang", ()))
        questionnaire = self._knowledge(Conversation(language=language)).questionnaire
        conversation = read_conversation(fields, questionnaire)
        if fields.get("change"):
            return await self._ask(request, conversation, screen_of(fields["change"][0].split(), questionnaire))
        asked = screen_of(fields["asked"], questionnaire) if fields.get("asked") else None
        if len(fields.get("lang", ())) > 1 and asked:  # another language for the screen as it is
            return await self._ask(request, conversation, asked, read_filled(fields))
        match fields.get("do", [""])[0]:
            case "back":
                return await self._back(request, conversation, asked, read_filled(fields))
            case "continue" | "none" | "unknown" as said if asked:
                return await self._take(request, conversation, asked, read_filled(fields), said)
            case "stop":
                return await self._stop(request, conversation, asked, read_filled(fields))
        return await self._go_on(request, conversation)

    async def _take(
        self, request: Request, conversation: Conversation, screen: Screen, filled: Filled, said: str
    ) -> Response:
        """Take the answers of a screen and go on; ask again when they cannot be read."""
        if said == "unknown":
            return await self._go_on(request, conversation.answered({each.id: None for each in screen.questions}))
        try:
            answers = filled.answers(screen, none=said == "none")
        except NotAnsweredError as error:
            return await self._ask(request, conversation, screen, filled, error)
        return await self._go_on(request, conversation.answered(answers))

    async def _stop(
        self, request: Request, conversation: Conversation, asked: Screen | None, filled: Filled
    ) -> Response:
        """Show the result so far, to which all counts that is said on the screen; what is not said stays open."""
        if asked is not None:
            try:
                said = filled.said(asked)
            except NotAnsweredError as error:
                return await self._ask(request, conversation, asked, filled, error)
            conversation = conversation.answered(said, asked=[question.id for question in asked.questions])
        return await self._go_on(request, conversation, stop=True)

    async def _back(
        self, request: Request, conversation: Conversation, asked: Screen | None, filled: Filled
    ) -> Response:
        """Go to the screen before, or leave a screen that was to change an answer as it was."""
        if asked is not None:
            if _is_change(asked, conversation):
                return await self._go_on(request, conversation)
            conversation = _kept(conversation, asked, filled)
        if not conversation.given:
            return await self._welcome(request, conversation)
        before, questions = conversation.taken_back()
        return await self._ask(request, before, screen_of(questions, self._knowledge(conversation).questionnaire))

    async def _go_on(self, request: Request, conversation: Conversation, *, stop: bool = False) -> Response:
        """Ask what comes next, or show the result."""
        step = await self._step(conversation, "stop" if stop else "next-question")
        if isinstance(step, Problem):
            return self._contradiction(request, conversation, step)
        if step["screen"] is None or stop:
            return self._result(request, conversation, step)
        questions = [question["id"] for question in step["screen"]["questions"]]
        screen = screen_of(questions, self._knowledge(conversation).questionnaire)
        return self._question(request, conversation, screen, step)

    async def _ask(
        self,
        request: Request,
        conversation: Conversation,
        screen: Screen,
        filled: Filled | None = None,
        error: NotAnsweredError | None = None,
    ) -> Response:
        """Ask the questions of a certain screen, because the person wants it or has to fill it in once more."""
        step = None if _is_change(screen, conversation) else await self._step(conversation)
        if isinstance(step, Problem):
            return self._contradiction(request, conversation, step)
        return self._question(request, conversation, screen, step, filled, error)

    def _question(
        self,
        request: Request,
        conversation: Conversation,
        screen: Screen,
        step: Any,
        filled: Filled | None = None,
        error: NotAnsweredError | None = None,
    ) -> Response:
        """Show a screen; without a step it is to change an answer."""
        return self._page(
            request,
            "question.html",
            conversation,
            status=422 if error else 200,
            screen=screen,
            step=step,
            tier=self._knowledge(conversation).tier(step["result"]["tier"]) if step else None,
            filled=filled or conversation.filled(screen),
            error=error,
        )

    def _contradiction(self, request: Request, conversation: Conversation, problem: Problem) -> Response:
        """Show what is proven all the same, and ask which answer is not right."""
        knowledge, answers = self._knowledge(conversation), conversation.answers
        proven = problem.members.get("proven")
        return self._page(
            request,
            "contradiction.html",
            conversation,
            status=problem.kind.status,
            tier=knowledge.tier(proven["tier"]) if isinstance(proven, dict) else None,
            conflicts=[
                (_told(knowledge, each["message"]), [_said(knowledge, question, answers) for question in involved])
                for each in _entries(problem)
                if (involved := [question for question in each["questions"] if question in answers])
            ],
        )

    def _result(self, request: Request, conversation: Conversation, step: Any) -> Response:
        knowledge, answers = self._knowledge(conversation), conversation.answers
        questions = knowledge.questionnaire.questions
        return self._page(
            request,
            "result.html",
            conversation,
            step=step,
            result=step["result"],
            tier=knowledge.tier(step["result"]["tier"]),
            ceiling=knowledge.tier(step["result"]["ceiling"]),
            is_settled=step["result"]["settled"],
            for_whom=knowledge.asks_for_whom(answers),
            by_id=knowledge.questionnaire.by_id,
            answered=[
                (screen := screen_of(given, knowledge.questionnaire), given, _told_on(screen, given, knowledge))
                for given in conversation.given
            ],
            reported=[
                knowledge.questionnaire.phrase(question, answer)
                for question in questions
                if (answer := answers.get(question.id)) is not None and _denied(question, answer) is None
            ],
            denied=[
                (group.label, told)
                for group in knowledge.questionnaire.groups
                if (
                    told := [
                        text
                        for question in questions
                        if question.group == group.id and (text := _denied(question, answers.get(question.id)))
                    ]
                )
            ],
            unknown=[question.answer_text for question in questions if answers.get(question.id, False) is None],
        )

    def _page(self, request: Request, template: str, conversation: Conversation, **context: Any) -> Response:
        return self.site.page(
            request, template, private=True, language=conversation.language, conversation=conversation, **context
        )

    async def _step(self, conversation: Conversation, operation: str = "next-question") -> Any:
        """Return where the interview stands, as plain data, or the problem that answers contradict each other."""
        try:
            content = orjson.dumps({"answers": conversation.answers})
            told = await self.service.do(operation, content, language=conversation.language)
            return orjson.loads(told)
        except (CaretierError, ProblemError) as error:
            problem = problem_of(error)
            if problem.kind == CONTRADICTION:
                return problem
            raise


def _is_change(screen: Screen, conversation: Conversation) -> bool:
    """Say whether a screen asks again what is answered."""
    return not conversation.answers.keys().isdisjoint(question.id for question in screen.questions)


def _kept(conversation: Conversation, asked: Screen | None, filled: Filled) -> Conversation:
    """Keep what is filled in on a screen that is left without going on; what cannot be read was not yet an answer."""
    if asked is None:
        return conversation
    try:
        return conversation.kept(filled.answers(asked))
    except (NotAnsweredError, UnreadableInputError):
        return conversation


def _entries(problem: Problem) -> Sequence[Any]:
    entries = problem.members.get("errors", ())
    assert isinstance(entries, Sequence)
    return entries


def _told(knowledge: Knowledge, message: str) -> str:
    """Tell of a contradiction in the words of the ontology, without the ids of questions."""
    return next((each.message for each in knowledge.contradictions if message.endswith(each.message)), message)


def _told_on(screen: Screen, given: Given, knowledge: Knowledge) -> list[str]:
    """Put the answers of a screen into words; of a checklist only what is not denied."""
    return [
        knowledge.questionnaire.phrase(question, given[question.id])
        for question in screen.questions
        if screen.lead_in is None or given[question.id] is not False
    ]


def _denied(question: Question, answer: Answer) -> str | None:
    """Name what an answer denies, with the option that says so; None when it denies nothing."""
    if not question.denies(answer):
        return None
    return question.answer_text if answer is False else f"{question.answer_text} (“{question.option(answer).label}”)"


def _said(knowledge: Knowledge, question: str, answers: Any) -> tuple[Question, str]:
    asked = knowledge.questionnaire.by_id[question]
    return asked, knowledge.questionnaire.phrase(asked, answers[question])
