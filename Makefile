# Everything runs in .venv, which `make venv` builds from pyproject.toml and constraints.txt.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(p) 2>/dev/null)))
BIN := .venv/bin
SEEDS ?= 1000
SECONDS ?= 60
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-zenml check guard pictures fuzz sim bench bench-quick bench-peers generate lock clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

venv: .venv/made  ## build the virtual environment

.venv/made: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: $(PYTHON) is older (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,fast]'
	mkdir -p build/types/stackroom
	for room in events sync client; do ln -sfn ../../../$$room build/types/stackroom/$$room; done
	touch $@

demo: venv  ## two people, one hub, an outage, a conflict, a reconciliation
	$(BIN)/stackroom demo

test: venv  ## run the tests, in parallel
	$(BIN)/python -m pytest -n $(JOBS) -q

test-zenml: venv .venv-zenml/made  ## run the tests against a real ZenML 0.98, in an environment of its own
	STACKROOM_TEST_ZENML=$(CURDIR)/.venv-zenml/bin/python $(BIN)/python -m pytest -q -m zenml

.venv-zenml/made: tests/zenml_real/constraints.txt
	$(PYTHON) -m venv .venv-zenml
	.venv-zenml/bin/python -m pip install --quiet --disable-pip-version-check \
		-c tests/zenml_real/constraints.txt 'zenml[server,local]==0.98.0'
	touch $@

check: venv  ## lint, format, types, whether docs and schema are up to date, what the hot paths take
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy build/types/stackroom/events build/types/stackroom/sync build/types/stackroom/client
	$(BIN)/mypy benchmarks
	$(BIN)/python -m pytest -q tests/test_docs.py tests/sync/test_schema.py tests/commands/test_reference.py \
		tests/commands/test_explain.py tests/commands/test_imports.py tests/guard

guard: venv  ## set the ceilings of the hot paths anew, to what they take now
	$(BIN)/python -m tests.guard --set

pictures: venv  ## make the README's pictures anew, in a real browser
	STACKROOM_PICTURES=1 $(BIN)/python -m pytest -q tests/dashboard/test_pictures.py

fuzz: venv  ## fuzz the hub and the readers of files for SECONDS each (default 60)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[fuzz]"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

sim: venv  ## run the simulation over SEEDS seeds (default 1000)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --jobs $(JOBS)

bench: venv bench-peers .venv-zenml/made  ## measure everything, beside the peers, in about 25 minutes
	$(BIN)/python -m benchmarks

bench-quick: venv  ## measure in under three minutes, beside the peers that are installed
	$(BIN)/python -m benchmarks --quick

bench-peers: venv .venv/peers  ## install the peers of the benchmarks that pip and npm have, a new NATS among them

.venv/peers: benchmarks/peers/constraints.txt benchmarks/peers/package.json .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -c benchmarks/peers/constraints.txt -e '.[peers]'
	mkdir -p build/peers && cp benchmarks/peers/package.json build/peers/
	-cd build/peers && npm install --no-audit --no-fund
	touch $@

generate: venv  ## write what is generated: the protocol's schema, pages of the docs, schemas of new files
	$(BIN)/python -m stackroom.sync.schema > docs/protocol.schema.json
	$(BIN)/python -m stackroom.sync.permission_words > sync/dashboard/lib/permissions.js
	$(BIN)/python -m tests.limits_page > docs/limits.md
	$(BIN)/python -m tests.access_page > docs/access-matrix.md
	$(BIN)/python -m tests.flavors_page > docs/zenml-flavors.md
	$(BIN)/python -m stackroom.client.commands.reference > docs/cli.md
	$(BIN)/python -m stackroom.client.commands.explanations > docs/errors.md
	$(BIN)/python -m tests.new_files

lock:  ## pin what a fresh environment gets now, into constraints.txt
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev,fast]'
	build/lock/bin/python -m pip freeze --exclude stackroom --exclude pip | grep '==' > constraints.txt
	rm -rf build/lock

clean:  ## remove what was built
	rm -rf .venv .venv-zenml build *.egg-info .mypy_cache .ruff_cache .hypothesis
