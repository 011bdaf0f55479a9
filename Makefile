# The project's face: every target does its own set-up and is quick when there is nothing to do.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# the emulated Snowflake's own environment: it asks for another duckdb than the project's
FAKESNOW := .venv-fakesnow
# Airflow's, which pins half of what the project pins otherwise
AIRFLOW := .venv-airflow
# Tools find one another (dbt, sqlfluff, retail) through PATH; no anonymous usage data leaves the machine.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: daily help setup bi build site shell test lint ci test-snowflake test-airflow equality bench lock clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

build: setup ## Make sample data, land and load it, run dbt build, publish gold and the site; say what was built
	retail sample
	retail load
	dbt build --quiet
	retail publish
	retail dashboards
	@python -m retail.summary

site: setup ## Draw the site anew: dashboards, data quality, docs
	retail dashboards

shell: setup ## Open published gold, read-only, in an SQL shell
	@python -m retail.shell

test: setup ## What a pull request has to pass, in under 10 minutes
	@# side by side: the linter keeps one core busy for two minutes
	$(MAKE) --jobs=2 lint daily

daily: setup
	pytest -m "not slow"

lint: setup ## The gates alone: ruff, yamllint, sqlfluff, dbt parse
	@# dbt's engine for the gates lives in memory, so that no open editor or run blocks them
	RETAIL_DATABASE=:memory: pre-commit run --all-files

ci: test bi ## `make test`, then what is slower
	@# a core each; a module stays in one process, which makes its own warehouse; in the order of their names, as long ones have few tests
	pytest -m slow --numprocesses 2 --dist loadfile --no-loadscope-reorder
	$(MAKE) --jobs=2 test-snowflake test-airflow

test-snowflake: setup $(FAKESNOW)/.ready ## The project on an emulated Snowflake, every table compared with DuckDB's
	pytest tests/emulator

test-airflow: setup $(AIRFLOW)/.ready ## The DAG under a real Airflow, on a small sample
	pytest tests/airflow

# an environment of its own, from the lock that stands with what it is for
$(FAKESNOW)/.ready: tests/emulator/requirements.lock
$(AIRFLOW)/.ready: orchestration/airflow/requirements.lock
$(FAKESNOW)/.ready $(AIRFLOW)/.ready:
ifneq ($(shell command -v uv),)
	@echo "Installing $(@D) with uv ..."
	@uv venv --quiet --allow-existing --python $(PYTHON) $(@D)
	@uv pip sync --quiet --require-hashes --python $(@D)/bin/python $<
else
	@echo "Installing $(@D) with pip ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
endif
	@touch $@

equality: setup ## Random nights against a full refresh, row for row: make equality N=200; SEED=… ONLY=… run them again
	PYTHONPATH=tests/integration python -m equality -n $(or $(N),20) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(FAULTS),--faults) $(if $(TALLY),--tally)

bench: setup ## Ratios against bare DuckDB scripts in the same run
	python scripts/bench/load.py
	python scripts/bench/models.py
	python scripts/bench/night.py
	python scripts/bench/marketplace.py
	python scripts/bench/marts.py
	python scripts/bench/site.py
	python scripts/bench/extract.py
	python scripts/bench/watch.py

bi: $(VENV)/.bi ## Install the tools of Tableau and Metabase into .venv (350 MB; `retail export`)

$(VENV)/.bi: requirements-bi.lock $(VENV)/.ready
ifneq ($(shell command -v uv),)
	@uv pip install --quiet --no-deps --require-hashes --python $(BIN)/python -r $<
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
endif
	@touch $@

LOCKED := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate
lock: setup ## Renew the locks: the project's, the BI tools', the emulated Snowflake's, Airflow's (needs uv)
	uv pip compile pyproject.toml --extra dev $(LOCKED) --upgrade --output-file requirements.lock
	uv pip compile requirements-bi.in $(LOCKED) --upgrade --constraint requirements.lock --output-file requirements-bi.lock
	uv pip compile tests/emulator/requirements.in $(LOCKED) --upgrade --output-file tests/emulator/requirements.lock
	uv pip compile orchestration/airflow/requirements.in $(LOCKED) --upgrade --output-file orchestration/airflow/requirements.lock

clean: ## Remove what was built; the landing zone and your profile stay
	rm -rf target logs warehouse site processed exports
