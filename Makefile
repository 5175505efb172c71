# `make serve` and `make test` work on a fresh clone: the first use creates a virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Tests with packages of npm.
NPM := tests/javascript tests/kits/javascript tests/kits/server_side
# Browsers and servers are shared by the tests of a process; ARGS="-n 0" uses one process, for a debugger.
# Three processes, because tests that wait for a browser or a server leave a processor idle.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist worksteal
# Images set it for smaller layers; each process of the tests would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help serve test attack lint format check bench bench-quick screenshots clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

serve: .venv/installed ## Serve the built-in contract; ARGS="--port 0" passes options
	@exec $(BIN)/mockserver serve $(ARGS)

test: .venv/developed $(NPM:%=%/node_modules) ## Run all tests; ARGS="-k reset" selects some
	@$(PYTEST) $(ARGS)

# Next.js is large, so only the full tests install it.
attack: .venv/developed $(NPM:%=%/node_modules) tests/kits/server_side/next/node_modules ## Run all tests in full: fuzzers, properties, attacks and kits; `make test` has their short form
	@MOCKSERVER_ATTACK=full $(PYTEST) $(ARGS)

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
	rm -rf .venv $(NPM:%=%/node_modules) tests/kits/server_side/next/node_modules tests/kits/server_side/next/.next .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build

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

# TypeScript, Playwright, Vite and Vitest, for the tests of scripts and of the JavaScript package. Without npm these
# tests are skipped. They use the Chromium that is installed.
%/node_modules: %/package.json
	@if command -v npm >/dev/null; then \
	  echo "Installing the tools of JavaScript tests into $@" >&2; \
	  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
	  npm install --prefix $* --no-package-lock --no-audit --no-fund --loglevel error >/dev/null \
	  && touch $@ || { rm -rf $@; echo "npm could not install the tools of $*; its tests are skipped" >&2; }; \
	fi
