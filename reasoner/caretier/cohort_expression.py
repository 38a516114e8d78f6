"""The decision model as one expression over the columns of a table, the same for every engine.

It has four steps, each an expression over the one before: `cells` reads every cell, `usable` sets aside what
contradicts, `findings` has the red flags that are shown and the tiers within reach, and the last gives the result. What
an answer makes true is never negated but in contradictions, so a cell that is null, which is unknown, makes nothing
true by the logic of SQL itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, and_, or_

from caretier.cohort_cells import read, stored
from caretier.cohort_columns import Plan
from caretier.errors import visible
from caretier.factoring import Product, factored, in_order
from caretier.knowledge import Atom, AtomSet, Knowledge, atom_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SOURCE = "source"
"""The table that the first step reads: the id, every cell as `cell_<number>`, what is kept as `kept_<number>`, and
`unreadable`, null or what made a row unreadable."""

PROBLEMS = "caretier_problems"
"""The function that an engine has to have; see `Problems`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The steps of the expression in their order: the name of each, and the expression over the one before."""

    steps: tuple[tuple[str, Any], ...]

    def sql(self, dialect: str, source: str) -> str:
        """Write all of it as one query in the dialect of an engine; `source` is the query of the table it reads."""
        import ibis

        written = [(SOURCE, source)] + [
            (name, str(ibis.to_sql(expression, dialect=dialect))) for name, expression in self.steps
        ]
        *before, (_, last) = written
        return "WITH " + ",\n".join(f"{name} AS (\n{query}\n)" for name, query in before) + f"\n{last}"

    def answers_sql(self, dialect: str, source: str) -> str:
        """Write the first step alone, as a query that counts the answers in each column."""
        name, cells = self.steps[0]
        answers = [column for column in cells.columns if column.startswith("answer_")]
        counts = ", ".join(f"count({column})" for column in answers)
        return f"SELECT {counts} FROM ({Decision(((name, cells),)).sql(dialect, source)}) AS {name}"


def decision(knowledge: Knowledge, plan: Plan, *, explain: bool) -> Decision:
    """Build the expression for the columns of a table; `explain` adds the columns of `EXPLANATIONS`."""
    return _Builder(knowledge, plan, explain=explain).decision()


class _Builder:
    def __init__(self, knowledge: Knowledge, plan: Plan, *, explain: bool) -> None:
        self._knowledge = knowledge
        self._plan = plan
        self._explain = explain
        self._ranks = knowledge.ranks
        self._flags = [
            (number, flag)
            for number, flag in sorted(
                enumerate(knowledge.red_flags), key=lambda one: (-self._ranks[one[1].tier], one[1].condition, one[1].id)
            )
            if self._shows(flag.patterns)
        ]
        self._carried = ["id", "unreadable", *(f"kept_{number}" for number in range(len(plan.kept)))]
        self._counted = ["open"] if explain else []
        self._asked = {cell.question.id: number for number, cell in enumerate(plan.cells)}

    def decision(self) -> Decision:
        cells = self._cells()
        usable = self._usable(_over("cells", cells))
        findings = self._findings(_over("usable", usable))
        results = self._results(_over("findings", findings))
        return Decision((("cells", cells), ("usable", usable), ("findings", findings), ("results", results)))

    def _cells(self) -> Any:
        """Read every cell, and gather those that are not allowed where there are any."""
        import ibis

        types = dict.fromkeys(self._carried, "string")
        types |= {f"cell_{number}": stored(cell) for number, cell in enumerate(self._plan.cells)}
        table = ibis.table(types, name=SOURCE)
        columns = [table[f"cell_{number}"] for number in range(len(self._plan.cells))]
        cells = [read(cell, column) for cell, column in zip(self._plan.cells, columns, strict=True)]
        texts = {
            cell.question.id: ibis.ifelse(each.odd, column.cast("string"), ibis.null("string"))
            for cell, column, each in zip(self._plan.cells, columns, cells, strict=True)
        }
        odd = ibis.ifelse(_any([each.odd for each in cells]), _to_json()(ibis.struct(texts)), ibis.null("string"))
        answers = {f"answer_{number}": each.answer for number, each in enumerate(cells)}
        counted = {"open": reduce(add, [each.answer.isnull().cast("int64") for each in cells])} if self._explain else {}
        return table.select(*self._carried, **answers, **counted, odd=odd)

    def _usable(self, table: Any) -> Any:
        """Find contradictions, and leave out the answers that are part of one."""
        import ibis

        found = [
            [(conflict, _all([self._atom(table, atom) for atom in _sorted(conflict)])) for conflict in one.conflicts
             if self._can_be_given(conflict)]
            for one in self._knowledge.contradictions
        ]  # fmt: skip
        involved: dict[str, list[Any]] = {}
        told = []
        for contradiction, conflicts in zip(self._knowledge.contradictions, found, strict=True):
            texts = []
            for conflict, holds in conflicts:
                questions = {atom.question for atom in conflict}
                ids = [question.id for question in self._knowledge.questionnaire.questions if question.id in questions]
                texts.append((holds, visible(contradiction.told(ids, self._knowledge.language))))
                for question in ids:
                    involved.setdefault(question, []).append(holds)
            if texts:
                told.append(ibis.cases(*texts, else_=ibis.null("string")))
        kept = {}
        for question, number in self._asked.items():
            answer = table[f"answer_{number}"]
            if question in involved:
                answer = ibis.ifelse(_any(involved[question]), ibis.null(answer.type()), answer)
            kept[f"answer_{number}"] = answer
        contradictory = _lines(told) if told else ibis.null("string")
        return table.select(*self._carried, *self._counted, "odd", **kept, contradictory=contradictory)

    def _findings(self, table: Any) -> Any:
        """Find the red flags that the answers show, and which tiers further answers could lead to."""
        import ibis

        shown = {}
        for number, flag in self._flags:
            given = [product for product in factored(flag.patterns) if self._can_show(product)]
            shown[f"flag_{number}"] = _any([self._product(table, product) for product in given]).fill_null(False)
        within = {
            f"within_{rank}": _any(list(self._reachable(table, rank))).fill_null(False)
            for rank in sorted({self._ranks[flag.tier] for flag in self._knowledge.red_flags if flag.patterns})
        }
        because = {}
        if self._explain:
            for number, flag in self._flags:
                patterns = [pattern for pattern in flag.patterns if self._can_be_given(pattern)]
                branches = [
                    (_all([self._atom(table, atom) for atom in _sorted(pattern)]), self._answers(table, pattern))
                    for pattern in patterns
                ]
                because[f"because_{number}"] = ibis.cases(*branches, else_=ibis.null("string"))
        return table.select(*self._carried, *self._counted, "odd", "contradictory", **shown, **within, **because)

    def _results(self, table: Any) -> Any:
        import ibis

        knowledge = self._knowledge
        usable = table.unreadable.isnull() & table.odd.isnull() & table.contradictory.isnull()
        tiers = [tier for tier in knowledge.tiers if tier.rank > 0]
        lowest = next(tier for tier in knowledge.tiers if tier.rank == 0)
        shown = {
            tier.id: [table[f"flag_{number}"] for number, flag in self._flags if flag.tier == tier.id] for tier in tiers
        }
        tier = ibis.cases(*[(_any(shown[tier.id]), tier.id) for tier in tiers if shown[tier.id]], else_=lowest.id) if (
            any(shown.values())) else ibis.literal(lowest.id)  # fmt: skip
        ceiling = ibis.cases(
            *[(table[f"within_{tier.rank}"], tier.id) for tier in tiers if f"within_{tier.rank}" in table.columns],
            else_=lowest.id,
        )
        proven = [(_any(shown[tier.id]), led_by(tier.label, tier.advice)) for tier in tiers if shown[tier.id]]
        rest = ibis.cases(*proven, else_="") if proven else ibis.literal("")
        problems = _problems()(table.odd).fill_null(table.contradictory)
        error = ibis.cases(
            (table.unreadable.notnull(), table.unreadable),
            (usable, ibis.null("string")),
            else_=rest + problems,
        )
        none = ibis.literal([], "array<string>")
        conditions = ibis.ifelse(usable, _those(self._conditions(table)), none)
        columns = {
            "id": table.id,
            "tier": ibis.ifelse(usable, tier, ibis.null("string")),
            "ceiling": ibis.ifelse(usable, ceiling, ibis.null("string")),
            "conditions": conditions,
            "error": error,
        }
        if self._explain:
            flags = [(table[f"flag_{number}"], ibis.literal(flag.id)) for number, flag in self._flags]
            because = [(table[f"flag_{number}"], table[f"because_{number}"]) for number, _ in self._flags]
            columns |= {"red_flags": ibis.ifelse(usable, _those(flags), none)}
            columns |= {"because": ibis.ifelse(usable, _those(because), none)}
            open_questions = table.open + len(self._plan.missing)
            columns |= {"open_questions": ibis.ifelse(usable, open_questions, ibis.null("int64"))}
        columns |= {column.name: table[f"kept_{number}"] for number, column in enumerate(self._plan.kept)}
        return table.select(**columns)

    def _conditions(self, table: Any) -> list[tuple[Any, Any]]:
        """Pair each condition with whether it is suggested: once at each tier, unless a higher one has it already."""
        import ibis

        shown: dict[str, dict[int, list[Any]]] = {}
        order: dict[tuple[int, str], None] = {}
        for number, flag in self._flags:
            rank = self._ranks[flag.tier]
            shown.setdefault(flag.condition, {}).setdefault(rank, []).append(table[f"flag_{number}"])
            order[-rank, flag.condition] = None
        pairs = []
        for negative, condition in order:
            at_this = _any(shown[condition][-negative])
            higher = [holds for rank, several in shown[condition].items() if rank > -negative for holds in several]
            pairs.append((at_this & ~_any(higher) if higher else at_this, ibis.literal(condition)))
        return pairs

    def _reachable(self, table: Any, rank: int) -> Iterator[Any]:
        """Say of each product of a tier whether open questions could complete it; see `Evaluator.reachable`."""
        for flag in self._knowledge.red_flags:
            if self._ranks[flag.tier] != rank:
                continue
            free = []
            for pattern in flag.patterns:
                rests = [
                    conflict - pattern
                    for one in self._knowledge.contradictions
                    for conflict in one.conflicts
                    if conflict & pattern
                ]
                if not rests:
                    free.append(pattern)
                    continue
                if not all(rests):
                    continue
                possible = _all([self._possible(table, atom) for atom in _sorted(pattern)])
                for rest in rests:
                    if self._can_be_given(rest):
                        contradicts = _all([self._atom(table, atom) for atom in _sorted(rest)])
                        possible = possible & ~contradicts.fill_null(False)
                yield possible
            for product in factored(free):
                yield _all([_any([self._possible(table, atom) for atom in choice]) for choice in in_order(product)])

    def _possible(self, table: Any, atom: Atom) -> Any:
        import ibis

        if atom.question not in self._asked:
            return ibis.literal(True)
        return table[f"answer_{self._asked[atom.question]}"].isnull() | self._atom(table, atom)

    def _product(self, table: Any, product: Product) -> Any:
        return _all(
            [
                _any([self._atom(table, atom) for atom in choice if atom.question in self._asked])
                for choice in in_order(product)
            ]
        )

    def _atom(self, table: Any, atom: Atom) -> Any:
        """Say whether an answer makes an atom true; null where it is unknown."""
        answer = table[f"answer_{self._asked[atom.question]}"]
        if atom.relation == "is":
            return answer if atom.value is True else ~answer if atom.value is False else answer == atom.value
        return answer >= atom.value if atom.relation == "at least" else answer < atom.value

    def _answers(self, table: Any, pattern: AtomSet) -> Any:
        """Write the answers that complete a pattern, in the order of the questions."""
        import ibis

        asked = {atom.question: atom for atom in pattern}
        parts = []
        for question in self._knowledge.questionnaire.questions:
            if question.id in asked:
                atom = asked[question.id]
                if atom.relation == "is":
                    value = str(atom.value).lower() if isinstance(atom.value, bool) else str(atom.value)
                    parts.append(ibis.literal(f"{question.id}={value}"))
                else:
                    number = table[f"answer_{self._asked[question.id]}"].cast("string")
                    parts.append(ibis.literal(f"{question.id}=") + number)
        return reduce(lambda one, other: one + ", " + other, parts)

    def _can_show(self, product: Product) -> bool:
        return all(any(atom.question in self._asked for atom in choice) for choice in product)

    def _can_be_given(self, atoms: AtomSet) -> bool:
        return all(atom.question in self._asked for atom in atoms)

    def _shows(self, patterns: Sequence[AtomSet]) -> bool:
        asked = {cell.question.id for cell in self._plan.cells}
        return any(all(atom.question in asked for atom in pattern) for pattern in patterns)


def led_by(label: str, advice: str) -> str:
    """Lead an error by what the other answers prove all the same, as InvalidAnswersError does."""
    return f"The other answers alone already mean: {label}. {advice}\n"


def _over(name: str, expression: Any) -> Any:
    """Name a step as a table that the next one reads."""
    import ibis

    return ibis.table(expression.schema(), name=name)


def _those(pairs: Iterable[tuple[Any, Any]]) -> Any:
    """List the values whose condition holds, in their order."""
    import ibis

    several = list(pairs)
    if not several:  # a literal without elements would come out without their type
        return ibis.array([ibis.null("string")]).filter(lambda value: value.notnull())
    none = ibis.literal([], "array<string>")
    listed = ibis.array([ibis.ifelse(holds, value, ibis.null("string")) for holds, value in several])
    return ibis.ifelse(_any([holds for holds, _ in several]), listed.filter(lambda value: value.notnull()), none)


def _lines(texts: Sequence[Any]) -> Any:
    """Join the texts that are not null, a line each; null where all are."""
    return reduce(lambda one, other: (one + "\n" + other).fill_null(one).fill_null(other), texts)


def _sorted(atoms: AtomSet) -> list[Atom]:
    return sorted(atoms, key=atom_key)


def _all(several: Sequence[Any]) -> Any:
    return reduce(and_, several)


def _any(several: Sequence[Any]) -> Any:
    return reduce(or_, several)


def _to_json() -> Any:
    """Return the function of the engine that writes a struct as JSON."""
    import ibis

    @ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
    def to_json(value) -> str:  # type: ignore[no-untyped-def, empty-body]
        ...

    return to_json


def _problems() -> Any:
    """Return the function that words the problems of a row."""
    import ibis

    @ibis.udf.scalar.builtin(name=PROBLEMS)  # type: ignore[untyped-decorator]
    def problems(odd: str) -> str:  # type: ignore[empty-body]
        ...

    return problems
