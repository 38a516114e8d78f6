PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help check fast lint types knowledge format test build bench mutation

help:  ## List the targets.
	@awk -F ":.*## " "/^[a-z]+:.*## / { printf \"%-10s %s\\n\", \$$1, \$$2 }" $(MAKEFILE_LIST)

check: lint types knowledge test  ## Run everything that CI runs.

fast: lint types  ## Run the quick part of check: no HermiT, no packaging.
	$(PYTHON) -m pytest -m "not slow"

lint:  ## Check style and form of the code.
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:  ## Check the types of the code, the tests, the benchmarks and the mutants.
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --explicit-package-bases tests
	$(PYTHON) -m mypy benchmarks mutation

knowledge:  ## Check form, house rules and logic of ontology and shapes.
	$(PYTHON) -m caretier.cli format --check ontology shapes examples/headache
	$(PYTHON) -m caretier.cli check
	$(PYTHON) -m caretier.cli check --ontology examples/headache/headache.ttl

format:  ## Rewrite code, ontology and shapes in their one form.
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
	$(PYTHON) -m caretier.cli format ontology shapes examples/headache

test:  ## Run all tests.
	$(PYTHON) -m pytest

build:  ## Build the source distribution and the wheel into dist/.
	$(PYTHON) -m build

bench:  ## Measure speed, and print it as ratios beside what was to be reached.
	$(PYTHON) -m benchmarks

mutation:  ## Change the evaluator in hundreds of ways, and count what the tests notice; needs the extra `mutation`.
	$(PYTHON) -m mutation
