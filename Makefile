# Needs make, git and Python 3.11 or newer. A recipe's command is one line without shell syntax where it can be, so
# that make runs it itself: the supervisor notices when its parent dies, which must be make and not a shell between.

PYTHON = python3
VENV = .venv/bin/python
SUPERVISED = $(VENV) -m local_cloudflare.supervisor --
LOCK = $(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

help: ## list these commands (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

demo: setup ## everything on this machine: three stacks up, the data of two applications moved, files read back (ARGS="...")
	@$(SUPERVISED) $(VENV) -m tests.clients.install --only mongo
	$(SUPERVISED) $(VENV) scripts/demo.py $(ARGS)

app: environment ## run the example application with a local Cloudflare in the foreground (ARGS="--port 8000"); Ctrl-C ends it
	$(SUPERVISED) $(VENV) scripts/app.py $(ARGS)

up: setup ## start the local Cloudflare in the foreground (ARGS="--s3-port 9000"); Ctrl-C ends it
	$(SUPERVISED) $(VENV) -m local_cloudflare up $(ARGS)

down: environment ## stop the local Cloudflare that `make up` started
	$(VENV) -m local_cloudflare down $(ARGS)

test: setup servers ## run the tests (ARGS="tests/layout -k keys")
	$(SUPERVISED) $(VENV) -m pytest --numprocesses 2 --dist loadgroup --durations 10 $(ARGS)

lint: environment ## check style, types, who imports whom, the lock files, the workflows, and the TypeScript client
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy
	$(VENV) .venv/bin/lint-imports
	$(VENV) scripts/lock_files.py
	$(SUPERVISED) $(VENV) scripts/lint_workflows.py
	@$(SUPERVISED) $(VENV) -m tests.typescript.install --lint

check: test lint check-lowest ## tests and linters, and some of the tests on the lowest versions of what they need

package: environment ## build the wheel and the sdist into dist/, look into them, install each and use it
	$(SUPERVISED) $(VENV) scripts/package.py $(ARGS)

check-lowest: environment ## the core's and the storage's tests on the lowest versions that pyproject.toml allows
	$(VENV) -m uv pip install --quiet --require-hashes --python $(VENV) --target .local/lowest -r requirements/lowest.txt
	PYTHONPATH=.local/lowest $(SUPERVISED) $(VENV) -m pytest --numprocesses 2 --ignore tests/layout/migrate tests/layout $(ARGS)

check-clients: servers ## run every client of docs/clients.md against the local Cloudflare; installs them, builds rclone
	$(SUPERVISED) $(VENV) -m tests.clients.install --all
	$(SUPERVISED) $(VENV) -m pytest tests/clients $(ARGS)
check-clients: export CLIENTS_REQUIRED = 1

check-foreign: environment ## run ceph's s3-tests against the local R2 (S3_TESTS=a checkout of theirs)
	@$(SUPERVISED) $(VENV) -m tests.foreign.s3_tests $(ARGS)

bench: servers ## measure keys, import time, the local R2 beside moto, the migration beside other tools, its cut, Dask, databases beside litestream
	$(VENV) -m uv pip install --quiet --require-hashes --python $(VENV) --target .local/bench -r requirements/bench.txt
	$(VENV) bench/keys.py
	$(VENV) bench/import_time.py
	$(SUPERVISED) $(VENV) bench/local_r2.py
	$(SUPERVISED) $(VENV) bench/migrate.py $(ARGS)
	$(SUPERVISED) $(VENV) bench/follow.py
	$(SUPERVISED) $(VENV) bench/deep_verification.py
	$(SUPERVISED) $(VENV) bench/plan.py
	$(SUPERVISED) $(VENV) bench/sync.py
	$(SUPERVISED) $(VENV) bench/backend.py
	$(SUPERVISED) $(VENV) bench/references.py

soak: servers ## kill a migration's commands 200 times, 5,000 objects under every fault, kill an application (KILLS=1000 SEED=2 MINUTES=60)
	$(SUPERVISED) $(VENV) -m pytest --capture no tests/soak tests/layout/web/test_openapi.py tests/layout/references/test_killed.py $(ARGS)
soak: export R2_LAYOUT_SOAK_BACKEND_KILLS = $(BACKEND_KILLS)
soak: export R2_LAYOUT_SOAK_CALLS = $(CALLS)
soak: export R2_LAYOUT_SOAK_KILLS = $(KILLS)
soak: export R2_LAYOUT_SOAK_SEED = $(SEED)
soak: export R2_LAYOUT_SOAK_REFERENCE_KILLS = $(REFERENCE_KILLS)
soak: export R2_LAYOUT_SOAK_REQUESTS = $(REQUESTS)
soak: export R2_LAYOUT_SOAK_OBJECTS = $(OBJECTS)
soak: export R2_LAYOUT_SOAK_WRITES = $(WRITES)
soak: export R2_LAYOUT_SOAK_MEBIBYTES = $(MEBIBYTES)
soak: export R2_LAYOUT_SOAK_MINUTES = $(MINUTES)
soak: BACKEND_KILLS = 20
soak: CALLS = 600
soak: KILLS = 200
soak: MEBIBYTES = 2048
soak: MINUTES = 2
soak: OBJECTS = 5000
soak: REFERENCE_KILLS = 40
soak: REQUESTS = 2000
soak: SEED = 1
soak: WRITES = 2000

setup: ## make .venv and find or build the Pulumi engine; the other commands do this by themselves
	@$(PYTHON) scripts/setup.py

generate: environment ## write again what is generated: JSON Schemas, README's tree, tables in docs/
	$(VENV) scripts/generate.py

docs: environment ## make the pages in site/; a link or an anchor that is wrong is an error
	$(SUPERVISED) $(VENV) scripts/docs.py

docs-serve: environment ## serve the pages in the foreground (ARGS="--address 127.0.0.1:8001"); Ctrl-C ends it
	$(SUPERVISED) $(VENV) scripts/docs.py --serve $(ARGS)

lock: environment ## write requirements/*.txt anew from requirements/*.in
	for name in requirements/*.in; do $(LOCK) --output-file "$${name%.in}.txt" "$$name" || exit 1; done
	$(VENV) scripts/lock_files.py

# What the tests run beside this project's own code. Quick and offline once it is there.
servers: environment
	@$(SUPERVISED) $(VENV) -m tests.conformance.servers.install
	@$(SUPERVISED) $(VENV) -m tests.clients.install
	@$(SUPERVISED) $(VENV) -m tests.typescript.install

environment:
	@$(PYTHON) scripts/setup.py --without-engine

.PHONY: help demo app up down test lint check package check-lowest check-clients check-foreign bench soak generate docs docs-serve setup lock servers environment
