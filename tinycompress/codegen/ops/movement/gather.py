"""GATHER and TILE. Constant indices become tables, computed ones are read on the device.

Both runtimes fail on a computed index that is out of range; the firmware takes the nearest. Those
of a GATHER with batch dimensions are read on the device whether constant or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from tinycompress.codegen.layer import Argument, ConstArray, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import unary_layer
from tinycompress.codegen.ops.elementwise.tables import litert_only
from tinycompress.codegen.ops.movement.copies import (
    bytes_argument,
    constant_integers,
    movable,
    positive_axis,
)
from tinycompress.codegen.ops.movement.indexed import (
    Indices,
    few_tables,
    small_dimensions,
    take_layer,
    taking,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op, Tensor

OF_INT8 = "of_int8"
"""Option of a GATHER whose index is an int8 value, -128 the first one; see `fold_lookups`."""

_KERNELS: Mapping[DType, Kernel] = {
    DType.INT32: Kernel("movement", "gather", "gather", types=()),
    DType.INT64: Kernel("movement", "gather", "gather", types=("s64",)),
}
"""By the type of the indices."""


def _axis(graph: Graph, op: Op) -> int | None:
    return positive_axis(o.int_option(op, "axis"), len(o.operand(graph, op, 0).shape))


def _computed(graph: Graph, op: Op) -> bool:
    return not o.operand(graph, op, 1).is_constant


def something_computed(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must not be constant, unless the indices are computed"""
    x = o.operand(graph, op, 0)
    return f"'{x.name}' is constant" if x.is_constant and not _computed(graph, op) else None


def _batch_dims(graph: Graph, op: Op) -> int | None:
    """How many leading dimensions input and indices share; None if the file states no such."""
    stated = op.options.get("batch_dims", 0)
    rank = len(o.operand(graph, op, 1).shape)
    return stated if isinstance(stated, int) and 0 <= stated <= rank else None


def indices_read(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Indices must be int32 or int64; computed ones for tflm int32"""
    indices = o.operand(graph, op, 1)
    known = (
        OF_INT8 in op.options
        or indices.dtype is DType.INT32
        or (indices.dtype is DType.INT64 and (options.exact_to == "litert" or indices.is_constant))
    )
    return None if known else f"'{indices.name}' is {indices.dtype.value}"


def indices_inside(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Constant indices must be within the input, and the axis must exist"""
    x, axis = o.operand(graph, op, 0), _axis(graph, op)
    if axis is None:
        return f"axis {op.options['axis']} of {list(x.shape)}"
    values = constant_integers(graph, op, 1) or ()
    wrong = [value for value in values if not 0 <= value < x.shape[axis]]
    return f"{wrong[0]} of {x.shape[axis]}" if wrong else None


def batches(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Batch dimensions must be the first of both, before the axis"""
    x, indices = o.operand(graph, op, 0).shape, o.operand(graph, op, 1).shape
    count, axis = _batch_dims(graph, op), _axis(graph, op) or 0
    if count is None or count > axis or x[:count] != indices[:count]:
        return f"{op.options.get('batch_dims')} of {list(x)} and {list(indices)}, axis {axis}"
    return None


def int8_in_tflm(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For tflm, the tensor that indices choose from must be int8"""
    x = o.operand(graph, op, 0)
    if options.exact_to != "tflm" or x.dtype is DType.INT8:
        return None
    return f"'{x.name}' is {x.dtype.value}"


def gathered_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the indices' shape, less batch dimensions, in the place of the axis"""
    x, axis = o.operand(graph, op, 0).shape, _axis(graph, op) or 0
    own = o.operand(graph, op, 1).shape[_batch_dims(graph, op) or 0 :]
    expected = (*x[:axis], *own, *x[axis + 1 :])
    found = o.result(graph, op).shape
    return None if found == expected else f"it is {list(found)}, expected {list(expected)}"


def gather_source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input, with the given indices along the axis."""
    x, chosen = o.operand(graph, op, 0), _axis(graph, op)
    taken = np.array(constant_integers(graph, op, 1), np.int64)
    return x, [taken if axis == chosen else np.arange(n) for axis, n in enumerate(x.shape)]


def _tabulated(graph: Graph, op: Op) -> bool:
    return not _computed(graph, op) and not _batch_dims(graph, op)


def few_runs(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """With constant indices, at most four runs of neighbouring dimensions may be changed or kept"""
    return few_tables(gather_source)(graph, op, options) if _tabulated(graph, op) else None


def indices_argument(indices: Tensor) -> Argument:
    """Indices as a kernel reads them: constant ones as int32."""
    if indices.data is None:
        return o.argument(indices)
    return ConstArray(indices.name, "indices", indices.data.reshape(-1).astype(np.int32))


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tables if they can hold the indices, else a kernel that reads them."""
    if OF_INT8 in op.options:
        table = o.operand(graph, op, 0).data
        return unary_layer(graph, op, [] if table is None else table.tolist(), place=1)
    if _tabulated(graph, op):
        return take_layer(graph, op, *gather_source(graph, op))
    x, indices, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    axis, first = _axis(graph, op) or 0, _batch_dims(graph, op) or 0
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_KERNELS[indices.dtype if _computed(graph, op) else DType.INT32],
        params={
            "batches": prod(x.shape[:first]),
            "outer": prod(x.shape[first:axis]),
            "axis_size": x.shape[axis],
            "count": prod(indices.shape[first:]),
            "bytes": prod(x.shape[axis + 1 :]) * x.dtype.item_bytes,
        },
        arguments=(bytes_argument(x), indices_argument(indices), bytes_argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, indices, y),
    )


def constant_multiples(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The multiples must be constant, and the input's dimensions times them the output's"""
    values = constant_integers(graph, op, 1)
    x, y = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    if values is not None and len(values) == len(x):
        expected = tuple(size * count for size, count in zip(x, values, strict=True))
        if expected == y:
            return None
    return f"{None if values is None else list(values)} from {list(x)} to {list(y)}"


def tile_source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input, each dimension several times."""
    x = o.operand(graph, op, 0)
    pairs = zip(x.shape, constant_integers(graph, op, 1) or (), strict=True)
    return x, [np.tile(np.arange(size), count) for size, count in pairs]


GATHER = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        something_computed,
        small_dimensions,
        indices_read,
        indices_inside,
        batches,
    ),
    constraints=(int8_in_tflm, gathered_shape, few_runs),
    lower=one_layer(lower),
)
TILE = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        small_dimensions,
        constant_multiples,
    ),
    constraints=(litert_only, few_tables(tile_source)),
    lower=taking(tile_source),
)
