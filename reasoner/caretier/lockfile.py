"""The decision model as a file beside its ontology, like a lock file: written to be reviewed, read in milliseconds.

The file says what it was compiled from, down to the SHA-256 of every file, and carries a digest of itself: a model
that was damaged, or whose ontology was edited since, is not used.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence

from caretier.errors import KnowledgeError
from caretier.factoring import expanded, factored, in_order
from caretier.knowledge import (
    Atom,
    AtomSet,
    Axiom,
    CareStep,
    CareTier,
    Condition,
    Contradiction,
    Knowledge,
    Recommendation,
    RedFlag,
    Scope,
    Source,
    Tension,
    atom_key,
    atom_text,
    minimal,
)
from caretier.knowledge_files import read_knowledge
from caretier.language import ENGLISH, Language, read_language
from caretier.limits import MAXIMUM_MODEL_BYTES, MAXIMUM_MODEL_SETS
from caretier.model import Certificate, DecisionModel
from caretier.questionnaire import Group, Option, Question, Questionnaire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "decision-model.json"
_FORMAT = 2
_WIDTH = 118
_NO_DIGEST = "0" * 64
_KINDS: Mapping[str, type] = {
    **dict.fromkeys(("ontology", "certificate", "questionnaire", "translations"), dict),
    **dict.fromkeys(("red_flags", "contradictions", "tensions", "scope", "tiers", "conditions"), list),
    **dict.fromkeys(("recommendations", "axioms", "sources"), list),
    "title": str,
}
"""What the parts of a model are: an empty text where a list belongs would pass for a list without anything."""


def read_model(root: str) -> DecisionModel | None:
    """Read the decision model beside the root file of an ontology; None when there is none that fits its files.

    It fits when it is whole, is of this root, and each file that it was compiled from is the same to the byte. What
    it says is proven by `caretier compile --verify`; here it is only seen that nothing of it was left out.
    """
    folder = os.path.dirname(os.path.abspath(root))
    try:
        model = read_file(os.path.join(folder, NAME))
    except (OSError, KnowledgeError):
        return None
    names = list(model.files)
    if not names or names[0] != os.path.basename(root) or not _is_whole(model):
        return None
    try:
        fits = all(digest_of(os.path.join(folder, name)) == digest for name, digest in model.files.items())
    except (KnowledgeError, ValueError):
        return None
    return model if fits else None


def _is_whole(model: DecisionModel) -> bool:
    """Say whether a model has all that its certificate counts, and for each red flag what to do.

    A model that somebody cut and signed anew would answer too low for whoever has what was cut out.
    """
    knowledge, proven = model.knowledge, model.certificate
    tiers, flags = {tier.id for tier in knowledge.tiers}, knowledge.red_flags
    counted = (len(flags), sum(len(flag.patterns) for flag in flags))
    return counted == (proven.red_flags, proven.minimal_sets) and all(
        flag.tier in tiers and flag.condition in knowledge.conditions for flag in flags
    )


def read_file(path: str) -> DecisionModel:
    """Read a decision model whether it fits or not; KnowledgeError when it is missing, damaged or of another format."""
    try:
        size = os.path.getsize(path)
        if not os.path.isfile(path):  # a pipe would be waited for
            raise KnowledgeError(f"{path} cannot be read (it is no file); remove it and compile again.")
        if size > MAXIMUM_MODEL_BYTES:
            raise KnowledgeError(
                f"{path} cannot be a decision model: it has more than {MAXIMUM_MODEL_BYTES:,} bytes; "
                "remove it and run `caretier compile`."
            )
        with open(path, encoding="utf-8", newline="") as file:
            return parse(file.read())
    except FileNotFoundError:
        raise KnowledgeError(f"{path} does not exist; run `caretier compile`.") from None
    except UnicodeDecodeError:
        raise KnowledgeError(f"{NAME} is damaged; run `caretier compile`.") from None
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read ({error.strerror}); remove it and compile again.") from None


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file of knowledge."""
    return hashlib.sha256(read_knowledge(path)).hexdigest()


def parse(text: str) -> DecisionModel:
    """Read a decision model; KnowledgeError when it is damaged or of another format."""
    start = text.find('"digest": "') + len('"digest": "')
    digest, rest = text[start : start + 64], text[:start] + _NO_DIGEST + text[start + 64 :]
    if hashlib.sha256(rest.encode()).hexdigest() != digest:
        raise KnowledgeError(f"{NAME} is damaged or was edited by hand; run `caretier compile`.")
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise KnowledgeError(f"{NAME} is of another version of caretier; run `caretier compile`.")
        if other := [name for name, kind in _KINDS.items() if not isinstance(data[name], kind)]:
            raise TypeError(other)
        return _model(data)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise KnowledgeError(f"{NAME} cannot be read ({error!r}); run `caretier compile`.") from error


def render(model: DecisionModel) -> str:
    """Write a decision model as text: the same model gives the same bytes."""
    text = _laid_out({"format": _FORMAT, "digest": _NO_DIGEST, **_data(model)}) + "\n"
    return text.replace(_NO_DIGEST, hashlib.sha256(text.encode()).hexdigest(), 1)


def translation(model: DecisionModel, other: Knowledge) -> object:
    """Say how the texts of a decision model differ from those of the same knowledge in another language."""
    return _differences(_said(model.knowledge), _said(other))


def translated(model: DecisionModel, language: str) -> DecisionModel:
    """Put the texts of a decision model into one of the languages that it has translations into."""
    said = _with(_said(model.knowledge), model.translations[language])
    head = {key: _data(model)[key] for key in ("ontology", "certificate")}
    return _model({**head, "translations": dict(model.translations), **said}, language)


def _differences(one: Any, other: Any) -> Any:
    """Return the texts of another value of the same form that are not the same, by their places."""
    if isinstance(one, dict | list):
        pairs = one.items() if isinstance(one, dict) else enumerate(one)
        return {str(key): _differences(each, other[key]) for key, each in pairs if each != other[key]}
    return other


def _with(one: Any, differences: Any) -> Any:
    """Put the differences from a value into it."""
    if isinstance(one, dict):
        return {key: _with(each, differences[key]) if key in differences else each for key, each in one.items()}
    if isinstance(one, list):
        return [
            _with(each, differences[str(place)]) if str(place) in differences else each
            for place, each in enumerate(one)
        ]
    return differences


def _data(model: DecisionModel) -> dict[str, Any]:
    knowledge = model.knowledge
    return {
        "ontology": {
            "iri": knowledge.iri,
            "version": knowledge.version,
            "sha256": knowledge.sha256,
            "prefixes": dict(knowledge.prefixes),
            "files": dict(model.files),
        },
        "certificate": _fields(model.certificate),
        **_said(knowledge),
        "translations": dict(model.translations),
    }


def _said(knowledge: Knowledge) -> dict[str, Any]:
    """Write all that is said in words, with what it is said of."""
    questionnaire = knowledge.questionnaire
    sources = {source.iri: source for flag in knowledge.red_flags for source in flag.sources}
    axioms = {axiom: None for flag in knowledge.red_flags for proof in flag.proofs for axiom in proof}
    sources |= {source.iri: source for axiom in axioms for source in axiom.sources}
    numbers = {axiom: number for number, axiom in enumerate(sorted(axioms, key=lambda axiom: axiom.manchester))}
    return {
        "title": knowledge.title,
        "red_flags": [_flag_data(flag, numbers) for flag in knowledge.red_flags],
        "contradictions": [
            {**_fields(each), "conflicts": _products(each.conflicts)} for each in knowledge.contradictions
        ],
        "tensions": [
            {"denial": atom_text(each.denial), "label": each.label, "reports": _products(each.reports)}
            for each in knowledge.tensions
        ],
        "scope": [
            {"within": atom_text(scope.within), "message": scope.message}
            for scope in [knowledge.scope] if scope is not None
        ],
        "tiers": [_fields(tier) for tier in knowledge.tiers],
        "conditions": [_fields(condition) for condition in knowledge.conditions.values()],
        "recommendations": [
            {"condition": condition, "tier": tier, "advice": each.advice, "course": each.course,
             "steps": [_fields(step) for step in each.steps]}
            for (condition, tier), each in knowledge.recommendations.items()
        ],
        "questionnaire": {
            "groups": [_fields(group) for group in questionnaire.groups],
            "safety_net": questionnaire.safety_net,
            "disclaimer": questionnaire.disclaimer,
            "questions": [
                {**_fields(question), "options": [_fields(option) for option in question.options],
                 "qualifies": sorted(question.qualifies)}
                for question in questionnaire.questions
            ],
        },
        "axioms": [{**_fields(axiom), "sources": [source.iri for source in axiom.sources]} for axiom in numbers],
        "sources": [_fields(sources[iri]) for iri in sorted(sources)],
    }  # fmt: skip


def _flag_data(flag: RedFlag, numbers: Mapping[Axiom, int]) -> dict[str, Any]:
    ordered = sorted(flag.patterns, key=_set_key)
    proofs = dict(zip(flag.patterns, flag.proofs, strict=True)) if flag.proofs else {}
    return {
        **_fields(flag),
        "sources": [source.iri for source in flag.sources],
        "patterns": _products(flag.patterns),
        "proofs": [[numbers[axiom] for axiom in proofs[pattern]] for pattern in ordered if pattern in proofs],
    }


def _products(sets: Iterable[AtomSet]) -> list[list[list[str]]]:
    return [[[atom_text(atom) for atom in choice] for choice in in_order(each)] for each in factored(sets)]


def _set_key(atoms: AtomSet) -> list[tuple[str, str, str]]:
    return sorted(map(atom_key, atoms))


def _fields(value: Any) -> dict[str, Any]:
    """Return the fields of a value that say something."""
    return {name: said for name in value.__dataclass_fields__ if (said := getattr(value, name)) not in (None, ())}


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON with a line for each thing that fits on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = indent + " "
    if isinstance(value, dict):
        entries = [f"{json.dumps(key)}: {_laid_out(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(inner + entry for entry in entries) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _laid_out(entry, inner) for entry in value) + f"\n{indent}]"


def _model(data: dict[str, Any], language: str = ENGLISH.tag) -> DecisionModel:
    questionnaire = _questionnaire(data["questionnaire"], read_language(language))
    sources = {entry["iri"]: Source(**{"section": None, **entry}) for entry in data["sources"]}
    axioms = [
        Axiom(entry["manchester"], entry["text"], tuple(sources[iri] for iri in entry.get("sources", ())))
        for entry in data["axioms"]
    ]
    atoms = _Atoms(questionnaire)
    ontology = data["ontology"]
    knowledge = Knowledge(
        iri=ontology["iri"],
        title=data["title"],
        version=ontology["version"],
        sha256=ontology["sha256"],
        prefixes=ontology["prefixes"],
        questionnaire=questionnaire,
        tiers=tuple(CareTier(**entry) for entry in data["tiers"]),
        conditions={entry["id"]: Condition(**entry) for entry in data["conditions"]},
        red_flags=tuple(_flag(entry, atoms, sources, axioms) for entry in data["red_flags"]),
        recommendations={
            (entry["condition"], entry["tier"]): Recommendation(
                entry["advice"], entry["course"], tuple(_step(step) for step in entry["steps"])
            )
            for entry in data["recommendations"]
        },
        contradictions=tuple(
            Contradiction(entry["iri"], entry["message"], minimal(atoms.sets(entry["conflicts"])))
            for entry in data["contradictions"]
        ),
        tensions=tuple(
            Tension(atoms.atom(entry["denial"]), entry["label"], minimal(atoms.sets(entry["reports"])))
            for entry in data["tensions"]
        ),
        scope=next((Scope(atoms.atom(entry["within"]), entry["message"]) for entry in data["scope"]), None),
    )
    certificate = data["certificate"]
    beyond = {flag: tuple(map(tuple, sets)) for flag, sets in certificate["beyond"].items()}
    proof = Certificate(**{**certificate, "beyond": beyond})
    return DecisionModel(knowledge, proof, ontology["files"], data["translations"])


def _questionnaire(data: dict[str, Any], language: Language) -> Questionnaire:
    questions = [
        Question(
            **{
                "help": None,
                **entry,
                "options": tuple(Option(**option) for option in entry["options"]),
                "qualifies": frozenset(entry["qualifies"]),
            }
        )
        for entry in data["questions"]
    ]
    groups = tuple(Group(**group) for group in data["groups"])
    return Questionnaire(tuple(questions), groups, data["safety_net"], data["disclaimer"], language)


def _step(entry: dict[str, Any]) -> CareStep:
    return CareStep(**{"likelihood": None, "urgency": None, "within_hours": None, "note": None, **entry})


def _flag(entry: dict[str, Any], atoms: _Atoms, sources: Mapping[str, Source], axioms: Sequence[Axiom]) -> RedFlag:
    sets = sorted(atoms.sets(entry["patterns"]), key=_set_key)
    proofs = {
        pattern: tuple(axioms[number] for number in proof)
        for pattern, proof in zip(sets, entry["proofs"] or [()] * len(sets), strict=True)
    }
    patterns = minimal(sets)
    return RedFlag(
        **{
            **entry,
            "sources": tuple(sources[iri] for iri in entry["sources"]),
            "patterns": patterns,
            "proofs": tuple(proofs[pattern] for pattern in patterns) if entry["proofs"] else (),
        }
    )


class _Atoms:
    """Reads elementary answers; each text becomes one value, however often it occurs."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._read: dict[str, Atom] = {}
        self._sets = 0

    def sets(self, products: list[list[list[str]]]) -> tuple[AtomSet, ...]:
        self._sets += sum(math.prod(map(len, choices)) for choices in products)
        if self._sets > MAXIMUM_MODEL_SETS:
            raise ValueError(f"it stands for more than {MAXIMUM_MODEL_SETS:,} sets of answers")
        return expanded(
            frozenset(frozenset(self.atom(text) for text in choice) for choice in choices) for choices in products
        )

    def atom(self, text: str) -> Atom:
        known = self._read.get(text)
        if known is None:
            known = self._read[text] = self._parsed(text)
        return known

    def _parsed(self, text: str) -> Atom:
        question, _, said = text.partition(": ")
        match self._questionnaire.by_id[question].type:
            case "boolean":
                return Atom(question, {"yes": True, "no": False}[said])
            case "choice":
                return Atom(question, said)
            case "integer":
                relation, _, number = said.rpartition(" ")
                relation = relation or "is"
                return Atom(question, int(number), relation)  # type: ignore[arg-type]  # one of the relations
