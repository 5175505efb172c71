# `make serve` and `make test` need nothing before them: the environment in .venv is made on first use.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help serve test lint format check bench bench-quick screenshots clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 13

serve: .venv/installed ## Serve the built-in contract; ARGS="--port 0" adds options
	@exec $(BIN)/mockserver serve $(ARGS)

test: .venv/developed ## Run every test; ARGS="-k reset" narrows it down
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/developed ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/developed ## Write the code in the one style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

check: .venv/installed ## Look for mistakes in the built-in contract
	@$(BIN)/mockserver check

bench: .venv/developed ## Measure everything, beside nginx, bare Flask and WireMock; needs wrk, nginx and redis-server
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.console_memory

bench-quick: .venv/developed ## Compare reads and changes with bare Flask, in half a minute
	@$(BIN)/python -m tests.bench --quick

screenshots: .venv/developed ## Take the pictures of the README anew
	@$(BIN)/python -m tests.bench.screenshots

clean: ## Remove the environment and what tools left behind
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build

# Made anew where it was interrupted: half an environment would fail for ever.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit("mockserver needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
	  echo "python3 cannot make environments here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) --upgrade "pip>=25.1"
	@touch $@

.venv/installed: pyproject.toml | .venv/made
	@echo "Installing mockserver into .venv" >&2
	@$(PIP) --editable .
	@touch $@

.venv/developed: pyproject.toml .venv/installed
	@echo "Installing what the tests need into .venv" >&2
	@$(PIP) --group dev
	@touch $@
