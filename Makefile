# nbexp from a fresh clone: `make demo` and `make test` do all the set-up they need.
#
#   make demo        a true story from real runs, in less than a minute after the installation
#   make test        lint, types, tests and the example notebooks
#   make test-fast   tests only, without those that start kernels over and over; an eighth of the cases
#   make bench       the measurements, side by side with the peers
#   make soak        every case in real kernels, kills at every point of storing, measurements, other Pythons
#
# PYTHON chooses the interpreter (3.11 to 3.13), VENV the environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH := torch==2.13.0
EXAMPLES := $(wildcard example_notebooks/*.ipynb)
# libraries' own threads, times the test processes, would be more than the machine has
export OMP_NUM_THREADS ?= 1

.DELETE_ON_ERROR:
.PHONY: help demo test test-fast lint types pytest examples bench soak soak-pythons clean

help:
	@sed -n '2,10s/^# \{0,1\}//p' Makefile

demo: $(VENV)/installed-demo
	$(BIN)/nbexp demo

test: lint types pytest examples

test-fast: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -x -n auto -m "not soak and not slow"

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-test
	$(BIN)/mypy

pytest: $(VENV)/installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/behaviour/test_kernels.py
	$(BIN)/python -m pytest -q tests/behaviour/test_kernels.py  # its tests share two kernels, and go in order

# An empty store and no stage lines: what the examples show is what any reader sees the first time.
examples: $(VENV)/installed-test
	@for notebook in $(EXAMPLES); do \
	  home=$$(mktemp -d) || exit 1; \
	  echo "== $$notebook"; \
	  NBEXP_HOME="$$home" NBEXP_LINE=off $(BIN)/python -m pytest -q -p no:cacheprovider --nbval "$$notebook"; status=$$?; \
	  rm -rf "$$home"; [ $$status -eq 0 ] || exit $$status; \
	done

bench: $(VENV)/installed-test
	$(BIN)/python -m tests.benchmarks

soak: $(VENV)/installed-test
	$(BIN)/python -m pytest -m soak -n auto --dist worksteal --ignore=tests/soak
	$(BIN)/python -m pytest -m soak tests/soak  # a summary needs its file's tests in one process
	NBEXP_EVIDENCE=1 $(BIN)/python -m tests.benchmarks
	$(MAKE) --no-print-directory soak-pythons

soak-pythons:
	@for version in 3.11 3.12 3.13; do \
	  if ! python$$version -c '' 2>/dev/null; then echo "== Python $$version: not found"; continue; fi; \
	  if [ "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = $$version ]; then continue; fi; \
	  echo "== Python $$version"; \
	  $(MAKE) --no-print-directory pytest PYTHON=python$$version VENV=.venv-$$version TORCH= || exit 1; \
	done

clean:
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo 'nbexp needs Python 3.11 to 3.13; "$(PYTHON)" is another or is missing.' >&2; \
	  echo 'Name one that is installed: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'Python cannot make a virtual environment: its venv module is missing or incomplete.' >&2; \
	  echo 'Install it (Debian, Ubuntu: apt install python3-venv; Fedora: dnf install python3-pip), then run make again.' >&2; exit 1; }

$(VENV)/installed-demo: pyproject.toml | $(BIN)/python
	@echo 'Installing nbexp and what the demo needs into $(VENV) ...'
	$(PIP) -e '.[demo]'
	@touch $@

# torch comes first and alone: the others then find it, pinned by the constraints, and pull no other build of it.
$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing nbexp and what its tests need into $(VENV) ...'
	@if [ -n '$(TORCH)' ] && $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  set -x; $(PIP) -c constraints.txt '$(TORCH)'; fi
	$(PIP) -c constraints.txt -e '.[demo,share,test]'
	@touch $@
