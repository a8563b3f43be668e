"""CAST of stored values: between integers and bool, from a float32 input and to a float32 output.

Quantisation plays no part. Up to 16 bits, float32 is what DEQUANTIZE gives at scale 1. What lies
beyond the output's range the runtimes leave undefined when it comes from float32: the firmware
takes the nearest, and the smallest for NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinycompress.codegen.layer import Argument, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, in_turn
from tinycompress.codegen.ops.elementwise.maps import same_elements
from tinycompress.codegen.ops.movement.copies import Copy, View, bytes_argument, copy_layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_INTEGER = Kernel("elementwise/convert", "cast", "cast", types=())
_TO_BOOL = Kernel("elementwise/convert", "cast", "cast_bool", types=("bool",))
_FROM_FLOAT = Kernel("elementwise/convert", "cast", "cast_f32_int", types=("f32", "int"))
_FLOAT_TO_BOOL = Kernel("elementwise/convert", "cast", "cast_f32_bool", types=("f32", "bool"))
_TO_FLOAT: Mapping[DType, Kernel] = {
    DType.INT8: Kernel("elementwise/convert", "dequantize", "dequantize", types=("s8",)),
    DType.UINT8: Kernel("elementwise/convert", "dequantize", "dequantize", types=("u8",)),
    DType.BOOL: Kernel("elementwise/convert", "dequantize", "dequantize", types=("u8",)),
    DType.INT16: Kernel("elementwise/convert", "dequantize", "dequantize", types=("s16",)),
    DType.INT32: Kernel("elementwise/convert", "cast", "cast_f32", types=("s32", "f32")),
    DType.INT64: Kernel("elementwise/convert", "cast", "cast_s64_f32", types=("s64", "f32")),
}
_BOTH = frozenset({DType.BOOL, DType.INT8, DType.INT16, DType.INT32})
_AMONG_INTEGERS = frozenset({DType.UINT32})
_ONLY_LITERT = frozenset({DType.UINT8, DType.INT64})


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Both must be bool, int8, int16, int32 or uint32, for litert also uint8 or int64; the input
    may be a float32 input of the model, unless the output is int64 or uint32, the output a float32
    output, unless the input is uint32
    """
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    integers = _BOTH | _ONLY_LITERT if options.exact_to == "litert" else _BOTH
    is_read = x.dtype is DType.FLOAT32 and x.index in graph.inputs and y.dtype is not DType.INT64
    is_written = y.dtype is DType.FLOAT32 and y.index in graph.outputs
    if (x.dtype in integers and is_written) or (is_read and y.dtype in integers):
        return None
    if {x.dtype, y.dtype} <= integers | _AMONG_INTEGERS:
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """A copy of the bytes, where both are integers of one width; none where they change."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    same = x.dtype.is_integer and y.dtype.is_integer and x.dtype.bits == y.dtype.bits
    return (Copy(x, View.of(x.shape), y, View.of(y.shape)),) if same else ()


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Steps:
    """A copy, or the kernel that the types need."""
    copies = plan(graph, op)
    if copies:
        return tuple(copy_layer(graph, op, copy) for copy in copies)
    return (_lower_changing(graph, op),)


def _lower_changing(graph: Graph, op: Op) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if y.dtype is DType.FLOAT32:
        kernel, params = _to_float(x.dtype)
    elif x.dtype is DType.FLOAT32:
        kernel, params = _from_float(y.dtype)
    else:
        kernel, params = _between(x.dtype, y.dtype)
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params={"count": y.elements, **params},
        arguments=_arguments(graph, op, kernel),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


def _arguments(graph: Graph, op: Op, kernel: Kernel) -> tuple[Argument, Argument]:
    """Integers are bytes to the kernels that take any width."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    read = bytes_argument(x) if kernel in (_INTEGER, _TO_BOOL) else o.argument(x)
    as_bytes = kernel in (_INTEGER, _FROM_FLOAT)
    return read, (bytes_argument if as_bytes else o.argument)(y, written=True)


_Chosen = tuple[Kernel, dict[str, ParamValue]]


def _to_float(source: DType) -> _Chosen:
    kernel = _TO_FLOAT[source]
    return kernel, {"zero_point": 0, "scale": 1.0} if kernel.params == "dequantize" else {}


def _from_float(target: DType) -> _Chosen:
    if target is DType.BOOL:
        return _FLOAT_TO_BOOL, {}
    smallest, largest = o.limits(target)
    return _FROM_FLOAT, {
        "output_bytes": target.item_bytes,
        "smallest": smallest,
        "largest": largest,
    }


def _between(source: DType, target: DType) -> _Chosen:
    if target is DType.BOOL:
        return _TO_BOOL, {"input_bytes": source.item_bytes}
    return _INTEGER, {
        "input_bytes": source.item_bytes,
        "output_bytes": target.item_bytes,
        "input_has_sign": int(source not in (DType.UINT8, DType.UINT32, DType.BOOL)),
    }


SPEC = OpSpec(
    structure=(o.arity(1, 1), types, o.no_empty_tensor, o.computed(0, "input")),
    constraints=(same_elements,),
    lower=in_turn(lower),
    plan=plan,
)
