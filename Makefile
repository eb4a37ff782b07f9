# The two commands of the README: `make demo` and `make test`. Everything they need goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint bench regenerate regenerate-criu check-generated golden picture clean

demo: $(VENV)/.demo
	$(BIN)/crimg demo

# One process for each processor; a worker that is done takes tests over from one that is not.
test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python -m tests.bench

# The generated reader-writer modules, from format/*.ksy (needs node and npm).
regenerate:
	cd format/generator && npm ci --silent && node generate.js

# The descriptor of the messages of CRIU, from crimg/criu/criu.proto (protoc comes with grpcio-tools).
regenerate-criu: $(VENV)/.test
	$(BIN)/python -m tests.criu.schema_compiler

check-generated: $(VENV)/.test
	cd format/generator && npm ci --silent
	$(BIN)/python -m pytest -q tests/unit/test_format_generated.py

# The picture in README, by the program itself.
picture: $(VENV)/.test
	$(BIN)/python -m tests.picture docs/tui.svg

golden: $(VENV)/.test
	CRIMG_UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/cli tests/validate/test_document.py tests/tui

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A package installed for use, not for work on it; `make test` turns it into an editable one.
$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(PIP) install .
	touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable '.[test]'
	touch $@ $(VENV)/.demo

$(VENV)/.lint: $(VENV)/.test
	$(PIP) install --editable '.[test,lint]'
	touch $@

clean:
	rm -rf $(VENV) build dist format/generator/node_modules
