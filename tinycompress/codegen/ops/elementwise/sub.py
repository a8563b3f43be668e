"""SUB on int8 or int16, with broadcasting; on int32 modulo 2^32."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops.elementwise.add import general_scales, left_shift_of
from tinycompress.codegen.ops.elementwise.binary import (
    binary_spec,
    clamp_params,
    scales,
    zero_points,
)
from tinycompress.codegen.ops.elementwise.whole import also_whole
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import Graph, Op


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """The three factors; ValueError if the last is not below one."""
    a, b, y = scales(graph, op)
    left_shift = left_shift_of(graph, op)
    larger = 2.0 * max(a, b)
    output = larger / ((1 << left_shift) * y)
    pairs = [quantize_multiplier(real) for real in (a / larger, b / larger, output)]
    if not 0.0 < output < 1.0 or pairs[2][1] > 0:
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
        **clamp_params(graph, op),
    }


SPEC = also_whole(
    binary_spec(
        "sub",
        scaling,
        "The output scale must be above 2^-19 (int16: 2^-14) of the larger input scale",
        general_scales,
    ),
    "sub",
)
