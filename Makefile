# `make ghost`, `make overlaps`, `make contraction`, `make degeneracy`, `make universality` and `make test` build the
# environment first; nothing else need be installed than Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: env ghost overlaps contraction degeneracy universality test mutants lint types docs lock bench layout

env: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12 ...")'
	@echo "Building the environment in $(VENV): once, a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

ghost: env
	$(RUN) -m validate.ghost --T 100

overlaps: env
	$(RUN) -m validate.overlaps

contraction: env
	$(RUN) -m validate.contraction

degeneracy: env
	$(RUN) -m validate.degeneracy

universality: env
	$(RUN) -m validate.universality

test: env
	env -u PYTHONDONTWRITEBYTECODE $(RUN) -m pytest -n auto --dist worksteal  # what is hooked is compiled once

# An hour or so, by hand: which small falsifications of the code that decides what is true go unnoticed (docs/mutants.md).
mutants: env
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	$(RUN) benchmarks/mutants.py

lint: env
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: env
	$(RUN) -m mypy

# The site, into results/site: open results/site/index.html. A warning is an error, as is a link that leads nowhere.
docs: env
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --quiet

# PyTorch is needed by the benchmarks alone, so it stays out of `make env`.
bench: env
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[bench]'

# Exact versions for every Python and platform that is supported.
lock:
	uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --extra dev --extra docs \
		--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock

# What every file is about, from its own first line.
layout:
	@$(PYTHON) docs/layout.py
