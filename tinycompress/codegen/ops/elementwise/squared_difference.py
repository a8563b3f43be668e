"""SQUARED_DIFFERENCE on int8 or int16, with broadcasting."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.elementwise.binary import binary_spec, scales, zero_points
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op

_LEFT_SHIFT = {DType.INT8: 7, DType.INT16: 0}


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """Both inputs in 2^-7 (int16: 1) of twice the larger scale; ValueError if too large."""
    a, b, y = scales(graph, op)
    dtype = o.result(graph, op).dtype
    left_shift, (low, high) = _LEFT_SHIFT[dtype], o.limits(dtype)
    larger = 2.0 * max(a, b)
    # The square of the shift is an int and the scale a float32, so that C multiplies in float32.
    real = larger * larger / float32((1 << 2 * left_shift) * y)
    pairs = [quantize_multiplier(value) for value in (a / larger, b / larger, real)]
    limit = MAX_LEFT_SHIFT if options.exact_to == "tflm" else 0
    if pairs[2][1] > limit:
        raise ValueError(f"output scale {y:g} against input scale {max(a, b):g}")
    return {
        **zero_points(graph, op),
        "left_shift": left_shift,
        "multiplier_1": pairs[0][0],
        "shift_1": pairs[0][1],
        "multiplier_2": pairs[1][0],
        "shift_2": pairs[1][1],
        "output_multiplier": pairs[2][0],
        "output_shift": pairs[2][1],
        "clamp_min": low,
        "clamp_max": high,
    }


def not_wide_in_litert(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """LiteRT has this operator on int8 only"""
    return "int16" if options.exact_to == "litert" and o.is_wide(graph, op) else None


SPEC = binary_spec(
    "squared_difference",
    scaling,
    "The output scale must be above 2^-42 (2^-12 for LiteRT) of the larger input scale's square",
    not_wide_in_litert,
    activation=False,
)
