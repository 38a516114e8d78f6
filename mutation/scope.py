"""What is changed, and which tests have to notice."""

from __future__ import annotations

PARTS = (
    "caretier.evaluation",
    "caretier.model",
    "caretier.interval",
    "caretier.factoring",
    "caretier.transversals",
    "caretier.knowledge.Atom.holds",
    "caretier.knowledge.holding",
    "caretier.questionnaire.is_answer",
    "caretier.result.conditions_of",
)
"""Modules, and functions of others, through which answers become a tier, a ceiling and the next questions."""

TESTS = (
    "tests/reasoner/test_small_domain.py",
    "tests/reasoner/test_transversals.py",
    "tests/reasoner/test_factoring.py",
    "tests/reasoner/test_questionnaire.py",
    "tests/reasoner/test_evaluation.py",
    "tests/reasoner/test_interval.py",
)
"""Quickest first, since the first test that fails ends the run of a mutant; slower ones may notice yet more."""

LEFT_OUT = (
    "tests/reasoner/test_evaluation.py::test_the_tier_is_the_one_that_the_disposition_rules_choose",
    "tests/reasoner/test_interval.py::test_the_reference_reasoner_agrees_with_brute_force",
)
"""Tests of these files that start the reasoner: too slow to run hundreds of times."""
