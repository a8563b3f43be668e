"""What a SavedModel does beside computing outputs: it draws random numbers, or keeps state.

Keras 3 exports its augmentation layers switched on, and `.export()` then writes what they draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinycompress.errors import ModelError

_CALLS = "PartitionedCall/"


def require_pure(name: str, function: Any) -> None:
    """Refuse what gives other outputs for the same inputs.

    Args:
        name: Of the SavedModel, for messages.
        function: Its concrete function.

    Raises:
        ModelError: It draws random numbers, or assigns to variables.
    """
    drawing, assigning = [], []
    for node in _nodes(function):
        if node.op.startswith(("Random", "StatelessRandom", "Multinomial")):
            drawing.append(_layer_of(node.name))
        elif node.op.startswith("Assign"):
            assigning.append(_layer_of(node.name))
    if drawing:
        raise ModelError(
            f"{name} draws random numbers in {', '.join(dict.fromkeys(drawing))}: it was exported"
            " with its augmentation switched on",
            hint="give the .keras file, of which augmentation is left out, or export a model"
            " without these layers",
        )
    if assigning:
        raise ModelError(
            f"{name} changes variables when it runs, in {', '.join(dict.fromkeys(assigning))}:"
            " outputs depend on what was run before",
            hint="convert the Keras model with --streaming, which keeps state on the device",
        )


def _nodes(function: Any) -> Iterator[Any]:
    """The nodes of a function and of all that it calls."""
    graph = function.graph.as_graph_def()
    functions = {one.signature.name: one.node_def for one in graph.library.function}
    left, seen = [graph.node], set()
    while left:
        for node in left.pop():
            yield node
            for attribute in node.attr.values():
                called = attribute.func.name
                if called in functions and called not in seen:
                    seen.add(called)
                    left.append(functions[called])


def _layer_of(node: str) -> str:
    """The scope of a node, without how TensorFlow called it, in quotes."""
    scope = node.rpartition(_CALLS)[2].rpartition("/")[0]
    return repr(scope or node)
