# Set-up lives in .venv; every target does its own and is cheap when run again.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run setup test check audit bench clean

run: .venv/.ready
	$(BIN)/srcsel app

setup: .venv/.ready

test: .venv/.ready-test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: .venv/.ready-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

audit: .venv/.ready-check
	$(BIN)/python -m tests.audit

bench: .venv/.ready-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("srcsel needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 run") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/.ready: pyproject.toml | .venv/bin/python
	@echo "Installing into .venv: 3 to 10 minutes, about 7 GB with PyTorch."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/.ready-test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@ .venv/.ready

.venv/.ready-check: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,check]"
	touch $@ .venv/.ready .venv/.ready-test
