# The verbs of this project. 'make demo' and 'make test' need only Python >= 3.11 and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo demo-shop dev test test-fast test-wordpress check format lock bench bench-control bench-embeddings bench-search bench-gateway bench-shop stop clean

help:            ## what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | awk -F: '{printf "  make %-15s%s\n", $$1, $$2}'

demo: $(READY)   ## sync the bundled demo site (or SITE=https://example.org) and leave the Dagster UI running
	$(BIN)/sync-assets dev --demo $(if $(SITE),--site $(SITE)) $(if $(PORT),--port $(PORT))

demo-shop: $(READY) ## sync a simulated shop, sum up its month, and leave the Dagster UI running
	$(BIN)/sync-assets dev --demo-shop $(if $(PORT),--port $(PORT))

dev: $(READY)    ## database, Dagster webserver and daemon; Ctrl-C stops all
	$(BIN)/sync-assets dev $(if $(PORT),--port $(PORT))

test: $(READY)   ## the tests, on the embedded PostgreSQL
	$(BIN)/pytest -m "not wordpress" $(ARGS)

test-fast: $(READY) ## the tests that need no database, in seconds
	$(BIN)/pytest -m "not wordpress and not postgres" $(ARGS)

test-wordpress: $(READY) ## the tests against a real WordPress, nginx and Chromium, from Debian's packages
	sync_assets_tests/real_wordpress/install.sh
	$(BIN)/pytest -m wordpress $(ARGS)

check: $(READY)  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(READY) ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) $(VENV)-bench/.ready ## compare with a plain loop and with dlt
	$(BIN)/python -m bench --write bench/results/latest.md $(ARGS)

bench-control: $(READY) ## measure asking, queueing and running with 300 tenants through Dagster
	$(BIN)/python -m bench.control $(ARGS)

bench-embeddings: $(READY) ## compare embedding with the bare model, in 15 minutes
	$(BIN)/python -m bench.embeddings $(ARGS)

bench-search: $(READY) ## measure search over 100,000 chunks, in 5 minutes
	$(BIN)/python -m bench.search $(ARGS)

bench-gateway: $(READY) ## measure the gateway under 100 clients and 200 event streams, in 2 minutes
	$(BIN)/python -m bench.gateway $(ARGS)

bench-shop: $(READY) $(VENV)-bench/.ready ## compare loading a shop's 20,000 orders with dlt, in 10 minutes
	$(BIN)/python -m bench.shop $(ARGS)

stop: $(READY)   ## stop the embedded PostgreSQL
	$(BIN)/sync-assets stop

lock: $(READY)   ## compile requirements.lock anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' \
	  --extra dev pyproject.toml -o requirements.lock

clean:           ## remove the environments; the data in .sync_assets stays
	rm -rf $(VENV) $(VENV)-bench

$(VENV)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sync_assets needs Python 3.11 or newer; say which with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(READY): requirements.lock pyproject.toml $(VENV)/bin/uv
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)-bench/.ready: bench/requirements.lock $(VENV)/bin/uv
	$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(VENV)-bench
	$(BIN)/uv pip install -q --python $(VENV)-bench/bin/python --require-hashes -r bench/requirements.lock
	@touch $@
