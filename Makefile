# Everything a newcomer types. `make` alone lists it; deploy/setup.sh does the installing.

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
UV ?= uv
UPGRADE ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo check lint test screenshots bench soak lock clean

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## installs everything to develop and test: .venv, Debian packages (root or sudo), npm packages
	@deploy/setup.sh debian
	@deploy/setup.sh python dev
	@deploy/setup.sh s3
	@deploy/setup.sh node

demo: ## starts the product with fictional people; needs only Python 3.11 with venv and pip
	@deploy/setup.sh python base
	@$(BIN)/teledossier demo

check: lint ## looks at the code and runs the quick tests, about two minutes on two cores
	@$(BIN)/python -m pytest --quiet --numprocesses auto -m "not slow" tests/unit tests/contract tests/architecture

lint: ## looks at the code: format, lint, types, architecture, JavaScript types
	@deploy/setup.sh python dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if [ -d node_modules ]; then echo node_modules/.bin/tsc; node_modules/.bin/tsc; \
	else echo "no node_modules: JavaScript types not checked (make setup)"; fi

test: setup lint ## sets up, looks at the code, runs all tests; ends with what was skipped and why
# a file stays with one worker, its servers are started once
	@$(BIN)/python -m pytest tests --ignore=tests/browser --numprocesses auto --dist loadfile
# apart: Playwright keeps an event loop running in its thread, which asyncio tests cannot share
	@$(BIN)/python -m pytest tests/browser -m "not alone" --numprocesses 2 --dist loadfile
	@$(BIN)/python -m pytest tests/browser -m alone

screenshots: ## draws every screen of the demo into files
	@deploy/setup.sh python dev
	@$(BIN)/python -m tests.support.screenshots

bench: ## measures pages, page sessions, documents, joining, media and poor lines, each beside its baseline
	@deploy/setup.sh python dev
# all of them, whatever one has missed (status 3); a fault ends at once
	@missed=0; for name in pages sessions documents join sfu rooms impaired; do \
	$(BIN)/teledossier bench $$name || { [ $$? -eq 3 ] && missed=3; } || exit 1; done; exit $$missed

soak: ## a call of three for two hours: memory of web and media stays flat (a minute of it: bench soak --quick)
	@deploy/setup.sh python dev
	@$(BIN)/teledossier bench soak

lock: ## rewrites requirements/*.txt from pyproject.toml (needs uv); newer versions with UPGRADE=--upgrade
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
		--no-emit-index-url --no-header --quiet $(UPGRADE) --output-file requirements/base.txt
	$(UV) pip compile pyproject.toml --extra dev --constraints requirements/base.txt --universal --python-version 3.11 \
		--fork-strategy fewest --generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE) \
		--output-file requirements/dev.txt
	$(UV) pip compile requirements/s3.in --universal --python-version 3.11 \
		--fork-strategy fewest --generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE) \
		--output-file requirements/s3.txt

clean: ## removes what setup and the tools made, never var/
	rm -rf .venv .venv-s3 node_modules build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find app components tests notebooks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
