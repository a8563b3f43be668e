"""LOG_SOFTMAX on int8 to int8, along the last dimension."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.reduce.softmax import depth, same_shape
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import (
    SoftmaxScaling,
    quantize_multiplier,
    softmax_exp_table,
    softmax_scaling,
)
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("reduce", "log_softmax", "log_softmax_s8")


def output_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have scale 1/16 and zero point 127"""
    q = o.quantization(o.result(graph, op))
    if (q.scale, q.zero_point) == (1 / 16, 127):
        return None
    return f"scale {q.scale:g}, zero point {q.zero_point}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input scale must be above 2^-26 and below 32"""
    scale = o.quantization(o.operand(graph, op, 0)).scale
    return None if 2.0**-26 < scale < 32.0 else f"it is {scale:g}"


def _scaling(graph: Graph, op: Op) -> SoftmaxScaling:
    return softmax_scaling(1.0, o.quantization(o.operand(graph, op, 0)).scale)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the exponentials; the logarithm of their sum is taken on the device."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    scaling = _scaling(graph, op)
    table = softmax_exp_table(scaling)
    reverse = quantize_multiplier((1 << (31 - scaling.left_shift)) / scaling.multiplier)
    return o.layer(
        graph,
        op,
        _REF,
        {
            "rows": x.elements // x.shape[-1],
            "depth": x.shape[-1],
            "table_count": len(table),
            "exps": ConstArray(x.name, "exps", np.array(table, np.int32)),
            "multiplier": scaling.multiplier,
            "shift": scaling.left_shift,
            "reverse_multiplier": reverse[0],
            "reverse_shift": reverse[1],
        },
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        o.int8_tensors(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
    ),
    constraints=(output_quantisation, same_shape, depth, scale_range),
    lower=one_layer(lower),
)
