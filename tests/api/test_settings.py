"""The settings of the service, and the page that documents them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from caretier_api.settings import Settings, SettingsError, read_settings


def test_every_setting_is_documented_with_its_default(checkout: Path) -> None:
    rows = (checkout / "docs" / "deployment.md").read_text(encoding="utf-8").splitlines()
    for field in fields(Settings):
        (row,) = (row for row in rows if f"`CARETIER_{field.name.upper()}`" in row)
        default = (
            "none"
            if field.default in (None, "", ())
            else f"{field.default:g}"
            if isinstance(field.default, float)
            else str(field.default)
        )
        assert default in row, row


def test_a_setting_that_is_no_number_is_named() -> None:
    with pytest.raises(SettingsError, match="CARETIER_BODY_BYTES"):
        read_settings({"CARETIER_BODY_BYTES": "many"})
