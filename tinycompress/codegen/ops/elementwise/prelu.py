"""PRELU on int8 or int16: negative inputs are multiplied by a slope, which is broadcast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.binary import (
    binary_layer,
    binary_spec,
    scales,
    zero_points,
)
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """All must be int8; or, for tflm, int16 with zero point 0 and a constant int8 slope"""
    x, slope, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    if options.exact_to == "tflm" and {x.dtype, y.dtype} == {DType.INT16} and slope.is_constant:
        x_or_y = o.zero_point_detail(x, y)
        return x_or_y if slope.dtype is DType.INT8 else f"'{slope.name}' is {slope.dtype.value}"
    wrong = [t for t in (x, slope, y) if t.dtype is not DType.INT8]
    return ", ".join(f"'{t.name}' is {t.dtype.value}" for t in wrong) or None


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """Factors of inputs from zero on, and of products; ValueError if one is too large."""
    x, alpha, y = scales(graph, op)
    identity, product = quantize_multiplier(x / y), quantize_multiplier(x * alpha / y)
    if max(identity[1], product[1]) > MAX_LEFT_SHIFT:
        raise ValueError(f"scales {x:g} and {alpha:g} against {y:g}")
    low, high = o.limits(o.result(graph, op).dtype)
    return {
        **zero_points(graph, op),
        "multiplier_1": identity[0],
        "shift_1": identity[1],
        "output_multiplier": product[0],
        "output_shift": product[1],
        "clamp_min": low,
        "clamp_max": high,
    }


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """As an operator on two inputs of one type: the slope of an int16 input is widened."""
    layer = binary_layer(graph, op, "prelu", scaling(graph, op, options))
    if not o.is_wide(graph, op):
        return layer
    slope = o.operand(graph, op, 1)
    data = np.asarray(slope.data).astype(np.int16).reshape(-1)
    x, _, y = layer.arguments
    return replace(layer, arguments=(x, ConstArray(slope.name, "slope", data), y))


_BINARY = binary_spec(
    "prelu",
    scaling,
    "Input scale / output scale, and that times the slope's scale, must be below 2^30",
    activation=False,
)
SPEC = OpSpec(
    structure=(_BINARY.structure[0], types, *_BINARY.structure[2:]),
    constraints=_BINARY.constraints,
    lower=one_layer(lower),
    row_by_row=True,
)
