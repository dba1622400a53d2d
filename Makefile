# `make demo` and `make test` do everything on a fresh machine: set-up first,
# then the job. PYTHON= names the interpreter (3.10 to 3.13), VENV= the folder of the
# virtual environment, PINS= a file of versions that go before those of
# requirements.txt, ARGS= further arguments of the job.
PYTHON ?= python3
VENV ?= .venv
PINS ?=
ARGS ?=

BIN := $(VENV)/bin

SAY_HOW_TO_USE := @echo 'Use the environment: source $(BIN)/activate, then mmpose-light --help'

.PHONY: help set-up install demo test matrix lint clean

help:
	@echo 'make demo      set up, then train a small EL-HRNet on synthetic people (CPU)'
	@echo 'make test      set up, then run the tests'
	@echo 'make install   set up only: virtual environment, tested stack, plugin'
	@echo 'make matrix    a short suite for each Python that is here, written to docs/'
	@echo 'make lint      set up, then check style and formatting'
	@echo 'make clean     remove the virtual environment and caches (keeps work_dirs)'
	@echo 'PYTHON=python3.13 names the interpreter, VENV=.venv the environment,'
	@echo 'ARGS="..." further arguments of the demo or of pytest:'
	@echo 'make demo ARGS="--images IMAGE.jpg" ends by finding the poses in your image.'

set-up:
	@bash .ci/setup "$(PYTHON)" "$(VENV)" $(PINS)

install: set-up
	$(SAY_HOW_TO_USE)

demo: set-up
	@$(BIN)/mmpose-light demo $(ARGS)
	$(SAY_HOW_TO_USE)

test: set-up
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(ARGS)
	$(SAY_HOW_TO_USE)

matrix:
	@bash .ci/matrix

lint: set-up
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

clean:
	rm -rf "$(VENV)" build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
