"""Shapes for counting multiply-accumulates of operators that no constraint has checked yet."""

from __future__ import annotations

from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Op

Shape = tuple[int, ...]

_DAMAGED = "no converter writes such an operator: convert the model again"


def input_shape(graph: Graph, op: Op, place: int, what: str, ranks: tuple[int, ...] = ()) -> Shape:
    """The shape of input ``place``.

    Raises:
        ModelError: It is missing, or has none of the ``ranks``.
    """
    if place >= len(op.inputs) or op.inputs[place] == -1:
        raise ModelError(
            f"op {op.index} {op.kind} '{graph.layer_name(op)}' has no {what}", hint=_DAMAGED
        )
    shape = graph.tensors[op.inputs[place]].shape
    if ranks and len(shape) not in ranks:
        raise ModelError(
            f"op {op.index} {op.kind} '{graph.layer_name(op)}': {what} has shape {list(shape)},"
            f" expected {' or '.join(map(str, ranks))} dimensions",
            hint=_DAMAGED,
        )
    return shape


def output_elements(graph: Graph, op: Op) -> int:
    """Elements of the output.

    Raises:
        ModelError: There is none.
    """
    if not op.outputs or op.outputs[0] == -1:
        raise ModelError(
            f"op {op.index} {op.kind} '{graph.layer_name(op)}' has no output", hint=_DAMAGED
        )
    return graph.tensors[op.outputs[0]].elements
