# Two commands matter: `make run` and `make test`. Both prepare what they need, and need only Python 3.11 and make.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# The first Python on the way that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)

.PHONY: help install run test check bench shell doctor lock clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' $(MAKEFILE_LIST)

# A lock is kept beside what was installed from it: a changed one is noticed whatever the clocks say.
installed = @cmp -s requirements/$(1).txt $(VENV)/$(1).txt && $(BIN)/python -c '' 2>/dev/null || \
	$(MAKE) --no-print-directory environment LOCK=$(1)

install: ## Make the environment with all that tests and checks need; again only when the lock has changed
	$(call installed,dev)

# What it takes to serve: a first run does not wait for the tools of those who build.
.PHONY: packages
packages:
	$(call installed,base)

.PHONY: environment
environment:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "trefoil: Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) >/dev/null || \
		{ echo "trefoil: $(PYTHON) cannot make a virtual environment; install its venv module (on Debian: python3-venv)" >&2; exit 1; }
	@echo "trefoil: installing packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
		--requirement requirements/$(LOCK).txt || \
		{ echo "trefoil: the packages could not be installed; pip says why above" >&2; exit 1; }
	@cp requirements/$(LOCK).txt $(VENV)/$(LOCK).txt
	@test $(LOCK) = base || cp requirements/base.txt $(VENV)/base.txt

run: packages ## Run the site, the worker and the scheduler, with a demo community the first time
	@exec $(BIN)/python -m community.launch

# A cluster of its own, which may lose data at a power cut: that is what makes it fast. Tests start many processes:
# what one has compiled the others read, whatever the shell says of bytecode.
test: install ## Run every test; ARGS="tests/community -k health" runs some
	@TREFOIL_VAR="$${TREFOIL_VAR:-var}/tests" TREFOIL_EMBEDDED_FAST=1 PYTHONDONTWRITEBYTECODE= \
		$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder $(ARGS)

check: install ## Run everything that finds faults without running the site
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --check --target-version 5.2
	@$(BIN)/python $(BIN)/lint-imports --no-cache
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@SITE_URL=https://community.example.org \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		DATABASE_URL=postgresql://trefoil@127.0.0.1/trefoil REDIS_URL=redis://127.0.0.1/0 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	@! grep -nE '://|--(extra-)?index-url|--find-links|--trusted-host' requirements/* || \
		{ echo "trefoil: the requirements name a host; compile them with make lock" >&2; exit 1; }
	@TREFOIL_VAR="$${TREFOIL_VAR:-var}/tests" TREFOIL_EMBEDDED_FAST=1 \
		$(BIN)/python -m pytest --quiet tests/test_access_matrix.py

bench: packages ## Measure every page against a bare view; ARGS="--members 1000 --posts 10000"
	@$(BIN)/python manage.py bench $(ARGS)

shell: packages ## A Python prompt inside the project
	@$(BIN)/python manage.py shell $(ARGS)

doctor: packages ## Say what is well and what is not
	@$(BIN)/python manage.py doctor $(ARGS)

# For every Python from 3.11 on and every system, with hashes, and without a word about where packages come from.
COMPILE = $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate $(ARGS)
lock: install ## Compile requirements/*.in anew; ARGS=--upgrade takes newer versions
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	@$(COMPILE) requirements/base.in --output-file requirements/base.txt
	@$(COMPILE) requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt

clean: ## Remove what can be made again; the data in var stay
	@rm -rf $(VENV) var/tests var/static .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
