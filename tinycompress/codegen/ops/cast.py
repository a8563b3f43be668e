"""CAST of stored values: between int8, int16 and int32, and to a model's float32 output.

Quantisation plays no part. Of int8 and int16, float32 is what DEQUANTIZE gives at scale 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinycompress.codegen.layer import Argument, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.maps import same_elements
from tinycompress.codegen.ops.movement import MOVABLE, bytes_argument
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("cast_ref", "cast")
_TO_FLOAT: Mapping[DType, Kernel] = {
    DType.INT8: Kernel("dequantize_s8_ref", "dequantize"),
    DType.INT16: Kernel("dequantize_s16_ref", "dequantize"),
    DType.INT32: Kernel("cast_s32_f32_ref", "cast_f32"),
}


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be int8, int16 or int32, the output too or a float32 output of the model"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    is_float = y.dtype is DType.FLOAT32 and y.index in graph.outputs
    if x.dtype in MOVABLE and (y.dtype in MOVABLE or is_float):
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Choose the kernel by the types."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    params: dict[str, ParamValue] = {"count": y.elements}
    arguments: tuple[Argument, ...]
    if y.dtype is DType.FLOAT32:
        kernel = _TO_FLOAT[x.dtype]
        params |= {} if x.dtype is DType.INT32 else {"zero_point": 0, "scale": 1.0}
        arguments = (o.argument(x), o.argument(y, written=True))
    else:
        kernel = _REF
        params |= {"input_bytes": x.dtype.item_bytes, "output_bytes": y.dtype.item_bytes}
        arguments = (bytes_argument(x), bytes_argument(y, written=True))
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params=params,
        arguments=arguments,
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


SPEC = OpSpec(
    structure=(o.arity(1, 1), types, o.no_empty_tensor, o.computed(0, "input")),
    constraints=(same_elements,),
    lower=lower,
)
