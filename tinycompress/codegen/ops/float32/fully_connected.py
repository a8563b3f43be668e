"""FULLY_CONNECTED on float32."""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.dense import fully_connected as dense
from tinycompress.codegen.ops.float32 import rules
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The kernel for the type of the weights."""
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    outputs, inputs = weights.shape
    types = rules.weight_types(weights)
    return o.layer(
        graph,
        op,
        Kernel(f"{rules.ROOM}/window", "fully_connected", "fully_connected_f32", types,
               family="plain"),
        {
            "batches": x.elements // inputs,
            "inputs": inputs,
            "outputs": outputs,
            **rules.clamp_params(op),
            **rules.weight_params(weights, o.optional_operand(graph, op, 2), outputs),
        },
        reads=(x,),
        writes=y,
        shown=(weights,),
        macs=y.elements * inputs,
    )  # fmt: skip


SPEC = OpSpec(
    structure=(
        o.arity(2, 3),
        rules.floats(0),
        rules.float_weights(1),
        o.rank(1, 2, 2, "weights"),
        o.no_empty_tensor,
        o.constant(1, "weights"),
        o.computed(0, "input"),
        dense.default_weights_format,
        rules.float_bias(2, channels_of=1, axis=0),
    ),
    constraints=(dense.shapes_agree, rules.finite_constants, rules.fused_activation),
    lower=one_layer(lower),
    macs=dense.macs,
)
