# Two commands set everything up: `make demo` and `make test`. Each is complete on a machine with Python and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
APPLY := $(BIN)/picsellia-apply
STAMP := $(VENV)/.installed

.PHONY: demo test check bench laws format clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[examples,test]'
	@touch $@

demo: $(STAMP) ## plan and apply examples/manifests on the embedded lake, then show that nothing is left to do
	@$(BIN)/python examples/fetch_pictures.py
	$(APPLY) plan examples/manifests --embedded
	$(APPLY) apply examples/manifests --embedded --auto-approve
	$(APPLY) plan examples/manifests --embedded --detailed-exitcode

test: check ## everything that CI runs
	@$(BIN)/python examples/fetch_pictures.py
	$(BIN)/pytest -n auto --maxprocesses=4 --dist worksteal --cov --cov-report=term:skip-covered

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## every benchmark: each line is a ratio against a peer or a limit measured in the same run
	$(BIN)/python -m tests.benchmarks

laws: $(STAMP) ## the promises, looked at for long: 1,000 random cases for each law, 60 kill points in each mode
	PICSELLIA_LAWS=laws $(BIN)/pytest tests/laws -v -n auto --maxschedchunk=1 --durations=0 --durations-min=1

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage examples/pictures .picsellia
