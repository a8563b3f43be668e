"""Some operators of a graph as a ``.tflite`` file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tinycompress.ir.graph import Op, OptionValue, Tensor
from tinycompress.ir.tflite_objects import (
    add_constant,
    add_tensor,
    new_operator,
    new_quantization,
    packed,
)
from tinycompress.ir.tflite_schema import ENUMS, OPTION_TABLES, OPTIONS_OF


def part_as_file(
    tensors: Sequence[Tensor], ops: Sequence[Op], inputs: Sequence[int], outputs: Sequence[int]
) -> bytes:
    """A file that runs some operators.

    Args:
        tensors: All that the operators read and write, by the indices that they have there; those
            with data are constants of a type that numpy has.
        ops: The operators, builtin ones, in their order.
        inputs: Indices of the file's inputs.
        outputs: Indices of its outputs.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description = 3, b""
    model.buffers, model.operatorCodes, model.subgraphs = [schema.BufferT()], [], [graph]
    graph.name, graph.tensors, graph.operators = b"main", [], []
    places = {tensor.index: _add(model, graph, tensor) for tensor in tensors}
    for op in ops:
        graph.operators.append(_operator(model, op, places))
    graph.inputs = [places[index] for index in inputs]
    graph.outputs = [places[index] for index in outputs]
    return packed(model)


def _add(model: Any, graph: Any, tensor: Tensor) -> int:
    # Not by its index in the graph: equal parts are equal files.
    name = f"t{len(graph.tensors)}"
    if tensor.data is not None:
        place = add_constant(model, graph, name, tensor.data)
    else:
        kind = getattr(schema.TensorType, tensor.dtype.name)
        place = add_tensor(model, graph, name, kind, tensor.shape)
    if tensor.quantization is not None:
        told = tensor.quantization
        made = new_quantization(told.scales, told.zero_points, told.axis)
        graph.tensors[place].quantization = made
    return place


def _operator(model: Any, op: Op, places: Mapping[int, int]) -> Any:
    inputs = [places[index] if index >= 0 else -1 for index in op.inputs]
    builtin = getattr(schema.BuiltinOperator, op.kind)
    outputs = [places[index] for index in op.outputs]
    return new_operator(model, builtin, inputs, outputs, _options(op), version=op.version)


def _options(op: Op) -> Any:
    """The schema's object for an operator's options; None where its table has no fields."""
    table = OPTIONS_OF.get(op.kind)
    if table is None:
        return None
    made = getattr(schema, f"{table}T")()
    for field in OPTION_TABLES[table]:
        value = op.options[field.name]
        if field.type in ENUMS and isinstance(value, str):
            value = ENUMS[field.type].index(value)
        setattr(made, _camel(field.name), _plain(value))
    return made


def _plain(value: OptionValue) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
