# Everything a fresh machine needs, from two commands: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests that run inside the stand-in for Slicer.
HOSTED := Testing/standin Testing/panel Testing/extension
EXTRAS := face,text,cloud,slides,panel,dev

.PHONY: help venv system demo test test-slow lint bench clean

help:
	@echo "make demo   set up, then take a head the whole way: de-identify, review, upload, process"
	@echo "make test   set up, then lint and run the tests (make test-slow: the long ones)"
	@echo "make bench  print our figures with our peers' beside them"

venv: $(VENV)/.ready

# The stamp is newer than what it was made from, so a second run has nothing to do.
$(VENV)/.ready: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module is missing (Debian: apt-get install python3-venv)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

# What pip cannot bring: OpenGL without a screen, and the conformance checker.
system:
	@sh tools/system_packages.sh

demo: venv system
	$(BIN)/clinic2cloud demo demo-output $(DEMO)

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/list_extension_files.py --check

test: venv system lint
	$(BIN)/python -m pytest $(HOSTED:%=--ignore=%)
	$(BIN)/python -m pytest $(HOSTED)

test-slow: venv system
	$(BIN)/python -m pytest -m slow $(HOSTED:%=--ignore=%)
	$(BIN)/python -m pytest -m slow $(HOSTED)

bench: venv system
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist demo-output *.egg-info
