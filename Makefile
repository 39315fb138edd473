# The whole set-up is here: `make run` opens the bank, `make test` proves it. Needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One lock with hashes; `make lock` renews it. The run-time lock alone is enough for `make run`.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= 2
# What runs at once keeps its lines together (make before 4.0 cannot), and one that fails does not stop the others.
AT_ONCE := --no-print-directory --jobs=$(JOBS) --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# The tests start the bank hundreds of times: compiled once, each start takes a third of the time.
unexport PYTHONDONTWRITEBYTECODE
SEEDS ?= 200
SOAK_SEEDS ?= 20000
REQUESTS ?= 50000
# For each parser (tests/fuzz).
FUZZ_SECONDS ?= 60
SEED ?= 1

# The unit tests in parts, each a process of its own: for thousands of small tests that costs two thirds of xdist's workers.
# The long parts come first.
UNIT := unit-others unit-codes unit-codes-mail unit-codes-folders
PART := $(BIN)/python -m pytest -m "unit and not slow" -p no:xdist -p no:schemathesis -p no:cacheprovider

.PHONY: run test check unit $(UNIT) lint types imports docs bench sim soak fuzz audit lock clean help

help:
	@echo "make run     open the bank in sandbox mode      make test    all tests"
	@echo "make check   format, lint, types, imports, unit make bench   the benchmarks (needs wrk)"
	@echo "make sim SEEDS=200  seeded simulation           make docs    write the generated pages again"
	@echo "make soak    the long runs: 20,000 seeds, 1,000 kills, fail-overs under Patroni (hours)"
	@echo "make fuzz REQUESTS=50000 FUZZ_SECONDS=60 SEED=1   requests by chance, then each parser under a coverage-guided fuzzer"
	@echo "make audit   known vulnerabilities of the locked packages; exit 3, NOT AUDITED, where no service can be reached"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "numbank needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

run: $(VENV)/.run
	@$(BIN)/numbank demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest tests --numprocesses=$(JOBS) --dist=loadscope --no-loadscope-reorder

check: $(VENV)/.dev
	@$(MAKE) $(AT_ONCE) lint types imports $(UNIT)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	@$(MAKE) $(AT_ONCE) $(UNIT)

unit-codes: $(VENV)/.dev
	$(PART) tests/codes/test_*.py

unit-codes-mail: $(VENV)/.dev
	$(PART) tests/codes/mail

unit-codes-folders: $(VENV)/.dev
	$(PART) tests/codes --ignore-glob='*/codes/test_*.py' --ignore=tests/codes/mail

unit-others: $(VENV)/.dev
	$(PART) tests --ignore=tests/codes

docs: $(VENV)/.dev
	$(BIN)/numbank explain --write-docs docs/actions.md
	$(BIN)/python -m tests.codes.services.page docs/services.md
	COLUMNS=100 TERM=dumb $(BIN)/typer numbank.cli.main utils docs --name numbank --title Commands --output docs/commands.md

bench: $(VENV)/.dev
	$(BIN)/python -m bench

sim: $(VENV)/.dev
	$(BIN)/python -m tests.sim --seeds $(SEEDS)

# Hours. What needs programs that are not installed (Patroni) says so.
soak: $(VENV)/.dev
	$(BIN)/python -m tests.sim --seeds $(SOAK_SEEDS)
	$(BIN)/python -m tests.fire --kills 1000 --seed $(SEED)
	$(BIN)/python -m tests.fire --patroni 20 --seed $(SEED)
	NUMBANK_FREEZE_S=60 $(BIN)/python -m pytest tests/nodes/test_frozen.py -q -n0
	$(BIN)/python -m tests.nodes --leases 1000000

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.wire.fuzz --requests $(REQUESTS) --seed $(SEED)
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --seed $(SEED)

# Exit code 3, and a line that begins with NOT AUDITED, where no vulnerability service can be reached.
audit: $(VENV)/.dev
	$(BIN)/python -m tests.audit

# Versions and hashes only: no index host is ever written.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev --extra voice pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
