# One verb a line; what it does is in the program it calls.
PYTHON ?= python3
BIN := .venv/bin
# Where pip looks for torch, if not where it looks for everything else.
TORCH_INDEX ?=

.PHONY: setup demo build grade mistakes bench bench-scale bench-gradients bench-layers test test-all fuzz format clean hostile

setup: .venv/ready

demo: setup
	$(BIN)/autograder demo

build: setup
	$(BIN)/autograder build

grade: setup
	$(BIN)/autograder grade

mistakes: setup
	$(BIN)/autograder mistakes

bench: setup
	$(BIN)/python -m benchmarks.throughput

bench-scale: setup
	$(BIN)/python -m benchmarks.throughput --sizes 100 1000 10000 --loops 300

bench-gradients: setup
	$(BIN)/python -m benchmarks.gradcheck

bench-layers: setup
	$(BIN)/python -m benchmarks.layers

hostile: setup
	$(BIN)/python -m tests.hostile

test: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/autograder build --check
	$(BIN)/autograder mistakes
	$(BIN)/pytest -m "not slow" -n 2

test-all: test
	$(BIN)/pytest -m slow

fuzz: setup
	$(BIN)/python -m tests.sandbox.fuzz

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv dist build course

.venv/ready: pyproject.toml course_utils/pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python: expected 3.11 or newer, got " + sys.version.split()[0] + ". Run: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt setuptools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation --editable course_utils --editable ".[dev]"
	touch .venv/ready
