"""L2_NORMALIZATION on int8 along the last dimension."""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import same_elements
from tinycompress.codegen.ops.elementwise.tables import fixed_output
from tinycompress.codegen.ops.movement.join import no_activation
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("reduce", "l2_normalization", "l2_normalization_s8")
_MAX_DEPTH = (2**31 - 1) // 255**2


def depth(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The last dimension must be at most 33025, so that the squares' sum fits int32"""
    size = o.operand(graph, op, 0).shape[-1]
    return None if size <= _MAX_DEPTH else f"it is {size}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Merge all dimensions but the last."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return o.layer(
        graph,
        op,
        _REF,
        {
            "rows": x.elements // x.shape[-1],
            "depth": x.shape[-1],
            "input_offset": -o.quantization(x).zero_point,
        },
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        o.int8_tensors(0),
        o.rank(0, 1, 4, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
    ),
    constraints=(same_elements, depth, no_activation, fixed_output(1 / 128, 0)),
    lower=one_layer(lower),
)
