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
# Of the slow tests: 2/3 is the second of three parts.
PART   ?= 1/1
# Of the commit, where none is given.
EXPLORE_SEED   ?=
# --python python3.13, --lowest, --no-keras
PACKAGE_OPTIONS ?=
NETWORKS := lenet300 lenet5 dscnn resnet8 resnet8-subset
SEARCHES := digits mnist keywords keywords-fast resnet8 resnet8-fast har wand
C_FILES = $$(git ls-files 'firmware_templates/*.c' 'firmware_templates/*.h' 'firmware_templates/*.cpp' 'benchmarks/*.c' 'benchmarks/*.h')

.DELETE_ON_ERROR:
.PHONY: demo test test-slow test-all lint format typecheck check setup docs golden soak clean \
        bench-kernels ablation kernel-costs kernel-code encodings left-out-encodings tflm-decode \
        decoding-costs cycle-model fuzz explore corpus kernels-on-the-road weights-simplified \
        mutate results results-again $(NETWORKS:%=results-%) headline flash-of-collection \
        mixed-precision models pruning-criteria distillation factorisation quantisation cascade \
        networks precision binary-mnist test-package fixed-point test-fixed-point $(SEARCHES:%=fit-%)

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

# The long sweeps and trainings, or a part of them: docs/testing.md.
test-slow: $(VENV)/.ready-dev
	$(BIN)/pytest -n $(JOBS) --dist loadfile --slow-part $(PART)

# Everything.
test-all: $(VENV)/.ready-dev
	$(BIN)/pytest -n $(JOBS) --dist loadfile

# Models of QKeras and of HGQ2, each with its package on the path: tests/tf/test_quantized_layers.py.
test-fixed-point: $(VENV)/.ready-dev build/quantized-layers/qkeras/.ready build/quantized-layers/hgq/.ready
	PYTHONPATH=build/quantized-layers/qkeras TC_REQUIRE_PACKAGE=qkeras $(BIN)/pytest -n 0 -m qkeras tests/tf
	PYTHONPATH=build/quantized-layers/hgq TC_REQUIRE_PACKAGE=hgq $(BIN)/pytest -n 0 -m hgq tests/tf

# Whatever else they need, the environment has. Both hold a package qkeras, so they lie apart.
build/quantized-layers/qkeras/.ready: PACKAGES = qkeras-v3 pyparser networkx
build/quantized-layers/hgq/.ready: PACKAGES = hgq2 quantizers
build/quantized-layers/%/.ready: | $(VENV)/.ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(@D) $(PACKAGES)
	@touch $@

# Wheel and sdist as users get them, in fresh environments: docs/platforms.md.
test-package: | $(BIN)/python
	$(BIN)/python tests/support/package.py $(PACKAGE_OPTIONS)

setup: $(VENV)/.ready-dev

check: lint typecheck test

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	clang-format --dry-run --Werror $(C_FILES)

typecheck: $(VENV)/.ready-dev
	$(BIN)/mypy

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	clang-format -i $(C_FILES)

# What is written from the code itself.
docs: $(VENV)/.ready-dev
	$(BIN)/pytest tests/golden -k 'supported_operators or stages_table or published_schemas' --update-golden -q

soak: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python tests/support/device/soak.py --frames $(FRAMES)

golden: $(VENV)/.ready-dev
	$(BIN)/pytest tests/golden --update-golden -q

bench-kernels: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.kernels --jobs $(JOBS)

fuzz: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

# Property tests on new examples; `make test` draws the same ones each time.
explore: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python tests/support/explore.py --rounds $(EXPLORE_ROUNDS) $(if $(EXPLORE_SEED),--seed $(EXPLORE_SEED))

# What each idea of the code generator pays: docs/ablation.md.
ablation: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.ablation --jobs $(JOBS)

# Bytes of every kernel compiled alone, for the selector.
kernel-code: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.kernel_code

kernel-costs: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.kernel_costs --jobs $(JOBS)

# CoreMark and Dhrystone on virtual boards, from upstream checkouts: docs/virtual-boards.md.
cycle-model: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.cycle_model $(if $(COREMARK_DIR),--coremark $(COREMARK_DIR)) $(if $(DHRYSTONE_DIR),--dhrystone $(DHRYSTONE_DIR))

# Bytes and cycles of every encoding of weights: the tables of docs/weights.md.
encodings: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.weight_encodings --jobs $(JOBS)
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.encoded_networks --jobs $(JOBS)

# What TFLM's DECODE saves in model files, and in firmware where TFLM_DIR names a checkout.
tflm-decode: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.tflm_decode

# Bytes of encodings that were tried and left out, and of N:M: the last table of docs/weights.md.
left-out-encodings: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.left_out_encodings

# Flash of every model of the collection, now and before weights were encoded.
flash-of-collection: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.flash_of_collection

decoding-costs: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.weights.decoding_costs

corpus: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.corpus --jobs $(JOBS)

# The kernel tests, with each kernel as firmware on emulated boards, too: build/kernels-on-the-road.json.
kernels-on-the-road: $(VENV)/.ready-dev
	$(BIN)/pytest -n 0 tests/host_c -m 'not slow' --road

# What exact simplification saves: the table of docs/simplification.md.
weights-simplified: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.weights.weights_simplified --jobs $(JOBS)

mutate: $(VENV)/.ready-dev
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.mutate --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

# Networks compressed on real data, measured on the virtual Nano 33 BLE: docs/results.md.
results: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run $(NETWORKS)

$(NETWORKS:%=results-%): results-%: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run $*

# MLPerf Tiny's models on its reference board beside published results: docs/headline.md.
headline: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.headline $(if $(MODELS),--models $(MODELS))

# The int8 files that those runs keep in build/, measured with the kernels as they are now.
results-again: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.results.run --again $(NETWORKS)

# Bits per layer against the same bits for all, in DS-CNN: docs/mixed-precision.md.
mixed-precision: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.mixed_precision

# Layers of Keras, PyTorch and ONNX on the product's road: docs/models.md. What their environments
# cannot be made for is left out, and the page says so.
models: $(VENV)/.ready-dev build/layers/torch/.ready build/layers/onnx/.ready
	-build/layers/torch/bin/python benchmarks/layers/foreign.py litert-torch build/layers/litert-torch
	-build/layers/torch/bin/python benchmarks/layers/foreign.py onnx build/layers/onnx2tf
	-build/layers/onnx/bin/python benchmarks/layers/foreign.py onnx2tf build/layers/onnx2tf
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.layers.run --jobs $(JOBS)

build/layers/torch/.ready: TOOLS = litert-torch onnx onnxscript
build/layers/onnx/.ready: TOOLS = onnx2tf
build/layers/torch/.ready build/layers/onnx/.ready:
	$(PYTHON) -m venv $(@D)
	-$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(TOOLS)
	@touch $@

# Models of QKeras and HGQ2 from training to the board: docs/fixed-point.md.
fixed-point: $(VENV)/.ready-dev build/quantized-layers/qkeras/.ready build/quantized-layers/hgq/.ready
	PYTHONPATH=.:build/quantized-layers/hgq $(BIN)/python -m benchmarks.fixed_point --package hgq
	PYTHONPATH=.:build/quantized-layers/qkeras $(BIN)/python -m benchmarks.fixed_point --package qkeras

# Criteria of pruning against magnitude, in the digits network: docs/pruning-criteria.md.
pruning-criteria: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.pruning_criteria

# Methods of distillation against labels alone and plain logits, on MNIST: docs/distillation.md.
distillation: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.distillation

# BinaryConnect, trained ternary weights and plain int8 on MNIST: docs/binary-weights.md.
binary-mnist: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.weights.binary_mnist

# Factorisations of convolutions, trained and on a board: docs/factorisation.md.
factorisation: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.factorisation

# Calibrators, and what comes before rounding, against min/max: docs/quantisation.md.
quantisation: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.quantisation

# Cascades on streams of real samples: the tables of docs/cascades.md. Pictures of people are those of COCO128_DIR.
cascade: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.cascades.run

# Five whole networks of other kinds, from training to the board: docs/networks.md.
networks: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.whole_networks.run

# int8, float16 and float32 firmware of the same networks: docs/precision.md.
precision: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.precision.run

# Searches on real data beside chance at equal trials: the table of docs/fit.md.
$(SEARCHES:%=fit-%): fit-%: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.fit $*

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
