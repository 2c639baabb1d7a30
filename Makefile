# From nothing but Python (3.11 or later, with venv) and make: `make demo` shows the program, `make test` tests it.
# Everything is relative to this folder, so the folder may have any name, blanks and Vietnamese letters included.

PYTHON ?= python3
BIN := .venv/bin
PIP := "$(BIN)/python" -m pip --disable-pip-version-check --quiet
PINNED := --require-hashes --only-binary :all: --no-deps
# Python versions of the Windows bundle; several may be given: make bundle PY="3.12 3.13"
PY ?= 3.13

# An environment holds the path of its folder: where the folder was moved, it is built again.
MOVED := $(shell [ "$$(cat .venv/folder 2>/dev/null)" = "$$(pwd)" ] || rm -f .venv/run.stamp .venv/dev.stamp)

.PHONY: help demo test check format bench bundle lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    both scenarios on the embedded data, their maps and comparison"
	@echo "make test    all tests"
	@echo "make check   ruff, mypy, import-linter"
	@echo "make format  ruff format and the safe fixes"
	@echo "make bench   measured times of each stage"
	@echo "make bundle  zip for a Windows PC without internet (PY=3.13)"
	@echo "make lock    resolve the dependencies anew (needs uv)"
	@echo "make clean   remove the environment and what was built"

.venv/run.stamp: requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	[ "$$(cat .venv/folder 2>/dev/null)" = "$$(pwd)" ] || "$(PYTHON)" -m venv --clear .venv
	pwd > .venv/folder
	$(PIP) install $(PINNED) -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(PIP) install $(PINNED) -r requirements-dev.lock
	@touch $@

demo: .venv/run.stamp
	"$(BIN)/siteplan" run --compare scenarios/phuong_an_1.toml scenarios/phuong_an_2.toml

test: .venv/dev.stamp
	"$(BIN)/python" -m pytest -n 2 --dist loadfile

check: .venv/dev.stamp
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/python" -m mypy siteplan
	"$(BIN)/lint-imports"

format: .venv/dev.stamp
	"$(BIN)/ruff" check --fix .
	"$(BIN)/ruff" format .

bench: .venv/dev.stamp
	"$(BIN)/python" -m benchmarks --write

bundle: .venv/run.stamp
	"$(BIN)/python" tools/bundle.py --out dist $(foreach version,$(PY),--python $(version))

lock:
	"$(PYTHON)" tools/lock.py

clean:
	rm -rf .venv dist build .cache-tests .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
