"""PRELU on int8: negative inputs are multiplied by a slope, which is broadcast."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops.binary import binary_spec, scales, zero_points
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN, quantize_multiplier
from tinycompress.ir.graph import Graph, Op


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """Factors of inputs from zero on, and of products; ValueError if one is too large."""
    x, alpha, y = scales(graph, op)
    identity, product = quantize_multiplier(x / y), quantize_multiplier(x * alpha / y)
    if max(identity[1], product[1]) > MAX_LEFT_SHIFT:
        raise ValueError(f"scales {x:g} and {alpha:g} against {y:g}")
    return {
        **zero_points(graph, op),
        "multiplier_1": identity[0],
        "shift_1": identity[1],
        "output_multiplier": product[0],
        "output_shift": product[1],
        "clamp_min": INT8_MIN,
        "clamp_max": INT8_MAX,
    }


SPEC = binary_spec(
    "prelu",
    scaling,
    "Input scale / output scale, and that times the slope's scale, must be below 2^30",
    activation=False,
)
