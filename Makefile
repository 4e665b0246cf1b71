# Every command works on a fresh machine with Python 3.11 or later and make.

PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python
STREAMLIT = $(RUN) -m streamlit run app.py
DEMO_STORE = .demo/audit.duckdb
WORKERS ?= 2
# One lock for every Python from 3.11 and every platform, the same version of a package for all of them.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(RUN) -m uv pip compile --quiet --universal --fork-strategy fewest \
	--generate-hashes --all-extras
PYTEST = $(RUN) -m pytest -n $(WORKERS) --dist worksteal

.PHONY: demo run test fast campaign faults endurance check sizes lint types bench spikes-eval screenshots browser docs lock setup setup-dev clean

demo: setup            ## a filled demo store, and the dashboard on it
	rm -rf $(DEMO_STORE) $(DEMO_STORE).*
	$(RUN) -m demo --store $(DEMO_STORE)
	AUDIT_STORE=$(DEMO_STORE) $(STREAMLIT)

run: setup             ## the dashboard on your own store ($$AUDIT_STORE, else ./audit.duckdb)
	$(STREAMLIT)

test: setup-dev browser  ## a test of every behaviour, the browser's included; prints the processor time of each folder
	$(PYTEST) --cpu

fast: setup-dev        ## the tests without a browser and without other processes
	$(PYTEST) -m "not browser and not processes"

campaign: setup-dev browser  ## every test, with all examples of properties and all rounds of kills
	$(PYTEST) --campaign --cpu

faults: setup-dev      ## every injected fault, with its table in docs/reliability.md; an hour (Linux, a C compiler)
	$(RUN) -m tests.faults

endurance: setup-dev   ## ten minutes of many writers, two users, kills and strange files (Linux, root)
	$(RUN) -m tests.endurance

check: lint types fast ## lint, types, fast tests

sizes: setup-dev       ## the sizes of folders, files and functions
	$(RUN) -m pytest tests/test_sizes.py

lint: setup-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: setup-dev
	$(RUN) -m mypy

bench: setup-dev       ## figures for this machine; minutes
	$(RUN) -m benchmarks

spikes-eval: setup-dev ## attacks found and false alarms of login-spike detection, by kind of attack
	$(RUN) -m benchmarks.spikes_eval --worlds 30

screenshots: setup-dev browser  ## docs/*.png, every page, light and dark
	$(RUN) docs/screenshots.py

docs: setup-dev        ## docs/command-lines.md, from the help texts
	$(RUN) docs/command_lines.py

browser: setup-dev     ## Chromium for the browser's tests, where it is missing and can be had
	sh tests/browser/install.sh

lock: setup-dev        ## requirements*.lock; `make lock UPGRADE=--upgrade` takes the newest versions
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements.lock
	$(LOCK) $(UPGRADE) pyproject.toml requirements-dev.txt -c requirements.lock -o requirements-dev.lock

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

$(VENV)/.runtime: requirements.lock | $(RUN)
	$(RUN) -m pip install --quiet --require-hashes -r $<
	touch $@

$(VENV)/.dev: requirements-dev.lock | $(RUN)
	$(RUN) -m pip install --quiet --require-hashes -r $<
	touch $(VENV)/.runtime $@

$(RUN):
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .demo
