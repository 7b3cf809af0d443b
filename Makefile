# What a machine needs: git, make and Python 3.11 with venv and pip. uv is used where it is present.
PYTHON  ?= python3
VENV    ?= .venv
EXTRAS  ?=
CASE    ?= session-ops-cases/example
BIN     := $(VENV)/bin
PINS    := requirements.txt $(if $(filter all,$(EXTRAS)),tests/requirements-all.txt)
READY   := $(VENV)/.ready$(EXTRAS)
UV      := $(shell command -v uv 2>/dev/null)

.PHONY: demo test lab bench bench-mutations lint pictures pins clean

demo: $(READY)  ## the main job on the bundled example; prints the path of the report
	$(BIN)/session-ops run --example --case "$(CASE)"

test: $(READY)  ## everything this machine can test; what was skipped, and why, is printed
	$(BIN)/python -m pytest -n logical --dist loadfile

lab: $(READY)  ## JupyterLab at the six notebooks
	$(BIN)/session-ops lab

bench: $(READY)  ## every number of the README; ONLY=name measures one
	$(BIN)/python tests/bench/run.py $(if $(ONLY),--only $(ONLY))

bench-mutations: $(READY)  ## breaks healthy packages and lets fix --prove repair them; PACKAGES=DIR takes others
	$(BIN)/python tests/bench/mutations.py $(if $(PACKAGES),--packages "$(PACKAGES)")

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

pictures: $(READY)  ## the README's pictures, from the bundled example (needs Chromium)
	$(BIN)/python tests/bench/pictures.py

pins:  ## rewrites the pinned requirements from pyproject.toml (needs uv)
	printf 'hatchling\neditables\n' | uv pip compile -q --upgrade pyproject.toml - --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header -o requirements.txt
	printf 'agnix\naxe-playwright-python\ncheck-jsonschema\ncheck-wheel-contents\ndeptry\ndetect-secrets\ndistributed\nhadolint-bin\nmcp\nplaywright>=1.50\npre-commit\npyspark\nshellcheck-py\nsqlglot\ntwine\nzizmor\n' | uv pip compile -q - -c requirements.txt --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header -o tests/requirements-all.txt

$(READY): requirements.txt pyproject.toml $(wildcard tests/requirements-all.txt)
ifeq ($(UV),)
	$(PYTHON) -m venv $(VENV)
	$(foreach pins,$(PINS),$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(pins) &&) true
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
else
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(foreach pins,$(PINS),$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(pins) &&) true
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
endif
	$(BIN)/python -m compileall -q src/session_ops
	@touch $@

clean:
	rm -rf $(VENV) session-ops-cases dist build
