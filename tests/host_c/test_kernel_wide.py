"""16x8 operators: int16 activations, int8 weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.cases.kernels import BOTH, options, same_or_valid
from support.cases.wide import WideCases
from support.host_model import HostModel, run_sanitized

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

GAINS = (0.003, 0.5, 2.0**-9, 1.7, 40.0, 1e-7)
"""Input scale x weight scale / output scale."""
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def _sums(seed: int, exact_to: ExactTo, count: int) -> WideCases:
    cases = WideCases(seed)
    for number in range(count):
        for add in (_convolution, _depthwise, _dense):
            add(cases, GAINS[number % len(GAINS)], number, exact_to)
        if exact_to == "tflm":  # LiteRT refuses the version
            _transposed(cases, GAINS[number % len(GAINS)], number)
    return cases


def _scales(cases: WideCases, count: int, number: int) -> list[float]:
    if number % 3 == 0:
        return [0.004]
    return [0.004, *(0.004 * (1 + cases.rng.random(count - 1)))]


def _bias(
    cases: WideCases, count: int, scales: list[float], number: int, *, narrow: bool
) -> list[int]:
    limit = (300, 2**20, 2**31 - 1)[number % 3]
    values = cases.rng.integers(-limit, limit, count)
    bias_scales = [float(np.float32(0.001) * np.float32(s)) for s in scales]
    return [cases.bias(values, bias_scales) if narrow else cases.bias64(values, bias_scales)]


def _bias_type(narrow: bool) -> dict[str, Any]:
    """What LiteRT wants to be told."""
    return {"quantizedBiasType": schema.TensorType.INT32 if narrow else schema.TensorType.INT64}


def _convolution(cases: WideCases, gain: float, number: int, exact_to: ExactTo) -> None:
    kh, kw = (int(n) for n in cases.rng.integers(1, 4, 2))
    stride, dilation = int(cases.rng.integers(1, 3)), int(cases.rng.integers(1, 3))
    padding = cases.pick("SAME", "VALID")
    groups, out = (2, 4) if number % 5 == 4 else (1, int(cases.rng.integers(1, 6)))
    h = w = 7
    x = cases.wide_input([1 + number % 2, h, w, 4], 0.001)
    scales = _scales(cases, out, number)
    weights = cases.weights([out, kh, kw, 4 // groups], scales, 0, extreme=number % 4 == 1)
    size = [1 + number % 2, *(same_or_valid(h, k, stride, dilation, padding) for k in (kh, kw))]
    y = cases.wide([*size, out], 0.001 * 0.004 / gain)
    narrow = number % 2 == 1
    bias = [] if number % 7 == 6 and exact_to == "tflm" else _bias(
        cases, out, scales, number, narrow=narrow
    )  # fmt: skip
    table = options(
        "Conv2D", padding=padding, strideH=stride, strideW=stride, dilationHFactor=dilation,
        dilationWFactor=dilation, fusedActivationFunction=ACTIVATIONS[number % 4],
        **_bias_type(narrow),
    )  # fmt: skip
    cases.op(f"CONV_2D {number} gain {gain:g} narrow {narrow}", "CONV_2D", [x, weights, *bias], y,
             table)  # fmt: skip


def _depthwise(cases: WideCases, gain: float, number: int, exact_to: ExactTo) -> None:
    channels, multiplier = 3, 1 + number % 2
    out = channels * multiplier
    x = cases.wide_input([1, 6, 5, channels], 0.001)
    scales = _scales(cases, out, number)
    weights = cases.weights([1, 3, 2, out], scales, 3)
    padding = cases.pick("SAME", "VALID")
    size = [1, same_or_valid(6, 3, 2, 1, padding), same_or_valid(5, 2, 2, 1, padding), out]
    y = cases.wide(size, 0.001 * 0.004 / gain)
    table = options("DepthwiseConv2D", padding=padding, strideH=2, strideW=2,
                    depthMultiplier=multiplier)  # fmt: skip
    bias = _bias(cases, out, scales, number, narrow=False)
    cases.op(
        f"DEPTHWISE {number} gain {gain:g}", "DEPTHWISE_CONV_2D", [x, weights, *bias], y, table
    )


def _dense(cases: WideCases, gain: float, number: int, exact_to: ExactTo) -> None:
    if exact_to == "litert" and gain > 1:
        return  # rescaled sums leave int32, which LiteRT leaves undefined: refused
    longest = 600 if number % 3 == 0 else 40
    rows, inputs, out = 1 + number % 3, int(cases.rng.integers(1, longest)), 1 + number % 6
    keep = number % 4 == 1
    before = [1, 2, rows] if keep else [rows]
    x = cases.wide_input([*before, inputs], 0.001)
    scales = _scales(cases, out, number)
    weights = cases.weights([out, inputs], scales, 0)
    y = cases.wide([*before, out], 0.001 * 0.004 / gain)
    narrow = number % 2 == 1
    bias = _bias(cases, out, scales, number % 2, narrow=narrow)
    table = options("FullyConnected", fusedActivationFunction=ACTIVATIONS[number % 2],
                    keepNumDims=keep, **_bias_type(narrow))  # fmt: skip
    cases.op(f"FULLY_CONNECTED {number} gain {gain:g}", "FULLY_CONNECTED", [x, weights, *bias], y,
             table)  # fmt: skip


def _transposed(cases: WideCases, gain: float, number: int) -> None:
    kh, kw = (int(n) for n in cases.rng.integers(1, 5, 2))
    sh, sw = (int(n) for n in cases.rng.integers(1, 4, 2))
    out = int(cases.rng.integers(1, 5))
    x = cases.wide_input([1, 4, 3, 2], 0.001)
    scales = _scales(cases, out, number)
    weights = cases.weights([out, kh, kw, 2], scales, 0)
    size = [1, 3 * sh + kh, 2 * sw + kw, out]
    y = cases.wide(size, 0.001 * 0.004 / gain)
    bias = _bias(cases, out, scales, number, narrow=False)
    table = options("TransposeConv", padding="VALID", strideH=sh, strideW=sw)
    inputs = [cases.int32(size), weights, x, *bias]
    cases.op(f"TRANSPOSE_CONV {number} gain {gain:g}", "TRANSPOSE_CONV", inputs, y, table)


@pytest.mark.parametrize("exact_to", BOTH)
def test_sums_of_16x8_products_are_exact(exact_to: ExactTo) -> None:
    assert _sums(161, exact_to, 14).mismatches(exact_to, count=2) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_sums_of_16x8_products_have_no_undefined_behaviour(exact_to: ExactTo) -> None:
    assert _sums(162, exact_to, 6).sanitized_mismatches(exact_to) == 0


# --- two inputs -----------------------------------------------------------------------------------

_TABLES = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "SQUARED_DIFFERENCE": "SquaredDifference",
           "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum"}  # fmt: skip
_SHAPES = (((1, 4, 4, 3), (1, 4, 4, 3)), ((1, 4, 4, 3), (3,)), ((2, 1, 4, 1), (1, 3, 1, 5)))
_SCALES = ((0.001, 0.001, 0.002), (0.001, 0.0003, 0.0011), (1e-6, 0.1, 0.2), (0.01, 0.02, 0.0005),
           (2.0**-12, 2.0**-11, 2.0**-11))  # fmt: skip


def _binary(seed: int, exact_to: ExactTo) -> WideCases:
    cases = WideCases(seed)
    for kind, table in _TABLES.items():
        if kind == "SQUARED_DIFFERENCE" and exact_to == "litert":
            continue  # LiteRT has this operator on int8 only
        for number, (first, second) in enumerate(_SHAPES * 5):
            scales = _SCALES[number % len(_SCALES)]
            if kind in ("MAXIMUM", "MINIMUM"):
                scales = (scales[0],) * 3
            if kind == "MUL":
                scales = (scales[0], scales[1], scales[0] * scales[1] * 3.0 ** (number + 2))
            if kind == "SQUARED_DIFFERENCE":
                scales = (scales[0], scales[1], max(scales[:2]) ** 2 * 5.0 ** (number + 1))
            fused = ("ADD", "SUB", "MUL")
            fields: dict[str, Any] = {}
            if kind in fused:
                fields["fusedActivationFunction"] = ACTIVATIONS[number % 3]
            if kind in ("ADD", "SUB"):
                fields["potScaleInt16"] = number % 2 == 1 and exact_to == "tflm"
            a, b = cases.wide_input(first, scales[0]), cases.wide_input(second, scales[1])
            y = cases.wide(np.broadcast_shapes(first, second), scales[2])
            label = f"{kind} {first} {second} {scales}"
            cases.op(label, kind, [a, b], y, options(table, **fields))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_two_int16_inputs_are_exact(exact_to: ExactTo) -> None:
    assert _binary(163, exact_to).mismatches(exact_to, count=2) == []


def test_two_int16_inputs_have_no_undefined_behaviour() -> None:
    assert _binary(164, "tflm").sanitized_mismatches("tflm") == 0


def test_prelu_on_int16_is_exact_to_tflm() -> None:
    cases = WideCases(165)
    for zero, (x_scale, alpha, y_scale) in enumerate(_SCALES[:4], start=-1):
        x = cases.wide_input([1, 5, 4], x_scale)
        slope = cases.weights([4], [alpha], 0, zero)
        cases.op(f"PRELU {zero}", "PRELU", [x, slope], cases.wide([1, 5, 4], y_scale), None)
    assert cases.mismatches("tflm", count=2) == []


# --- one input ------------------------------------------------------------------------------------


def _unary(seed: int) -> WideCases:
    cases = WideCases(seed)
    scales = (2.0**-12, 2.0**-11, 2.0**-15, 0.001, 0.0003, 0.7, 2.5, 1e-5)
    for scale in scales:
        for kind in ("LOGISTIC", "TANH"):
            x = cases.wide_input([1, 600], scale)
            cases.op(f"{kind} {scale:g}", kind, [x], cases.wide([1, 600], 2.0**-15), None)
        x = cases.wide_input([3, 40], scale)
        table = options("Softmax", beta=1.0 if scale > 0.001 else 0.5)
        cases.op(f"SOFTMAX {scale:g}", "SOFTMAX", [x], cases.wide([3, 40], 2.0**-15), table)
        for number, alpha in enumerate((0.3, -0.2, 1.5, 0.0)):
            x = cases.wide_input([1, 99], scale)
            y = cases.wide([1, 99], scale * (1.0, 0.8, 3.0, 17.0)[number])
            cases.op(f"LEAKY {alpha} {scale:g}", "LEAKY_RELU", [x], y,
                     options("LeakyRelu", alpha=alpha))  # fmt: skip
        for ratio in (1.0, 0.8, 2.0):
            for kind in ("ABS", "RELU", "RELU6"):
                if kind == "RELU6" and scale < 6 / 32767:
                    continue
                x = cases.wide_input([1, 99], scale)
                y = cases.wide([1, 99], scale * ratio)
                cases.op(f"{kind} {scale:g} x {ratio}", kind, [x], y,
                         options("Abs") if kind == "ABS" else None)  # fmt: skip
    return cases


def _only_litert(seed: int) -> WideCases:
    cases = WideCases(seed)
    for scale in (2.0**-12, 1e-4, 0.0003, 0.001, 1e-7, 0.0024):
        largest = float(np.exp(scale * 32767))
        for out in (largest / 32767, largest / 3000, 1e-4):
            x, y = cases.wide_input([1, 5000], scale), cases.wide([1, 5000], out)
            cases.op(f"EXP {scale:g} to {out:g}", "EXP", [x], y, None)
        x, y = cases.wide_input([1, 99], scale), cases.wide([1, 99], 3 * scale)
        cases.op(f"NEG {scale:g}", "NEG", [x], y, None)
    return cases


def test_what_litert_alone_has_of_int16_is_exact() -> None:
    assert _only_litert(180).mismatches("litert", count=4) == []


def test_what_litert_alone_has_of_int16_has_no_undefined_behaviour() -> None:
    assert _only_litert(181).sanitized_mismatches("litert") == 0


@pytest.mark.parametrize("exact_to", BOTH)
def test_rsqrt_of_every_int16_is_exact(exact_to: ExactTo) -> None:
    """Both fail below zero, where the firmware must stay defined."""
    cases, scales = WideCases(183), ((2.0**-12, 2.0**-9), (1e-4, 0.01), (0.3, 1e-4), (1e-6, 0.5))
    for scale, out in scales:
        x, y = cases.wide_input([2**15], scale), cases.wide([2**15], out)
        cases.op(f"RSQRT {scale:g} to {out:g}", "RSQRT", [x], y, None)
    tflite, every = cases.tflite(), np.arange(2**15).astype(np.int16)
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    found, _ = run_sanitized(sources, [(every,) * 4, (~every,) * 4])
    for want, have in zip(Oracle(tflite, exact_to).run(*[every] * 4), found, strict=True):
        assert len(np.unique(want)) > 50
        np.testing.assert_array_equal(have, want)


def test_an_exponential_beyond_float32_is_refused() -> None:
    cases = WideCases(182)
    x, y = cases.wide_input([1, 9], 0.003), cases.wide([1, 9], 1.0)
    cases.op("EXP", "EXP", [x], y, None)
    with pytest.raises(ModelError, match=r"input scale 0\.003 leaves float32"):
        generate(read_model(cases.tflite()), CodegenOptions(exact_to="litert"))


@pytest.mark.parametrize("exact_to", BOTH)
def test_functions_of_int16_are_exact(exact_to: ExactTo) -> None:
    assert _unary(166).mismatches(exact_to, count=3) == []


def test_functions_of_int16_have_no_undefined_behaviour() -> None:
    assert _unary(167).sanitized_mismatches("tflm") == 0


def _quantize(seed: int, exact_to: ExactTo) -> WideCases:
    cases = WideCases(seed)
    pairs = (("int8", "INT16"), ("int8", "INT32"), ("int16", "INT8"), ("int16", "INT16"),
             ("int16", "INT32"), ("int32", "INT8"), ("int32", "INT16"))  # fmt: skip
    ratios = (1.0, 0.37, 5.1, 2.0**-8, 300.0, 2.0**-17)
    for source, target in pairs:
        for ratio in ratios:
            plain = exact_to == "litert" and source == "int16" and target == "INT16"
            if exact_to == "litert" and (source, target) == ("int8", "INT32"):
                continue  # refused by LiteRT itself
            zeros = (0, 0) if plain else (cases.zero_point(), cases.zero_point())
            x = cases.input([1, 60], 0.001, zeros[0], source)
            y = cases.wide([1, 60], 0.001 / ratio, target, zeros[1])
            cases.op(f"{source} to {target} x {ratio:g} {zeros}", "QUANTIZE", [x], y, None)
    for scale in (0.001, 0.25, 0.0003):
        y = cases.wide([1, 60], scale, "INT16")
        cases.op(f"float {scale}", "QUANTIZE", [cases.plain_input([1, 60], "float32")], y, None)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_quantize_between_all_types_is_exact(exact_to: ExactTo) -> None:
    assert _quantize(168, exact_to).mismatches(exact_to, count=2) == []


def test_quantize_between_all_types_has_no_undefined_behaviour() -> None:
    assert _quantize(169, "tflm").sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("exact_to", BOTH)
def test_the_factor_of_mul_has_the_runtime_s_precision(exact_to: ExactTo) -> None:
    """Single and double precision differ in one product of some ten thousand."""
    cases = WideCases(177)
    for number in range(6):
        a, b = (float(cases.rng.uniform(1e-5, 1e-3)) for _ in range(2))
        x, other = cases.wide_input([20_000], a), cases.wide_input([20_000], b)
        y = cases.wide([20_000], a * b * 2**15 * (1 + number / 4))
        cases.op(f"MUL {a:g} {b:g}", "MUL", [x, other], y, options("Mul"))
    assert cases.mismatches(exact_to, count=1) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_softmax_of_int16_is_exact_at_every_difference(exact_to: ExactTo) -> None:
    """Two classes: all sums of exponentials, so that every place of both tables is read."""
    cases = WideCases(176)
    x, y = cases.wide_input([2**15, 2], 2.0**-12), cases.wide([2**15, 2], 2.0**-15)
    cases.op("SOFTMAX", "SOFTMAX", [x], y, options("Softmax", beta=1.0))
    tflite = cases.tflite()
    sample = np.zeros((2**15, 2), np.int16)
    sample[:, 1] = -np.arange(2**15)
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    (want,), (have,) = Oracle(tflite, exact_to).run(sample), model.run(sample)
    np.testing.assert_array_equal(have, want)


@pytest.mark.parametrize("exact_to", BOTH)
def test_softmax_of_int8_to_int16_is_exact(exact_to: ExactTo) -> None:
    cases = WideCases(170)
    for scale in (0.07, 1.0, 0.002):
        x = cases.input([2, 13], scale, cases.zero_point())
        y = cases.wide([2, 13], 2.0**-16, "INT16", -32768)
        cases.op(f"SOFTMAX {scale}", "SOFTMAX", [x], y, options("Softmax", beta=1.0))
    assert cases.mismatches(exact_to, count=4) == []


# --- sums and floats ------------------------------------------------------------------------------


def _int16_sums(seed: int) -> WideCases:
    """One of them leaves 32 bits when all elements are at an end."""
    cases = WideCases(seed)
    for shape, axes, keep in (
        ((1, 4, 5, 3), (1, 2), False), ((2, 4, 5, 3), (3,), True), ((2, 3), (-1,), True),
        ((7,), (0,), True), ((2, 4, 5, 3), (0, 2), False), ((1, 70000), (1,), True),
    ):  # fmt: skip
        for ratio in (1.0, 0.0123, 1e-5, 3.7):
            out = np.zeros(shape).max(axes, keepdims=keep).shape
            x, y = cases.wide_input(shape, 0.001), cases.wide(out, 0.001 / ratio)
            table = options("Reducer", keepDims=keep)
            cases.op(f"SUM {shape} {axes} x {ratio:g}", "SUM", [x, cases.int32(axes)], y, table)
    return cases


def test_sums_of_int16_are_exact_to_tflm() -> None:
    assert _int16_sums(177).mismatches("tflm", count=2) == []


def test_sums_of_int16_have_no_undefined_behaviour() -> None:
    assert _int16_sums(178).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("exact_to", BOTH)
def test_floats_of_int16_are_exact(exact_to: ExactTo) -> None:
    cases = WideCases(179)
    for scale in (0.25, 1 / 3, 1e-3, 2.0**-15, 3e34, 1e-41):
        x = cases.wide_input([1, 600], scale)
        y = cases.builder.tensor([1, 600], "FLOAT32")
        cases.op(f"DEQUANTIZE {scale:g}", "DEQUANTIZE", [x], y, None)
    assert cases.mismatches(exact_to, count=3) == []
    assert cases.sanitized_mismatches(exact_to) == 0


# --- windows and moves ----------------------------------------------------------------------------


def _windows(seed: int) -> WideCases:
    cases = WideCases(seed)
    for number in range(8):
        kind = ("AVERAGE_POOL_2D", "MAX_POOL_2D")[number % 2]
        padding = cases.pick("SAME", "VALID")
        kh, kw = (int(n) for n in cases.rng.integers(1, 5, 2))
        size = [1, same_or_valid(7, kh, 2, 1, padding), same_or_valid(6, kw, 1, 1, padding), 3]
        table = options("Pool2D", padding=padding, strideH=2, strideW=1, filterHeight=kh,
                        filterWidth=kw, fusedActivationFunction=ACTIVATIONS[number % 3],
                        )  # fmt: skip
        x = cases.wide_input([1, 7, 6, 3], 0.001)
        cases.op(f"{kind} {kh}x{kw} {padding}", kind, [x], cases.wide(size, 0.001), table)
        axes = ([1, 2], [3], [1], [2, 3])[number % 4]
        shape = [n for i, n in enumerate((1, 7, 6, 3)) if i not in axes]
        x = cases.wide_input([1, 7, 6, 3], 0.001)
        y = cases.wide(shape, 0.001 * (0.8, 1.0, 3.0)[number % 3])
        cases.op(f"MEAN {axes}", "MEAN", [x, cases.int32(axes)], y,
                 options("Reducer", keepDims=False))  # fmt: skip
        pads = [[0, 0], [number % 3, 1], [0, number % 2], [1, 0]]
        x = cases.wide_input([1, 3, 4, 2], 0.001)
        shape = [n + a + b for n, (a, b) in zip((1, 3, 4, 2), pads, strict=True)]
        cases.op(f"PAD {pads}", "PAD", [x, cases.int32(pads)], cases.wide(shape, 0.001), None)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_windows_means_and_pads_of_int16_are_exact(exact_to: ExactTo) -> None:
    assert _windows(171).mismatches(exact_to, count=2) == []


def test_windows_means_and_pads_of_int16_have_no_undefined_behaviour() -> None:
    assert _windows(172).sanitized_mismatches("tflm") == 0
