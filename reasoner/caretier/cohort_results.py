"""Results of a cohort, which are Parquet whatever the engine, in the other forms that people ask for."""

from __future__ import annotations

import re
from pathlib import Path

from caretier.cohort_columns import EXPLANATIONS, RESULTS
from caretier.cohort_output import Form
from caretier.cohort_quads import write_quads
from caretier.knowledge import Knowledge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from caretier.cohort_duckdb import DuckDBEngine

_FORMULA = r"((?:^|[;|\t\r\n])\s*)([=+@＝＋－＠-])"
"""Where a spreadsheet begins a formula, also one that divides cells at another sign than the comma, and at line breaks
then, since it takes no quote within a cell for one."""

_NUMBER = r"\s*[-+]?[0-9]+([.,][0-9]+)*([eE][-+]?[0-9]+)?\s*"


def write_results(engine: DuckDBEngine, made: str, form: Form, knowledge: Knowledge) -> tuple[str, int]:
    """Write results that were made as Parquet in another form; return where, and how many cells were defused.

    A spreadsheet runs what begins with a sign such as =, so that in CSV such a text that is no number gets an
    apostrophe before the sign.
    """
    reader = engine.results(made)
    described = [(name, kind) for name, kind, *_ in engine.ask(f"DESCRIBE SELECT * FROM {reader}")]
    target = f"{made}.{form}"
    if form == "parquet":
        return made, 0
    if form == "nquads":
        told = [name for name, _ in described if name in (*RESULTS, *EXPLANATIONS)]
        columns = ", ".join("CAST(id AS VARCHAR) AS id" if name == "id" else name for name in told)
        engine.batches(f"SELECT {columns} FROM {reader}", lambda rows: write_quads(rows, knowledge, Path(target)))
        return target, 0
    cells, dangers = [], []
    for name, kind in described:
        column = _quoted(name)
        text = f"array_to_string({column}, ';')" if kind == "VARCHAR[]" else f"CAST({column} AS VARCHAR)"
        danger = f"regexp_matches({text}, '{_FORMULA}') AND NOT regexp_full_match({text}, '{_NUMBER}')"
        defused = f"regexp_replace({text}, '{_FORMULA}', '\\1''\\2', 'g')"
        cells.append(f"CASE WHEN {danger} THEN {defused} ELSE {text} END AS {_quoted(_defused(name))}")
        dangers.append(f"count(*) FILTER ({danger})")
    ((count,),) = engine.ask(f"SELECT {' + '.join(dangers)} FROM {reader}")
    place = target.replace("'", "''")
    engine.execute(f"COPY (SELECT {', '.join(cells)} FROM {reader}) TO '{place}' (FORMAT csv, HEADER true)")
    return target, count


def _defused(name: str) -> str:
    return re.sub(_FORMULA, r"\1'\2", name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
