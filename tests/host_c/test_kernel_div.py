"""DIV: every pair of int8, many of int16, broadcasting, divisors of zero, shifts beyond 31."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array, KernelCases, options
from support.host_model import HostModel, run_sanitized

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# input scales, output scale, zero points; factors from the smallest that is allowed to the largest
SCALES = (
    (0.1, 0.1, 0.01, 0, -128, 4),
    (0.1, 0.1, 0.0078, -128, 127, 127),
    (0.3, 0.07, 0.0625, 127, 0, 127),
    (0.0235, 0.0117, 0.0123, 5, -7, 0),
    (1.0, 2.0**-10, 2.0**-11, 0, 127, 0),
    (0.5, 0.25, 2.0**-20, -128, 3, 0),
)
# The same, with factors for which some or all shifts are beyond 31 bits.
SMALL = (
    (0.1, 0.1, 0.02, 0, -128, 4),
    (0.1, 0.1, 0.1, 0, -128, 4),
    (0.02, 0.03, 0.9, -128, 127, -100),
    (1.0, 0.25, 8.0, 0, 3, 0),
    (1e-3, 1.0, 1.0, 3, 3, 3),
    (1e-8, 1.0, 1.0, 127, -128, 0),
    (2.0**-31, 1.0, 1.0, 127, -128, 0),
    (1e-20, 1.0, 1.0, 127, -128, 0),
)
SHAPES = (
    ((1, 4, 4, 3), (1, 4, 4, 3)),
    ((7,), (7,)),
    ((1, 4, 4, 3), (3,)),
    ((3,), (1, 4, 4, 3)),
    ((1, 1, 4, 1), (2, 3, 1, 5)),
    ((2, 3), (1,)),
)
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def _all_pairs(case: tuple[float, ...], exact_to: ExactTo) -> tuple[bytes, tuple[Array, Array]]:
    """A model, and every pair of stored values; LiteRT fails on divisors of zero."""
    first, second, out, *zeros = case
    cases = KernelCases(0)
    a = cases.input((65536,), first, int(zeros[0]))
    b = cases.input((65536,), second, int(zeros[1]))
    y = cases.activation((65536,), out, int(zeros[2]))
    cases.op("DIV", "DIV", [a, b], y, options("Div"))
    stored = np.arange(-128, 128)
    dividends, divisors = np.repeat(stored, 256), np.tile(stored, 256)
    if exact_to == "litert":
        instead = zeros[1] + 1 if zeros[1] < 127 else 126
        divisors = np.where(divisors == zeros[1], instead, divisors)
    return cases.tflite(), (dividends.astype(np.int8), divisors.astype(np.int8))


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("case", SCALES + SMALL)
def test_every_pair_is_exact(case: tuple[float, ...], exact_to: ExactTo) -> None:
    tflite, pairs = _all_pairs(case, exact_to)
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    (expected,) = Oracle(tflite, exact_to).run(*pairs)
    (found,) = model.run(*pairs)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(found, expected)


def test_shifts_beyond_31_bits_make_1_of_0() -> None:
    tflite, _ = _all_pairs(SMALL[3], "tflm")
    ((found,),) = run_sanitized(
        generate(read_model(tflite)), [(np.zeros(65536, np.int8), np.full(65536, 127, np.int8))]
    )
    assert set(found.tolist()) == {1}


@pytest.mark.parametrize("scales", [(0.1, 0.1, 0.1), (0.02, 0.03, 2e-4), (1.0, 0.25, 8.0),
                                    (1.0, 0.5, 2.0**-12), (1e-3, 1.0, 1.0)])  # fmt: skip
def test_int16_is_exact_to_litert(scales: tuple[float, float, float]) -> None:
    cases, count = KernelCases(123), 30000
    a, b = (cases.input((count,), scale, 0, "int16") for scale in scales[:2])
    y = cases.builder.tensor([count], "INT16", scales=[scales[2]], zero_points=[0])
    cases.op("DIV", "DIV", [a, b], y, options("Div"))
    tflite, pair = cases.tflite(), []
    for _ in range(2):
        # Of all magnitudes alike, and the ends.
        values = cases.rng.integers(-32768, 32768, count) >> cases.rng.integers(0, 16, count)
        values[:8] = cases.rng.choice([-32768, 32767], 8)
        pair.append(np.where(values == 0, 1, values).astype(np.int16))
    pair[0][8:100] = 0
    sources = generate(read_model(tflite), CodegenOptions(exact_to="litert"))
    (expected,) = Oracle(tflite, "litert").run(*pair)
    ((found,),) = run_sanitized(sources, [tuple(pair)])
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(found, expected)
    pair[1][:] = 0
    run_sanitized(sources, [tuple(pair)])


@pytest.mark.parametrize("case", [SCALES[0], SCALES[5], *SMALL[1::2]])
def test_no_pair_has_undefined_behaviour(case: tuple[float, ...]) -> None:
    tflite, pairs = _all_pairs(case, "tflm")
    ((found,),) = run_sanitized(generate(read_model(tflite)), [pairs])
    np.testing.assert_array_equal(found, Oracle(tflite, "tflm").run(*pairs)[0])


def _not_zero(cases: KernelCases, x: int, shape: tuple[int, ...], scale: float, zero: int) -> int:
    """The tensor with its values on one side of its zero point."""
    kind, limit = ("MAXIMUM", zero + 1) if zero < 0 else ("MINIMUM", zero - 1)
    data = np.full(1, limit, np.int8)
    bound = cases.builder.tensor([1], data=data, scales=[scale], zero_points=[zero])
    y = cases.activation(shape, scale, zero)
    cases.builder.op(kind, [x, bound], [y], options("MaximumMinimum"))
    return y


def _broadcasting(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for number, (a, b) in enumerate(SHAPES):
        for constant in (False, True):
            zeros = [cases.zero_point() for _ in range(3)]
            scales = cases.scale(), cases.scale()
            out = scales[0] / scales[1] / cases.rng.uniform(70, 1000)
            x = cases.input(a, scales[0], zeros[0])
            if constant:
                data = cases.rng.integers(-128, 128, b).astype(np.int8)
                data[data == zeros[1]] = zeros[1] + 1 if zeros[1] < 127 else 0
                divisor = cases.builder.tensor(
                    b, data=data, scales=[scales[1]], zero_points=[zeros[1]]
                )
            else:
                divisor = cases.input(b, scales[1], zeros[1])
                divisor = _not_zero(cases, divisor, b, scales[1], zeros[1])
            y = cases.activation(np.broadcast_shapes(a, b), out, zeros[2])
            activation = ACTIVATIONS[number % 4]
            table = options("Div", fusedActivationFunction=activation)
            label = f"DIV {a} {b} {scales} {out} {zeros} {activation}"
            cases.op(label, "DIV", [x, divisor], y, table)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_broadcast_inputs_are_exact(exact_to: ExactTo) -> None:
    assert _broadcasting(121).mismatches(exact_to) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_broadcasting_has_no_undefined_behaviour(exact_to: ExactTo) -> None:
    assert _broadcasting(122).sanitized_mismatches(exact_to) == 0
