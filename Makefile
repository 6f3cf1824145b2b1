# `make` runs the default analysis, `make recovery` its fresh draws, `make test` runs every test but those of `make test-slurm`; both first set up .venv from requirements.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run recovery tables drift browser test test-slurm lint format lock schema clean
.DEFAULT_GOAL := run

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "evenwicht needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Fix: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

run: $(READY)  ## the main job: every table, figure and the report
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake

recovery: $(READY)  ## bias, coverage and power over fresh draws of every synthetic cohort, and the page with them
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake recovery --forcerun recovery_tables
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake

tables: run  ## regenerate the tables of the default run and show what changed against the committed ones
	-$(BIN)/python -m evenwicht.report.drift results/tables

drift: run  ## fail if the regenerated tables differ from the committed ones
	$(BIN)/python -m evenwicht.report.drift results/tables

browser: $(READY)  ## Chromium for the tests of the pages: on Debian, root gets its package; elsewhere, how to get it
	@$(BIN)/python -m tests.browser.chromium || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; }

test: $(READY) browser  ## every test; those of the pages and of the default run need the run of `make`
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -n auto --dist loadfile --no-loadscope-reorder --ignore tests/slurm

test-slurm: $(READY)  ## runs on a Slurm of two nodes, which is started here: for root, with Slurm installed; else says why not
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -rs tests/slurm $(if $(ONLY),-k "$(ONLY)")

lint: $(READY)  ## ruff, mypy, snakefmt and snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile workflow/rules

schema: $(READY)  ## write config/schema.json and the key reference config/README.md from the pydantic tree
	$(BIN)/python -m evenwicht.config config

lock:  ## resolve pyproject.toml again into requirements.lock (needs uv)
	uv pip compile --python-version 3.11 --python-platform linux --generate-hashes \
	  --extra dev --extra slurm --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet --upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf .snakemake private/cohorts private/estimates results/figures results/logs results/benchmarks \
	  results/report.html results/pages results/ro-crate-metadata.json results/workflow data/synthetic/*/
