"""MUL on int8 or int16, with broadcasting; on int32 modulo 2^32."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops.elementwise.binary import (
    binary_spec,
    clamp_params,
    scales,
    zero_points,
)
from tinycompress.codegen.ops.elementwise.whole import also_whole
from tinycompress.codegen.ops.requantize import is_within
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import Graph, Op


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """The product's factor; ValueError beyond what an int32 may be shifted by."""
    real = _factor(*scales(graph, op), options)
    if not is_within(real):
        raise ValueError(f"it is {real:g}")
    multiplier, shift = quantize_multiplier(real)
    return {
        **zero_points(graph, op),
        "output_multiplier": multiplier,
        "output_shift": shift,
        **clamp_params(graph, op),
    }


def _factor(a: float, b: float, y: float, options: CodegenOptions) -> float:
    """TFLM as built computes it in double precision, LiteRT in single."""
    return a * b / y if options.exact_to == "tflm" else float32(float32(a * b) / y)


SPEC = also_whole(
    binary_spec(
        "mul", scaling, "The product of the input scales / output scale must be below 2^30"
    ),
    "mul",
)
