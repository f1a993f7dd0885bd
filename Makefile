# Two commands do all the set-up: `make run` serves the example application, `make test` runs every test.
# On a machine that has only Python (3.11 or newer) and make, both first build the virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000

.PHONY: run test compat lint bench settings names clean

# What is compiled when the package is installed.
COMPILED := hatch_build.py $(wildcard src/c/*)

$(VENV)/.run: pyproject.toml $(COMPILED)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: pyproject.toml $(COMPILED)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.run

# What the differential tests compare with; never in the environment that demijohn runs in.
$(VENV)/originals/.done: tests/differential/originals.txt
	test -x $(VENV)/originals/bin/python || $(PYTHON) -m venv $(VENV)/originals
	$(VENV)/originals/bin/python -m pip install --quiet --disable-pip-version-check -r tests/differential/originals.txt
	touch $@

# Where the suites of Flask and Werkzeug run on this package, without either.
$(VENV)/compat/.done: tests/compat/build.py tests/compat/requirements.txt $(wildcard src/demijohn/dropin/site/*/*) | $(VENV)/.dev
	$(BIN)/python tests/compat/build.py $(VENV)/compat
	touch $@

# The same for extensions of Flask.
$(VENV)/extensions/.done: tests/extensions/build.py tests/extensions/requirements.txt $(VENV)/compat/.done
	$(BIN)/python tests/extensions/build.py $(VENV)/extensions
	touch $@

run: $(VENV)/.run
	$(BIN)/demijohn run examples/guestbook/guestbook.py:app --host $(HOST) --port $(PORT)

test: lint $(VENV)/originals/.done $(VENV)/compat/.done $(VENV)/extensions/.done
	scripts/services
	scripts/axe-core $(VENV)/axe-core
	$(BIN)/python -m pytest -n 2 --dist loadfile

compat: $(VENV)/compat/.done $(VENV)/extensions/.done
	$(BIN)/python -m pytest tests/compat tests/extensions

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two cores, wrk and nginx; says how long it takes. Options: python -m bench --help.
bench: $(VENV)/.dev
	$(BIN)/python -m bench

# The page about all settings, from their table.
settings: $(VENV)/.run
	$(BIN)/demijohn config --reference > docs/settings.md

# The page about what of Flask and Werkzeug is served, from the files that serve it.
names: $(VENV)/.run
	$(BIN)/demijohn drop-in names > docs/drop-in-names.md

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
