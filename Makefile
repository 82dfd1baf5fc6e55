# Twoway on a machine that has Python 3.11 or newer and make: `make run`, and nothing else first.
#
#   make run      start Twoway here            (ARGS="--port 9000" are options of `twoway up`)
#   make test     every test                   (ARGS="-k words" are options of pytest)
#   make check    what a change has to keep: style, types, rooms, contracts, licences
#   make prove    the promises in full counts; long
#   make bench    the figures, printed and in build/bench.json     (ONLY=name for one)
#   make clean    away with what was built; never with var/, where people's data lives

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
ONLY ?=

# uv uses the Python of the environment, and fetches none of its own.
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV

.PHONY: run test check prove bench clean
.DEFAULT_GOAL := run

run: $(READY)
	@$(BIN)/twoway up $(ARGS)

test: $(READY)
	$(BIN)/pytest $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m console.contracts --check
	$(BIN)/pytest -q tests/contract/test_licences.py

prove: $(READY)
	TWOWAY_PROVE=full $(BIN)/pytest -m prove $(ARGS)

bench: $(READY)
	$(BIN)/python -m bench $(ONLY)

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The environment, made again only when what it is made from has changed. The stamp is written last.
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "twoway: $(PYTHON) is too old; Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --quiet --frozen --all-extras --inexact --python $(BIN)/python
	@touch $@
