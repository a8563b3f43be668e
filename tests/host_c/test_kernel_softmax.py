from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.host_model import HostModel, run_sanitized

from tinycompress.artifacts import ExactTo, Optimize
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# shape, input scale, beta
EDGE_CASES = (
    ((1, 10), 0.1, 1.0),
    ((1, 1), 0.1, 1.0),
    ((1, 2), 1.0, 1.0),
    ((3, 5), 0.5, 2.0),
    ((2, 3, 4), 0.03, 1.0),
    ((1, 10), 1e-4, 1.0),
    ((1, 10), 40.0, 1.0),
    ((1, 10), 0.0625, 0.5),
    ((1, 511), 0.1, 1.0),
    ((1, 511), 1e-5, 1.0),
    ((4,), 0.2, 1.0),
)


def _cases(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    table = list(EDGE_CASES)
    for _ in range(random_cases):
        table.append(((1, int(cases.rng.integers(2, 30))), cases.scale(0.001, 2.0), 1.0))
    for shape, scale, beta in table:
        x = cases.input(shape, scale, cases.zero_point())
        y = cases.activation(shape, 1 / 256, -128)
        table_ = options("Softmax", beta=beta)
        cases.op(f"{shape} at {scale:g} x {beta:g}", "SOFTMAX", [x], y, table_)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_softmax_is_exact(exact_to: ExactTo) -> None:
    assert _cases(71, 40).mismatches(exact_to, count=20) == []


def _many_classes() -> KernelCases:
    cases = KernelCases(73)
    x = cases.input((1, 1000), 0.1, 0)
    y = cases.activation((1, 1000), 1 / 256, -128)
    cases.op("1000 classes", "SOFTMAX", [x], y, options("Softmax", beta=1.0))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_softmax_of_many_classes_is_exact(exact_to: ExactTo) -> None:
    cases = _many_classes()
    tflite = cases.tflite()
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    oracle = Oracle(tflite, exact_to)
    for _ in range(5):
        x = cases.rng.integers(-128, 128, (1, 1000)).astype(np.int8)
        np.testing.assert_array_equal(model.run(x)[0], oracle.run(x)[0])


def test_softmax_of_many_equal_inputs_is_defined() -> None:
    """Both references abort here, so there is no oracle; the true outputs round to 0 or 1."""
    sources = generate(read_model(_many_classes().tflite()))
    ((scores,),) = run_sanitized(sources, [(np.zeros((1, 1000), np.int8),)])
    assert set(scores.reshape(-1).tolist()) <= {-128, -127}


def test_softmax_has_no_undefined_behaviour() -> None:
    assert _cases(72, 0).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("exact_to", BOTH)
def test_computed_exponentials_are_exact(exact_to: ExactTo) -> None:
    """Of few classes, all differences from the largest: the table's every entry."""
    cases = KernelCases(74)
    for scale in (1.0, 0.1, 0.054, 0.01, 1e-3, 2.0**-7, 2.0**-25):
        x = cases.input((1, 2), scale, cases.zero_point())
        y = cases.activation((1, 2), 1 / 256, -128)
        cases.op(f"2 at {scale:g}", "SOFTMAX", [x], y, options("Softmax", beta=1.0))
    cases.target = {"optimize": "flash"}
    tflite = cases.tflite()
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to, optimize="flash"))
    kernels = [layer.kernel for layer in sources.layers]
    assert kernels.count("softmax_series_s8_ref") >= 6
    model, oracle = HostModel(sources), Oracle(tflite, exact_to)
    for other in range(-128, 128):
        row = np.array([[127, other]], np.int8)
        rows = [row] * len(kernels)
        for want, have in zip(oracle.run(*rows), model.run(*rows), strict=True):
            assert want.tolist() == have.tolist(), other
    assert cases.sanitized_mismatches(exact_to) == 0


@pytest.mark.parametrize(
    ("optimize", "classes", "computed"),
    [
        ("speed", 15, True),
        ("speed", 16, False),
        ("flash", 255, True),
        ("flash", 256, False),
    ],
)
def test_a_table_that_hardly_anything_reads_is_not_flashed(
    optimize: Optimize, classes: int, computed: bool
) -> None:
    cases = KernelCases(75)
    x = cases.input((1, classes), 0.01, 0)
    y = cases.activation((1, classes), 1 / 256, -128)
    cases.op("softmax", "SOFTMAX", [x], y, options("Softmax", beta=1.0))
    sources = generate(read_model(cases.tflite()), CodegenOptions(optimize=optimize))
    assert (sources.weights_bytes == 0) is computed
    assert sources.layers[0].kernel.endswith("_series_ref") is computed
