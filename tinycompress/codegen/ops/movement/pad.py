"""PAD on int8: with the output's zero point, which stands for zero; on int16 and int32 with 0."""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import bytes_argument, movable
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("movement", "pad", "pad_s8")
_DIMENSIONS = 5


def paddings(graph: Graph, op: Op) -> tuple[tuple[int, int], ...] | None:
    """(before, after) of each dimension, None if that is not what the second input holds."""
    tensor, rank = o.operand(graph, op, 1), len(o.operand(graph, op, 0).shape)
    if tensor.data is None or tensor.dtype not in (DType.INT32, DType.INT64):
        return None
    if tensor.shape != (rank, 2):
        return None
    return tuple((int(before), int(after)) for before, after in tensor.data)


def constant_paddings(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The paddings must be a constant of type int32 or int64, two per dimension, none negative"""
    found = paddings(graph, op)
    tensor = o.operand(graph, op, 1)
    if found is None:
        return f"'{tensor.name}' is {tensor.dtype.value}{list(tensor.shape)}"
    negative = [pair for pair in found if min(pair) < 0]
    return f"{negative[0]}" if negative else None


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must be the input's shape plus the paddings"""
    shape, found = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    pairs = paddings(graph, op) or ()
    sizes = zip(shape, pairs, strict=True)
    expected = tuple(size + before + after for size, (before, after) in sizes)
    return None if found == expected else f"it is {list(found)}, expected {list(expected)}"


def zero_stands_for_zero(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """On int8, input and output must have one scale and zero point; on int16, zero point 0"""
    tensors = (o.operand(graph, op, 0), o.result(graph, op))
    if tensors[0].dtype is DType.INT8:
        return o.quantised(0)(graph, op, options)
    return o.zero_point_detail(*tensors)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    # As bytes, of which all of an element are 0 where there are several.
    item = x.dtype.item_bytes
    dimensions = _merged((*x.shape, item), (*(paddings(graph, op) or ()), (0, 0)))
    params: dict[str, ParamValue] = {}
    for i, (size, _, _) in enumerate(dimensions):
        params[f"input_{i}"] = size
    for i, (_, before, _) in enumerate(dimensions):
        params[f"before_{i}"] = before
    for i, (size, before, after) in enumerate(dimensions[1:], start=1):
        params[f"output_{i}"] = size + before + after
    params["output_count"] = y.elements * item
    params["value"] = o.quantization(y).zero_point if y.dtype is DType.INT8 else 0
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_REF,
        params=params,
        arguments=(bytes_argument(x), bytes_argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


def _merged(
    shape: tuple[int, ...], pairs: tuple[tuple[int, int], ...]
) -> list[tuple[int, int, int]]:
    """(size, before, after) of five dimensions; an unpadded one joins the one before it."""
    merged: list[tuple[int, int, int]] = []
    for size, (before, after) in zip(shape, pairs, strict=True):
        if merged and before == after == 0:
            outer, outer_before, outer_after = merged[-1]
            merged[-1] = (outer * size, outer_before * size, outer_after * size)
        else:
            merged.append((size, before, after))
    return [(1, 0, 0)] * (_DIMENSIONS - len(merged)) + merged


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.rank(0, 1, _DIMENSIONS, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        zero_stands_for_zero,
        constant_paddings,
    ),
    constraints=(output_shape,),
    lower=one_layer(lower),
)
