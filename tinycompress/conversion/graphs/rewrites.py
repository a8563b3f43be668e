"""Nodes of a frozen graph put in words that TensorFlow's quantiser handles: equal values, int8.

Each rewrite has its reason. Together they leave what a graph computes as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.conversion.graphs.broadcasts import broadcasts_of_few_dimensions
from tinycompress.conversion.graphs.joins import joins_of_ten, repeats_as_copies
from tinycompress.conversion.graphs.nodes import constant, imported

_SPLITS = ("Split", "SplitV", "Unpack")


def rewrite(graph_def: Any) -> dict[str, str]:
    """Rewrite the nodes of a GraphDef in place.

    Args:
        graph_def: A frozen graph without functions.

    Returns:
        New names of tensors (such as ``x:1``) by their old ones, where they differ.
    """
    only_float32(graph_def)
    negations_as_products(graph_def)
    masks_within_int8(graph_def)
    largest_of_the_values_themselves(graph_def)
    indices_from_the_start(graph_def)
    tiles_as_concatenations(graph_def)
    reversals_as_slices(graph_def)
    repeats_as_copies(graph_def)
    joins_of_ten(graph_def)
    broadcasts_of_few_dimensions(graph_def)
    return splits_as_slices(graph_def)


def only_float32(graph_def: Any) -> None:
    """Compute in float32 what is computed in half, bfloat16 or double precision.

    TensorFlow Lite's kernels take float32 alone, and integers follow anyway: a model that was
    trained under the policy ``mixed_float16`` keeps its weights in float32 and only casts them.
    """
    tf = _tf.tensorflow()
    float32 = tf.float32.as_datatype_enum
    other = {kind.as_datatype_enum for kind in (tf.float16, tf.bfloat16, tf.float64)}
    for node in graph_def.node:
        for value in node.attr.values():
            if value.type in other:
                value.type = float32
            if value.HasField("tensor") and value.tensor.dtype in other:
                array = tf.make_ndarray(value.tensor).astype(np.float32)
                value.tensor.CopyFrom(tf.make_tensor_proto(array))
            for position, kind in enumerate(value.list.type):
                if kind in other:
                    value.list.type[position] = float32
        if node.op == "Cast" and node.attr["SrcT"].type == node.attr["DstT"].type == float32:
            for name in list(node.attr):
                if not name.startswith("_"):
                    del node.attr[name]
            node.op = "Identity"
            node.attr["T"].type = float32


def negations_as_products(graph_def: Any) -> None:
    """Multiply by -1: the quantiser leaves NEG in float, and MUL is int8 in every runtime.

    Keras 3 computes LayerNormalization and attention with a negation. Those of GELU,
    ``0.5 x erfc(-x / sqrt 2)``, and PReLU, ``relu(x) - a relu(-x)``, stay: the converter makes one
    operator of each, and knows it only as it stands.
    """
    float32 = _tf.tensorflow().float32.as_datatype_enum
    known = _ancestors(graph_def, "Erfc", distance=2) | _negations_of_prelus(graph_def)
    added = []
    for node in graph_def.node:
        if node.op == "Neg" and node.attr["T"].type == float32 and node.name not in known:
            factor = constant(f"{node.name}/minus_one", np.float32(-1))
            added.append(factor)
            node.op = "Mul"
            node.input.insert(1, factor.name)
    graph_def.node.extend(added)


_MASKING = 1e8
_MASKED = 32.0
"""What a masked score of attention loses: its share is then at most e^-32 of that of an equal."""


def masks_within_int8(graph_def: Any) -> None:
    """Take 32 instead of a billion from the scores that SOFTMAX is not to see.

    Keras does the latter for causal and other masks. Scores and masked scores share a range, whose
    255 steps would then be four millions wide each.
    """
    tf = _tf.tensorflow()
    before = _ancestors(graph_def, "Softmax", distance=4)
    for node in graph_def.node:
        if node.op != "Const" or node.name not in before:
            continue
        values = tf.make_ndarray(node.attr["value"].tensor)
        if values.dtype == np.float32 and np.any(np.abs(values) >= _MASKING):
            kept = np.where(np.abs(values) >= _MASKING, np.sign(values) * _MASKED, values)
            proto = tf.make_tensor_proto(kept.astype(np.float32), shape=values.shape)
            node.attr["value"].tensor.CopyFrom(proto)


def _negations_of_prelus(graph_def: Any) -> set[str]:
    """Names of the nodes ``-x`` in ``relu(x) + b * relu(-x)``, and of the ``-a`` that ``b`` is."""
    nodes = {node.name: node for node in graph_def.node}

    def operands(node: Any) -> list[Any]:
        found = [nodes[_node(name)] for name in node.input if not name.startswith("^")]
        return [operands(one)[0] if one.op == "Identity" else one for one in found]

    negations: set[str] = set()
    for node in graph_def.node:
        if node.op not in ("Add", "AddV2", "Sub"):
            continue
        terms = operands(node)
        sources = [operands(one)[0].name for one in terms if one.op == "Relu"]
        for factor in (one for term in terms if term.op == "Mul" for one in operands(term)):
            inner = operands(factor)[0] if factor.op == "Relu" else factor
            if inner.op == "Neg" and sources:
                of_constant = operands(inner)[0].op == "Const"
                if of_constant or operands(inner)[0].name in sources:
                    negations.add(inner.name)
    return negations


def _node(reference: str) -> str:
    """The node that an input such as ``x:1`` or ``^x`` names."""
    return reference.removeprefix("^").partition(":")[0]


def _ancestors(graph_def: Any, op: str, *, distance: int) -> set[str]:
    """Names of the nodes from which so many steps at most lead to a node of some kind."""
    inputs = {node.name: [_node(name) for name in node.input] for node in graph_def.node}
    reached = {node.name for node in graph_def.node if node.op == op}
    for _ in range(distance):
        reached |= {name for node in reached for name in inputs[node]}
    return reached


def _descendants(graph_def: Any, op: str, *, distance: int) -> set[str]:
    """Names of the nodes to which so many steps at most lead from a node of some kind."""
    reached = {node.name for node in graph_def.node if node.op == op}
    for _ in range(distance):
        reached |= {
            node.name
            for node in graph_def.node
            if any(_node(name) in reached for name in node.input)
        }
    return reached


def largest_of_the_values_themselves(graph_def: Any) -> None:
    """ArgMax of the values, without what Keras 3 does first for a -0.0 among them.

    It looks for the sign bit with operators that TensorFlow Lite lacks. int8 has one zero.
    """
    nodes = {node.name: node for node in graph_def.node}
    of_signs = _descendants(graph_def, "Bitcast", distance=3)
    for node in graph_def.node:
        select = nodes.get(_node(node.input[0])) if node.op in ("ArgMax", "ArgMin") else None
        if select is None or select.op != "SelectV2":
            continue
        if _node(select.input[0]) in of_signs:
            node.input[0] = select.input[2]


def indices_from_the_start(graph_def: Any) -> None:
    """Look up indices as they are, without what Keras 3 does first for negative ones.

    An Embedding would count those from the end. No sample that it was trained on has any, and the
    runtimes fail on them, as they do on indices that are too large.
    """
    nodes = {node.name: node for node in graph_def.node}
    for node in graph_def.node:
        select = nodes.get(_node(node.input[1])) if node.op == "GatherV2" else None
        if select is not None and select.op == "SelectV2":
            condition, plain = nodes[_node(select.input[0])], select.input[2]
            if condition.op == "Less" and condition.input[0] == plain:
                node.input[1] = plain


def tiles_as_concatenations(graph_def: Any) -> None:
    """Concatenate copies: TFLM has no int8 TILE, which Keras 3's UpSampling layers are.

    RepeatVector is one as well.
    """
    if not any(node.op == "Tile" for node in graph_def.node):
        return
    graph = imported(graph_def)
    added: list[Any] = []
    for node in graph_def.node:
        copies = _copies(graph.get_operation_by_name(node.name)) if node.op == "Tile" else None
        if copies is None:
            continue
        kind, source = node.attr["T"].type, node.input[0]
        node.ClearField("attr")
        node.op, node.input[:], node.attr["T"].type = "Identity", [source], kind
        for number, (axis, count) in enumerate(copies.items(), start=1):
            last = number == len(copies)
            joined = node if last else type(node)(name=f"{node.name}/axis_{axis}")
            added += [_concatenate(joined, source, axis, count, kind), *([] if last else [joined])]
            source = joined.name
    graph_def.node.extend(added)


def _copies(tile: Any) -> dict[int, int] | None:
    """How many copies a Tile makes by axis, where more than one; None: not known."""
    before, after = tile.inputs[0].shape, tile.outputs[0].shape
    if not before.is_fully_defined() or not after.is_fully_defined():
        return None
    pairs = enumerate(zip(before.as_list(), after.as_list(), strict=True))
    return {axis: new // old for axis, (old, new) in pairs if old != new}


def _concatenate(node: Any, source: str, axis: int, count: int, kind: int) -> Any:
    """Make a node the concatenation of copies; the constant that it takes."""
    where = constant(f"{node.name}/axis", np.int32(axis))
    node.op = "ConcatV2"
    node.input[:] = [source] * count + [where.name]
    node.attr["N"].i = count
    node.attr["T"].type = kind
    node.attr["Tidx"].type = where.attr["dtype"].type
    return where


def reversals_as_slices(graph_def: Any) -> None:
    """Slice with a step of -1: the quantiser lets input and output of REVERSE_V2 differ in scale.

    Its kernels copy bytes, so that the values of a Bidirectional layer would change their scale.
    """
    if not any(node.op == "ReverseV2" for node in graph_def.node):
        return
    tf, graph = _tf.tensorflow(), imported(graph_def)
    added: list[Any] = []
    for node in graph_def.node:
        if node.op != "ReverseV2":
            continue
        operation = graph.get_operation_by_name(node.name)
        rank, axes = operation.inputs[0].shape.rank, tf.get_static_value(operation.inputs[1])
        if rank is None or axes is None:
            continue
        steps, kind = np.ones(rank, np.int32), node.attr["T"].type
        steps[axes] = -1
        bounds = [
            constant(f"{node.name}/{name}", values)
            for name, values in (
                ("begin", np.zeros(rank, np.int32)),
                ("end", np.zeros(rank, np.int32)),
                ("strides", steps),
            )
        ]
        added += bounds
        node.op, node.input[1:] = "StridedSlice", [bound.name for bound in bounds]
        node.ClearField("attr")
        node.attr["T"].type, node.attr["Index"].type = kind, tf.int32.as_datatype_enum
        # Every axis is taken whole.
        node.attr["begin_mask"].i = node.attr["end_mask"].i = (1 << rank) - 1
    graph_def.node.extend(added)


def splits_as_slices(graph_def: Any) -> dict[str, str]:
    """A slice for every part of a split; returns the new names of the parts.

    All outputs of SPLIT and UNPACK must have the input's scale. Where users of the parts ask for
    different ones, as the gates of an unrolled LSTM do, TensorFlow's quantiser leaves some of
    these operators in float, others in the next run of the same program. A slice has one output.
    """
    if not any(node.op in _SPLITS for node in graph_def.node):
        return {}
    graph = imported(graph_def)
    nodes: list[Any] = []
    renamed: dict[str, str] = {}
    for node in graph_def.node:
        cuts = _cuts(graph.get_operation_by_name(node.name)) if node.op in _SPLITS else None
        if cuts is None:
            nodes.append(node)
            continue
        for number, cut in enumerate(cuts):
            part, *bounds = _slice(node, number, cut)
            renamed[f"{node.name}:{number}"] = part.name
            nodes += [*bounds, part]
        renamed[node.name] = renamed[f"^{node.name}"] = renamed[f"{node.name}:0"]
    for node in nodes:
        for position, reference in enumerate(node.input):
            if reference in renamed:
                mark = "^" if reference.startswith("^") else ""
                node.input[position] = mark + renamed[reference]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph_def.node[:]
    graph_def.node.extend(copies)
    return {old: f"{new}:0" for old, new in renamed.items() if ":" in old}


@dataclass(frozen=True)
class _Cut:
    """Elements ``begin`` .. ``end - 1`` along an axis of a tensor of some rank."""

    rank: int
    axis: int
    begin: int
    end: int
    drops_axis: bool


def _cuts(split: Any) -> list[_Cut] | None:
    """What each output of a split is; None where the graph does not tell."""
    data = split.inputs[1 if split.type == "Split" else 0]
    rank = data.shape.rank
    if split.type == "Unpack":
        axis = split.get_attr("axis")
    else:
        axis = _tf.tensorflow().get_static_value(split.inputs[0 if split.type == "Split" else 2])
    if rank is None or axis is None:
        return None
    axis = int(axis) % rank
    drops = split.type == "Unpack"
    sizes = [1 if drops else output.shape[axis] for output in split.outputs]
    if None in sizes:
        return None
    ends = [int(end) for end in np.cumsum(sizes)]
    return [_Cut(rank, axis, end - size, end, drops) for size, end in zip(sizes, ends, strict=True)]


def _slice(split: Any, number: int, cut: _Cut) -> list[Any]:
    """The StridedSlice that gives one part of a split, and the constants that it takes."""
    along = np.arange(cut.rank) == cut.axis
    name = f"{split.name}/part_{number}"
    bounds = [
        constant(f"{name}/begin", np.where(along, cut.begin, 0).astype(np.int32)),
        constant(f"{name}/end", np.where(along, cut.end, 0).astype(np.int32)),
        constant(f"{name}/strides", np.ones(cut.rank, np.int32)),
    ]
    part = type(split)(name=name, op="StridedSlice")
    data = split.input[1 if split.op == "Split" else 0]
    part.input.extend([data, *(bound.name for bound in bounds)])
    part.attr["T"].CopyFrom(split.attr["T"])
    part.attr["Index"].type = _tf.tensorflow().int32.as_datatype_enum
    # Every other axis is taken whole.
    whole = sum(1 << axis for axis in range(cut.rank) if axis != cut.axis)
    part.attr["begin_mask"].i = part.attr["end_mask"].i = whole
    part.attr["shrink_axis_mask"].i = 1 << cut.axis if cut.drops_axis else 0
    return [part, *bounds]
