"""FULLY_CONNECTED on int16 with int8 weights: a convolution of one pixel per row.

TFLM rescales as convolutions do; LiteRT multiplies by a double and rounds once, for which an
integer multiplier is proved to give the same.
"""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv.wide_sums import (
    HALF_AWAY_REF,
    REDUCED_REF,
    TWO_ROUNDINGS_REF,
    narrow_sums,
    rescaling,
    sum_bounds,
    too_large_for_reduced,
    wide_layer,
)
from tinycompress.codegen.ops.requantize import effective_scales, too_large
from tinycompress.codegen.ops.window import Window
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import INT32_MAX, WideMultiplier
from tinycompress.ir.graph import Graph, Op
from tinycompress.ir.half_away import exact_half_away

_RESULT_BOUND = 2**15 + 1
"""No rescaled sum beyond it survives the clamp to int16."""


def scale_detail(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Constraint detail if a factor is beyond what the runtime takes."""
    if options.exact_to == "litert":
        return None
    scales = _scales(graph, op)
    return too_large(scales) if narrow_sums(graph, op, 2) else too_large_for_reduced(scales)


def rounding_detail(graph: Graph, op: Op) -> str | None:
    """Constraint detail if LiteRT's one rounding cannot be had in integers."""
    for (scale, bound), found in zip(_scaled_bounds(graph, op), _wide(graph, op), strict=True):
        if narrow_sums(graph, op, 2) and bound > INT32_MAX:
            return f"sums of up to {bound} with an int32 bias"
        if scale * bound > INT32_MAX - _RESULT_BOUND:
            return f"sums up to {bound} times {scale:g}"
        if found is None:
            return f"{scale:g} has no integer equivalent for sums up to {bound}"
    return None


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Choose the kernel by how the runtime rescales."""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    outputs, inputs = weights.shape
    rows = x.elements // inputs
    window = Window((1, 1), (1, 1), (1, 1), (0, 0, 0, 0), (rows, 1))
    kernel, rescale = _rescaling(graph, op, options)
    data = np.asarray(weights.data, np.int8).reshape(outputs, 1, 1, inputs)
    return wide_layer(graph, op, kernel, window, data, rescale, image=(1, rows, 1, inputs))


def _rescaling(
    graph: Graph, op: Op, options: CodegenOptions
) -> tuple[Kernel, dict[str, ParamValue]]:
    origin = o.operand(graph, op, 1).name
    if options.exact_to == "litert":
        found = [wide for wide in _wide(graph, op) if wide is not None]
        multipliers = np.array([wide.multiplier for wide in found], np.int64)
        shifts = np.array([wide.shift for wide in found], np.int8)
        return HALF_AWAY_REF, {
            "multipliers": ConstArray(origin, "multipliers", multipliers),
            "shifts": ConstArray(origin, "shifts", shifts),
        }
    narrow = narrow_sums(graph, op, 2)
    rescale = rescaling(origin, _scales(graph, op), reduced=not narrow)
    return TWO_ROUNDINGS_REF if narrow else REDUCED_REF, rescale


def _scales(graph: Graph, op: Op) -> tuple[float, ...]:
    """One per output."""
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    return effective_scales(x, weights, y, weights.shape[0])


def _scaled_bounds(graph: Graph, op: Op) -> list[tuple[float, int]]:
    """Factor and largest magnitude of each output's sum."""
    bounds = sum_bounds(graph, op, 1, 2, axis=0)
    return [(scale, int(bound)) for scale, bound in zip(_scales(graph, op), bounds, strict=True)]


def _wide(graph: Graph, op: Op) -> list[WideMultiplier | None]:
    return [
        exact_half_away(scale, bound, _RESULT_BOUND) for scale, bound in _scaled_bounds(graph, op)
    ]
