# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv first.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
OUT    ?= demo-out
JOBS   ?= 2
FRAMES ?= 1000000
FUZZ_SECONDS ?= 3600
FUZZ_SEED    ?= 0
EXPLORE_ROUNDS ?= 4
# Of the commit, where none is given.
EXPLORE_SEED   ?=

.DELETE_ON_ERROR:
.PHONY: demo test test-all lint format typecheck check setup docs golden soak bench-kernels ablation kernel-costs kernel-code encodings fuzz explore corpus mutate \
        results results-lenet300 results-lenet5 results-dscnn results-resnet8 results-resnet8-subset \
        results-again clean

demo: $(VENV)/.ready-demo
	@echo "== 1/4  train a small CNN with Keras 3 on the UCI handwritten digits"
	$(BIN)/python examples/digits/train.py -o $(OUT)
	@echo "== 2/4  int8 conversion, C code, firmware for the Arduino Nano 33 BLE"
	$(BIN)/tinycompress build $(OUT)/digits.keras --data $(OUT)/calib.npz --val $(OUT)/test.npz --board nano33 -o $(OUT)/digits-nano33
	@echo "== 3/4  the same int8 model as a C array, for use with any runtime"
	$(BIN)/tinycompress carray $(OUT)/digits-nano33/model.tflite --name digits -o $(OUT)/carray
	@echo "== 4/4  run that firmware on the emulated board, all test samples"
	$(BIN)/tinycompress bench $(OUT)/digits-nano33 --samples $(OUT)/test.npz -o $(OUT)/results

test: $(VENV)/.ready-dev
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m 'not slow'

# Everything, the long sweeps and trainings as well.
test-all: $(VENV)/.ready-dev
	$(BIN)/pytest -n $(JOBS) --dist loadfile

setup: $(VENV)/.ready-dev

check: lint typecheck test

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	clang-format --dry-run --Werror $$(git ls-files 'firmware_templates/*.c' 'firmware_templates/*.h' 'firmware_templates/*.cpp')

typecheck: $(VENV)/.ready-dev
	$(BIN)/mypy

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	clang-format -i $$(git ls-files 'firmware_templates/*.c' 'firmware_templates/*.h' 'firmware_templates/*.cpp')

# What is written from the code itself.
docs: $(VENV)/.ready-dev
	$(BIN)/pytest tests/golden -k 'supported_operators or stages_table' --update-golden -q

soak: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python tests/support/device/soak.py --frames $(FRAMES)

golden: $(VENV)/.ready-dev
	$(BIN)/pytest tests/golden --update-golden -q

bench-kernels: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/kernels.py --jobs $(JOBS)

fuzz: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/fuzz.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

# Property tests on new examples; `make test` draws the same ones each time.
explore: $(VENV)/.ready-dev
	$(BIN)/python tests/support/explore.py --rounds $(EXPLORE_ROUNDS) $(if $(EXPLORE_SEED),--seed $(EXPLORE_SEED))

# What each idea of the code generator pays: docs/ablation.md.
ablation: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/ablation.py --jobs $(JOBS)

# Bytes of every kernel compiled alone, for the selector.
kernel-code: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/kernel_code.py

kernel-costs: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/kernel_costs.py --jobs $(JOBS)

encodings: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/weight_encodings.py --jobs $(JOBS)

decoding-costs: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/decoding_costs.py

corpus: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/corpus.py

mutate: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python benchmarks/mutate.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

NETWORKS := lenet300 lenet5 dscnn resnet8 resnet8-subset

# Networks compressed on real data, measured on the virtual Nano 33 BLE: docs/results.md.
results: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run $(NETWORKS)

$(NETWORKS:%=results-%): results-%: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run $*

# The int8 files that those runs keep in build/, measured with the kernels as they are now.
results-again: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run --again $(NETWORKS)

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(OUT)

# --- the virtual environment -------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("tinycompress needs Python 3.10 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "error: $(PYTHON) cannot make a virtual environment"; \
	  echo "hint:  apt-get install python3-venv   (or set PYTHON=...)"; exit 1; }

$(VENV)/.ready-demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[keras]'
	@touch $@

$(VENV)/.ready-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[keras,dev]'
	@touch $@ $(VENV)/.ready-demo
