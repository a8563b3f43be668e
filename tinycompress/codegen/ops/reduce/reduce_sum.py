"""SUM on int8 or int16 over any axes: MEAN's kernel without the division."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps
from tinycompress.codegen.ops.movement.copies import constant_integers
from tinycompress.codegen.ops.reduce import mean
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import quantize_multiplier, wrap_int32
from tinycompress.ir.graph import Graph, Op


def summed_as_signed(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Only TFLM's SUM is supported: LiteRT's reads int8 as unsigned, -1 as 255"""
    return None if options.exact_to == "tflm" else "exact_to is litert"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels and compute their constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    rank = len(x.shape)
    axes = tuple(axis % rank for axis in constant_integers(graph, op, 1) or ())
    runs = (*mean.merged_runs(x.shape, axes), 1, 1, 1, 1)[:5]
    names = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2")
    source, target = o.quantization(x), o.quantization(y)
    multiplier, shift = quantize_multiplier(source.scale / target.scale)
    reference = o.layer(
        graph,
        op,
        mean.kernel(graph, op),
        {
            **dict(zip(names, runs, strict=True)),
            "sum_offset": wrap_int32(-source.zero_point * (x.elements // y.elements)),
            "output_offset": target.zero_point,
            "multiplier": multiplier,
            "shift": shift,
        },
        reads=(x,),
        writes=y,
        order=mean.order(graph, op),
    )
    return mean.by_each_kernel(reference, options)


SPEC = OpSpec(
    structure=mean.SPEC.structure,
    constraints=(*mean.SPEC.constraints, summed_as_signed),
    lower=lower,
)
