# Everything a developer runs. `make` alone lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUITE  ?= suite
PACKAGES ?= core.values language.interpreter evaluation.planner.operations evaluation.verdicts inventory.snapshots

# Tests write a million small files. If memory has room for them, they need not wait for a disk.
SCRATCH := $(shell free=$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1); \
	if [ -w /dev/shm ] && [ "$${free:-0}" -gt 6000000 ]; then echo /dev/shm; else echo "$${TMPDIR:-/tmp}"; fi)

# Python compiles a module when it is imported first. Compiling all packages at once takes longer and a tenth more space. Perpend
# itself is compiled after its installation: where PYTHONDONTWRITEBYTECODE is set, each command would compile its modules again.
LEAN := --quiet --no-compile

# The pins are for every system and Python that Perpend runs on. Perpend itself is installed from the clone.
PINS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-package perpend

# With this variable set, each of some hundred processes would compile the package and the tests again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test suite coverage library dates engines slow quick lint forms types faults mutants golden reference lock site pictures bench figures clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

$(BIN)/perpend: pyproject.toml
	@echo "Setting up $(VENV) with Perpend and what it needs, some 100 MB …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(LEAN) --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(BIN)/.ready: $(BIN)/perpend
	@echo "Adding what tests need to $(VENV), Spark among it, some 900 MB …"
	@$(BIN)/python -m pip install $(LEAN) --editable '.[dev]'
	@touch $@

run: $(BIN)/perpend ## check the example credential report
	@$(BIN)/perpend check examples/credential-report.csv --snapshot-time 2026-11-20 || [ $$? -eq 1 ]
	@printf '\nThis was %s; after `source %s/activate` it is `perpend`.\n' $(BIN)/perpend $(BIN)

test: forms ## lint, types, contracts, all tests that are not slow, the library's own tests
	@$(MAKE) --no-print-directory --jobs 2 $(SUITE) types library # types and library take one core or wait

suite: $(BIN)/.ready
	TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n auto -m "not slow" --durations=25

coverage: $(BIN)/.ready ## all tests, slow ones too, and 95 % of the lines of each package; CI: `make test SUITE=coverage`
	TMPDIR=$(SCRATCH) $(BIN)/python -m slipcover -m pytest -p tests.counted -n auto --durations=25
	$(BIN)/python -m tests.coverage_by_package .coverage.json

library: $(BIN)/perpend $(if $(filter coverage,$(SUITE)),engines)
	$(BIN)/perpend test --coverage --fail-under 100
	$(BIN)/perpend lint --repo src/perpend/library
	@$(MAKE) --no-print-directory dates

dates: $(BIN)/perpend ## warn of tables of the library that were not compared with their source for 90 days
	@$(BIN)/python -m tests.docs.dated_tables

engines: $(BIN)/perpend
	$(BIN)/perpend test --engine duckdb

slow: $(BIN)/.ready ## the tests that `make test` leaves out
	TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n auto -m slow --durations=10
	@$(MAKE) --no-print-directory engines

lint: forms types ## ruff, mypy, import-linter

forms: $(BIN)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(BIN)/.ready
	$(BIN)/mypy

quick: $(BIN)/.ready ## most units, vectors and house rules, in a minute
	TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n logical -m "not slow and not medium" tests/unit tests/conformance tests/house

faults: $(BIN)/perpend ## put every small fault into the library's policies and see that its tests find all; minutes
	$(BIN)/perpend test --mutate

mutants: $(BIN)/.ready ## put faults into PACKAGES and see which no test finds; takes hours
	$(BIN)/python -m pip install --quiet --editable '.[mutants]'
	mkdir -p mutants/src
	PYTHONPATH=$(CURDIR)/mutants/src $(BIN)/mutmut run $(foreach package,$(PACKAGES),'perpend.$(package).*')
	$(BIN)/mutmut results

golden: $(BIN)/.ready ## rewrite the expected texts under tests/golden
	$(BIN)/python -m tests.golden.rewrite

reference: $(BIN)/.ready ## rewrite the references of operations, configuration, AWS, Azure, Google Cloud, the Python interface, the library's coverage and planted faults
	$(BIN)/python -m perpend.language.syntax.reference docs/reference/operations
	$(BIN)/python -m tests.docs.api_reference docs/reference/api.md
	$(BIN)/python -m tests.docs.config_reference docs/reference/configuration.md
	$(BIN)/python -m tests.docs.formats_reference docs/reference/formats.md
	$(BIN)/python -m tests.docs.aws_reference docs/reference/aws.md
	$(BIN)/python -m tests.docs.azure_reference docs/reference/azure.md
	$(BIN)/python -m tests.docs.google_reference docs/reference/google.md
	$(BIN)/python -m tests.docs.terraform_reference docs/reference/terraform.md
	$(BIN)/python -m tests.docs.library_reference docs/library.md
	$(BIN)/python -m tests.docs.planted_reference docs/reference/planted.md
	$(BIN)/python -m tests.docs.planted_azure_reference docs/reference/planted-azure.md
	$(BIN)/python -m tests.docs.planted_google_reference docs/reference/planted-google.md
	$(BIN)/python -m tests.docs.server_api_reference docs/reference/server-api.md

lock: $(BIN)/perpend ## pin all packages that development and releases install, by version and hash, in requirements/
	@$(BIN)/python -m pip install $(LEAN) uv
	$(BIN)/uv pip compile $(PINS) --extra dev --output-file requirements/dev.txt pyproject.toml
	$(BIN)/uv pip compile $(PINS) --output-file requirements/release.txt requirements/release.in

site: $(BIN)/.ready ## build the site of the library and the documents into site/
	$(BIN)/perpend site build --docs docs

pictures: $(BIN)/.ready ## take the pictures of docs/images; needs Chromium
	$(BIN)/python docs/images/make_site_pictures.py
	@$(BIN)/python -m pip install --quiet --editable '.[bench]'
	PYTHONPATH=. $(BIN)/python docs/images/make_terminal_pictures.py

bench: $(BIN)/.ready ## measure, candidates side by side
	@$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench --rounds 3

figures: $(BIN)/.ready ## measure anew what docs/performance.md shows, alone on a machine; half an hour
	@$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench engines --users 1e5 --rounds 2 --json bench/results.json
	$(BIN)/python -m bench engines --users 1e6 --policies 1,20 --rounds 2 --json bench/results.json
	$(BIN)/python -m bench check --rounds 2 --json bench/results.json
	$(BIN)/python -m bench commands --users 1e5,1e6 --rounds 1 --json bench/results.json
	$(BIN)/python -m tests.servers.long --accounts 200 --users 1000 --kills 3 --json bench/results.json
	$(BIN)/python -m bench page

clean: ## remove what the targets made
	rm -rf $(VENV) build dist site mutants .coverage .coverage.json .pytest_cache .mypy_cache .ruff_cache .hypothesis
