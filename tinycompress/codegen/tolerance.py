"""How far the outputs of generated C may be from the oracle's: nowhere, but behind float32."""

from __future__ import annotations

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.ops import computes_in_float
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.state import resolve_state
from tinycompress.ir.graph import DType, Graph, Model, Op

FLOAT_ULPS = 16
"""For a float32 output that float operators lead to, units in the last place of its largest value.

Sums and products are the reference's own, in its order, on every core. What differs are e^x, log
and tanh, by 2 units at most, and what a model makes of that.
"""

INTEGER_STEPS = 1
"""For an integer output that float operators lead to: where QUANTIZE falls on the other side."""


def allowed_ulps(model: Model, exact_to: ExactTo) -> tuple[int, ...]:
    """For each output of a model, how many units in the last place are allowed; 0: equal bytes.

    Args:
        model: A model that the AOT engine takes.
        exact_to: The runtime that the outputs are compared with.
    """
    graph = run_passes(resolve_state(model), exact_to=exact_to)
    behind = _behind_floats(graph)
    return tuple(_allowed(graph, index) if index in behind else 0 for index in graph.outputs)


def float_operators(model: Model, exact_to: ExactTo) -> tuple[Op, ...]:
    """The operators of a model that compute in float on the device."""
    graph = run_passes(resolve_state(model), exact_to=exact_to)
    return tuple(op for op in graph.ops if computes_in_float(graph, op))


def _allowed(graph: Graph, index: int) -> int:
    return FLOAT_ULPS if graph.tensors[index].dtype is DType.FLOAT32 else INTEGER_STEPS


def _behind_floats(graph: Graph) -> set[int]:
    """Tensors that depend on what was computed in float, state between invocations included."""
    found: set[int] = set()
    while True:
        before = len(found)
        for op in graph.ops:
            if computes_in_float(graph, op) or found.intersection(op.inputs):
                found.update(op.outputs)
                found.update(i for i in op.inputs if i >= 0 and graph.tensors[i].is_variable)
        if len(found) == before:
            return found
