"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR of NHWC tensors, with positions from the host."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import constant_integers, movable
from tinycompress.codegen.ops.movement.indexed import Indices, small_dimensions, taking
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import round_half_away
from tinycompress.ir.graph import DType, Graph, Op, Tensor

_BILINEAR = {
    DType.INT8: Kernel("movement", "resize_bilinear", "resize_bilinear"),
    DType.INT16: Kernel("movement", "resize_bilinear", "resize_bilinear", types=("s16",)),
}
_MAX_SIZE = 2**15


def resized_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The size must be a constant height and width, equal to the output's"""
    x, y, size = o.operand(graph, op, 0), o.result(graph, op), constant_integers(graph, op, 1)
    if size is not None and len(size) == 2 and y.shape == (x.shape[0], *size, x.shape[3]):
        return None
    return f"{None if size is None else list(size)}, {list(x.shape)} to {list(y.shape)}"


def sizes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Heights and widths must be below 2^15"""
    found = (*o.operand(graph, op, 0).shape[1:3], *o.result(graph, op).shape[1:3])
    return None if max(found) < _MAX_SIZE else str(list(found))


def one_way(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Corners may be aligned, or pixels have half centres, not both"""
    both = op.options["align_corners"] and op.options["half_pixel_centers"]
    return "both are set" if both else None


def positions_inside(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """No position may be beyond the input"""
    shape, target = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    for axis in (1, 2):
        lower, _, _ = _between(op, shape[axis], target[axis])
        if lower.max() >= shape[axis]:
            return f"{target[axis]} from {shape[axis]}"
    return None


def same_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same scale and zero point, as nothing is rescaled"""
    x, y = o.operand(graph, op, 0).quantization, o.result(graph, op).quantization
    return None if x == y else "they differ"


# --- nearest neighbour ----------------------------------------------------------------------------


def _nearest(op: Op, size: int, target: int) -> npt.NDArray[np.int64]:
    """Positions in the input, computed in float32 as the runtimes do."""
    align, half = bool(op.options["align_corners"]), bool(op.options["half_pixel_centers"])
    f32 = np.float32
    scale = f32(size - 1) / f32(target - 1) if align and target > 1 else f32(size) / f32(target)
    positions = (np.arange(target).astype(f32) + f32(0.5 if half else 0.0)) * scale
    if align:
        found = np.array([round_half_away(float(p)) for p in positions])
    else:
        found = np.floor(positions).astype(np.int64)
    inside: npt.NDArray[np.int64] = np.clip(found, 0, size - 1)
    return inside


def nearest_source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input and its nearest rows and columns."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    spatial = [_nearest(op, x.shape[axis], y.shape[axis]) for axis in (1, 2)]
    return x, [np.arange(x.shape[0]), *spatial, np.arange(x.shape[3])]


# --- bilinear -------------------------------------------------------------------------------------


def _between(
    op: Op, size: int, target: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions before and after, and the weight of that after in 1/1024."""
    scale = ((size << 10) + target // 2) // target
    if op.options["align_corners"] and target > 1:
        scale = (((size - 1) << 10) + (target - 1) // 2) // (target - 1)
    scaled = np.arange(target, dtype=np.int64) * scale
    if op.options["half_pixel_centers"]:
        scaled += scale // 2 - (1 << 9)
    # C divides towards zero.
    lower = np.maximum(np.trunc(scaled / 1024), 0).astype(np.int64)
    upper = np.minimum(np.trunc((scaled + 1023) / 1024), size - 1).astype(np.int64)
    return lower, upper, scaled - lower * 1024


def lower_bilinear(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate positions and weights of rows and columns."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    _, height, width, channels = x.shape
    rows, columns = _between(op, height, y.shape[1]), _between(op, width, y.shape[2])

    def table(role: str, values: npt.NDArray[np.int64]) -> ConstArray:
        return ConstArray(y.name, role, values.astype(np.int32))

    return o.layer(
        graph,
        op,
        _BILINEAR[y.dtype],
        {
            "batches": x.shape[0],
            "input_batch": height * width * channels,
            "output_height": y.shape[1],
            "output_width": y.shape[2],
            "channels": channels,
            "row_0": table("row_0", rows[0] * width * channels),
            "row_1": table("row_1", rows[1] * width * channels),
            "row_weight": table("row_weight", rows[2]),
            "column_0": table("column_0", columns[0] * channels),
            "column_1": table("column_1", columns[1] * channels),
            "column_weight": table("column_weight", columns[2]),
        },
        reads=(x,),
        writes=y,
    )


NEAREST = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.rank(0, 4, 4, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        small_dimensions,
        resized_shape,
        sizes,
    ),
    constraints=(),
    lower=taking(nearest_source),
)
BILINEAR = OpSpec(
    structure=(
        o.arity(2, 2),
        o.activations(0),
        o.rank(0, 4, 4, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
        resized_shape,
        sizes,
        one_way,
    ),
    constraints=(o.tflm_on_int8, positions_inside, same_quantisation),
    lower=one_layer(lower_bilinear),
)
