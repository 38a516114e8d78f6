"""The language that people read: the program's own words in it. What the ontology says, it says in its own texts."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from caretier.errors import InputError

_FOLDER = os.path.join(os.path.dirname(__file__), "languages")


@dataclass(frozen=True, slots=True)
class Language:
    """A language, named by its tag, with the program's words in it by the same words in English.

    Call it with English words to get its own; words that it lacks stay English. `%(name)s` stands for a value.

    >>> ENGLISH("no %(what)s", what="fever"), read_language("es")("no %(what)s", what="fiebre")
    ('no fever', 'sin fiebre')
    """

    tag: str
    words: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the language in the language itself; its tag where nobody has given one."""
        return self.words.get("English", "English" if self.tag == ENGLISH.tag else self.tag)

    def __call__(self, english: str, **values: object) -> str:
        """Return words in this language, with values in their places."""
        words = self.words.get(english, english)
        return words % values if values else words


ENGLISH = Language("en", {})
"""The language in which programs and ontology are written."""


def read_language(tag: str) -> Language:
    """Read the program's own words in a language; one that nobody has translated them into has none."""
    if tag == ENGLISH.tag:
        return ENGLISH
    if not tag.replace("-", "").isalnum():  # no tag, and no name of a file
        return Language(tag, {})
    try:
        with open(os.path.join(_FOLDER, f"{tag}.json"), encoding="utf-8") as file:
            return Language(tag, json.load(file))
    except FileNotFoundError:
        return Language(tag, {})


def chosen(wanted: str, spoken: Collection[str]) -> str | None:
    """Choose one of the languages that are spoken for a tag that is wanted: the same, or the one that it is a kind of.

    >>> chosen("es-MX", ["en", "es"]), chosen("fr", ["en", "es"])
    ('es', None)
    """
    known = {tag.lower(): tag for tag in spoken}
    parts = wanted.lower().replace("_", "-").split("-")
    return next((known[tag] for end in range(len(parts), 0, -1) if (tag := "-".join(parts[:end])) in known), None)


def require_language(wanted: str, spoken: Collection[str]) -> str:
    """Choose one of the languages that are spoken; InputError names them when none fits."""
    tag = chosen(wanted, spoken)
    if tag is None:
        there_are = ", ".join(spoken)
        raise InputError(f'The ontology has no texts in the language "{wanted}"; there are: {there_are}.')
    return tag
