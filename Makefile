# make setup | demo | demo-kafka | test | bench | bench-kafka | soak | fuzz | lint
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-kafka test bench bench-kafka soak fuzz lint

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/ready
# Where the machine says that nothing compiled is kept, each of a test run's many processes would compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

help:
	@echo "make demo        set up, start everything, play a seeded world, show what came of it (ONCE=1: and exit)"
	@echo "make demo-kafka  the same on a real Kafka and PostgreSQL, brought up for it (Java, Maven and PostgreSQL are needed)"
	@echo "make test        lint and every test"
	@echo "make bench       throughput and latency against a bare server"
	@echo "make bench-kafka the same of the distributed form, then with more processes and a million cases stored"
	@echo "make soak        a hundred kills under load, of each form; a thousand rounds of near-duplicates at one instant"
	@echo "make fuzz        invented inputs for the validator, FUZZ_SECONDS=1800"
	@echo "make setup       .venv, with the command .venv/bin/claims"
	@echo "make lint        ruff"

setup: $(STAMP)

# The stamp is written last: a .venv without it is half made and made again.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or later is needed: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	@rm -f $@
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
	  { rm -rf .venv && $(PYTHON) -m venv .venv; } || \
	  { echo "Cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/claims demo

demo-kafka: setup
	@$(BIN)/python -m tests.servers $(BIN)/claims demo --data demo-kafka

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Coverage is of decisions, and unit tests ask for them. All others wait for brokers, databases and browsers: three workers on two
# cores, a module on one of them, the long ones first. After them alone: what asks how soon all is back after a fault.
ALONE := tests/end_to_end/test_faults.py

test: lint
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests/unit -n 2
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/python -m pytest tests/end_to_end tests/integration tests/simulation tests/contract --ignore $(ALONE) \
		-n 3 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest $(ALONE)

bench: setup
	$(BIN)/python -m bench

bench-kafka: setup
	$(BIN)/python -m bench.distributed

soak: setup
	$(BIN)/python -m tests.end_to_end.ordeal --kills 100
	$(BIN)/python -m tests.end_to_end.ordeal --kills 100 --kafka
	CLAIMS_ROUNDS=1000 $(BIN)/python -m pytest tests/simulation/test_two_at_once.py -k worker_of_its_own

# The fuzzer is no part of the system and not in the lock: it has wheels for some platforms only.
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz
