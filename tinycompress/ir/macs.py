"""Multiply-accumulates of one operator, as the field counts them: padding included, bias not."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Op

_Shape = tuple[int, ...]

# Places of the weights among the inputs of LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM; each may be
# absent. Peephole weights multiply element by element.
_LSTM_MATRICES = (1, 2, 3, 4, 5, 6, 7, 8, 16)
_LSTM_PEEPHOLES = (9, 10, 11)
_LSTM_BASIC_INPUTS = 5


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates of ``op``; 0 for an operator that is not a sum of products.

    Raises:
        ModelError: Operands are missing or have a rank that the operator cannot have.
    """
    count = _COUNTERS.get(op.kind)
    return 0 if count is None else count(graph, op)


def total_macs(graph: Graph) -> int:
    """Multiply-accumulates of one invocation of ``graph``."""
    return sum(macs(graph, op) for op in graph.ops)


def _shape(graph: Graph, op: Op, place: int, what: str, ranks: tuple[int, ...] = ()) -> _Shape:
    """Shape of input ``place``, or of the output if ``place`` is -1."""
    indices, position = (op.outputs, 0) if place == -1 else (op.inputs, place)
    if position >= len(indices) or indices[position] == -1:
        raise ModelError(f"op {op.index} {op.kind} '{graph.layer_name(op)}' has no {what}")
    shape = graph.tensors[indices[position]].shape
    if ranks and len(shape) not in ranks:
        raise ModelError(
            f"op {op.index} {op.kind} '{graph.layer_name(op)}': {what} has shape {list(shape)},"
            f" expected {' or '.join(map(str, ranks))} dimensions"
        )
    return shape


def _conv_2d(graph: Graph, op: Op) -> int:
    _, height, width, depth = _shape(graph, op, 1, "weights", (4,))
    return prod(_shape(graph, op, -1, "output")) * height * width * depth


def _depthwise_conv_2d(graph: Graph, op: Op) -> int:
    _, height, width, _ = _shape(graph, op, 1, "weights", (4,))
    return prod(_shape(graph, op, -1, "output")) * height * width


def _fully_connected(graph: Graph, op: Op) -> int:
    _, depth = _shape(graph, op, 1, "weights", (2,))
    return prod(_shape(graph, op, -1, "output")) * depth


def _transpose_conv(graph: Graph, op: Op) -> int:
    channels, height, width, _ = _shape(graph, op, 1, "weights", (4,))
    # Every input element is multiplied with one whole kernel per output channel.
    return prod(_shape(graph, op, 2, "input", (4,))) * height * width * channels


def _batch_matmul(graph: Graph, op: Op) -> int:
    left = _shape(graph, op, 0, "left matrix", (2, 3, 4, 5, 6))
    depth = left[-2] if op.options.get("adj_x") else left[-1]
    return prod(_shape(graph, op, -1, "output")) * depth


def _svdf(graph: Graph, op: Op) -> int:
    batch, _ = _shape(graph, op, 0, "input", (2,))
    features = prod(_shape(graph, op, 1, "feature weights", (2,)))
    times = prod(_shape(graph, op, 2, "time weights", (2,)))
    return batch * (features + times)


def _lstm_step(graph: Graph, op: Op) -> int:
    """Multiply-accumulates for one sample at one time step."""
    return sum(
        graph.tensors[op.inputs[place]].elements
        for place in (*_LSTM_MATRICES, *_LSTM_PEEPHOLES)
        if place < len(op.inputs) and op.inputs[place] != -1
    )


def _lstm(graph: Graph, op: Op) -> int:
    batch, _ = _shape(graph, op, 0, "input", (2,))
    if len(op.inputs) == _LSTM_BASIC_INPUTS:
        return batch * prod(_shape(graph, op, 2, "weights", (2,)))
    return batch * _lstm_step(graph, op)


def _sequence_lstm(graph: Graph, op: Op) -> int:
    # Time and batch in either order: each pair of them is one step.
    first, second, _ = _shape(graph, op, 0, "input", (3,))
    return first * second * _lstm_step(graph, op)


_COUNTERS: dict[str, Callable[[Graph, Op], int]] = {
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "LSTM": _lstm,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _sequence_lstm,
}
