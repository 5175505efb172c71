# `make serve` and `make test` work on a fresh clone: the first use creates a virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
JAVASCRIPT := tests/javascript
# Browsers and servers are shared by the tests of a process; ARGS="-n 0" uses one process, for a debugger.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

.PHONY: help serve test lint format check bench bench-quick screenshots clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

serve: .venv/installed ## Serve the built-in contract; ARGS="--port 0" passes options
	@exec $(BIN)/mockserver serve $(ARGS)

test: .venv/developed $(JAVASCRIPT)/node_modules ## Run all tests; ARGS="-k reset" selects some
	@$(PYTEST) $(ARGS)

lint: .venv/developed ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/developed ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

check: .venv/installed ## Find errors in the built-in contract
	@$(BIN)/mockserver check

bench: .venv/developed ## Measure everything, beside nginx, bare Flask and WireMock; needs wrk, nginx and redis-server
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.console_memory

bench-quick: .venv/developed ## Compare reads and changes with bare Flask, in half a minute
	@$(BIN)/python -m tests.bench --quick

screenshots: .venv/developed ## Take the screenshots of the README
	@$(BIN)/python -m tests.bench.screenshots

clean: ## Remove the virtual environment and the files that tools created
	rm -rf .venv $(JAVASCRIPT)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build

# --clear: an interrupted run may have left an incomplete environment.
.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit("mockserver needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
	  echo "python3 cannot create virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) --upgrade "pip>=25.1"
	@touch $@

.venv/installed: pyproject.toml | .venv/created
	@echo "Installing mockserver into .venv" >&2
	@$(PIP) --editable .
	@touch $@

.venv/developed: pyproject.toml .venv/installed
	@echo "Installing the development tools into .venv" >&2
	@$(PIP) --group dev
	@touch $@

# TypeScript, for the test that checks the types of the pages' scripts. Without npm that test is skipped.
$(JAVASCRIPT)/node_modules: $(JAVASCRIPT)/package.json
	@if command -v npm >/dev/null; then \
	  echo "Installing TypeScript into $(JAVASCRIPT)/node_modules" >&2; \
	  npm install --prefix $(JAVASCRIPT) --no-package-lock --no-audit --no-fund --loglevel error >/dev/null \
	  && touch $@ || { rm -rf $@; echo "npm could not install TypeScript; its test is skipped" >&2; }; \
	fi
