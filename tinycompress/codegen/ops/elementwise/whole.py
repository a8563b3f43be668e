"""Operators on two inputs that also take int32: stored values, where no scale plays a part."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, OpSpec, Steps, alternatives
from tinycompress.codegen.ops.elementwise.broadcast import merged_broadcast
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_UNSCALED = (
    "left_shift", "offset_1", "multiplier_1", "shift_1", "offset_2", "multiplier_2", "shift_2",
    "output_offset", "output_multiplier", "output_shift", "clamp_min", "clamp_max",
)  # fmt: skip


def is_whole(graph: Graph, op: Op) -> bool:
    """Whether both inputs and the output are int32."""
    tensors = (o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op))
    return all(tensor.dtype is DType.INT32 for tensor in tensors)


def integer_types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Inputs and outputs must be int8, or all int16 with zero point 0, or all int32"""
    return None if is_whole(graph, op) else o.activations(0, 1)(graph, op, options)


def unless_whole(constraint: Constraint) -> Constraint:
    """A constraint that holds for int8 and int16 only."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        return None if is_whole(graph, op) else constraint(graph, op, options)

    check.__doc__ = constraint.__doc__
    return check


def no_activation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """On int32, the fused activation must be NONE"""
    activation = op.options.get("fused_activation_function", "NONE")
    return str(activation) if is_whole(graph, op) and activation != "NONE" else None


def no_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """On int32, no tensor may be quantised"""
    tensors = (o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op))
    quantised = [f"'{tensor.name}'" for tensor in tensors if tensor.quantization is not None]
    return ", ".join(quantised) or None if is_whole(graph, op) else None


def whole_layer(graph: Graph, op: Op, kernel: str) -> Layer:
    """The layer of a kernel ``<kernel>_s32_ref``."""
    a, b = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return o.layer(
        graph,
        op,
        Kernel("elementwise/int32", kernel, "binary", types=("s32",)),
        {**merged_broadcast(a.shape, b.shape).params(), **dict.fromkeys(_UNSCALED, 0)},
        reads=(a, b),
        writes=o.result(graph, op),
    )


def also_whole(spec: OpSpec, kernel: str, *constraints: Constraint) -> OpSpec:
    """An operator on two inputs that also takes int32, by the kernel ``<kernel>_s32_ref``.

    Args:
        spec: The operator on int8 and int16: its constraints are in the order of ``binary_spec``.
        kernel: The kernel's name, without types.
        constraints: Further ones, on int32.
    """
    arity, _, no_empty, quantised, computed, *activation = spec.structure
    shape, rank, *others = spec.constraints
    scaled = spec.lower

    def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
        if is_whole(graph, op) or scaled is None:
            return alternatives([whole_layer(graph, op, kernel)])
        return scaled(graph, op, options)

    return replace(
        spec,
        structure=(
            arity,
            integer_types,
            no_empty,
            unless_whole(quantised),
            computed,
            *map(unless_whole, activation),
        ),
        constraints=(
            shape,
            rank,
            *map(unless_whole, others),
            *((no_activation,) if activation else ()),
            no_quantisation,
            *constraints,
        ),
        lower=lower,
    )
