from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from support.cases.encoded_conv import FAMILIES
from support.cases.kernels import BOTH, KernelCases, options
from support.cases.lowering import layers_of
from support.cases.sequences import differing_bytes
from support.host_model import run_sanitized
from support.models.collection import Collection
from support.models.tflite_files import pack, unpack

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import last
from tinycompress.codegen.state import resolve_state
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle


@dataclass(frozen=True)
class Case:
    batches: int = 1
    steps: int = 3
    inputs: int = 4
    units: int = 5
    time_major: bool = False
    cell_scale: float = 2.0**-12
    clip: float = 10.0
    gain: float = 1.0
    in_zero: int = -128
    hidden_zero: int = 0
    hidden_scale: float = 1 / 128
    stated_scale: float | None = None
    """Of the last intermediate, if it is not the hidden state's."""


CASES = (
    Case(),
    Case(batches=2, steps=4, in_zero=7, hidden_zero=-9),
    Case(batches=3, steps=2, time_major=True, hidden_zero=127),
    Case(steps=1, inputs=1, units=1, clip=0.0),
    Case(cell_scale=2.0**-11, clip=0.5, gain=8.0),
    Case(cell_scale=2.0**-9, gain=30.0, steps=9),
    Case(inputs=17, units=13, cell_scale=2.0**-15, gain=3.0, clip=1000.0),
    Case(cell_scale=2.0**-12, clip=2.0**-13, gain=5.0),
    Case(cell_scale=2.0**-13, steps=20, units=40, gain=0.1, hidden_scale=0.003, hidden_zero=11),
    Case(cell_scale=2.0**-14, steps=20, units=40, gain=2.0, hidden_scale=0.0004, hidden_zero=-70),
    Case(cell_scale=2.0**-10, steps=20, units=40, gain=500.0, in_zero=0, hidden_zero=-128),
)
ONLY_TFLM = Case(cell_scale=2.0**-16, gain=100.0, hidden_zero=-128)
ONLY_LITERT = Case(stated_scale=0.0061, hidden_zero=5)


def _model(case: Case, seed: int) -> bytes:
    cases = KernelCases(seed)
    b, hidden_scale = cases.builder, case.hidden_scale
    rows = [case.batches, case.steps]
    rows = rows[::-1] if case.time_major else rows
    x = cases.input([*rows, case.inputs], 0.02 * case.gain, case.in_zero)
    input_weights = [cases.weights([case.units, case.inputs], [cases.scale()]) for _ in range(4)]
    recurrent = [cases.weights([case.units, case.units], [cases.scale()]) for _ in range(4)]
    biases = [cases.bias(cases.rng.integers(-999, 999, case.units), [0.001]) for _ in range(4)]
    states = [case.batches, case.units]
    hidden = b.tensor(states, scales=[hidden_scale], zero_points=[case.hidden_zero])
    cell = b.tensor(states, "INT16", scales=[case.cell_scale], zero_points=[0])
    for state in (hidden, cell):
        b.graph.tensors[state].isVariable = True
    y = cases.activation([*rows, case.units], hidden_scale, case.hidden_zero)
    table = options("UnidirectionalSequenceLSTM", timeMajor=case.time_major, cellClip=case.clip)
    table.fusedActivationFunction = 4
    none = [-1]
    operands = [x, *input_weights, *recurrent, *none * 3, *biases, *none * 2, hidden, cell]
    cases.op(f"{case}", "UNIDIRECTIONAL_SEQUENCE_LSTM", [*operands, *none * 4], y, table)
    stated = b.tensor(
        [0], scales=[case.stated_scale or hidden_scale], zero_points=[case.hidden_zero]
    )
    b.graph.operators[-1].intermediates = [*(b.tensor([0], "FLOAT32") for _ in range(4)), stated]
    return cases.tflite()


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("family", ["dsp", "mla"])
def test_lstm_is_exact(case: Case, exact_to: ExactTo, family: str) -> None:
    assert differing_bytes(_model(case, 61), exact_to, 12, **FAMILIES[family]) == 0


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("case", CASES)
def test_the_reference_kernel_is_exact(case: Case, exact_to: ExactTo) -> None:
    assert differing_bytes(_model(case, 63), exact_to, 12, last) == 0


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize(
    ("family", "kernel"), [("dsp", "dsp"), ("mve", "dsp"), ("mla", "plain"), ("thumb1", "plain")]
)
def test_which_kernel_a_core_runs(exact_to: ExactTo, family: str, kernel: str) -> None:
    target = CodegenOptions(exact_to=exact_to, **FAMILIES[family])
    (layer,) = generate(read_model(_model(CASES[0], 64)), target).layers
    assert layer.kernel.endswith(kernel)


@pytest.mark.parametrize("inputs", [520, 3])
def test_weights_that_no_pairs_hold(inputs: int) -> None:
    """-128 in both outputs of a pair, and sums beyond what a pair has room for."""
    case = Case(inputs=inputs, units=3, gain=0.01)
    model = unpack(_model(case, 65))
    for index in model.subgraphs[0].operators[0].inputs[1:5]:
        buffer = model.buffers[model.subgraphs[0].tensors[index].buffer]
        buffer.data = np.full(len(buffer.data), 128 if inputs < 10 else 127, np.uint8)
    tflite = pack(model)
    (layer,) = generate(read_model(tflite), CodegenOptions()).layers
    assert layer.kernel.endswith("plain")
    assert differing_bytes(tflite, "tflm", 6) == 0


def test_what_only_one_of_them_computes() -> None:
    assert differing_bytes(_model(ONLY_TFLM, 61), "tflm", 12) == 0
    assert differing_bytes(_model(ONLY_LITERT, 61), "litert", 12) == 0
    with pytest.raises(ModelError, match=r"for litert from 2\^-15 to 2\^-9: 1\.52588e-05"):
        generate(read_model(_model(ONLY_TFLM, 1)), CodegenOptions(exact_to="litert"))


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", ["dsp", "mla"])
def test_no_undefined_behaviour(exact_to: ExactTo, family: str) -> None:
    case = Case(batches=2, steps=5, cell_scale=2.0**-9, gain=300.0, hidden_zero=-128)
    tflite = _model(case, 62)
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to, **FAMILIES[family]))
    oracle, rng = Oracle(tflite, exact_to), np.random.default_rng(5)
    batches = [(np.full((2, 5, 4), value, np.int8),) for value in (-128, 127)] + [
        (rng.integers(-128, 128, (2, 5, 4)).astype(np.int8),)
    ]
    for number, (batch, (found,)) in enumerate(
        zip(batches, run_sanitized(sources, batches), strict=True)
    ):
        (expected,) = oracle.step(*batch) if number else oracle.run(*batch)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.shared
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("name", ["trained_lstm_int8", "dtln_noise_suppression"])
def test_lstm_models_are_exact(shared_data: Collection, name: str, exact_to: ExactTo) -> None:
    tflite = shared_data.file(f"models/tflm/{name}.tflite").read_bytes()
    assert differing_bytes(tflite, exact_to, 8) == 0


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("position", [1, 9, 16, 17, 20])
def test_variants_are_refused(position: int, exact_to: ExactTo) -> None:
    """Coupled gates, peepholes, projection, normalisation."""
    model = unpack(_model(CASES[0], 1))
    op = model.subgraphs[0].operators[0]
    op.inputs = list(op.inputs)
    op.inputs[position] = op.inputs[2] if op.inputs[position] < 0 else -1
    with pytest.raises(ModelError, match=f"input {position} is (absent|there)"):
        generate(read_model(pack(model)), CodegenOptions(exact_to=exact_to))


def test_litert_needs_the_hidden_scale_stated() -> None:
    model = unpack(_model(CASES[0], 1))
    op = model.subgraphs[0].operators[0]
    op.intermediates = op.intermediates[:4]
    read = read_model(pack(model))
    generate(read, CodegenOptions(exact_to="tflm"))
    with pytest.raises(ModelError, match=r"5 intermediates, the last .*: there are 4"):
        generate(read, CodegenOptions(exact_to="litert"))


def test_the_factors_of_either_runtime() -> None:
    model = read_model(_model(Case(cell_scale=2.0**-10, clip=0.25), 61))
    found = {}
    for exact_to in BOTH:
        (layer,) = layers_of(resolve_state(model), CodegenOptions(exact_to=exact_to))
        found[layer.kernel.name] = layer.params
        assert layer.params["cell_clip"] == 256
        assert layer.macs == 4 * 3 * 5 * (4 + 5)
    assert found["lstm_fixed_s8_ref"]["cell_integer_bits"] == 5
    assert found["lstm_s8_ref"]["forget_scaling.shift"] == -14
    assert "sigmoid" not in found["lstm_fixed_s8_ref"]


def test_a_cell_scale_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ModelError, match="power of two"):
        generate(read_model(_model(Case(cell_scale=0.0003), 1)))
