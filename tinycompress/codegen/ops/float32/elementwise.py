"""Operators on each float32 element: of one input, or of two with broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.add import broadcast_rank, one_computed, output_shape
from tinycompress.codegen.ops.elementwise.broadcast import merged_broadcast
from tinycompress.codegen.ops.elementwise.maps import same_elements
from tinycompress.codegen.ops.float32 import rules
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import Graph, Op

_ROOM = f"{rules.ROOM}/elementwise"
_CLAMPS: Mapping[str, tuple[float, float]] = {
    "RELU": (0.0, rules.LARGEST),
    "RELU6": (0.0, 6.0),
    "RELU_0_TO_1": (0.0, 1.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}

Limits = Callable[[Op], tuple[float, float]]
"""The two numbers that a function of one element may need."""


def _map_spec(function: str, limits: Limits = lambda op: (0.0, 0.0)) -> OpSpec:
    """An operator whose function is the kernel ``<function>_f32_ref``."""

    def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
        x, y = o.operand(graph, op, 0), o.result(graph, op)
        low, high = limits(op)
        return o.layer(
            graph,
            op,
            Kernel(_ROOM, function, "map_f32", types=("f32",)),
            {"count": y.elements, "low": low, "high": high},
            reads=(x,),
            writes=y,
            order=every_element,
        )

    return OpSpec(
        structure=(o.arity(1, 1), rules.floats(0), o.no_empty_tensor, o.computed(0, "input")),
        constraints=(same_elements,),
        lower=one_layer(lower),
    )


def _slope(op: Op) -> tuple[float, float]:
    alpha = op.options["alpha"]
    if not isinstance(alpha, float):
        raise ValueError(f"alpha of op {op.index} is {alpha!r}")
    return alpha, 0.0


def _binary_spec(kernel: str) -> OpSpec:
    """An operator whose arithmetic is the kernel ``<kernel>_f32_ref``."""

    def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
        a, b, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
        params: dict[str, ParamValue] = {
            **merged_broadcast(a.shape, b.shape).params(),
            **rules.clamp_params(op),
        }
        return o.layer(
            graph,
            op,
            Kernel(_ROOM, kernel, "binary_f32", types=("f32",)),
            params,
            reads=(a, b),
            writes=y,
            order=every_element if a.shape == b.shape else None,
        )

    activation = () if kernel in ("maximum", "minimum") else (rules.fused_activation,)
    return OpSpec(
        structure=(o.arity(2, 2), rules.floats(0, 1), o.no_empty_tensor, one_computed, *activation),
        constraints=(output_shape, broadcast_rank, rules.finite_constants),
        lower=one_layer(lower),
    )


BINARY: Mapping[str, OpSpec] = {
    name: _binary_spec(name.lower()) for name in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM")
}
MAPS: Mapping[str, OpSpec] = {
    **{name: _map_spec("clamp", lambda op: _CLAMPS[op.kind]) for name in _CLAMPS},
    "LEAKY_RELU": _map_spec("leaky_relu", _slope),
    **{name: _map_spec(name.lower()) for name in ("LOGISTIC", "TANH", "EXP", "HARD_SWISH")},
}
