"""Concatenations of a frozen graph as TensorFlow Lite Micro takes them: of ten tensors at most."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.conversion.graphs.nodes import constant, imported, reshape

MOST_JOINED = 10
"""So many inputs has a CONCATENATION of TFLM at most."""


def repeats_as_copies(graph_def: Any) -> None:
    """Join copies of a whole tensor, and not each of its parts several times.

    tf_keras repeats steps, as in UpSampling1D, by splitting into all of them and concatenating
    ``[a, a, b, b, ...]``. As ``[steps, copies, channels]`` it is one concatenation.
    """
    nodes = {node.name: node for node in graph_def.node}
    found = [(node, split) for node in graph_def.node if (split := _repeated(node, nodes))]
    if not found:
        return
    graph = imported(graph_def)
    for node, split in found:
        shape = graph.get_operation_by_name(split.name).inputs[1].shape
        axis = _constant(nodes, split.input[0])
        if axis is not None and shape.is_fully_defined():
            sizes = shape.as_list()
            at = int(axis) % len(sizes)
            if sizes[at] == split.attr["num_split"].i:
                graph_def.node.extend(_copied(node, split, sizes, at))


def _repeated(node: Any, nodes: dict[str, Any]) -> Any | None:
    """The split all parts of which a node joins again, each as often and along the same axis."""
    if node.op != "ConcatV2":
        return None
    *parts, axis = node.input
    split = nodes.get(parts[0].partition(":")[0])
    if split is None or split.op != "Split":
        return None
    count = split.attr["num_split"].i
    copies = len(parts) // count
    expected = [
        split.name if number == 0 else f"{split.name}:{number}"
        for number in range(count)
        for _ in range(copies)
    ]
    along, cut = _constant(nodes, axis), _constant(nodes, split.input[0])
    same = along is not None and cut is not None and int(along) == int(cut)
    return split if copies > 1 and same and list(parts) == expected else None


def _copied(node: Any, split: Any, sizes: list[int], axis: int) -> list[Any]:
    """Make a node the joined copies of what is split; the nodes that this takes."""
    copies = (len(node.input) - 1) // sizes[axis]
    apart = [*sizes[: axis + 1], 1, *sizes[axis + 1 :]]
    joined = [*sizes[:axis], sizes[axis] * copies, *sizes[axis + 1 :]]
    kind = node.attr["T"].type
    where = constant(f"{node.name}/copies/axis", np.int32(axis + 1))
    wide = type(node)(name=f"{node.name}/apart")
    copied = type(node)(name=f"{node.name}/copies", op="ConcatV2")
    copied.input.extend([wide.name] * copies + [where.name])
    _typed(copied, copies, kind, where)
    sizes_apart = reshape(wide, split.input[1], apart, kind)
    return [sizes_apart, where, wide, copied, reshape(node, copied.name, joined, kind)]


def joins_of_ten(graph_def: Any) -> None:
    """Concatenate what was concatenated where more tensors are joined than TFLM takes at once."""
    added: list[Any] = []
    for node in graph_def.node:
        if node.op == "ConcatV2" and len(node.input) > MOST_JOINED + 1:
            added += _in_tens(node)
    graph_def.node.extend(added)


def _in_tens(node: Any) -> list[Any]:
    """Leave a node at most ten inputs; the nodes that join the others, equal ones once."""
    *parts, axis = node.input
    made: dict[tuple[str, ...], Any] = {}
    while len(parts) > MOST_JOINED:
        joined: list[str] = []
        for start in range(0, len(parts), MOST_JOINED):
            some = tuple(parts[start : start + MOST_JOINED])
            if len(some) == 1:
                joined.append(some[0])
                continue
            if some not in made:
                part = type(node)(name=f"{node.name}/join_{len(made)}", op="ConcatV2")
                part.input.extend([*some, axis])
                for name in ("T", "Tidx"):
                    part.attr[name].CopyFrom(node.attr[name])
                part.attr["N"].i = len(some)
                made[some] = part
            joined.append(made[some].name)
        parts = joined
    node.input[:] = [*parts, axis]
    node.attr["N"].i = len(parts)
    return list(made.values())


def _typed(node: Any, count: int, kind: int, axis: Any) -> None:
    node.attr["N"].i = count
    node.attr["T"].type = kind
    node.attr["Tidx"].type = axis.attr["dtype"].type


def _constant(nodes: dict[str, Any], name: str) -> Any | None:
    node = nodes.get(name.partition(":")[0])
    if node is None or node.op != "Const":
        return None
    return _tf.tensorflow().make_ndarray(node.attr["value"].tensor)
