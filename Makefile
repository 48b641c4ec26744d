# Everything a developer runs. `make` alone lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint coverage golden reference site pictures bench clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

$(BIN)/perpend: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(BIN)/.ready: $(BIN)/perpend
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

run: $(BIN)/perpend ## judge the example credential report
	@$(BIN)/perpend check examples/credential-report.csv || [ $$? -eq 1 ]

test: lint ## lint, types, contracts, all tests, the library's own tests
	$(BIN)/python -m pytest -n auto
	$(BIN)/perpend test --coverage --fail-under 100
	$(BIN)/perpend test --engine duckdb
	$(BIN)/perpend lint --repo src/perpend/library

lint: $(BIN)/.ready ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(BIN)/.ready ## line and branch coverage of the language's rooms, at least 95 %
	$(BIN)/coverage run -m pytest tests/unit tests/conformance tests/property tests/golden
	$(BIN)/coverage report --fail-under=95 --include='src/perpend/ir/*,src/perpend/analyze/*,src/perpend/interpret/*'

golden: $(BIN)/.ready ## rewrite the expected texts under tests/golden
	$(BIN)/python -m tests.golden.rewrite

reference: $(BIN)/.ready ## rewrite the references of operations and of the Python interface
	$(BIN)/python -m perpend.load.reference docs/reference/operations
	$(BIN)/python -m tests.docs.api_reference docs/reference/api.md

site: $(BIN)/.ready ## build the site of the library and the documents into site/
	$(BIN)/perpend site build --docs docs

pictures: $(BIN)/.ready ## take the pictures of the site in docs/images; needs Chromium
	$(BIN)/python docs/images/make_site_pictures.py

bench: $(BIN)/.ready ## measure, candidates side by side
	@$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench --rounds 3

clean: ## remove what the targets made
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
