"""How a service is set up: one immutable value, read from environment variables and from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from caretier.errors import CaretierError
from caretier.limits import MAXIMUM_BYTES

_PREFIX = "CARETIER_"


class SettingsError(CaretierError):
    """Report a setting that cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; each has an environment variable, such as CARETIER_BODY_BYTES for `body_bytes`.

    `cors_origins` are the origins of web pages that may use the service from a browser, divided by spaces; `public_url`
    is where people reach it and `root_path` the path under which a reverse proxy shows it; `dataset` is a folder of RDF
    that SPARQL queries may ask as well; `decision_log` is a folder in which answers and results are kept.

    Limits: `body_bytes` of one request; `batch_bytes` of a stream of people and `line_bytes` of each;
    `request_seconds` for a request to arrive and for each pause in a stream; `concurrent_requests` in work at once, and
    the `held_bytes` of their bodies; `connections` open at once. What needs the reference reasoner goes to so many
    `reference_workers`, each of which may take `reference_seconds`, with at most `reference_queue` requests waiting.
    A SPARQL query may take `sparql_seconds`, `sparql_megabytes` of memory and give `sparql_rows`; `sparql_workers` run
    queries, with at most `sparql_queue` waiting.
    """

    emergency_number: str = "911"
    cors_origins: tuple[str, ...] = ()
    public_url: str | None = None
    root_path: str = ""
    dataset: str | None = None
    decision_log: str | None = None
    body_bytes: int = MAXIMUM_BYTES
    batch_bytes: int = 1_000_000_000
    line_bytes: int = 100_000
    request_seconds: float = 30.0
    concurrent_requests: int = 2_000
    held_bytes: int = 256_000_000
    connections: int = 10_000
    reference_workers: int = 1
    reference_queue: int = 8
    reference_seconds: float = 60.0
    sparql_workers: int = 2
    sparql_queue: int = 8
    sparql_seconds: float = 10.0
    sparql_megabytes: int = 1_000
    sparql_rows: int = 100_000


def read_settings(environment: Mapping[str, str], given: Mapping[str, object] | None = None) -> Settings:
    """Read settings from environment variables; what is given otherwise and is not None goes before them.

    >>> read_settings({"CARETIER_BODY_BYTES": "1000"}, {"root_path": "/triage"}).body_bytes
    1000
    """
    settings, chosen = Settings(), dict[str, Any]()
    for field in fields(Settings):
        name = f"{_PREFIX}{field.name.upper()}"
        value = (given or {}).get(field.name)
        if value is None and name in environment:
            value = _value(name, environment[name], getattr(settings, field.name))
        if value is not None:
            chosen[field.name] = value
    settings = replace(settings, **chosen)
    if not any(each.isdigit() for each in settings.emergency_number):
        raise SettingsError(
            f"The emergency number is {settings.emergency_number!r}; people are told to call it, so give it digits."
        )
    return settings


def _value(name: str, text: str, default: object) -> object:
    """Read the text of a variable as a value of the kind of its default."""
    if isinstance(default, tuple):
        return tuple(text.split())
    if isinstance(default, int | float):
        try:
            number = type(default)(text)
        except ValueError:
            number = type(default)(0)
        if not 0 < number < float("inf"):
            raise SettingsError(f"{name} is {text!r}; it has to be a number above 0.")
        return number
    return text
