"""Settings come from the environment and the command line, and every one of them is told in the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from caretier.errors import CaretierError
from caretier_api.settings import Settings, read_settings


def test_without_any_they_are_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({"CARETIER_JAVA": "java", "PATH": "/"}, {"root_path": None}) == Settings()


def test_they_are_read_from_the_environment() -> None:
    environment = {
        "CARETIER_EMERGENCY_NUMBER": "112",
        "CARETIER_CORS_ORIGINS": "https://a.example https://b.example",
        "CARETIER_BODY_BYTES": "1000",
        "CARETIER_REQUEST_SECONDS": "1.5",
    }
    settings = read_settings(environment)
    assert settings.emergency_number == "112"
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert (settings.body_bytes, settings.request_seconds) == (1000, 1.5)


def test_the_command_line_goes_before() -> None:
    given = {"emergency_number": "999", "cors_origins": ("https://c.example",)}
    settings = read_settings({"CARETIER_EMERGENCY_NUMBER": "112", "CARETIER_CORS_ORIGINS": "https://a.example"}, given)
    assert (settings.emergency_number, settings.cors_origins) == ("999", ("https://c.example",))


@pytest.mark.parametrize(
    "environment",
    [
        {"CARETIER_BODY_BYTES": "many"},
        {"CARETIER_BODY_BYTES": "0"},
        {"CARETIER_BODY_BYTES": "-1"},
        {"CARETIER_BODY_BYTES": "1.5"},
        {"CARETIER_BODY_BYTES": ""},
        {"CARETIER_REQUEST_SECONDS": "inf"},
        {"CARETIER_REQUEST_SECONDS": "nan"},
    ],
)
def test_what_cannot_be_used_is_named(environment: Mapping[str, str]) -> None:
    with pytest.raises(CaretierError, match=next(iter(environment))):
        read_settings(environment)


@pytest.mark.parametrize("number", ["", " ", "call somebody"])
def test_an_emergency_number_that_nobody_can_call_is_refused(number: str) -> None:
    for environment, given in (({"CARETIER_EMERGENCY_NUMBER": number}, {}), ({}, {"emergency_number": number})):
        with pytest.raises(CaretierError, match="emergency number is"):
            read_settings(environment, given)


def test_every_setting_is_documented(checkout: Path) -> None:
    text = (checkout / "docs" / "deployment.md").read_text(encoding="utf-8")
    told = dict.fromkeys(re.findall(r"`CARETIER_([A-Z_]+)`", text))
    assert set(told) == {field.name.upper() for field in fields(Settings)}
    rows = re.findall(r"^\| (`CARETIER_.*`) \| ([^|]+) \|", text, re.MULTILINE)
    for names, defaults in rows:
        for name, default in zip(re.findall(r"CARETIER_([A-Z_]+)", names), defaults.split(", "), strict=False):
            value = getattr(Settings(), name.lower())
            shown = "none" if value in (None, "", ()) else str(value).removesuffix(".0")
            assert default == shown, name
