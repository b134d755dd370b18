# Everything runs from .venv, which is made from nothing and kept in step with the pins.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help .venv run test browser check format openapi bench chaos mutants typescript

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z.]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv: $(READY) ## make the virtual environment, or bring it up to date

$(READY): requirements.txt requirements-channels.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Interlude needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(READY) ## start the demo clinic on this machine
	$(BIN)/python -m demo

test: $(READY) ## run every test
	$(BIN)/python -m pytest -n auto

browser: $(READY) ## run the tests that need a browser (SHOTS=folder keeps pictures)
	$(BIN)/python -m pytest tests/browser $(if $(SHOTS),--shots $(SHOTS))

check: $(READY) ## lint, format, types, layers, and the API description is up to date
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m api.openapi --check

format: $(READY) ## put the code in its standard form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

openapi: $(READY) ## write the API description from the code
	$(BIN)/python -m api.openapi --write

bench: $(READY) ## measure (bench/README.md says how to read it)
	$(BIN)/python -m bench

chaos: $(READY) ## raise 10,000 alerts while everything goes wrong (a quarter of an hour)
	$(BIN)/python -m tests.chaos.storm $(ARGS)

mutants: $(READY) ## let the machine of alerts look for mistakes in decide (twenty minutes)
	$(BIN)/python -m tests.engine.mutants

typescript: $(READY) ## compile a TypeScript client made from the API description
	tests/contract/typescript.sh
