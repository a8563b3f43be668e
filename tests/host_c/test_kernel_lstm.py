from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from kernel_cases import KernelCases, options
from sequences import differing_bytes

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model


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


CASES = (
    Case(),
    Case(batches=2, steps=4, in_zero=7, hidden_zero=-9),
    Case(batches=3, steps=2, time_major=True, hidden_zero=127),
    Case(steps=1, inputs=1, units=1, clip=0.0),
    Case(cell_scale=2.0**-11, clip=0.5, gain=8.0),
    Case(cell_scale=2.0**-9, gain=30.0, steps=9),
    Case(cell_scale=2.0**-16, gain=100.0, hidden_zero=-128),
    Case(inputs=17, units=13, cell_scale=2.0**-15, gain=3.0, clip=1000.0),
)


def _model(case: Case, seed: int) -> bytes:
    cases = KernelCases(seed)
    b, hidden_scale = cases.builder, 1 / 128
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
    return cases.tflite()


@pytest.mark.parametrize("case", CASES)
def test_lstm_is_exact(case: Case) -> None:
    assert differing_bytes(_model(case, 61), "tflm", 12) == 0


@pytest.mark.shared
@pytest.mark.parametrize("name", ["trained_lstm_int8", "dtln_noise_suppression"])
def test_lstm_models_are_exact(shared_data: Path, name: str) -> None:
    tflite = (shared_data / "models" / "tflm" / f"{name}.tflite").read_bytes()
    assert differing_bytes(tflite, "tflm", 8) == 0


def test_litert_is_refused_by_name() -> None:
    model = read_model(_model(CASES[0], 1))
    with pytest.raises(
        ModelError, match="Only TFLM's arithmetic is reproduced, which reads gates from tables"
    ):
        generate(model, CodegenOptions(exact_to="litert"))


def test_a_cell_scale_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ModelError, match="power of two"):
        generate(read_model(_model(Case(cell_scale=0.0003), 1)))
