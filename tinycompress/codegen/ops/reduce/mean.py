"""MEAN on int8 or int16 over any axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from math import prod

from tinycompress.codegen.choosing.costs import choose
from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.requantize import is_within
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.ir.arithmetic import mean_multiplier, wrap_int32
from tinycompress.ir.graph import DType, Graph, Op

_CHANNELS: Mapping[CoreFamily, int] = {"mve": 8, "dsp": 4}
"""Channels that the kernels of a family take at a time, of which there must be as many."""


def _axes(graph: Graph, op: Op) -> tuple[int, ...]:
    """Reduced axes, ascending, each once."""
    rank = len(o.operand(graph, op, 0).shape)
    data = o.operand(graph, op, 1).data
    values = () if data is None else tuple(int(axis) for axis in data.reshape(-1))
    return tuple(sorted({axis + rank if axis < 0 else axis for axis in values}))


def merged_runs(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Sizes of alternately kept and reduced runs of dimensions, beginning with a kept one."""
    flags = [(axis in axes, size) for axis, size in enumerate(shape) if size > 1]
    runs = [(key, prod(size for _, size in run)) for key, run in groupby(flags, lambda f: f[0])]
    if not runs or runs[0][0]:
        runs.insert(0, (False, 1))
    return tuple(size for _, size in runs)


def int32_axes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The axes must be a constant of type int32 within the input's dimensions"""
    axis, rank = o.operand(graph, op, 1), len(o.operand(graph, op, 0).shape)
    if axis.dtype is not DType.INT32 or not axis.is_constant:
        return f"'{axis.name}' is {axis.dtype.value}"
    axes = _axes(graph, op)
    if not axes or not 0 <= axes[0] <= axes[-1] < rank:
        return f"axes {list(axes)} of {rank} dimensions"
    return None


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must be the input's shape without the axes, or with 1 in their place"""
    shape, axes = o.operand(graph, op, 0).shape, _axes(graph, op)
    kept = tuple(1 if i in axes else size for i, size in enumerate(shape))
    if not op.options["keep_dims"]:
        kept = tuple(size for i, size in enumerate(shape) if i not in axes)
    found = o.result(graph, op).shape
    return None if found == kept else f"it is {list(found)}, expected {list(kept)}"


def two_runs(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The axes must form at most two runs of neighbouring dimensions"""
    shape, axes = o.operand(graph, op, 0).shape, _axes(graph, op)
    return None if len(merged_runs(shape, axes)) <= 5 else f"axes {list(axes)} of {list(shape)}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale / output scale must be below 2^30"""
    real = _real_scale(graph, op)
    return None if is_within(real) else f"it is {real:g}"


def _real_scale(graph: Graph, op: Op) -> float:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    return x.scale / y.scale


def kernel(graph: Graph, op: Op) -> Kernel:
    """The kernel for the type of the activations."""
    return Kernel("mean_s16_ref" if o.is_wide(graph, op) else "mean_s8_ref", "mean")


def fastest(reference: Layer, options: CodegenOptions) -> Layer:
    """The layer by the core's own kernel, where it has one for such axes."""
    return choose((*_fast_variants(reference, options), reference), options)


def _fast_variants(reference: Layer, options: CodegenOptions) -> Iterator[Layer]:
    """Kernels that take several channels at a time: what is reduced comes before them."""
    channels = _CHANNELS.get(options.family)
    if channels is None or reference.kernel.name != "mean_s8_ref":
        return
    kept, *others = (reference.params[name] for name in ("kept_1", "reduced_1", "kept_2"))
    if isinstance(kept, int) and kept >= channels and others == [1, 1]:
        yield replace(reference, kernel=Kernel(f"mean_s8_{options.family}", "mean"))


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    kept_0, reduced_0, kept_1, reduced_1, kept_2 = (*merged_runs(x.shape, _axes(graph, op)),
                                                    1, 1, 1, 1)[:5]  # fmt: skip
    count = x.elements // y.elements
    multiplier, shift = mean_multiplier(_real_scale(graph, op), count)
    reference = Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel(graph, op),
        params={
            "kept_0": kept_0,
            "reduced_0": reduced_0,
            "kept_1": kept_1,
            "reduced_1": reduced_1,
            "kept_2": kept_2,
            "sum_offset": wrap_int32(-o.quantization(x).zero_point * count),
            "output_offset": o.quantization(y).zero_point,
            "multiplier": multiplier,
            "shift": shift,
        },
        arguments=(o.argument(x), o.argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )
    return fastest(reference, options)


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        o.activations(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
        int32_axes,
    ),
    constraints=(output_shape, two_runs, scale_range),
    lower=lower,
)
