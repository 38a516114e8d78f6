"""What may be done at once in the process that serves, and what may not."""

from __future__ import annotations

from caretier_api.exchange import JSON, STREAM, is_plain

SHORT, LONG = b'{"answers": {}}', b'{"answers": {' + b" " * 100_000 + b"}}"


def test_only_short_documents_without_rdf_are_plain() -> None:
    assert is_plain(SHORT, JSON, JSON)
    assert is_plain(SHORT, STREAM, STREAM)
    assert not is_plain(LONG, JSON, JSON)
    assert not is_plain(LONG, STREAM, STREAM)
    assert not is_plain(SHORT, JSON, "text/turtle")
    assert not is_plain(b'{"@context": {}}', JSON, JSON)
