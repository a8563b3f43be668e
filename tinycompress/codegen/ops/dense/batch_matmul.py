"""BATCH_MATMUL on int8 or int16: either factor may be transposed, batches broadcast."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.conv.wide_sums import MAX_REDUCED_SHIFT, MAX_SUM
from tinycompress.codegen.ops.elementwise.broadcast import broadcast_shape
from tinycompress.codegen.ops.macs import input_shape, output_elements
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT, is_within
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.fixed_point import reduced_multiplier
from tinycompress.ir.graph import Graph, Op

_REF = Kernel("dense", "batch_matmul", "batch_matmul")
_DSP = replace(_REF, family="dsp")
_WIDE_REF = replace(_REF, types=("s16",))
_WITH_SMLAD = ("dsp", "mve")
_BATCH_DIMENSIONS = 3
_MAX_RANK = _BATCH_DIMENSIONS + 2


def _matrices(graph: Graph, op: Op) -> tuple[tuple[int, int], tuple[int, int]]:
    """(rows, columns) of both factors as they are multiplied."""
    a, b = o.operand(graph, op, 0).shape[-2:], o.operand(graph, op, 1).shape[-2:]
    left = (a[1], a[0]) if op.options["adj_x"] else (a[0], a[1])
    right = (b[1], b[0]) if op.options["adj_y"] else (b[0], b[1])
    return left, right


def one_computed(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """At least one input must not be constant"""
    a, b = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return f"'{a.name}' and '{b.name}'" if a.is_constant and b.is_constant else None


def shapes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Inner sizes must agree, batches broadcast, and the output's shape follow from both"""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    (rows, depth), (other_depth, columns) = _matrices(graph, op)
    batches = broadcast_shape(a.shape[:-2], b.shape[:-2])
    if depth == other_depth and batches is not None and y.shape == (*batches, rows, columns):
        return None
    return o.shape_text(a, b, y)


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The product of the input scales / output scale must be below 2^30, on int16 below 2^7"""
    real = _factor(graph, op, options)
    limit = MAX_REDUCED_SHIFT if o.is_wide(graph, op) else MAX_LEFT_SHIFT
    return None if is_within(real, limit) else f"it is {real:g}"


def sum_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """On int16, the inner size must be below 131072, so that sums stay below 2^47"""
    (_, depth), _ = _matrices(graph, op)
    return f"it is {depth}" if o.is_wide(graph, op) and depth * 2**30 >= MAX_SUM else None


def _factor(graph: Graph, op: Op, options: CodegenOptions) -> float:
    """LiteRT rounds the product of the input scales to float32, TFLM as built does not."""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    product = o.quantization(a).scale * o.quantization(b).scale
    product = float32(product) if options.exact_to == "litert" else product
    return product / o.quantization(y).scale


def _batch_strides(shape: tuple[int, ...]) -> list[int]:
    """Elements from one matrix to the next along each batch dimension, 0 where broadcast."""
    sizes = (1,) * (_MAX_RANK - len(shape)) + shape
    strides, step = [], sizes[-1] * sizes[-2]
    for size in reversed(sizes[:-2]):
        strides.append(0 if size == 1 else step)
        step *= size
    return strides[::-1]


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """The kernels of the core, the fastest first."""
    reference = _reference(graph, op, options)
    if o.is_wide(graph, op) or options.family not in _WITH_SMLAD:
        return alternatives([reference])
    (_, depth), (_, columns) = _matrices(graph, op)
    pairs_bytes = 4 * ((depth + 1) // 2) * (columns + 1)
    scratch = ("uint32_t", pairs_bytes)
    fast = reference.by(_DSP, reference.params, order=None, scratch=scratch)
    return alternatives([fast, reference])


def _reference(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The layer by the kernel for every core, with all constants."""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    (rows, depth), (_, columns) = _matrices(graph, op)
    batches = ((1,) * (_MAX_RANK - len(y.shape)) + y.shape)[:_BATCH_DIMENSIONS]
    multiplier, shift = quantize_multiplier(_factor(graph, op, options))
    wide, (low, high) = o.is_wide(graph, op), o.limits(y.dtype)
    params: dict[str, ParamValue] = {f"batches_{i}": n for i, n in enumerate(batches)}
    for name, tensor in (("left", a), ("right", b)):
        strides = _batch_strides(tensor.shape)
        params |= {f"{name}_batch_stride_{i}": stride for i, stride in enumerate(strides)}
    params |= {
        "rows": rows,
        "depth": depth,
        "columns": columns,
        "left_row_stride": 1 if op.options["adj_x"] else depth,
        "left_depth_stride": rows if op.options["adj_x"] else 1,
        "right_depth_stride": 1 if op.options["adj_y"] else columns,
        "right_column_stride": depth if op.options["adj_y"] else 1,
        "left_offset": -o.quantization(a).zero_point,
        "right_offset": -o.quantization(b).zero_point,
        "output_offset": o.quantization(y).zero_point,
        "multiplier": reduced_multiplier(multiplier) if wide else multiplier,
        "shift": shift,
        "clamp_min": low,
        "clamp_max": high,
    }
    return o.layer(
        graph,
        op,
        _WIDE_REF if wide else _REF,
        params,
        reads=(
            a,
            b,
        ),
        writes=y,
        macs=y.elements * depth,
    )


def macs(graph: Graph, op: Op) -> int:
    """Every output is a sum over a row of the left matrix."""
    left = input_shape(graph, op, 0, "left matrix", (2, 3, 4, 5, 6))
    depth = left[-2] if op.options.get("adj_x") else left[-1]
    return output_elements(graph, op) * depth


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        o.activations(0, 1),
        o.rank(0, 2, _MAX_RANK, "first input"),
        o.rank(1, 2, _MAX_RANK, "second input"),
        o.no_empty_tensor,
        o.quantised(0, 1),
        one_computed,
    ),
    constraints=(shapes, sum_range, scale_range),
    lower=lower,
    macs=macs,
)
