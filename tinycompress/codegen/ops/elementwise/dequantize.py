"""DEQUANTIZE from int8, uint8 or int16 to a model's float32 output: the only float it may give.

The references multiply in double precision and round to float32. The product of a float32 and a
17-bit integer is exact in double precision, so that one float32 multiplication gives the same bits.
"""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import same_elements
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_KERNELS = {
    DType.INT8: Kernel("elementwise/convert", "dequantize", "dequantize", types=("s8",)),
    DType.INT16: Kernel("elementwise/convert", "dequantize", "dequantize", types=("s16",)),
    DType.UINT8: Kernel("elementwise/convert", "dequantize", "dequantize", types=("u8",)),
}


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be int8, uint8 or int16, the output float32"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if x.dtype in _KERNELS and y.dtype is DType.FLOAT32:
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def one_scale(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must have one scale and zero point"""
    x = o.operand(graph, op, 0)
    if x.quantization is None:
        return f"'{x.name}' is not quantised"
    count = len(x.quantization.scales)
    return None if count == 1 else f"'{x.name}' has {count} scales"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Choose the kernel by the input's type."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    q = o.quantization(x)
    return o.layer(
        graph,
        op,
        _KERNELS[x.dtype],
        {"count": y.elements, "zero_point": q.zero_point, "scale": q.scale},
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        types,
        o.no_empty_tensor,
        o.computed(0, "input"),
        one_scale,
    ),
    constraints=(same_elements,),
    lower=one_layer(lower),
)
