"""MEAN on int8 or int16 over any axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from math import prod

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.reduce import orders
from tinycompress.codegen.ops.requantize import is_within
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.overlap import AccessOrder
from tinycompress.ir.arithmetic import mean_multiplier, wrap_int32
from tinycompress.ir.graph import DType, Graph, Op

_FAST: Mapping[CoreFamily, tuple[int, AccessOrder]] = {
    "mve": (8, orders.in_eights),
    "dsp": (4, orders.in_fours),
}
"""Channels that a core's own kernel takes at a time, of which there must be as many; its order."""


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
    return Kernel("reduce", "mean", "mean", types=("s16" if o.is_wide(graph, op) else "s8",))


def order(graph: Graph, op: Op) -> AccessOrder | None:
    """In which order that kernel reads and writes."""
    return None if o.is_wide(graph, op) else orders.by_element


def by_each_kernel(reference: Layer, options: CodegenOptions) -> tuple[Steps, ...]:
    """The layer by the core's own kernel, where it has one for such axes, and by the reference."""
    return alternatives((*_fast_variants(reference, options), reference))


def _fast_variants(reference: Layer, options: CodegenOptions) -> Iterator[Layer]:
    """Kernels that take several channels at a time: what is reduced comes before them."""
    fast = _FAST.get(options.family)
    if fast is None or reference.kernel.types != ("s8",):
        return
    channels, its_order = fast
    kept, *others = (reference.params[name] for name in ("kept_1", "reduced_1", "kept_2"))
    if isinstance(kept, int) and kept >= channels and others == [1, 1]:
        kernel = replace(reference.kernel, family=options.family)
        yield reference.by(kernel, reference.params, order=its_order)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels and compute their constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    kept_0, reduced_0, kept_1, reduced_1, kept_2 = (*merged_runs(x.shape, _axes(graph, op)),
                                                    1, 1, 1, 1)[:5]  # fmt: skip
    count = x.elements // y.elements
    multiplier, shift = mean_multiplier(_real_scale(graph, op), count)
    reference = o.layer(
        graph,
        op,
        kernel(graph, op),
        {
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
        reads=(x,),
        writes=y,
        order=order(graph, op),
    )
    return by_each_kernel(reference, options)


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
