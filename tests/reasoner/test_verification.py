"""The proof of a model, and that it would fail for any other model: no change of a minimal set goes unnoticed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import caretier
from caretier.compilation import Interrogation, proposal_of
from caretier.knowledge import Atom, AtomSet, atom_key, minimal
from caretier.lattice import Ends, Point
from caretier.lockfile import NAME, render
from caretier.model import DecisionModel

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Mutant:
    """A model with other minimal sets of one red flag: its number and the sets."""

    flag: int
    patterns: tuple[AtomSet, ...]

    def of(self, model: DecisionModel) -> DecisionModel:
        """Return the model with this change."""
        flags = list(model.knowledge.red_flags)
        flags[self.flag] = replace(flags[self.flag], patterns=minimal(self.patterns), proofs=())
        return replace(model, knowledge=replace(model.knowledge, red_flags=tuple(flags)))


@pytest.fixture(scope="module")
def interrogation(kb: caretier.KnowledgeBase) -> Interrogation:
    """Return an interrogation of the reasoner that asks about no point twice."""
    return Interrogation(kb.reference)


@pytest.fixture(scope="module")
def answers(interrogation: Interrogation) -> list[Atom]:
    """Return every answer that is no number, and the limits that the red flags speak of."""
    flags = interrogation.knowledge.red_flags
    limits = {atom for flag in flags for pattern in flag.patterns for atom in pattern if atom.relation != "is"}
    elements = {Atom(each.question, each.low) for each in interrogation.lattice.elements if each.low == each.high}
    return sorted(elements | limits, key=atom_key)


def _places(model: DecisionModel) -> Iterator[tuple[int, AtomSet]]:
    for number, flag in enumerate(model.knowledge.red_flags):
        for pattern in flag.patterns:
            yield number, pattern


def _without(model: DecisionModel, flag: int, pattern: AtomSet) -> tuple[AtomSet, ...]:
    return tuple(each for each in model.knowledge.red_flags[flag].patterns if each != pattern)


def _dropped(model: DecisionModel) -> Iterator[Mutant]:
    """Drop each minimal set."""
    for flag, pattern in _places(model):
        yield Mutant(flag, _without(model, flag, pattern))


def _changed(model: DecisionModel, answers: list[Atom], generator: random.Random) -> Iterator[Mutant]:
    """Change one answer of each minimal set to another, chosen at random."""
    for flag, pattern in _places(model):
        rest = _without(model, flag, pattern)
        while True:
            other = pattern - {generator.choice(sorted(pattern, key=atom_key))} | {generator.choice(answers)}
            if other != pattern and not any(each <= other for each in (*rest, pattern)):
                yield Mutant(flag, (*rest, other))
                break


def _shortened(model: DecisionModel, generator: random.Random) -> Iterator[Mutant]:
    """Add a minimal set of which one answer is left out."""
    for flag, pattern in generator.sample(list(_places(model)), 100):
        shorter = pattern - {generator.choice(sorted(pattern, key=atom_key))}
        yield Mutant(flag, (*model.knowledge.red_flags[flag].patterns, shorter))


def _added(model: DecisionModel, answers: list[Atom], generator: random.Random) -> Iterator[Mutant]:
    """Add a set of answers, chosen at random, that contains no minimal set."""
    for number in range(60):
        flag = number % len(model.knowledge.red_flags)
        patterns = model.knowledge.red_flags[flag].patterns
        while True:
            further = frozenset(generator.sample(answers, generator.randint(1, 3)))
            if not any(pattern <= further for pattern in patterns):
                yield Mutant(flag, (*patterns, further))
                break


def _ask_at_once(interrogation: Interrogation, model: DecisionModel, mutants: Iterable[Mutant]) -> None:
    """Ask about all that would be asked for mutants in few runs; they are asked for one by one afterwards."""
    points: dict[tuple[Point, Ends], None] = {}
    for mutant in mutants:
        flag = model.knowledge.red_flags[mutant.flag].id
        proposal = proposal_of(mutant.of(model), interrogation.lattice)[flag]
        points |= {(probe.point, probe.ends): None for probe in interrogation.lattice.probes(proposal)}
    interrogation.ask(list(points))


def test_the_certificate_covers_every_red_flag_and_all_points(
    interrogation: Interrogation, model: DecisionModel, kb: caretier.KnowledgeBase
) -> None:
    proposal = proposal_of(model, interrogation.lattice)
    flags = {flag.id for flag in kb.reference.knowledge.red_flags}
    assert proposal.keys() == flags
    probes = {flag: list(interrogation.lattice.probes(points)) for flag, points in proposal.items()}
    for flag in flags:
        assert {probe.holds for probe in probes[flag]} == {True, False}
    certificate = model.certificate
    assert certificate.red_flags == len(flags) == 26
    assert certificate.minimal_sets == len(list(_places(model))) == 179
    assert certificate.asked == sum(map(len, probes.values()))
    assert interrogation.disagreements(proposal) == []
    asked = interrogation.ask([(probe.point, probe.ends) for several in probes.values() for probe in several])
    iris = {flag.id: flag.iri for flag in model.knowledge.red_flags}
    for flag, several in probes.items():
        for probe in several:
            assert (iris[flag] in asked[probe.point, probe.ends]) == probe.holds


def test_a_change_of_any_minimal_set_is_caught(
    interrogation: Interrogation, model: DecisionModel, answers: list[Atom]
) -> None:
    generator = random.Random(4)
    kinds = {
        "dropped": list(_dropped(model)),
        "changed": list(_changed(model, answers, generator)),
        "shortened": list(_shortened(model, generator)),
        "added": list(_added(model, answers, generator)),
    }
    assert {kind: len(mutants) for kind, mutants in kinds.items()} == {
        "dropped": 179, "changed": 179, "shortened": 100, "added": 60,
    }  # fmt: skip
    _ask_at_once(interrogation, model, [mutant for mutants in kinds.values() for mutant in mutants])
    for kind, mutants in kinds.items():
        for mutant in mutants:
            different = interrogation.disagreements(proposal_of(mutant.of(model), interrogation.lattice))
            named = {each.red_flag.id for each in different}
            assert named == {model.knowledge.red_flags[mutant.flag].id}, (kind, mutant)
            if kind == "dropped":
                assert {each.probe.holds for each in different} == {False}
            elif kind in ("added", "shortened"):
                assert True in {each.probe.holds for each in different}


def test_what_differs_is_told_by_the_answers_that_make_the_difference(
    interrogation: Interrogation, model: DecisionModel
) -> None:
    """Not by the hundred answers of a maximal point."""
    number = [flag.id for flag in model.knowledge.red_flags].index("SevereOrWorseningPainWithCancerRiskRedFlag")
    flag = model.knowledge.red_flags[number]
    left_out = [pattern for pattern in flag.patterns if Atom("age", 50, "at least") in pattern]
    mutant = Mutant(number, tuple(pattern for pattern in flag.patterns if pattern not in left_out)).of(model)
    told = interrogation.reduced(interrogation.disagreements(proposal_of(mutant, interrogation.lattice)))
    assert {str(each) for each in told} <= {
        f"{flag.label} ({flag.id}) is shown by these answers: age: 50 to 120, {pain}"
        for pain in ("pain-course: worsening", "pain-severity: severe", "pain-severity: very-severe")
    }
    assert told


def _compile(root: Path, *options: str, seed: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "caretier.cli", "compile", "--ontology", str(root), *options]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _copies(folder: Path, checkout: Path, number: int) -> Iterator[Path]:
    for place in range(number):
        for name in ("ontology", "shapes"):
            shutil.copytree(checkout / name, folder / str(place) / name)
        yield folder / str(place) / "ontology" / "back-pain.ttl"


def test_compiling_gives_the_committed_bytes_wherever_and_whenever(tmp_path: Path, checkout: Path) -> None:
    roots = list(_copies(tmp_path, checkout, 2))
    for root in roots:
        root.with_name(NAME).unlink()
    running = [_compile(root, seed=seed) for seed, root in enumerate(roots, 1)]
    for root, process in zip(roots, running, strict=True):
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert out.startswith(f"{root.with_name(NAME)}: 26 red flags")
        assert root.with_name(NAME).read_bytes() == (checkout / "ontology" / NAME).read_bytes()


def test_verify_accepts_the_committed_model_and_no_other(tmp_path: Path, checkout: Path, model: DecisionModel) -> None:
    """One with other minimal sets, one with another condition, and one of answers that are not asked for any more."""
    honest, other_sets, other_condition, other_answers = _copies(tmp_path, checkout, 4)
    numbers = {flag.id: number for number, flag in enumerate(model.knowledge.red_flags)}
    fever, cancer = numbers["FeverRedFlag"], numbers["PastCancerRedFlag"]
    never = frozenset({Atom("cancer", "never")})
    other_sets.with_name(NAME).write_text(render(Mutant(cancer, (never,)).of(Mutant(fever, ()).of(model))))
    flags = list(model.knowledge.red_flags)
    flags[fever] = replace(flags[fever], condition=flags[cancer].condition)
    lied = replace(model, knowledge=replace(model.knowledge, red_flags=tuple(flags)))
    other_condition.with_name(NAME).write_text(render(lied))
    questions = other_answers.with_name("questionnaire.ttl")
    questions.write_text(questions.read_text().replace('ct:identifier "fever"', 'ct:identifier "high-temperature"'))
    running = [_compile(root, "--verify") for root in (honest, other_sets, other_condition, other_answers)]
    told = [process.communicate(timeout=600) for process in running]
    assert [process.returncode for process in running] == [0, 1, 1, 1], told
    assert all("Traceback" not in err for _, err in told)
    out = [out for out, _ in told]
    assert out[0].startswith(f"{honest.with_name(NAME)}: 26 red flags")
    assert "fever with back pain (FeverRedFlag) is shown by these answers: fever: yes\n" in out[1]
    assert "cancer in the past (PastCancerRedFlag) is not shown by these answers: cancer: never\n" in out[1]
    assert "cancer in the past (PastCancerRedFlag) is shown by these answers: cancer: past\n" in out[1]
    assert "its texts, questions, sources or certificate are others" in out[2]
    assert "fever with back pain (FeverRedFlag) is shown by these answers: high-temperature: yes\n" in out[3]
    assert all(each.splitlines()[-1].endswith("; run `caretier compile`.") for each in out[1:])
