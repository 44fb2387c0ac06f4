# Every target builds the environment that it needs; a machine with Python 3.13 and make is enough.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
ready := .venv/.ready
# Whatever the machine's setting, compiled modules are kept: each process of a test would compile all anew.
export PYTHONDONTWRITEBYTECODE :=
many_examples := tests/agreement tests/functions/test_api_properties.py tests/functions/test_window_schema.py \
	tests/scenarios/test_api_campaign.py tests/service/updates/test_world_model.py \
	tests/unit/domain/deciding tests/unit/domain/window

$(ready): requirements.txt requirements-dev.txt local/azurite/package-lock.json local/setup.sh local/uv.txt
	@sh local/setup.sh

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(ready) ## the environment alone: .venv with every pinned package, and Azurite

.PHONY: run
run: $(ready) ## play the whole story on this machine (more of it: make run ARGS=--table)
	@$(PYTHON) -m local.demo $(ARGS)

.PHONY: up
up: $(ready) ## the same without the story: stays up, and every call of the pages works
	@$(PYTHON) -m local.demo --stay-up

.PHONY: plan
plan: $(ready) ## what naptime would do, with your own login (options: make plan ARGS="--help")
	@$(PYTHON) -m naptime plan $(or $(ARGS),--all)

# The app runs in other processes there, or what is reached others reach: counting takes twice as long.
uncounted := tests/scenarios tests/telemetry tests/local tests/agreement tests/house \
	tests/service/updates/test_world_model.py tests/service/test_killed_workers.py
# Files of few tests that take long would come last, one after the other, with one core idle.
long_first := tests/scenarios tests/telemetry tests/local/demo tests/local/deploying $(uncounted)
counted := tests/command_line tests/functions tests/service tests $(addprefix --ignore=,$(uncounted))
# With the command line counted too, what is missing in the app itself would not be seen.
shared_alone = $(PYTHON) -m coverage report --include='shared/*' --precision=2 --fail-under=99
three_at_a_time := -q -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: test
test: $(ready) ## every test, with the storage emulator and the real worker library
	@$(PYTHON) -m pytest $(three_at_a_time) $(long_first)
	@$(PYTHON) -m pytest $(three_at_a_time) --cov --cov-report=term $(counted)
	@$(shared_alone) > /dev/null || $(shared_alone)

.PHONY: quick
quick: $(ready) ## unit and service tests in under a minute: the loop while writing
	@$(PYTHON) -m pytest -q -n 3 --dist loadfile tests/unit tests/service

.PHONY: campaign
campaign: $(ready) ## what takes minutes: workers killed in the middle of runs, mutants, weather, a soak, many examples
	@$(PYTHON) -m pytest -q -m campaign
	@MANY_EXAMPLES=1 $(PYTHON) -m pytest -q $(many_examples)

.PHONY: check
check: $(ready) ## format, lint, types, imports, then the tests (three at a time)
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy .
	@.venv/bin/lint-imports --no-cache
	@$(MAKE) --no-print-directory test

.PHONY: infra
infra: $(ready) ## what is wrong with infra/: the rules, and with a bicep on PATH all that it says
	@$(PYTHON) -m local.infra_check

.PHONY: infra-write
infra-write: $(ready) ## format infra/, and write what is compiled from it (a bicep on PATH)
	@$(PYTHON) -m local.infra_check --write

.PHONY: page
page: $(ready) ## the fleet page in this machine's Chromium: its tests, how fast it is, pictures
	@$(PYTHON) -m pytest -q -m browser tests/page
	@$(PYTHON) -m local.page

.PHONY: picture
picture: $(ready) ## the README's pictures of the fleet page, from the demonstration fleet
	@$(PYTHON) -m local.page --picture

.PHONY: bench
bench: $(ready) ## the figures of docs/performance.md (beside a version: ARGS="--before REF")
	@$(PYTHON) -m local.bench $(ARGS)

.PHONY: profile
profile: $(ready) ## where a sweep's processor time, calls, storage operations and memory go
	@$(PYTHON) -m local.profiling

.PHONY: cost
cost: $(ready) ## what a month costs, for docs/deploy.md (write it: make cost ARGS=--write)
	@$(PYTHON) -m local.cost $(ARGS)

.PHONY: scale
scale: $(ready) ## a run over 10,000 clusters with one worker and with ten, on a simulated clock
	@$(PYTHON) -m local.scale $(ARGS)

.PHONY: az-check
az-check: $(ready) ## the real azure-cli against the simulator (installs it into .venv-az, 700 MB)
	@$(PYTHON) -m local.real_clients.az

.PHONY: js-check
js-check: $(ready) ## the JavaScript SDK against the simulator (Node 20 or later on PATH)
	@$(PYTHON) -m local.real_clients.js

.PHONY: format
format: $(ready) ## let the formatter and the linter repair what they can
	@$(PYTHON) -m ruff check --fix-only .
	@$(PYTHON) -m ruff format .

.PHONY: package
package: $(ready) ## the deploy package and its bill of materials, in dist/, built twice and tried
	@$(PYTHON) -m local.package

.PHONY: wheel
wheel: $(ready) ## the command line as a wheel, installed into an empty environment and tried
	@$(PYTHON) -m local.wheel

.PHONY: release
release: $(ready) ## what people deploy without building: package, templates, checksums, in dist/release
	@$(PYTHON) -m local.package.release

.PHONY: pins
pins: $(ready) ## renew requirements.txt and requirements-dev.txt from their .in files
	@sh local/pins.sh

.PHONY: clean
clean: ## remove the environment and every cache
	rm -rf .venv .venv-az build dist local/azurite/node_modules local/js_check/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
