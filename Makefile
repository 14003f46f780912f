# Two commands do all of their own set-up: `make app` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 5006
WORKERS := -n 3 --dist loadgroup  # two that work, and one for the browser, which mostly waits

# Where there is no node, what needs it is left out; on CI that is a failure.
NODE = command -v $(1) >/dev/null || { echo "$(1) is missing, so the JavaScript is not $(2): install Node 20."; test -z "$$CI"; exit; }
TSC := tests/js/node_modules/.bin/tsc

.PHONY: app test test-all test-js test-agents lint lint-js bench clean help

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/app: pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed: make PYTHON=python3.12"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[app]'
	touch $@

$(VENV)/dev: pyproject.toml $(VENV)/app
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

$(VENV)/fits: pyproject.toml $(VENV)/dev
	$(BIN)/python -m pip install --quiet -e '.[fits]'
	touch $@

$(VENV)/agents: pyproject.toml $(VENV)/dev
	$(BIN)/python -m pip install --quiet -e '.[agents]'
	touch $@

app: $(VENV)/app  ## set up, serve the studio and open it
	$(BIN)/neurogym serve --port $(PORT) --open

test: $(VENV)/dev lint test-js  ## set up, find or install a browser, lint and test
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest -q $(WORKERS)

test-all: $(VENV)/fits lint test-js  ## the same, with every task, every pair of wrappers, and packages that take our tables
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest -q $(WORKERS) --all

test-js:  ## test the player's modules without a browser
	@$(call NODE,node,tested); node --test tests/js/*.test.js

test-agents: $(VENV)/agents  ## set up PyTorch and Stable-Baselines3 too, test what needs them
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 tests/agents

lint: $(VENV)/dev lint-js  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-js:  ## check the types of the player's modules
	@$(call NODE,npm,checked); test -x $(TSC) || npm install --prefix tests/js --no-package-lock --silent; $(TSC) -p tests/js

bench: $(VENV)/dev  ## speed, as ratios within one run
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.bench

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache tests/js/node_modules
