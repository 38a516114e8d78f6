"""What one has to know of a room with a boiler: a domain small enough to work out every result by hand."""

from __future__ import annotations

from caretier.knowledge import (
    Atom,
    AtomSet,
    CareTier,
    Condition,
    Contradiction,
    Knowledge,
    Recommendation,
    RedFlag,
    Scope,
    Tension,
)
from caretier.model import Certificate, DecisionModel
from caretier.questionnaire import Option, Question, Questionnaire

SMOKE, ALARM, LAMP, DOOR, KEY, DUST = (Atom(name, True) for name in ("smoke", "alarm", "lamp", "door", "key", "dust"))
NO_SMELL, GAS, BURNT = (Atom("smell", name) for name in ("none", "gas", "burnt"))
OPEN = Atom("window", "open")
HOT, COLD = Atom("degrees", 50, "at least"), Atom("degrees", 5, "below")

LEAVE = CareTier("Leave", "urn:Leave", "leave the house", 2, "Go out.", "Go out, whatever else.")
CALL = CareTier("Call", "urn:Call", "call somebody", 1, "Call the plumber.", "Call the plumber, and look further.")
WAIT = CareTier("Wait", "urn:Wait", "wait", 0, "All is well.", "Look further.")


def _question(name: str, *options: str) -> Question:
    return Question(
        id=name, iri=f"urn:{name}", type="choice" if options else "boolean", group="room", text=f"{name}?",
        help=None, answer_text=name, options=tuple(Option(each, each, f"{name} {each}") for each in options),
    )  # fmt: skip


QUESTIONS = (
    _question("smoke"),
    _question("smell", "none", "gas", "burnt"),
    Question(
        id="degrees", iri="urn:degrees", type="integer", group="room", text="degrees?", help=None,
        answer_text="degrees", minimum=-20, maximum=100,
    ),
    _question("window", "open", "shut"),
    _question("alarm"),
    _question("lamp"),
    _question("door"),
    _question("key"),
    _question("dust"),
)  # fmt: skip


def _flag(name: str, condition: str, tier: CareTier, *patterns: set[Atom]) -> RedFlag:
    sets: tuple[AtomSet, ...] = tuple(map(frozenset, patterns))
    return RedFlag(name, f"urn:{name}", name, f"{name} is.", f"{name} matters.", condition, tier.id, (), sets)


FLAGS = (
    _flag("frozen-pipes", "Frost", CALL, {COLD, OPEN}),
    _flag("heat", "Fire", CALL, {HOT}),
    _flag("gas", "Leak", LEAVE, {GAS}),
    _flag("burning", "Fire", LEAVE, {SMOKE, BURNT}, {SMOKE, HOT}, {SMOKE, ALARM}),
    _flag("never-seen", "Fire", LEAVE),
    _flag("draught", "Leak", LEAVE, {COLD, OPEN, DOOR}),
    _flag("soot", "Dirt", CALL, {SMOKE, BURNT, DUST}, {SMOKE, LAMP, DUST}),
)

WINDOW = Contradiction(
    "urn:silent", "The alarm is silent then.", (frozenset({ALARM, OPEN}), frozenset({ALARM, NO_SMELL}))
)
ALARM_KEY = Contradiction("urn:locked", "The key turns the alarm off.", (frozenset({ALARM, KEY}),))

RECOMMENDATION = Recommendation("Go, and take the cat.", "The fire brigade comes.", ())

KNOWLEDGE = Knowledge(
    iri="urn:room",
    title="a room with a boiler",
    version="1",
    sha256="0",
    prefixes={},
    questionnaire=Questionnaire(QUESTIONS, (), "", ""),
    tiers=(LEAVE, CALL, WAIT),
    conditions={
        name: Condition(name, f"urn:{name}", f"a {name.lower()}", "") for name in ("Dirt", "Fire", "Frost", "Leak")
    },
    red_flags=FLAGS,
    recommendations={("Fire", "Leave"): RECOMMENDATION},
    contradictions=(WINDOW, ALARM_KEY),
    tensions=(Tension(Atom("smoke", False), "fumes", (frozenset({BURNT}),)),),
    scope=Scope(Atom("degrees", 0, "at least"), "Not meant for rooms below zero."),
)


def small_model() -> DecisionModel:
    """Return a model that was not asked anything yet, so that every test makes all that it rests on."""
    return DecisionModel(KNOWLEDGE, Certificate(0, 0, 0, "", {}, {}), {})
