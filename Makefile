PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help check fast lint types knowledge format test lowest build environment audit sbom bench mutation controls fuzz soak

VERSION = $(shell $(PYTHON) -m hatchling version)
WHEEL = dist/caretier-$(VERSION)-py3-none-any.whl

help:  ## List the targets.
	@awk -F ":.*## " "/^[a-z]+:.*## / { printf \"%-11s %s\\n\", \$$1, \$$2 }" $(MAKEFILE_LIST)

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

lowest:  ## Run all tests with the lowest version of each package that pyproject.toml allows.
	$(PYTHON) -m uv pip compile -q --no-deps --all-extras --resolution lowest-direct pyproject.toml -o build/lowest.txt
	$(PYTHON) -m uv venv -q --clear --python $(PYTHON) build/lowest
	$(PYTHON) -m uv pip install -q --python build/lowest --constraints build/lowest.txt --editable ".[dev]"
	build/lowest/bin/python -m mypy
	build/lowest/bin/python -m pytest

build:  ## Build the source distribution and the wheel into dist/.
	$(PYTHON) -m build

environment: build  ## Install the wheel where nothing else is, with all that people install with it.
	$(PYTHON) -m uv venv -q --clear --python $(PYTHON) build/environment
	$(PYTHON) -m uv pip install -q --python build/environment "$(WHEEL)[api,spark]"

audit: environment  ## Look for known vulnerabilities in what is installed with the wheel; asks a service on the network.
	$(PYTHON) -m uv pip freeze -q --python build/environment --exclude caretier > build/installed.txt
	test -s build/installed.txt  # of nothing, an audit would say that nothing is wrong with it
	$(PYTHON) -m pip_audit --strict --disable-pip --no-deps --requirement build/installed.txt

sbom: environment  ## Write the bill of materials of what is installed with the wheel, as CycloneDX.
	sed 's/^dynamic = .*/version = "$(VERSION)"/' pyproject.toml > build/pyproject.toml
	$(PYTHON) -m cyclonedx_py environment --pyproject build/pyproject.toml --output-reproducible \
	  --output-file dist/caretier-$(VERSION).cdx.json build/environment

bench:  ## Measure speed, and print it as ratios beside what was to be reached.
	$(PYTHON) -m benchmarks

mutation:  ## Change the evaluator in hundreds of ways, and count what the tests notice; needs the extra `mutation`.
	$(PYTHON) -m mutation

controls:  ## Take each control against hostile input and faults away, and see the tests for it fail.
	$(PYTHON) -m mutation.controls

fuzz:  ## Try spoilt input on every parser and request for MINUTES=10, other input each time.
	$(PYTHON) -m tests.hostile --minutes $(or $(MINUTES),10)

soak:  ## Ask the real service for all that it does, at full rate, for MINUTES=10.
	$(PYTHON) -m benchmarks.soak --minutes $(or $(MINUTES),10)
