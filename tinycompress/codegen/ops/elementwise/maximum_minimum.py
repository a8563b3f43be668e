"""MAXIMUM and MINIMUM on int8, int16 or int32, with broadcasting: stored values are compared."""

from __future__ import annotations

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.elementwise.binary import binary_spec
from tinycompress.codegen.ops.elementwise.whole import also_whole
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """Nothing is scaled."""
    return {}


def one_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Inputs and output must have the same scale and zero point, as nothing is rescaled"""
    found = [o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)]
    pairs = [(q.scale, q.zero_point) for q in map(o.quantization, found)]
    if len(set(pairs)) == 1:
        return None
    return ", ".join(f"{scale:g}/{zero_point}" for scale, zero_point in pairs)


def _spec(kernel: str) -> OpSpec:
    return also_whole(binary_spec(kernel, scaling, "", one_quantisation, activation=False), kernel)


MAXIMUM = _spec("maximum")
MINIMUM = _spec("minimum")
