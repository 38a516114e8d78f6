"""The pages in a real browser: people get through the interview, whatever they see, press, switch off or print."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserType, Page, expect, sync_playwright

import caretier
from caretier.questionnaire import Answer
from caretier_api.app import create_app
from caretier_api.settings import Settings

pytestmark = pytest.mark.slow

Answers = Mapping[str, Answer]
Open = Callable[..., Any]
PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 320, "height": 568}
DESKTOP = {"width": 1280, "height": 900}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

EMERGENCY: Answers = {"saddle-numbness": True}
APPOINTMENT: Answers = {"fever": True, "age": 63, "cancer": "past", "weight-loss": None}
NOTHING: Answers = {"age": 40}
PEOPLE = [
    pytest.param(EMERGENCY, "Emergency care", 2, id="emergency"),
    pytest.param(APPOINTMENT, "Contact doctor", 21, id="appointment"),
    pytest.param(
        NOTHING,
        "Nothing you told us points to a serious cause. You can go on as before. If anything new comes up, answer "
        "these questions again.",
        21,
        id="nothing found",
    ),
]
ALL_PAGES = (
    "/", "/conditions", "/conditions/Cancer", "/findings", "/decision-table", "/terms", "/terms/bp/LegWeakness",
    "/query", "/no-such-page",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(kb: caretier.KnowledgeBase) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(kb, Settings()), port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[BrowserType]:
    """Return what starts Chromium; a run on CI that has none fails."""
    with sync_playwright() as playwright:
        if not Path(_program(playwright.chromium)).exists():
            pytest.skip("There is no Chromium: apt-get install chromium, or python -m playwright install chromium.")
        yield playwright.chromium


@pytest.fixture(scope="module")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    started = chromium.launch(executable_path=_program(chromium))
    yield started
    started.close()


def _program(chromium: BrowserType) -> str:
    """Find Debian's Chromium, or else the one that Playwright installed."""
    return shutil.which("chromium") or chromium.executable_path


@pytest.fixture
def visit(browser: Browser, address: str) -> Open:
    """Return a function that opens a page in a context of its own, where nothing may go wrong or go elsewhere."""

    @contextmanager
    def opened(path: str = "/", viewport: Mapping[str, int] = DESKTOP, **settings: Any) -> Iterator[Page]:
        context = browser.new_context(base_url=address, viewport=dict(viewport), **settings)  # type: ignore[arg-type]
        page, wrong = context.new_page(), list[str]()
        page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(address) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if _is_fault(message) else None)
        page.goto(path)
        yield page
        assert wrong == []
        assert context.cookies() == []
        context.close()

    return opened


def _is_fault(message: Any) -> bool:
    """Say whether the browser complains; that a page has the status of an error is no fault of the page.

    Our own script says nothing, so that all else is a complaint, of whatever kind.
    """
    return "Failed to load resource" not in message.text


def begin(page: Page, whom: str = "Start for myself") -> None:
    page.get_by_role("button", name=whom).click()
    expect(page.get_by_text(re.compile(r"Question \d+ of at most"))).to_be_visible()


def answer(page: Page, answers: Answers) -> None:
    """Answer one screen; what is not said is denied, and the first option is chosen."""
    asked = [str(each.get_attribute("value")) for each in page.locator("[name=asked]").all()]
    if page.locator("form.checklist").count():
        yes = [each for each in asked if answers.get(each) is True]
        unknown = [each for each in asked if answers.get(each, False) is None]
        for each in yes:
            page.locator(f"#yes-{each}").check()
        if unknown:
            page.get_by_text("I don't know about some of these").click()
        for each in unknown:
            page.locator(f"#unknown-{each}").check()
        page.get_by_role("button", name="Continue" if yes or unknown else "None of these").click()
        return
    if page.locator("#number").count():
        page.locator("#number").fill(str(answers.get(asked[0], 0)))
    elif isinstance(said := answers.get(asked[0]), str):
        page.locator(f"[name=answer][value={said}]").check()
    elif page.locator("[name=answer][value=no]").count():
        page.locator(f"[name=answer][value={'yes' if said else 'no'}]").check()
    else:
        page.locator("#option-1").check()
    page.get_by_role("button", name="Continue").click()


def walk(page: Page, answers: Answers, each: Callable[[Page], object] = Page.title) -> int:
    """Answer until the result is there; return the number of screens."""
    screens = 0
    while not page.locator(".hero").count():
        screens += 1
        assert screens <= 20
        each(page)
        heading = page.get_by_role("heading", level=1).inner_text()
        title = page.title()
        answer(page, answers)
        expect(page).not_to_have_title(title)
        page.wait_for_load_state()  # without a script the title is there before the rest of the page
        assert page.get_by_role("heading", level=1).inner_text() != heading
    each(page)
    return screens


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="desktop"),
        pytest.param({"java_script_enabled": False}, id="without JavaScript"),
        pytest.param({"viewport": PHONE, "has_touch": True, "is_mobile": True}, id="phone"),
    ],
)
@pytest.mark.parametrize(("answers", "heading", "most"), PEOPLE)
def test_people_get_through_the_interview(
    visit: Open, settings: dict[str, Any], answers: Answers, heading: str, most: int
) -> None:
    with visit(**settings) as page:
        begin(page)
        assert walk(page, answers) < most
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert heading in page.title()
        assert "?" not in page.url
        assert (page.get_by_role("link", name="Call 911", exact=True).count() == 1) == (heading == "Emergency care")
        expect(page.get_by_role("heading", name="Summary for the doctor")).to_be_visible()


def test_the_browsers_own_back_and_forward_lose_nothing(visit: Open) -> None:
    with visit() as page:
        begin(page)
        page.locator("#yes-bladder-problem").check()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How strong is your back or neck pain?")
        page.locator("#option-2").check()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("Question 3 of")).to_be_visible()
        page.go_back()
        expect(page.locator("#option-2")).to_be_checked()
        page.go_back()
        expect(page.locator("#yes-bladder-problem")).to_be_checked()
        page.go_forward()
        expect(page.locator("#option-2")).to_be_checked()
        page.go_forward()
        expect(page.get_by_text("Question 3 of")).to_be_visible()
        for _ in range(3):
            page.go_back()
        expect(page.get_by_role("button", name="Start for myself")).to_be_visible()


def test_a_page_loaded_again_says_that_the_questions_begin_again(visit: Open) -> None:
    with visit() as page:
        told = page.get_by_role("status")
        page.reload()
        expect(page.get_by_role("button", name="Start for myself")).to_be_visible()
        expect(told).to_be_hidden()
        for leave in (page.reload, lambda: (page.goto("/conditions"), page.go_back())):
            begin(page)
            page.locator("#yes-bladder-problem").check()
            page.get_by_role("button", name="Continue").click()
            expect(page.get_by_text("Question 2 of")).to_be_visible()
            leave()
            expect(page.get_by_role("button", name="Start for myself")).to_be_visible()
            expect(told).to_have_text(re.compile("the questions begin again"))
        page.go_back()
        expect(page.get_by_role("button", name="Start for myself")).to_be_visible()
        begin(page)
        expect(page.locator("#yes-bladder-problem")).not_to_be_checked()
        page.go_back()
        expect(page.get_by_role("button", name="Start for myself")).to_be_visible()


def test_nothing_is_stored_in_the_browser(visit: Open) -> None:
    with visit() as page:
        begin(page)
        walk(page, EMERGENCY)
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_no_answer_is_on_the_disk_once_the_tab_is_closed(chromium: BrowserType, address: str, tmp_path: Path) -> None:
    """A browser writes the history of its tabs into its profile, with what scripts and forms have put into it."""
    context = chromium.launch_persistent_context(tmp_path, executable_path=_program(chromium), base_url=address)
    page = context.new_page()
    page.goto("/")
    begin(page)
    page.locator("#yes-bladder-problem").check()
    page.get_by_role("button", name="Continue").click()
    page.locator("[name=answer][value=moderate]").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Question 3 of")).to_be_visible()
    page.locator("[name=yes]").first.check()
    page.go_back()
    expect(page.locator("[name=answer][value=moderate]")).to_be_checked()
    page.goto("/terms")
    page.close()
    context.close()
    profile = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    sessions = b"".join(content for path, content in profile.items() if path.parent.name == "Sessions")
    assert sessions.count(f"{address}/interview".encode()) >= 3, "the browser has kept no history of the tab"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        assert [path for path, content in profile.items() if "bladder-problem".encode(encoding) in content] == []
        for field in ("given", "asked", "moderate", "serialized form state"):
            assert field.encode(encoding) not in sessions


def test_without_the_network_answers_are_not_lost(visit: Open) -> None:
    with visit() as page:
        begin(page)
        page.locator("#yes-bladder-problem").check()
        page.context.set_offline(True)
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("We could not reach the service.")).to_be_visible()
        expect(page.locator("#yes-bladder-problem")).to_be_checked()
        page.context.set_offline(False)
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("Question 2 of")).to_be_visible()


@pytest.mark.parametrize("scripted", [True, False])
def test_after_each_step_the_focus_is_where_reading_begins(visit: Open, scripted: bool) -> None:
    with visit(java_script_enabled=scripted) as page:
        begin(page)
        expect(page.locator("h1")).to_be_focused()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert").filter(has_text="We could not read your answer")).to_be_focused()
        assert page.title().startswith("Please check: ")
        page.get_by_role("link", name="Please tick what applies.").click()
        expect(page.locator("#yes-saddle-numbness")).to_be_focused()
        page.get_by_role("button", name="None of these").click()
        expect(page.get_by_role("heading", name="How strong is your back or neck pain?")).to_be_focused()


def test_no_button_looks_like_the_expected_answer_before_something_is_ticked(visit: Open) -> None:
    look = """button => {
        const style = getComputedStyle(button);
        return [style.backgroundColor, style.color, style.borderColor, style.fontWeight, style.fontSize];
    }"""
    with visit(viewport=PHONE) as page:
        begin(page)
        go_on, none = page.locator("[value=continue]"), page.locator("[value=none]")
        assert go_on.evaluate(look) == none.evaluate(look)
        assert (go_on.bounding_box() or {})["height"] == (none.bounding_box() or {})["height"]
        page.locator("#yes-bladder-problem").check()
        page.get_by_role("heading", level=1).click()
        assert go_on.evaluate(look) != none.evaluate(look)


def test_stopping_half_way_shows_the_emergency_that_is_ticked(visit: Open) -> None:
    with visit() as page:
        give(page, '{"morning-stiffness":false}')
        begin(page)
        page.locator("#yes-saddle-numbness").check()
        page.get_by_role("button", name="Stop and show the result so far").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Emergency care")
        page.get_by_role("link", name="To the summary for the doctor").click()
        expect(page.get_by_role("heading", name="Summary for the doctor")).to_be_focused()
        expect(page.get_by_role("heading", name="Summary for the doctor")).to_be_in_viewport()


def test_the_keyboard_is_enough(visit: Open) -> None:
    with visit() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Español")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Start for myself")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Question 1 of")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Emergency care")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{page.url} {each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing_on_any_page(visit: Open, scheme: str, viewport: dict[str, int]) -> None:
    found = list[str]()

    def check(page: Page) -> None:
        found.extend(violations(page))

    with visit(viewport=viewport, color_scheme=scheme) as page:
        for path in ALL_PAGES:
            page.goto(path)
            for details in page.locator("details").all()[:3]:
                details.evaluate("each => each.open = true")
            check(page)
        page.goto("/query?example=conditions-by-tier")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("heading", name="Result")).to_be_visible()
        check(page)
        page.locator("#query").fill("nonsense")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page)
        for answers in (EMERGENCY, APPOINTMENT, {"saddle-numbness": None, "age": 40}):
            page.goto("/")
            begin(page, "Start for somebody else")
            page.get_by_role("button", name="Continue").click()
            expect(page.get_by_role("alert").filter(has_text="We could not read your answer")).to_be_visible()
            check(page)
            walk(page, answers, check)
        contradict(page)
        check(page)
    assert found == []


def give(page: Page, *given: str) -> None:
    """Bring answers to the start, as if they had been given before."""
    page.evaluate(
        """all => all.forEach((given) => {
            const input = document.createElement("input");
            Object.assign(input, { type: "hidden", name: "given", value: given });
            document.querySelector("form").append(input);
        })""",
        list(given),
    )


def contradict(page: Page) -> None:
    """Come to answers that contradict each other, beside others that prove an emergency."""
    page.goto("/")
    give(page, '{"sex":"female"}', '{"erectile-failure":true}', '{"saddle-numbness":true}')
    page.get_by_role("button", name="Start for myself").click()
    expect(page.get_by_text("Some of your answers do not fit together")).to_be_visible()


def test_a_contradiction_is_shown_below_the_emergency_and_mended(visit: Open) -> None:
    with visit(viewport=PHONE) as page:
        contradict(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Emergency care")
        call, conflict = page.get_by_role("link", name="Call 911", exact=True), page.locator("#conflict")
        assert (call.bounding_box() or {})["y"] < (conflict.bounding_box() or {})["y"]
        expect(call).to_be_in_viewport()
        page.get_by_role("button", name=re.compile("Change ?: What is your sex")).click()
        expect(page.locator("[value=female]")).to_be_checked()
        page.get_by_text("I don't know, or I would rather not say").click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Why we say this")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_on_a_phone_nothing_is_cut_off_and_fingers_find_their_targets(visit: Open, viewport: dict[str, int]) -> None:
    def check(page: Page) -> None:
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], page.url
        targets = page.locator(
            "button:visible, label.choice:visible, summary:visible, .emergency, .hero .call, #number"
        )
        for target in targets.all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44, target.inner_text()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= viewport["width"]

    with visit(viewport=viewport) as page:
        for path in ALL_PAGES:
            page.goto(path)
            check(page)
        page.goto("/query?example=conditions-by-tier")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("heading", name="Result")).to_be_visible()
        check(page)
        for answers in (EMERGENCY, APPOINTMENT):
            page.goto("/")
            begin(page, "Start for somebody else")
            walk(page, answers, check)
        contradict(page)
        check(page)


def test_the_emergency_number_is_always_in_sight(visit: Open) -> None:
    def check(page: Page) -> None:
        page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
        expect(page.locator(".emergency")).to_be_in_viewport()
        assert page.locator(".emergency").get_attribute("href") == "tel:911"

    with visit(viewport=PHONE) as page:
        begin(page)
        walk(page, APPOINTMENT, check)


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_summary_is_printed_on_one_page(visit: Open, kb: caretier.KnowledgeBase, paper: str) -> None:
    """Even where somebody has answered every question, and all conditions are suggested."""
    with visit() as page:
        give(page, *everything(kb))
        page.get_by_role("button", name="Start for somebody else").click()
        expect(page.get_by_role("heading", name="Summary for the doctor")).to_be_visible()
        assert page.locator("article.card").count() >= 9
        document = page.pdf(format=paper)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", document)) == 1
        page.emulate_media(media="print")
        expect(page.locator(".sheet")).to_be_visible()
        for unseen in (".hero", "header", "footer", "article.card", ".review"):
            expect(page.locator(unseen).first).to_be_hidden()


def everything(kb: caretier.KnowledgeBase) -> list[str]:
    """Answer every question, some of them with no, so that lists are long and many conditions are suggested."""
    answers: dict[str, Answer] = {}
    for question in kb.questions:
        if question.type == "boolean":
            answers[question.id] = True
        elif question.type == "choice":
            answers[question.id] = question.options[-1].id
        else:
            answers[question.id] = question.maximum
    answers |= {"sex": None, "treatment-months": 12, "treatment-response": "none"}
    for question in kb.questions[-40::3]:
        if question.type == "boolean":
            answers[question.id] = False
    return [json.dumps({question: given}) for question, given in answers.items()]


def test_printing_is_offered_where_a_script_can_do_it(visit: Open) -> None:
    for scripted in (True, False):
        with visit(java_script_enabled=scripted) as page:
            begin(page)
            answer(page, EMERGENCY)
            expect(page.get_by_role("heading", level=1)).to_have_text("Emergency care")
            assert page.get_by_role("button", name="Print").count() == scripted


def test_high_contrast_and_still_pages(visit: Open) -> None:
    with visit(forced_colors="active", reduced_motion="reduce") as page:
        begin(page)
        page.locator("#yes-bladder-problem").check()
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        assert page.evaluate("getComputedStyle(document.querySelector('#yes-bladder-problem')).appearance") == "auto"


def test_the_page_of_the_decision_table_alone_may_use_its_own_style(visit: Open) -> None:
    with visit("/v1/decision-table") as page:
        assert page.evaluate("getComputedStyle(document.querySelector('ul')).listStyleType") == "none"
