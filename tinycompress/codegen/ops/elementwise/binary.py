"""What element-wise operators on two inputs share: broadcasting, parameters, constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.add import broadcast_rank, one_computed, output_shape
from tinycompress.codegen.ops.elementwise.broadcast import merged_broadcast
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

Scaling = Callable[[Graph, Op, CodegenOptions], Mapping[str, ParamValue]]
"""Values of the fields that an operator's arithmetic needs; the others are 0.

ValueError if the operator's scales are beyond what the runtimes take, which is then refused.
"""


def scaling_fits(scaling: Scaling, rule: str) -> Constraint:
    """A constraint: the scaling can be computed."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        try:
            scaling(graph, op, options)
        except ValueError as error:
            return str(error)
        return None

    check.__doc__ = rule
    return check


def binary_layer(graph: Graph, op: Op, kernel: str, scaling: Mapping[str, ParamValue]) -> Layer:
    """The layer of a kernel ``<kernel>_s8_ref`` or ``_s16_ref`` over both inputs, broadcast."""
    a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    types = ("s16" if o.is_wide(graph, op) else "s8",)
    return o.layer(
        graph,
        op,
        Kernel("elementwise/binary", kernel, "binary", types=types),
        {
            **merged_broadcast(a.shape, b.shape).params(),
            **scaling,
        },
        reads=(
            a,
            b,
        ),
        writes=y,
    )


def binary_spec(
    kernel: str, scaling: Scaling, rule: str, *constraints: Constraint, activation: bool = True
) -> OpSpec:
    """An operator whose arithmetic is the kernel ``<kernel>_s8_ref`` or ``<kernel>_s16_ref``."""

    def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
        return binary_layer(graph, op, kernel, scaling(graph, op, options))

    return OpSpec(
        structure=(
            o.arity(2, 2),
            o.activations(0, 1),
            o.no_empty_tensor,
            o.quantised(0, 1),
            one_computed,
            *((o.fused_activation,) if activation else ()),
        ),
        constraints=(
            output_shape,
            broadcast_rank,
            *constraints,
            *((scaling_fits(scaling, rule),) if rule else ()),
        ),
        lower=one_layer(lower),
        row_by_row=True,
    )


def zero_points(graph: Graph, op: Op) -> dict[str, ParamValue]:
    """The offsets that zero points mean."""
    a, b = o.quantization(o.operand(graph, op, 0)), o.quantization(o.operand(graph, op, 1))
    return {
        "offset_1": -a.zero_point,
        "offset_2": -b.zero_point,
        "output_offset": o.quantization(o.result(graph, op)).zero_point,
    }


def scales(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Scales of both inputs and of the output."""
    a, b = o.quantization(o.operand(graph, op, 0)), o.quantization(o.operand(graph, op, 1))
    return a.scale, b.scale, o.quantization(o.result(graph, op)).scale


def clamp_params(graph: Graph, op: Op) -> dict[str, ParamValue]:
    """The limits of a fused activation."""
    low, high = o.clamp_range(graph, op)
    return {"clamp_min": low, "clamp_max": high}
