# `make run` opens the workstation, `make test` checks it; both set everything up first.
# RUN_ARGS and TEST_ARGS are passed on: make run RUN_ARGS="--rig leap --emulate"

PYTHON_IN_VENV := .venv/bin/python
RUN_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
BENCHMARKS ?= record control gui sim startup bus library player review preview clean policy

.PHONY: run test test-all test-interop bench screenshots setup constraints clean

run: setup
	$(PYTHON_IN_VENV) -m app run $(RUN_ARGS)

test: setup
	$(PYTHON_IN_VENV) -m pytest -m "not slow" $(TEST_ARGS)

test-all: setup
	$(PYTHON_IN_VENV) -m pytest $(TEST_ARGS)

test-interop: setup
	.ci/interop

bench: setup
	for name in $(BENCHMARKS); do $(PYTHON_IN_VENV) -m app bench $$name --json $(BENCH_ARGS); done

screenshots: setup
	$(PYTHON_IN_VENV) -m app.screenshots

setup:
	@.ci/setup

constraints: setup
	.ci/constraints

clean:
	rm -rf .venv .venv-interop .interop .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
