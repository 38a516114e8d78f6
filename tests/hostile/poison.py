"""An ontology whose every text holds markup, and whose sources are at addresses that would run a script."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from rdflib import DCTERMS, RDFS, Graph, Literal, URIRef

import caretier
from caretier.lockfile import NAME
from caretier.ontology import load_ontology
from tests.hostile.parsers import ROOT, signed

MARKUP = (
    "\u202e'\"><hostile onhostile=alert(1)>`</p></title></style></script></textarea></svg>--><script>hostile</script>"
    "<img src=x onerror=hostile>&lt;hostile&gt;{{ 7 * 7 }}{% raw %}\u2066"
)
"""What gets out of any place in HTML where it is not escaped."""

SCRIPT = "javascript:hostile()//"
_TEXTS = frozenset(
    {
        "advice", "advice_while_open", "answer_text", "course", "definition", "disclaimer", "help", "label", "lead_in",
        "manchester", "message", "note", "reason", "safety_net", "section", "text", "title", "unit",
    }
)  # fmt: skip
_LINKS = ("http", "https", "tel")
"""The schemes to which a page may lead."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_IGNORED = re.compile(r"[\x00-\x20]")
"""What browsers leave out of an address."""


def poisoned(folder: Path) -> caretier.KnowledgeBase:
    """Make and load the ontology, with a decision model that fits it."""
    for name in ("ontology", "shapes"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(NAME))
    shutil.copytree(ROOT / "examples" / "headache", folder / "examples" / "headache")
    root = folder / "examples" / "headache" / "headache.ttl"
    graph, poison = Graph().parse(root), Graph()
    for prefix, namespace in graph.namespaces():
        poison.bind(prefix, namespace)
    for subject, predicate, value in graph:
        if isinstance(value, Literal) and value.language:
            poison.add((subject, predicate, Literal(value + MARKUP, lang=value.language)))
            poison.add((subject, RDFS.seeAlso, URIRef(f"{SCRIPT}{len(poison)}")))
            poison.add((subject, DCTERMS.source, URIRef(f"data:text/html,{len(poison)}")))
        else:
            poison.add((subject, predicate, value))
    poison.serialize(root, format="turtle")
    model = root.with_name(NAME)
    data = json.loads(model.read_text(encoding="utf-8"))
    head, files = data["ontology"], data["ontology"]["files"]
    files[root.name] = hashlib.sha256(root.read_bytes()).hexdigest()
    data = _poisoned(data)
    sources = {source["iri"]: f"{SCRIPT}{number}" for number, source in enumerate(data["sources"])}
    text = json.dumps(data | {"ontology": head | {"sha256": load_ontology(root).sha256}})
    for iri, script in sources.items():
        text = text.replace(json.dumps(iri), json.dumps(script))
    model.write_text(signed(text.encode()), encoding="utf-8")
    return caretier.load(root)


def _poisoned(data: Any) -> Any:
    if isinstance(data, list):
        return [_poisoned(each) for each in data]
    if isinstance(data, dict):
        return {
            key: value + MARKUP if key in _TEXTS and isinstance(value, str) else _poisoned(value)
            for key, value in data.items()
        }
    return data


class Elements(HTMLParser):
    """Reads a page as a browser does, and notes what in it came from a text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hostile: list[str] = []
        self.shows = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, an attribute or an address that no page has by itself."""
        if tag == "hostile" or (tag in ("script", "img") and "hostile" in str(attrs)):
            self.hostile.append(f"<{tag}> {attrs}")
        for name, value in attrs:
            if name.startswith("on"):
                self.hostile.append(f"{name}={value}")
            scheme = _SCHEME.match(_IGNORED.sub("", value or ""))
            if name in ("href", "src", "action", "formaction", "xlink:href") and scheme and scheme[1] not in _LINKS:
                self.hostile.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        """Count how often the markup is shown as the text that it is."""
        self.shows += data.count("<hostile onhostile=alert(1)>")
        if self.cdata_elem in ("script", "style") and "hostile" in data:
            self.hostile.append(data)
