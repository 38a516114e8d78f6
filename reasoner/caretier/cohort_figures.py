"""Figures about a cohort, counted over its results by the engine for tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caretier.errors import UnreadableInputError
from caretier.knowledge import Knowledge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from caretier.cohort_duckdb import DuckDBEngine

    Ask = Callable[[str], list[tuple[Any, ...]]]

_BANDS = 10
"""Into how many bands the numbers of open questions are put."""


@dataclass(frozen=True, slots=True)
class Sure:
    """So many people, and of how many of them no further answer can raise the tier."""

    people: int
    final: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same rows in other results: people by the two tiers (None with an error), and by condition before."""

    tiers: Mapping[tuple[str | None, str | None], int]
    conditions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of people; tiers, conditions, red flags and questions by their ids.

    `together` has pairs of conditions in the order of their ids, `deciding` a red flag with the answers that complete
    it (of numbers the question alone), and `certainty` the first and last number of open questions of each band.
    """

    rows: int
    errors: int
    tiers: Mapping[str, Sure]
    conditions: Mapping[str, int]
    together: Mapping[tuple[str, str], int]
    deciding: Mapping[tuple[str, str], int]
    certainty: Mapping[tuple[int, int], Sure]
    unanswered: Mapping[str, int]
    comparison: Comparison | None


def figures(
    engine: DuckDBEngine, results: str, knowledge: Knowledge, answered: Mapping[str, int], against: str | None
) -> Figures:  # fmt: skip
    """Count what explained results hold; `results` and `against` are files or folders of Parquet."""
    questions, ask = knowledge.questionnaire.questions, engine.ask
    ask(f"CREATE VIEW now AS FROM {engine.results(results)}")
    ((rows, errors),) = ask("SELECT count(*), count(error) FROM now")
    bands = {}
    width = -(-(len(questions) + 1) // _BANDS)
    for band, people, final in ask(_CERTAINTY.format(width=width)):
        bands[band * width, min(len(questions), band * width + width - 1)] = Sure(people, final)
    numbers = ", ".join(f"'{question.id}'" for question in questions if question.type == "integer") or "NULL"
    return Figures(
        rows=rows,
        errors=errors,
        tiers={tier: Sure(people, final) for tier, people, final in ask(_TIERS)},
        conditions=dict(ask(_CONDITIONS.format(results="now"))),
        together={(one, other): people for one, other, people in ask(_TOGETHER)},
        deciding={(flag, answers): people for flag, answers, people in ask(_DECIDING.format(numbers=numbers))},
        certainty=bands,
        unanswered={question.id: rows - answered.get(question.id, 0) for question in questions},
        comparison=_comparison(engine, against) if against is not None else None,
    )


_TIERS = "SELECT tier, count(*), count(*) FILTER (tier = ceiling) FROM now WHERE error IS NULL GROUP BY 1"

_CONDITIONS = """
SELECT condition, count(*) FROM (SELECT unnest(conditions) AS condition FROM {results}) GROUP BY 1 ORDER BY 2 DESC, 1
"""

_TOGETHER = """
SELECT one, other, count(*)
FROM (SELECT one, unnest(conditions) AS other FROM (SELECT unnest(conditions) AS one, conditions FROM now))
WHERE one < other GROUP BY 1, 2
"""

_DECIDING = """
SELECT flag, array_to_string(list_transform(string_split(because, ', '), lambda answer:
         CASE WHEN split_part(answer, '=', 1) IN ({numbers}) THEN split_part(answer, '=', 1) ELSE answer END
       ), ', '), count(*)
FROM (SELECT unnest(red_flags) AS flag, unnest(because) AS because FROM now)
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""

_CERTAINTY = """
SELECT open_questions // {width}, count(*), count(*) FILTER (tier = ceiling)
FROM now WHERE error IS NULL GROUP BY 1 ORDER BY 1
"""

_OTHERS = """
SELECT count(*) FROM now POSITIONAL JOIN earlier
WHERE CAST(now.id AS VARCHAR) IS DISTINCT FROM CAST(earlier.id AS VARCHAR)
"""

_CHANGES = "SELECT earlier.tier, now.tier, count(*) FROM now POSITIONAL JOIN earlier GROUP BY 1, 2"


def _comparison(engine: DuckDBEngine, against: str) -> Comparison:
    """Put two results of one table side by side, row by row; UnreadableInputError where they are of two tables."""
    ask = engine.ask
    ask(f"CREATE VIEW earlier AS FROM {engine.results(against)}")
    stored = {name: kind for name, kind, *_ in ask("DESCRIBE earlier")}
    if "id" not in stored or (stored.get("tier"), stored.get("conditions")) != ("VARCHAR", "VARCHAR[]"):
        raise UnreadableInputError(f"{against}: this is no result of `caretier cohort` as Parquet to compare with.")
    ((now, before),) = ask("SELECT (SELECT count(*) FROM now), (SELECT count(*) FROM earlier)")
    ((others,),) = ask(_OTHERS)
    if before != now or others:
        raise UnreadableInputError(
            f"{against}: this is the result of another table, or in another order: it has {before:,} rows where there "
            f"are {now:,} now, and {others:,} of them have another id."
        )
    changes = {(one, other): people for one, other, people in ask(_CHANGES)}
    return Comparison(changes, dict(ask(_CONDITIONS.format(results="earlier"))))
