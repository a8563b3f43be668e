"""GATHER_ND: slices that tuples of indices choose. Constant tuples become numbers of slices.

Both runtimes fail on a computed index that is out of range; the firmware takes the nearest.
"""

from __future__ import annotations

from math import prod

import numpy as np

from tinycompress.codegen.layer import Argument, ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import bytes_argument, constant_integers, movable
from tinycompress.codegen.ops.movement.gather import indices_read, int8_in_tflm, something_computed
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_ROWS = Kernel("movement", "gather", "gather", types=())
_TUPLES = {
    DType.INT32: Kernel("movement", "gather_nd", "gather_nd", types=()),
    DType.INT64: Kernel("movement", "gather_nd", "gather_nd", types=("s64",)),
}
_MAX_DEPTH = 5


def _depth(graph: Graph, op: Op) -> int:
    """Indices of one tuple."""
    return o.operand(graph, op, 1).shape[-1]


def short_tuples(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The last dimension of the indices must be 1 to 5, and at most the input's dimensions"""
    x, indices = o.operand(graph, op, 0).shape, o.operand(graph, op, 1).shape
    good = bool(indices) and 1 <= indices[-1] <= min(len(x), _MAX_DEPTH)
    return None if good else f"{list(indices)} into {list(x)}"


def tuples_inside(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Constant indices must be within the input"""
    x, depth = o.operand(graph, op, 0).shape, _depth(graph, op)
    for position, value in enumerate(constant_integers(graph, op, 1) or ()):
        if not 0 <= value < x[position % depth]:
            return f"{value} of {x[position % depth]}"
    return None


def gathered_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the indices' shape, with the input's dimensions left for the last"""
    x, indices = o.operand(graph, op, 0).shape, o.operand(graph, op, 1).shape
    expected = (*indices[:-1], *x[_depth(graph, op) :])
    found = o.result(graph, op).shape
    return None if found == expected else f"it is {list(found)}, expected {list(expected)}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Constant tuples are rows of the input with its first dimensions merged."""
    x, indices, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    read = _row_numbers if indices.is_constant else _tuples
    kernel, params, chosen = read(graph, op)
    bytes_each = prod(x.shape[_depth(graph, op) :]) * x.dtype.item_bytes
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params={**params, "bytes": bytes_each},
        arguments=(bytes_argument(x), chosen, bytes_argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, indices, y),
    )


_Reading = tuple[Kernel, dict[str, ParamValue], Argument]


def _row_numbers(graph: Graph, op: Op) -> _Reading:
    indices, depth = o.operand(graph, op, 1), _depth(graph, op)
    sizes = o.operand(graph, op, 0).shape[:depth]
    tuples = np.asarray(indices.data, np.int64).reshape(-1, depth)
    rows = np.ravel_multi_index(tuple(tuples.T), sizes).astype(np.int32)
    params: dict[str, ParamValue] = {
        "batches": 1, "outer": 1, "axis_size": prod(sizes), "count": len(rows),
    }  # fmt: skip
    return _ROWS, params, ConstArray(indices.name, "indices", rows)


def _tuples(graph: Graph, op: Op) -> _Reading:
    indices, depth = o.operand(graph, op, 1), _depth(graph, op)
    sizes = np.array(o.operand(graph, op, 0).shape[:depth], np.int32)
    params: dict[str, ParamValue] = {
        "count": indices.elements // depth,
        "depth": depth,
        "sizes": ConstArray(graph.layer_name(op), "sizes", sizes),
    }
    return _TUPLES[indices.dtype], params, o.argument(indices)


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        something_computed,
        indices_read,
        short_tuples,
        tuples_inside,
    ),
    constraints=(int8_in_tflm, gathered_shape),
    lower=one_layer(lower),
)
