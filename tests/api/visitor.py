"""Somebody who visits the pages without a browser: reads them, fills in forms and presses buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from fastapi.testclient import TestClient
from httpx import Response

from caretier.questionnaire import Answer

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
Answers = Mapping[str, Answer]


class Page(HTMLParser):
    """What a page says, and the fields of its forms."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.html = response.text
        self.hidden: list[tuple[str, str]] = []
        self.inputs: list[dict[str, str | None]] = []
        self.buttons: list[dict[str, str | None]] = []
        self.forms: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self._said: list[str] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what can be filled in, pressed and followed."""
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(attributes)
        elif tag == "input" and attributes.get("type") == "hidden" and len(self.forms) == 1:
            self.hidden.append((str(attributes["name"]), str(attributes["value"])))
        elif tag == "input" and attributes.get("type") != "hidden":
            self.inputs.append(attributes)
        elif tag == "button":
            self.buttons.append(attributes)
        elif tag in ("a", "link") and attributes.get("href"):
            self.links.append(str(attributes["href"]))

    def handle_data(self, data: str) -> None:
        """Collect what is said."""
        self._said.append(data)

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(" ".join(self._said).split())

    @property
    def asked(self) -> list[str]:
        """The questions of the screen."""
        return [value for name, value in self.hidden if name == "asked"]

    @property
    def checked(self) -> list[str]:
        """What is ticked or chosen."""
        return [f"{each['name']}={each['value']}" for each in self.inputs if "checked" in each]

    @property
    def is_result(self) -> bool:
        """Whether the interview is over."""
        return "Summary for the doctor" in self.text

    @property
    def summary(self) -> tuple[str, str, str]:
        """What the summary for the doctor says is reported, denied and not known."""
        said = self.text.partition("One page.")[2].partition("What is in none of these lists")[0]
        reported, _, rest = said.partition(" Reported ")[2].partition(" Denied ")
        denied, _, unknown = rest.partition(" Asked, and not known ")
        assert reported
        assert denied
        assert unknown
        return reported, denied, unknown

    @property
    def progress(self) -> tuple[int, int]:
        """The number of the question, and of how many at most."""
        found = re.search(r"Question (\d+) of at most (\d+)", self.text)
        assert found, self.text
        return int(found[1]), int(found[2])


class Visitor:
    """Somebody who reads pages and presses buttons."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        return Page(self._client.get(path, headers=HTML | headers))

    def post(self, *given: tuple[str, str]) -> Page:
        """Send a form with these fields."""
        response = self._client.post("/interview", data=_grouped(given), headers=HTML)
        page = Page(response)
        if response.headers["content-type"].startswith("text/html"):
            assert response.headers["cache-control"] == "no-store"
        return page

    def start(self, whom: str = "me") -> Page:
        """Begin the interview."""
        return self.post(("for", whom))

    def press(self, page: Page, button: str, *inputs: tuple[str, str]) -> Page:
        """Fill in a screen and press a button."""
        return self.post(*page.hidden, *inputs, ("do", button))

    def change(self, page: Page, questions: str) -> Page:
        """Press the button that asks these questions again."""
        assert any(button.get("value") == questions for button in page.buttons), page.buttons
        return self.post(*page.hidden, ("change", questions))

    def answer(self, page: Page, answers: Answers) -> Page:
        """Answer one screen; what is not said is denied, and the first option is chosen."""
        asked = page.asked
        if len(asked) > 1:
            yes = [("yes", each) for each in asked if answers.get(each) is True]
            unknown = [("unknown", each) for each in asked if answers.get(each, False) is None]
            return self.press(page, "continue" if yes or unknown else "none", *yes, *unknown)
        offered = [str(each["value"]) for each in page.inputs if each.get("type") == "radio"]
        if not offered:
            number = answers.get(asked[0], 0)
            if number is None:
                return self.press(page, "unknown")
            return self.press(page, "continue", ("answer", str(number)))
        said = answers.get(asked[0], "no" if "no" in offered else offered[0])
        word = "?" if said is None else "yes" if said is True else said
        return self.press(page, "continue", ("answer", str(word)))

    def walk(self, answers: Answers, whom: str = "me") -> list[Page]:
        """Answer everything that is asked; the last page is the result."""
        return self.walk_on(self.start(whom), answers)

    def walk_on(self, page: Page, answers: Answers) -> list[Page]:
        """Answer everything that is asked from this page on."""
        pages = [page]
        while pages[-1].asked and len(pages) < 40:
            pages.append(self.answer(pages[-1], answers))
        return pages


def _grouped(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
