"""MUL on int8 or int16, with broadcasting."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops.binary import binary_spec, clamp_params, scales, zero_points
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import Graph, Op


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """The product's factor; ValueError beyond what an int32 may be shifted by."""
    a, b, y = scales(graph, op)
    multiplier, shift = quantize_multiplier(a * b / y)
    if shift > MAX_LEFT_SHIFT:
        raise ValueError(f"it is {a * b / y:g}")
    return {
        **zero_points(graph, op),
        "output_multiplier": multiplier,
        "output_shift": shift,
        **clamp_params(graph, op),
    }


SPEC = binary_spec(
    "mul", scaling, "The product of the input scales / output scale must be below 2^30"
)
