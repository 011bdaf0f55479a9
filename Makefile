# The project's face: every target does its own set-up and is quick when there is nothing to do.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# Tools find one another (dbt, sqlfluff, retail) through PATH; no anonymous usage data leaves the machine.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help setup build sample load lint test ci bench lock clean

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

lock: setup ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --upgrade --output-file requirements.lock
