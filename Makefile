# The project's face: every target does its own set-up and is quick when there is nothing to do.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# Tools find one another (dbt, sqlfluff, retail) through PATH; no anonymous usage data leaves the machine.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help setup build test lint ci docs bench lock clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready profiles.yml ## Install the locked dependencies into .venv; write profiles.yml if there is none

# --no-deps with hashes: the lock is complete, so nothing is resolved and nothing else can come in.
$(VENV)/.ready: requirements.lock pyproject.toml
ifneq ($(shell command -v uv),)
	@echo "Installing the locked dependencies with uv ..."
	@uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	@uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@uv pip install --quiet --no-deps --no-build-isolation --offline --python $(BIN)/python --editable .
else
	@echo "Installing the locked dependencies with pip ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
endif
	@touch $@

profiles.yml: profiles.yml.example
	@if [ -e $@ ]; then touch $@; else cp $< $@; echo "Wrote profiles.yml from profiles.yml.example"; fi
	@mkdir -p warehouse

build: setup ## Make sample data, land and load it, run dbt build; say what was built
	retail sample
	retail load
	dbt build --quiet
	@python -m retail.summary

test: lint ## What a pull request has to pass, in under 10 minutes
	pytest -m "not slow"

lint: setup ## The gates alone: ruff, yamllint, sqlfluff, dbt parse
	@# dbt's engine for the gates lives in memory, so that no open editor or run blocks them
	RETAIL_DATABASE=:memory: pre-commit run --all-files

ci: test ## `make test`, then what is slower
	pytest -m slow

docs: setup ## Build the static docs of the project: target/static_index.html
	dbt docs generate --static --quiet
	@echo "Docs: target/static_index.html"

bench: setup ## Ratios against bare DuckDB scripts in the same run
	python scripts/bench/load.py
	python scripts/bench/models.py
	python scripts/bench/marketplace.py

lock: setup ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --upgrade --output-file requirements.lock

clean: ## Remove what was built; the landing zone and your profile stay
	rm -rf target logs warehouse
