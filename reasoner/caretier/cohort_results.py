"""Results of a cohort, which are Parquet whatever the engine, in the other forms that people ask for."""

from __future__ import annotations

import re
from pathlib import Path

from caretier.cohort_output import Form
from caretier.cohort_quads import write_quads
from caretier.knowledge import Knowledge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.cohort_duckdb import DuckDBEngine

_FORMULA = "^[=+@\\t\\r\\n＝＋－＠-]"
_NUMBER = "[-+]?[0-9]+([.,][0-9]+)*([eE][-+]?[0-9]+)?"


def write_results(engine: DuckDBEngine, made: str, form: Form, knowledge: Knowledge) -> tuple[str, int]:
    """Write results that were made as Parquet in another form; return where, and how many cells were defused.

    A spreadsheet runs what begins with a sign such as =, so that in CSV such a text that is no number gets an
    apostrophe before it.
    """
    reader = engine.results(made)
    target = f"{made}.{form}"
    if form == "parquet":
        return made, 0
    if form == "nquads":
        engine.batches(f"SELECT * FROM {reader}", lambda rows: write_quads(rows, knowledge, Path(target)))
        return target, 0
    columns, dangers = [], []
    for name, kind, *_ in engine.ask(f"DESCRIBE SELECT * FROM {reader}"):
        column = _quoted(name)
        text = f"array_to_string({column}, ';')" if kind == "VARCHAR[]" else column
        if kind in ("VARCHAR", "VARCHAR[]"):
            danger = f"regexp_matches({text}, '{_FORMULA}') AND NOT regexp_full_match({text}, '{_NUMBER}')"
            dangers.append(f"count(*) FILTER ({danger})")
            text = f"CASE WHEN {danger} THEN '''' || {text} ELSE {text} END"
        shown = f"'{name}" if re.match(_FORMULA, name) else name
        columns.append(f"{text} AS {_quoted(shown)}")
    ((defused,),) = engine.ask(f"SELECT {' + '.join(dangers)} FROM {reader}")
    place = target.replace("'", "''")
    engine.execute(f"COPY (SELECT {', '.join(columns)} FROM {reader}) TO '{place}' (FORMAT csv, HEADER true)")
    return target, defused


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
