"""Functions of int16: LOGISTIC, TANH, EXP, RSQRT, LEAKY_RELU, ABS and NEG.

Both runtimes interpolate LOGISTIC and TANH in one table of sigmoids, LiteRT EXP and RSQRT in one
that it fills for the scales; TFLM computes RSQRT as on int8; LEAKY_RELU and ABS rescale.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.elementwise.rescale import Rescale, factor, rescale_layer
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.fixed_point import log2_if_whole
from tinycompress.ir.graph import Graph, Op
from tinycompress.ir.lut import function_table, sigmoid_table

_POWER_OF_TWO_SHIFTS = {"LOGISTIC": (0,), "TANH": (0, 1)}
"""Input scales 2^(shift - 12) that need no multiplication."""
_OUTPUT_LOG2 = -15
_INT16_MAX = 2**15 - 1
RSQRT_BITS = 20
"""Bits behind the point that RSQRT of a stored value has before it is scaled."""


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The layer.

    Raises:
        ValueError: The scales are beyond what the runtimes take; with the values.
    """
    if op.kind in _POWER_OF_TWO_SHIFTS:
        return _interpolated(graph, op)
    if op.kind == "EXP":
        return _tabulated(graph, op, math.exp)
    if op.kind == "RSQRT":
        return _rsqrt(graph, op, options)
    if op.kind == "NEG":
        return _elementwise(graph, op, _kernel("neg", "neg_s16"), {})
    rescale = (
        _leaky_relu(graph, op, options)
        if op.kind == "LEAKY_RELU"
        else _absolute(graph, op, options)
    )
    return rescale_layer(graph, op, rescale)


def _interpolated(graph: Graph, op: Op) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if log2_if_whole(o.quantization(y).scale) != _OUTPUT_LOG2:
        raise ValueError(f"output scale {o.quantization(y).scale:g} must be 2^-15")
    multiplier, shift = _position_factor(op.kind, o.quantization(x).scale)
    table = ConstArray("sigmoid", "table", np.array(sigmoid_table(), np.uint16))
    params: dict[str, ParamValue] = {"multiplier": multiplier, "shift": shift, "table": table}
    return _elementwise(graph, op, _kernel(op.kind.lower(), "lut_s16"), params)


def _tabulated(graph: Graph, op: Op, function: Callable[[float], float]) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    entries = function_table(o.quantization(x).scale, o.quantization(y).scale, function)
    table = ConstArray(y.name, "table", np.array(entries, np.int16))
    return _elementwise(graph, op, _kernel("map", "map_table_s16", "table"), {"table": table})


def _rsqrt(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    if options.exact_to == "litert":
        largest = float32(_INT16_MAX * y.scale)
        return _tabulated(graph, op, lambda v: 1.0 / math.sqrt(v) if v > 0 else largest)
    multiplier, shift = rsqrt_factor(x.scale, y.scale)
    params = {"multiplier": multiplier, "shift": shift}
    return _elementwise(graph, op, _kernel("rsqrt", "rsqrt_s16"), params)


def rsqrt_factor(x: float, y: float) -> tuple[int, int]:
    """Multiplier and shift from ``RSQRT_BITS`` bits of a stored value's root to the output.

    Raises:
        ValueError: The runtimes shift by less than the scales would need.
    """
    root = float32(math.sqrt(x))
    product = float32(root * y)
    if product == 0:
        raise ValueError(f"{x:g} and {y:g}")
    multiplier, shift = quantize_multiplier(1.0 / product)
    if not -31 <= shift - RSQRT_BITS <= MAX_LEFT_SHIFT:
        raise ValueError(f"{x:g} and {y:g}")
    return multiplier, shift - RSQRT_BITS


def _kernel(operator: str, params: str, variant: str = "") -> Kernel:
    return Kernel("elementwise", operator, params, types=("s16",), variant=variant)


def _elementwise(graph: Graph, op: Op, kernel: Kernel, params: Mapping[str, ParamValue]) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return o.layer(graph, op, kernel, {"count": y.elements, **params}, reads=(x,), writes=y)


def _position_factor(kind: str, scale: float) -> tuple[int, int]:
    """Multiplier and right shift from stored values to steps of 1 / (3 x 2^12)."""
    log2 = log2_if_whole(scale)
    if log2 is not None and log2 + 12 in _POWER_OF_TWO_SHIFTS[kind]:
        return 3 << (log2 + 12), 0
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    if multiplier >= 32768.0:
        raise ValueError(f"input scale {scale:g} is above 8/3")
    return int(multiplier), shift


def _leaky_relu(graph: Graph, op: Op, options: CodegenOptions) -> Rescale:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    alpha = op.options["alpha"]
    if not isinstance(alpha, float):
        raise ValueError(f"alpha is {alpha!r}")
    identity, slope = leaky_factors(x.scale, alpha, y.scale, options)
    return Rescale(factor(identity), factor(abs(slope)), sign_after=-1 if slope < 0 else 1)


def leaky_factors(x: float, alpha: float, y: float, options: CodegenOptions) -> tuple[float, float]:
    """The factors from zero on and below, in the precision of ``ratio``."""
    slope = float32(float32(x * alpha) / y) if options.exact_to == "litert" else x * alpha / y
    return ratio(x, y, options), slope


def ratio(x: float, y: float, options: CodegenOptions) -> float:
    """Input scale / output scale: TFLM as built divides in double precision, LiteRT in float32."""
    return float32(x / y) if options.exact_to == "litert" else x / y


def _absolute(graph: Graph, op: Op, options: CodegenOptions) -> Rescale:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    pair = factor(ratio(x.scale, y.scale, options))
    return Rescale(pair, pair, sign_before=-1)
