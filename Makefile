# The words a newcomer needs; `make` alone lists them. ARGS="…" is handed on where a program is run.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo run test check bench soak web pbx lock
.DELETE_ON_ERROR:

PY := .venv/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check --no-input --retries 5 --timeout 60 --require-hashes
NPM := cd web && PATH="$(CURDIR)/.venv/bin:$$PATH" npm --loglevel=error
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/src/app/fonts/*' 2>/dev/null)

help: ## list the words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: web ## set up from nothing and run an example centre with simulated customers; ARGS="--for 60 --json" runs headless
	@.venv/bin/ahize demo $(ARGS)

run: web ## run the service on config.yaml
	@.venv/bin/ahize serve $(ARGS)

test: .venv/dev.stamp web ## set up and run every test; ARGS="tests/kit -k seal" runs some
	@sh tests/prepare
	@failed=0; ($(NPM) run --silent test) || failed=1; \
	$(PY) -m pytest -n 2 --dist loadfile $(ARGS) || failed=1; exit $$failed

check: .venv/dev.stamp web ## style, types, import rules, pages, container files: before each commit
	@sh tests/check

bench: .venv/dev.stamp web ## measure the published figures
	@$(PY) -m bench $(NAME) $(ARGS)

soak: .venv/dev.stamp web ## run for hours and look for what leaks
	@$(PY) -m bench.soak $(ARGS)

web: web/dist/index.html ## build the desk

pbx: .venv/service.stamp ## install and start the test PBX (a real Asterisk on 127.0.0.1:15060); ARGS=stop ends it
	@$(PY) tests/pbx/pbx install && $(PY) tests/pbx/pbx $(or $(ARGS),start)

lock: .venv/service.stamp ## pin every dependency with hashes; ARGS=--upgrade takes the newest
	@sh requirements/lock $(ARGS)

# ---------------------------------------------------------------- what the words stand on

.venv/bin/python:
	@echo "setting up .venv"
	@PYTHON="$(PYTHON)" sh requirements/venv

.venv/service.stamp: requirements/service.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "installing what the service needs (one to three minutes)"
	@$(PIP) -r requirements/build.txt -r requirements/service.txt
	@$(PY) -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt requirements/foreign.txt .venv/service.stamp
	@echo "installing what the tests and checks need"
	@$(PIP) -r requirements/dev.txt
	@$(PIP) --no-deps -r requirements/foreign.txt
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json .venv/service.stamp
	@echo "installing what the desk is built with"
	@$(NPM) ci --no-audit --no-fund --fetch-retries=5 >/dev/null
	@touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB)
	@echo "building the desk"
	@($(NPM) run --silent build) >web/node_modules/.build.log || { cat web/node_modules/.build.log; exit 1; }
	@touch $@
