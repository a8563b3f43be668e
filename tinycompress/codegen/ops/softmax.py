"""SOFTMAX on int8 to int8, along the last dimension.

Both references abort when the exponentials, each at most 1, sum to 512 or more. That can only
happen with more than 511 classes and nearly equal inputs; the device then gives outputs near 0.
"""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import SoftmaxScaling, softmax_exp_table, softmax_scaling
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("softmax_s8_ref", "softmax_s8")
_MAX_DEPTH = 4095
"""More exponentials of 1 overflow the Q12.19 in which they are summed."""


def output_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have scale 1/256 and zero point -128"""
    q = o.quantization(o.result(graph, op))
    if (q.scale, q.zero_point) == (1 / 256, -128):
        return None
    return f"scale {q.scale:g}, zero point {q.zero_point}"


def same_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same shape, of at least one dimension"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return None if x.shape == y.shape and x.shape else f"{list(x.shape)} and {list(y.shape)}"


def depth(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The last dimension must be at most 4095"""
    shape = o.operand(graph, op, 0).shape
    return f"it is {shape[-1]}" if shape and shape[-1] > _MAX_DEPTH else None


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Beta x input scale must be above 2^-26"""
    try:
        _scaling(graph, op)
    except ValueError as error:
        return str(error)
    return None


def _scaling(graph: Graph, op: Op) -> SoftmaxScaling:
    beta = op.options["beta"]
    if not isinstance(beta, float):
        raise ValueError(f"beta is {beta!r}")
    return softmax_scaling(beta, o.quantization(o.operand(graph, op, 0)).scale)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the exponentials."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    table = softmax_exp_table(_scaling(graph, op))
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_REF,
        params={
            "rows": x.elements // x.shape[-1],
            "depth": x.shape[-1],
            "table_count": len(table),
            "exps": ConstArray(x.name, "exps", np.array(table, np.int32)),
        },
        arguments=(o.argument(x), o.argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
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
    lower=lower,
)
