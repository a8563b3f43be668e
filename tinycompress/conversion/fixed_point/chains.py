"""Quantisers in a TensorFlow graph: two in a row, which one int8 file cannot hold, and none."""

from __future__ import annotations

from typing import Any

from tinycompress import _tf
from tinycompress.errors import ModelError

_FAKE = "FakeQuantWithMinMaxVars"
_PASSED = ("Identity", "Relu", "Maximum")
"""Operators that the converter fuses, or that need one scale for input and output."""


def refuse_rows(name: str, graph_def: bytes) -> None:
    """Refuse two quantisers of different steps or ranges on one value.

    The converter would keep one of them.

    Raises:
        ModelError: There are some; names the layers.
    """
    nodes = {node.name: node for node in _graph(graph_def).node}
    reasons = []
    for node in nodes.values():
        if node.op != _FAKE:
            continue
        before = nodes[_source(node.input[0])]
        while before.op in _PASSED:
            before = nodes[_source(before.input[0])]
        if before.op == _FAKE and _range(nodes, before) != _range(nodes, node):
            reasons.append(
                f"{_layer(before)!r} and {_layer(node)!r}: two quantisers of different ranges in"
                " a row"
            )
    if reasons:
        raise ModelError(
            f"{name} quantises values twice",
            reasons=tuple(dict.fromkeys(reasons)),
            hint="keep one quantiser of the two: the activation of the layer, or the QActivation",
        )


def without_fakes(graph_def: bytes) -> bytes:
    """The graph with every FakeQuant as an Identity."""
    graph = _graph(graph_def)
    for node in graph.node:
        if node.op == _FAKE:
            node.op = "Identity"
            del node.input[1:]
            node.attr.clear()
            node.attr["T"].type = _tf.tensorflow().float32.as_datatype_enum
    return bytes(graph.SerializeToString(deterministic=True))


def _graph(graph_def: bytes) -> Any:
    return _tf.tensorflow().compat.v1.GraphDef.FromString(graph_def)


def _source(reference: str) -> str:
    return reference.removeprefix("^").partition(":")[0]


def _range(nodes: dict[str, Any], node: Any) -> tuple[bytes, bytes]:
    low, high = (nodes[_source(one)] for one in node.input[1:3])
    return low.attr["value"].tensor.SerializeToString(), high.attr[
        "value"
    ].tensor.SerializeToString()


def _layer(node: Any) -> str:
    return str(node.name).rpartition("/")[0]
