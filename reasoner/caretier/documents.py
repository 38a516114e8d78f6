"""Input read from files, streams and requests: which format it is in, and its content as plain data or RDF.

Whatever is wrong with it becomes one UnreadableInputError that says what and where. Nothing is ever fetched.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

from caretier.errors import UnreadableInputError
from caretier.limits import MAXIMUM_BYTES, MAXIMUM_DEPTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import yaml
    from rdflib import Graph


@dataclass(frozen=True, slots=True)
class Format:
    """One format of answers: its name, its media type and its file endings."""

    name: str
    media_type: str
    endings: tuple[str, ...]


FORMATS = (
    Format("json", "application/json", (".json",)),
    Format("yaml", "application/yaml", (".yaml", ".yml")),
    Format("jsonld", "application/ld+json", (".jsonld",)),
    Format("turtle", "text/turtle", (".ttl",)),
    Format("ntriples", "application/n-triples", (".nt",)),
    Format("rdfxml", "application/rdf+xml", (".rdf", ".owl", ".xml")),
    Format("trig", "application/trig", (".trig",)),
    Format("nquads", "application/n-quads", (".nq",)),
)
"""Every format that answers can come in; the command line and the service share this table."""


def format_named(name: str) -> Format:
    """Return the format with this name; KeyError when there is none."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise KeyError(name)


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a file that is not too large."""
    try:
        if os.stat(path).st_size > MAXIMUM_BYTES:
            raise UnreadableInputError(too_large())
        with open(path, "rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableInputError("there is no such file.") from None
    except IsADirectoryError:
        raise UnreadableInputError("this is a folder; name the files in it.") from None
    except OSError as error:
        raise UnreadableInputError(f"cannot be read: {error.strerror or error}.") from None


def too_large() -> str:
    """Say that input is too large, and what is allowed."""
    return f"too large; at most {MAXIMUM_BYTES // 1_000_000} MB are read."


def too_deep() -> UnreadableInputError:
    """Make the error of input that is nested without end."""
    return UnreadableInputError("it is nested too deeply; answers need a few levels.")


def format_of(path: str | os.PathLike[str] | None, content: bytes) -> Format:
    """Tell the format of input from the ending of its file or, without one, from how it begins."""
    ending = os.path.splitext(path)[1].lower() if path else ""
    for known in FORMATS:
        if ending in known.endings:
            return known
    start = content.lstrip()[:2000]
    if start.startswith((b"{", b"[")):
        return format_named("json")
    if start.startswith((b"<?xml", b"<rdf:RDF", b"<!DOCTYPE")):
        return format_named("rdfxml")
    if re.search(rb"(?im)^\s*(@prefix|@base|prefix|base)\s|^\s*<[^>]+>\s+(<|a\s)|^\s*_:", start):
        return format_named("turtle")
    return format_named("yaml")


def parse(content: bytes, known: Format) -> Any | Graph:
    """Parse input: RDF gives a graph (the union of its graphs), JSON and YAML plain data.

    JSON that has a JSON-LD context, an id or a graph at its top is read as JSON-LD.
    """
    text = _decoded(content)
    if known.name in ("json", "jsonld"):
        data = _json(text)
        if known.name == "json" and not _is_json_ld(data):
            return data
        from caretier.rdf_documents import parse_json_ld

        return parse_json_ld(text, data)
    if known.name == "yaml":
        return _yaml(text)
    from caretier.rdf_documents import parse_rdf

    return parse_rdf(text, known.name)


def parse_json(content: bytes) -> Any:
    """Parse JSON as plain data, even where it looks like JSON-LD."""
    return _json(_decoded(content))


def _decoded(content: bytes) -> str:
    if len(content) > MAXIMUM_BYTES:
        raise UnreadableInputError(too_large())
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableInputError(f"it is not UTF-8 text (byte {error.start + 1}).") from None
    if not text.strip():
        raise UnreadableInputError("it is empty; an answers document is needed.")
    return text


def _json(text: str) -> Any:
    try:
        data = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise UnreadableInputError(
            f"it is not well-formed JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except RecursionError:
        raise too_deep() from None
    except UnicodeEncodeError:
        raise UnreadableInputError("it has half of a surrogate pair, which is no character.") from None
    except ValueError as error:
        raise UnreadableInputError(f"it is not usable JSON: {str(error)[:200]}.") from None
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen = set[str]()
        for key, _ in pairs:
            if key in seen:
                raise UnreadableInputError(f'"{key}" is given twice; keep the one that is right.')
            seen.add(key)
    return result


def _no_constant(name: str) -> Any:
    raise UnreadableInputError(f"{name} is not a value of JSON.")


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """A safe loader that refuses a key given twice and reads only plain numbers as whole numbers."""

    def mapping(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
        pairs = []
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                line = key_node.start_mark.line + 1
                raise UnreadableInputError(f"line {line}: {key!r} is not the name of anything; put it in quotes.")
            pairs.append((key, loader.construct_object(value_node, deep=True)))
        return _without_repeats(pairs)

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.yaml_implicit_resolvers = {
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:int"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]*)$"), list("-0123456789"))
    try:
        depth = 0
        for event in yaml.parse(text, Loader):
            if isinstance(event, yaml.AliasEvent):
                raise UnreadableInputError("YAML aliases are not read; write the value out.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAXIMUM_DEPTH:
                raise too_deep()
        return yaml.load(text, Loader)  # noqa: S506 -- a SafeLoader
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UnreadableInputError(f"it is not well-formed YAML: {place}{error.problem}.") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise UnreadableInputError(f"it is not usable YAML: {' '.join(str(error).split())[:200]}.") from None
    except RecursionError:
        raise too_deep() from None


def _is_json_ld(data: object) -> bool:
    if isinstance(data, list):
        return any(_is_json_ld(entry) for entry in data)
    return isinstance(data, dict) and any(key.startswith("@") for key in data)
