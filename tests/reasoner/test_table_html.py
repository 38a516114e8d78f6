"""The decision table as a page: it needs nothing else, can be read by everybody, and shows any text as it stands."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise

import pytest

from caretier.knowledge import Atom, Source
from caretier.model import DecisionModel
from caretier.page_style import STYLE
from caretier.table_html import table_html


class _Reader(HTMLParser):
    """Reads a page strictly: each element has to be closed in its turn."""

    VOID = ("meta", "link", "br", "img", "input")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    def attributes(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(name)) is not None]


def test_the_page_needs_nothing_else(model: DecisionModel) -> None:
    page = _Reader(table_html(model.knowledge, model.certificate))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert page.attributes("src") == []
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    identifiers = page.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    links = page.attributes("href")
    assert len(links) > 30
    assert {link for link in links if not link.startswith("#")} == set()
    assert {link[1:] for link in links} <= set(identifiers)
    assert set(page.attributes("aria-labelledby")) <= set(identifiers)


def test_the_page_can_be_read_without_seeing_it(model: DecisionModel) -> None:
    page = _Reader(table_html(model.knowledge, model.certificate))
    assert page.elements[0] == ("html", {"lang": "en"})
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert all(following <= level + 1 for level, following in pairwise(levels))
    heads = [attributes.get("scope") for tag, attributes in page.elements if tag == "th"]
    assert set(heads) == {"col", "row"}
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["caption"] == tags["table"] == 1
    assert tags["main"] == tags["nav"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_the_page_has_enough_contrast(scheme: str) -> None:
    blocks = {
        "light": STYLE,
        "dark": STYLE[STYLE.index("scheme: dark") :],
        "print": STYLE[STYLE.index("@media print") :],
    }
    block = blocks[scheme][blocks[scheme].index(":root {") :].partition("}")[0]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    pairs = [(ink, paper) for ink in ("ink", "muted", "link") for paper in ("ground", "paper", "wash")]
    pairs += [("on", f"c{level}") for level in range(5)] + [("good-ink", "good"), ("warn-ink", "warn")]
    assert {
        pair: _contrast(colors[pair[0]], colors[pair[1]])
        for pair in pairs
        if _contrast(*(colors[each] for each in pair)) < 4.5
    } == {}


def _contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colors as WCAG defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted([luminance(first), luminance(second)])
    return (lighter + 0.05) / (darker + 0.05)


def test_no_text_becomes_markup(model: DecisionModel) -> None:
    """Whatever an ontology says, in any place, is shown as it stands."""
    bad = '"><script>alert(1)</script>&amp;\'<b x="'
    knowledge, questionnaire = model.knowledge, model.knowledge.questionnaire
    questions = tuple(
        replace(
            question,
            answer_text=bad + question.answer_text,
            options=tuple(replace(option, text=bad + option.text) for option in question.options),
        )
        for question in questionnaire.questions
    )
    tiers = {
        tier.id: replace(
            tier,
            id=bad + tier.id,
            label=bad + tier.label,
            advice=bad + tier.advice,
            advice_while_open=bad + tier.advice_while_open,
        )
        for tier in knowledge.tiers
    }
    conditions = {
        bad + condition.id: replace(
            condition, id=bad + condition.id, label=bad + condition.label, definition=bad + condition.definition
        )
        for condition in knowledge.conditions.values()
    }
    flags = tuple(
        replace(
            flag,
            id=bad + flag.id,
            label=bad + flag.label,
            definition=bad,
            reason=bad,
            condition=bad + flag.condition,
            tier=tiers[flag.tier].id,
            sources=tuple(Source(bad, bad + source.title, bad) for source in flag.sources),
        )
        for flag in knowledge.red_flags
    )
    poisoned = replace(
        knowledge,
        iri=bad,
        version=bad,
        sha256=bad,
        questionnaire=replace(questionnaire, questions=questions, disclaimer=bad),
        tiers=tuple(tiers.values()),
        conditions=conditions,
        red_flags=flags,
        contradictions=tuple(replace(each, message=bad) for each in knowledge.contradictions),
    )
    certificate = replace(model.certificate, versions={bad: bad})
    before, after = (
        _Reader(table_html(each, proof)) for each, proof in ((knowledge, model.certificate), (poisoned, certificate))
    )
    assert Counter(tag for tag, _ in after.elements) == Counter(tag for tag, _ in before.elements)
    assert sum(text.count(bad) for text in after.texts) > 900
    assert {name for _, attributes in after.elements for name in attributes} == {
        name for _, attributes in before.elements for name in attributes
    }


def test_a_row_falls_by_any_one_answer_only_where_each_does(model: DecisionModel) -> None:
    """Where two answers have to be left open together, the page must not say that any one is enough."""
    knowledge = model.knowledge
    tier = knowledge.tiers[0].id
    yes = [Atom(question.id, True) for question in knowledge.questionnaire.questions if question.type == "boolean"][:3]
    flags = (
        replace(knowledge.red_flags[0], id="Three", tier=tier, patterns=(frozenset(yes),)),
        *(
            replace(knowledge.red_flags[0], id=f"Two{n}", tier=tier, patterns=(frozenset(pair),))
            for n, pair in enumerate(combinations(yes, 2))
        ),
    )
    changed = replace(knowledge, red_flags=flags[:1], contradictions=())
    assert "any one of these answers" in table_html(changed, None)
    changed = replace(knowledge, red_flags=flags, contradictions=())
    article = table_html(changed, None).partition('id="Three"')[2].partition("</article>")[0]
    assert "any one of these answers" not in article
    assert len(re.findall(r"<li>[^<]+ and [^<]+</li>", article)) == 3
