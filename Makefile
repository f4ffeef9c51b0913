# The project's commands; `make help` lists them. Everything local lies in .local/ and .venv/, nothing is installed system-wide.
STACK ?= prod
UNPROTECT ?=
# a test of the engine waits as much as it works: one process more than there are processors
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST ?=

# every run of the engine starts the program, the pack and the language host anew: what one has compiled the next one need not
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python -P
COMPILE := .venv/bin/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help up preview destroy down test test-real bench golden mutants lint lock sdk setup setup-dev cli

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  ./local CMD…    any command in the local environment: ./local pulumi stack export --stack prod"

up: setup ## bring STACK (prod) up on this machine, in both visits, judged by the policies
	@$(PYTHON) -m tools.up up --stack "$(STACK)"

preview: setup ## what `make up` would do, and what the policies say about it
	@$(PYTHON) -m tools.up preview --stack "$(STACK)"

destroy: setup ## destroy STACK; while it protects its data: make destroy UNPROTECT=prod
	@$(PYTHON) -m tools.destroy destroy --stack "$(STACK)" --unprotect "$(UNPROTECT)"

down: setup ## stop the local cloud; its state stays
	@$(PYTHON) -m tools.destroy down

test: lint cli ## lint, types, layers, and every test that needs no heavier real part
	@.venv/bin/pytest -n $(JOBS) -m "not real" $(PYTEST)

test-real: setup-dev cli ## the tests against real parts: kube-apiserver, PostgreSQL, coderd, Helm, OpenTofu, interruptions, and the lives of reference and demo; the first run builds them
	@$(PYTHON) -m tools.real_parts >/dev/null
	@.venv/bin/pytest -m real $(PYTEST)

bench: setup-dev cli ## time and memory of preview and up, against the engine's floor
	@.venv/bin/python -m bench
	@.venv/bin/python -m bench.stacks

golden: setup ## record the graph of STACK, which stands after `make up`, in tests/golden
	@./local coder-eks graph --stack "$(STACK)" > tests/golden/$(STACK).yaml.new && mv tests/golden/$(STACK).yaml.new tests/golden/$(STACK).yaml

mutants: setup-dev ## how much of the policies their tests hold (mutmut), into docs/properties/mutation.md; only what changed
	@$(PYTHON) -m tools.mutation; result=$$?; $(PYTHON) -m policy.pages; exit $$result

lint: setup-dev ## ruff, pyright, import-linter, and the gate of the template catalogue
	@.venv/bin/ruff check
	@.venv/bin/pyright
	@.venv/bin/lint-imports
	@.venv/bin/coder-eks templates check

lock: setup-dev ## pin the requirements anew, with hashes
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) tools/pulumi/go-toolchain.in -o tools/pulumi/go-toolchain.txt
	@git diff --stat -- requirements.txt requirements-dev.txt tools/pulumi/go-toolchain.txt

sdk: setup ## generate sdks/coderd anew from its schema
	@tools/gen_sdk/run

setup: ## .venv with pinned, hashed dependencies
	@tools/setup

setup-dev:
	@tools/setup --dev

cli: setup
	@$(PYTHON) -m tools.pulumi_cli
