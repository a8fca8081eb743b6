# The two commands of a newcomer: `make chat` and `make test`. Both can be repeated; nothing is fetched twice.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PARLEY := $(PY) -m bot
export PARLEY_HOME ?= $(CURDIR)/.parley
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install models chat lint format types test chaos clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Parley needs Python 3.11 or later. Name one: make PYTHON=python3.12 chat"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) \
		|| { echo "The environment cannot be created. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing, which takes a few minutes the first time …"
	$(PY) -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/.base  ## Create the environment

models: $(VENV)/.base  ## Fetch the embedded models, once
	@$(PARLEY) models fetch

chat: $(VENV)/.base  ## Install, fetch the models, index the example, and chat
	@$(PARLEY) setup --example llm-faq
	@$(PARLEY) chat

lint: $(VENV)/.dev  ## Style and mistakes
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(VENV)/.dev  ## Put the code into its format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/.dev  ## Types, strictly
	$(PY) -m mypy

test: $(VENV)/.dev lint types models  ## Lint, types and tests
	PARLEY_TEST_MODELS="$(PARLEY_HOME)/models" $(PY) -m pytest -n 2 --dist loadscope $(TESTS)

TURNS := 10000
PEOPLE := 500
KILLS := 100
DATABASE := both
chaos: $(VENV)/.dev  ## Break it for long: TURNS, PEOPLE, KILLS, DATABASE=sqlite, postgresql or both
	$(PY) -m tests.chaos --turns $(TURNS) --people $(PEOPLE) --kills $(KILLS) --database $(DATABASE) --save $(CHAOS)

clean:  ## Take away the environment and caches; your data in .parley stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
