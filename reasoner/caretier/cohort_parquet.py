"""Files of Parquet that make up one table: whether they are Parquet, and store each column alike.

An engine would cast what differs to one type before anything is checked, so that true in one file becomes the number 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caretier.cohort_columns import name_problems, require_none
from caretier.errors import UnreadableInputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def require_one_table(files: Sequence[str]) -> None:
    """Raise UnreadableInputError that names files which are no Parquet, or do not go together."""
    stored: dict[str, tuple[str, str]] = {}
    names: dict[str, None] = {}
    problems: list[str] = []
    for file in files:
        columns = list(_columns(file))
        problems += [f"{file}: {problem}" for problem in name_problems([name for name, _ in columns])]
        for name, kind in columns:
            names[name] = None
            other, before = stored.setdefault(name, (file, kind)) if kind else (file, kind)
            if before != kind:
                problems.append(f'"{name}" is stored as {before} in {other}, and as {kind} in {file}; store it alike.')
    require_none(problems or list(name_problems(names)))


def _columns(file: str) -> Iterator[tuple[str, str]]:
    """Return each column of a file, and as what it is stored; empty where it holds nothing but nulls."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableInputError(f"{file}: this cannot be read as Parquet: {' '.join(str(error).split())}") from None
    for field in schema:
        yield field.name, _kind(field.type)


def _kind(kind: Any) -> str:
    import pyarrow.types as types

    if types.is_null(kind):
        return ""
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    if types.is_integer(kind):
        return "whole numbers"
    return "text" if types.is_string(kind) or types.is_large_string(kind) else str(kind)
