# Each target does its own set-up. All that it needs is Python 3.11 or newer with venv, make and a shell.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py README.md LICENSE $(shell find topology chaos tui -type f -not -name '*.py[co]')
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help play films readme-film check lint test source-test compiled-test outside slow canary mutants seeds bench pure clean

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name words; \
	do printf '  make %-14s %s\n' "$$name" "$$words"; done

play: $(VENV)/installed ## open the shop on screen
	@$(BIN)/knockon play shop

films: $(VENV)/installed ## a film of each playground, into films/ (NAMES="shop upload" for some)
	@$(BIN)/python -P -m tui.record.gallery films $(NAMES)

# A GIF of it weighs half as much again and is less sharp; the .cast beside it is what `knockon record --verify` checks.
readme-film: $(VENV)/installed ## the film of the shop that the README shows, anew
	@mkdir -p docs
	$(BIN)/knockon record shop --from 26s --to 76s --speed 2x --fps 5 --captions -o docs/shop.cast
	@$(BIN)/python -P -c 'from tui.record.formats import write; write(open("docs/shop.cast", encoding="utf-8").read(), "docs/shop.svg")'

check: lint test ## all that a change must pass: ruff, mypy, import contracts, tests

lint: $(VENV)/dev-installed ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

test: source-test compiled-test ## the tests, from source, then the engine's against the installed package

source-test: $(VENV)/dev-installed
	$(PYTEST) $(PARALLEL)

compiled-test: outside
	cd $(VENV)/outside && KNOCKON_INSTALLED=1 ../bin/python -m pytest $(PARALLEL) tests/topology tests/chaos

# The tests are copied away from the sources, so that only the installed package can be imported.
outside: $(VENV)/dev-installed
	@rm -rf $(VENV)/outside && mkdir $(VENV)/outside && cp -R tests pyproject.toml $(VENV)/outside/

slow: outside ## the slow tests: many seeds, theory, packaging, mutated files, random keys
	cd $(VENV)/outside && KNOCKON_INSTALLED=1 ../bin/python -m pytest $(PARALLEL) -m slow tests/topology tests/chaos
	$(PYTEST) $(PARALLEL) -m slow tests/conformance tests/house tests/tui

canary: $(VENV)/dev-installed ## the films' tests under the newest Textual: it warns, and never fails
	PYTHONPATH=. $(BIN)/python -m tests.canary

mutants: $(VENV)/dev-installed ## change kinds, policies and faults one thing at a time: do tests notice? (takes an hour)
	PYTHONPATH=. $(BIN)/python -m tests.mutants.hunt $(WORDS)

seeds: outside ## every shipped playground over 200 seeds, and over 50 at three times its length
	cd $(VENV)/outside && KNOCKON_SEEDS=200 KNOCKON_INSTALLED=1 ../bin/python -m pytest -m slow tests/chaos/test_gallery.py

bench: outside ## CPU time against peers, as ratios
	cd $(VENV)/outside && KNOCKON_INSTALLED=1 ../bin/python -m pytest -m bench -s tests/bench

pure: ## an installation without a C compiler, in an environment of its own
	rm -rf $(VENV)-pure && $(call new-venv,$(VENV)-pure)
	CC=false $(VENV)-pure/bin/python -m pip install --quiet .
	$(VENV)-pure/bin/knockon --version
	$(VENV)-pure/bin/python -P -c 'import sys; from topology import build_info; sys.exit(build_info.compiled())'
	$(VENV)-pure/bin/knockon run shop
	rm -rf $(VENV)-pure

clean: ## remove all that these targets made
	rm -rf $(VENV) $(VENV)-pure build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

define new-venv
{ $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "knockon needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }; } && \
{ $(PYTHON) -m venv $(1) || { rm -rf $(1); \
	echo "'$(PYTHON) -m venv' failed: see above (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }; }
endef

$(VENV)/made:
	@echo "Making $(VENV) …"
	@$(call new-venv,$(VENV))
	@touch $@

# One wheel serves both installations, so that the hot modules are compiled once.
$(VENV)/built: $(VENV)/made $(SOURCES)
	@echo "Building knockon; compiling its hot modules takes a minute or two …"
	@rm -rf $(VENV)/wheel && $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(VENV)/wheel .
	@touch $@

$(VENV)/installed: $(VENV)/built
	@echo "Installing …"
	@$(BIN)/python -m pip install --quiet $(VENV)/wheel/*.whl
	@$(BIN)/python -m pip install --quiet --no-deps --force-reinstall $(VENV)/wheel/*.whl
	@$(BIN)/knockon --version
	@touch $@

$(VENV)/dev-installed: $(VENV)/installed
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --quiet "$$(echo $(VENV)/wheel/*.whl)[dev,films,live]"
	@touch $@
