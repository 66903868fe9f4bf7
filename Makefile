# Everything starts from `make setup`; all other targets call it first. See README.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
SHARD ?= all

# Where an image forbids Python to keep what it compiled, each of the tests' few hundred processes compiles it all again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check bench drill lock wheel screenshots clean

setup:
	@PYTHON="$(PYTHON)" sh scripts/setup.sh

demo: setup
	$(RUN)/xunwang demo

test: setup
	$(RUN)/python -m pytest -q -n 2 --dist loadfile

check: setup
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy

# The peers are wanted here only; one that cannot be had is reported as absent.
bench: setup
	-$(RUN)/uv pip install -q --python $(RUN)/python --require-hashes -r locks/bench.txt
	$(RUN)/xunwang bench all

drill: setup
	SHARD=$(SHARD) $(RUN)/python -m pytest -q -m drill

# Write the locks anew from pyproject.toml: hashes, no addresses.
lock: setup
	$(RUN)/python scripts/lock.py

wheel: setup
	$(RUN)/python -m build --wheel --no-isolation

# The pictures in the README, made from the demo.
screenshots: setup
	$(RUN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV) node_modules console/static/vendor build dist
