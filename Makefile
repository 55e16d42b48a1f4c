# Thin over pip and pytest; everything here works without make as well.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMP := $(VENV)/.installed

.PHONY: demo gallery test test-slow test-all check install clean

demo: install  ## Restore the example pair
	mkdir -p output
	$(BIN)/pairfix restore examples/neon/long.dng examples/neon/short.dng \
		-o output/neon.png --preview output/neon-compare.jpg --overwrite --verbose

PAIRS ?= $(error PAIRS=folder is missing: it holds the scenes of docs/gallery/README.md)
JPEGS ?= $(error JPEGS=folder is missing: it holds the camera JPEGs of docs/gallery/README.md)
gallery: $(VENV)/.developer  ## Renew docs/gallery and the figures in the docs from PAIRS=, JPEGS=
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python scripts/make_gallery.py "$(PAIRS)" "$(JPEGS)" $(foreach model,$(MODELS),--model $(model))

test: $(VENV)/.developer  ## Run the quick tests, one process per core
	$(BIN)/python -m pytest

test-slow: $(VENV)/.developer  ## Run the slow tests: every network end to end, dozens of alignments
	$(BIN)/python -m pytest -m slow

test-all: $(VENV)/.developer  ## Run both in one go, so that no core waits for the last tests of the first
	$(BIN)/python -m pytest -m "slow or not slow"

check: $(VENV)/.developer  ## Lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.developer: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --group score --editable ".[torch]"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps pyiqa
	touch $@

clean:
	rm -rf $(VENV) output dist
