"""REDUCE_MAX and REDUCE_MIN on int8 or int16 over any axes."""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import constant_integers
from tinycompress.codegen.ops.pool.pool_2d import same_quantisation
from tinycompress.codegen.ops.reduce import mean
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_KERNELS = {
    ("REDUCE_MAX", DType.INT8): Kernel("reduce", "reduce_max", "reduce"),
    ("REDUCE_MIN", DType.INT8): Kernel("reduce", "reduce_min", "reduce"),
    ("REDUCE_MAX", DType.INT16): Kernel("reduce", "reduce_max", "reduce", types=("s16",)),
    ("REDUCE_MIN", DType.INT16): Kernel("reduce", "reduce_min", "reduce", types=("s16",)),
}


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Merge the dimensions into three kept and two reduced runs."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    rank = len(x.shape)
    axes = tuple(axis % rank for axis in constant_integers(graph, op, 1) or ())
    runs = (*mean.merged_runs(x.shape, axes), 1, 1, 1, 1)[:5]
    names = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2")
    return o.layer(
        graph,
        op,
        _KERNELS[op.kind, y.dtype],
        dict(zip(names, runs, strict=True)),
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=mean.SPEC.structure,
    constraints=(o.tflm_on_int8, mean.output_shape, mean.two_runs, same_quantisation),
    lower=one_layer(lower),
)
