"""LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, ELU, GELU, EXP, ABS, NEG, SQRT, RSQRT: of one element.

Of int8 each becomes a table of 256 bytes; TFLM computes LOGISTIC and TANH in fixed point, LiteRT
fills its own table in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, OpSpec, one_layer
from tinycompress.codegen.ops.elementwise import unary_wide
from tinycompress.codegen.ops.elementwise.float_tables import float_table
from tinycompress.codegen.ops.elementwise.maps import same_elements, unary_layer
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    clamp,
    float32,
    multiply_by_quantized_multiplier_double,
    quantize_multiplier,
    wrap_int32,
)
from tinycompress.ir.fixed_point import (
    downscale_multiplier,
    hard_swish_element,
    inverse_sqrt_multiplier,
    logistic_table,
    tanh_table,
)
from tinycompress.ir.graph import Graph, Op, Quantization

Table = Callable[[Op, Quantization, Quantization, CodegenOptions], Sequence[int]]
"""The results for -128 .. 127; ValueError if the scales are beyond what the runtimes take."""

_STORED = range(INT8_MIN, INT8_MAX + 1)
_INT32_LIMIT = 2.0**30
_GELU_CUBIC = float32(0.044715)
_SQRT_2_OVER_PI = float32(math.sqrt(2 / math.pi))
_MINUS_SQRT_HALF = float32(-math.sqrt(0.5))


def _logistic(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    if options.exact_to == "tflm":
        return logistic_table(x.scale, x.zero_point)
    return float_table(x, y, lambda v: 1.0 / float32(1.0 + float32(_exp(-v))))


def _tanh(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    if options.exact_to == "tflm":
        return tanh_table(x.scale, x.zero_point)
    return float_table(x, y, math.tanh)


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _elu(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    return float_table(x, y, lambda v: float32(_exp(v)) - 1.0 if v < 0 else v)


def _gelu(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    return float_table(x, y, _gelu_tanh if op.options["approximate"] else _gelu_erfc)


def _gelu_tanh(x: float) -> float:
    cubic = float32(float32(float32(_GELU_CUBIC * x) * x) * x)
    inner = float32(_SQRT_2_OVER_PI * float32(x + cubic))
    return float32(0.5 * x) * float32(1.0 + float32(math.tanh(inner)))


def _gelu_erfc(x: float) -> float:
    return float32(0.5 * x) * float32(math.erfc(float32(x * _MINUS_SQRT_HALF)))


def _exponential(
    op: Op, x: Quantization, y: Quantization, options: CodegenOptions
) -> Sequence[int]:
    return float_table(x, y, _exp)


def _hard_swish(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    hires = float32(float32(1 / 128) * x.scale)
    multiplier, exponent = quantize_multiplier(float32(hires / y.scale))
    reluish, reluish_exponent = quantize_multiplier(float32(hires / float32(3 / 32768)))
    if not -15 < exponent <= 0 or not -15 < reluish_exponent < 16:
        raise ValueError(f"{x.scale:g} and {y.scale:g}")
    return [
        clamp(
            y.zero_point
            + hard_swish_element(
                value - x.zero_point,
                downscale_multiplier(multiplier),
                exponent,
                downscale_multiplier(reluish),
                reluish_exponent,
            ),
            INT8_MIN,
            INT8_MAX,
        )
        for value in _STORED
    ]


def _leaky_relu(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    alpha = op.options["alpha"]
    if not isinstance(alpha, float):
        raise ValueError(f"alpha is {alpha!r}")
    identity, slope = unary_wide.leaky_factors(x.scale, alpha, y.scale, options)
    positive = _factor(identity)
    negative = _factor(abs(slope))

    def result(value: int) -> int:
        pair = positive if value >= 0 else negative
        product = multiply_by_quantized_multiplier_double(value, *pair)
        return -product if value < 0 and slope < 0 else product

    return _shifted([result(value - x.zero_point) for value in _STORED], y)


def _absolute(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    magnitudes = [abs(value - x.zero_point) for value in _STORED]
    if x.scale == y.scale:
        return _shifted(magnitudes, y)
    factor = _factor(unary_wide.ratio(x.scale, y.scale, options))
    return _shifted([multiply_by_quantized_multiplier_double(m, *factor) for m in magnitudes], y)


def _rsqrt(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    factor = unary_wide.rsqrt_factor(x.scale, y.scale)

    def result(value: int) -> int:
        # Both runtimes fail on an input below zero; it is taken for zero, whose result is 127.
        if value <= 0:
            return INT8_MAX
        inverse, inverse_shift = inverse_sqrt_multiplier(value)
        data = multiply_by_quantized_multiplier_double(
            1, inverse, inverse_shift + unary_wide.RSQRT_BITS
        )
        scaled = multiply_by_quantized_multiplier_double(data, *factor)
        return clamp(wrap_int32(scaled + y.zero_point), INT8_MIN, INT8_MAX)

    return [result(value - x.zero_point) for value in _STORED]


def _negative(op: Op, x: Quantization, y: Quantization, options: CodegenOptions) -> Sequence[int]:
    # LiteRT negates stored values, whatever they mean, modulo 2^8.
    return [INT8_MIN if value == INT8_MIN else -value for value in _STORED]


def _square_root(
    op: Op, x: Quantization, y: Quantization, options: CodegenOptions
) -> Sequence[int]:
    def result(value: int) -> int:
        # LiteRT fails on an input below zero; it is taken for zero.
        root = float32(math.sqrt(float32(x.scale * max(value, 0))))
        quotient = float32(root / y.scale)
        if quotient >= _INT32_LIMIT:
            raise ValueError(f"{x.scale:g} and {y.scale:g}")
        return clamp(int(quotient) + y.zero_point, INT8_MIN, INT8_MAX)

    return [result(value - x.zero_point) for value in _STORED]


def _factor(real: float) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(real)
    if shift > MAX_LEFT_SHIFT:
        raise ValueError(f"a factor is {real:g}")
    return multiplier, shift


def _shifted(values: Sequence[int], y: Quantization) -> list[int]:
    return [clamp(wrap_int32(value + y.zero_point), INT8_MIN, INT8_MAX) for value in values]


def fixed_output(scale: float, zero_point: int) -> Constraint:
    """A constraint on the output's quantisation."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        q = o.quantization(o.result(graph, op))
        if o.is_wide(graph, op) or (q.scale, q.zero_point) == (scale, zero_point):
            return None
        return f"scale {q.scale:g}, zero point {q.zero_point}"

    check.__doc__ = (
        f"An int8 output must have scale 1/{round(1 / scale)} and zero point {zero_point}"
    )
    return check


def litert_only(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Only LiteRT has this operator"""
    return None if options.exact_to == "litert" else "exact_to is tflm"


def tflm_only(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Only TFLM has this operator"""
    return None if options.exact_to == "tflm" else "exact_to is litert"


def _spec(table: Table, *constraints: Constraint, wide: bool = False) -> OpSpec:
    def scales(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Scales must be within the range of the runtimes' arithmetic"""
        try:
            lower(graph, op, options)
        except ValueError as error:
            return str(error)
        return None

    def _table(graph: Graph, op: Op, options: CodegenOptions) -> Sequence[int]:
        x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
        return table(op, x, y, options)

    def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
        if o.is_wide(graph, op):
            return unary_wide.lower(graph, op, options)
        return unary_layer(graph, op, _table(graph, op, options))

    return OpSpec(
        structure=(
            o.arity(1, 1),
            o.activations(0) if wide else o.int8_tensors(0),
            o.no_empty_tensor,
            o.computed(0, "input"),
            o.quantised(0),
        ),
        constraints=(same_elements, *constraints, scales),
        lower=one_layer(lower),
        row_by_row=True,
    )


LOGISTIC = _spec(_logistic, fixed_output(1 / 256, -128), wide=True)
TANH = _spec(_tanh, fixed_output(1 / 128, 0), wide=True)
HARD_SWISH = _spec(_hard_swish)
LEAKY_RELU = _spec(_leaky_relu, wide=True)
ELU = _spec(_elu, tflm_only)
GELU = _spec(_gelu, litert_only)
EXP = _spec(_exponential, litert_only, wide=True)
ABS = _spec(_absolute, wide=True)
NEG = _spec(_negative, litert_only, wide=True)
SQRT = _spec(_square_root, litert_only)
RSQRT = _spec(_rsqrt, wide=True)
