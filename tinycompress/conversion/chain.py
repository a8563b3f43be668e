"""Two ``.tflite`` models as one that streams: a front end, and a model on a window of its features.

The front end makes a few features of some samples, the model takes many of them. The file that
comes out keeps what the next inference needs again in resource variables: the samples that two of
the front end's windows share, and the features that are still in the model's window. Each
inference takes the new samples only. Runtimes run it as any other file, and so do all stages here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Graph, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_objects import packed, unpacked

_KINDS = schema.BuiltinOperator
_INIT_SUBGRAPH = 1


def chained(front_end: bytes, model: bytes, stride: int | None = None) -> bytes:
    """One file of a front end and a model.

    The window of features begins filled with the zero point of the model's input, the samples
    with 0.

    Args:
        front_end: A ``.tflite`` of one input and one output; it may keep state of its own.
        model: A ``.tflite`` of one input, a whole number of the front end's outputs.
        stride: New samples of each inference; None for all that the front end takes.

    Returns:
        A file whose input are ``stride`` samples, and whose outputs are the model's.

    Raises:
        ConfigError: The stride is none of 1 to the front end's samples.
        ModelError: The models do not fit each other; with what is wrong.
    """
    first, second = (_only_graph(data, what) for data, what in
                     ((front_end, "front end"), (model, "model")))  # fmt: skip
    features = _one(first, first.outputs, "front end", "output")
    taken = _one(second, second.inputs, "model", "input")
    samples = _one(first, first.inputs, "front end", "input")
    _require_fit(features, taken)
    step = samples.shape[-1] if samples.shape and stride is None else stride
    if step is None or not samples.shape or not 1 <= step <= samples.shape[-1]:
        raise ConfigError(
            f"the stride is {stride}; the front end takes {list(samples.shape)}, so it must be"
            f" within 1 to {samples.shape[-1] if samples.shape else 0} samples"
        )
    joined = _Chain(unpacked(front_end), unpacked(model))
    joined.keep_samples(samples, step)
    joined.keep_features(features, taken)
    return joined.finished()


def _only_graph(data: bytes, what: str) -> Graph:
    found = read_model(data)
    if len(found.graphs) > 1:
        raise ModelError(
            f"the {what} has {len(found.graphs)} subgraphs, as models that keep resource variables"
            " have; a chain takes models of one",
            hint="feed such a model by a program of your own: docs/streaming.md",
        )
    return found.main


def _one(graph: Graph, indices: Sequence[int], what: str, role: str) -> Tensor:
    if len(indices) != 1:
        raise ModelError(
            f"the {what} has {len(indices)} {role}s; a chain takes one",
            hint=f"give a model with one {role}, or run the models one by one: docs/streaming.md",
        )
    return graph.tensors[indices[0]]


def _require_fit(features: Tensor, taken: Tensor) -> None:
    if features.dtype is not taken.dtype:
        raise ModelError(
            f"the front end gives {features.dtype.value}, the model takes {taken.dtype.value}",
            hint="convert the model with inputs of the front end's type",
        )
    if taken.elements % features.elements:
        raise ModelError(
            f"the model takes {taken.elements} values {list(taken.shape)}, which is no multiple of"
            f" the front end's {features.elements}",
            hint="the model's input must be a whole number of the front end's outputs",
        )
    known = features.quantization is not None and taken.quantization is not None
    if known and features.quantization != taken.quantization:
        raise ModelError(
            f"'{features.name}' of the front end and '{taken.name}' of the model have other scales"
            " or zero points",
            hint="calibrate the model with the front end's features",
        )


class _Chain:
    """The front end's objects, to which the model's and what joins them are added."""

    def __init__(self, front_end: Any, model: Any) -> None:
        self._whole = front_end
        self._graph = front_end.subgraphs[0]
        self._own = list(self._graph.operators)
        self._graph.operators = []
        # Both say what is true of one file alone, such as where its tensors lie.
        self._whole.signatureDefs, self._whole.metadata = [], []
        self._variables: list[tuple[str, npt.NDArray[Any]]] = []
        self._begin = len(self._graph.tensors)
        self._theirs = self._adopted(model)
        self._outputs = [index + self._begin for index in model.subgraphs[0].outputs]

    def keep_samples(self, samples: Tensor, stride: int) -> None:
        """Let the front end read the samples before and the new ones, then run it."""
        whole = samples.shape[-1]
        source = samples.index
        if stride < whole:
            new = self._like(source, (*samples.shape[:-1], stride), "new")
            tensors = self._graph.tensors
            # The model's user knows the input by the front end's name for it.
            tensors[new].name, tensors[source].name = tensors[source].name, "chain/samples"
            before = (*samples.shape[:-1], whole - stride)
            handle, kept = self._read("samples", np.zeros(before, samples.dtype.numpy), source)
            self._concatenate([kept, new], source, len(before) - 1)
            self._keep_end(handle, source, before, stride)
            self._graph.inputs = [new]
        self._graph.operators += self._own

    def keep_features(self, features: Tensor, taken: Tensor) -> None:
        """Let the model read the features before and the new ones, then run it."""
        given, count = taken.index + self._begin, features.elements
        # A front end that computes stored values has no quantisation to say so.
        self._graph.tensors[features.index].quantization = self._graph.tensors[given].quantization
        source = features.index
        if taken.elements > count:
            row = self._like(given, (1, count), "row")
            self._reshape(source, row, (1, count))
            before = (1, taken.elements - count)
            zero = 0 if taken.quantization is None else taken.quantization.zero_point
            first = np.full(before, zero, taken.dtype.numpy)
            handle, kept = self._read("features", first, given)
            source = self._like(given, (1, taken.elements), "window")
            self._concatenate([kept, row], source, 1)
            self._keep_end(handle, source, before, count)
        self._reshape(source, given, taken.shape)
        self._graph.operators += self._theirs

    def finished(self) -> bytes:
        """The file."""
        self._graph.outputs = self._outputs
        if self._variables:
            options = schema.CallOnceOptionsT()
            options.initSubgraphIndex = _INIT_SUBGRAPH
            self._op("CALL_ONCE", [], [], options)
            self._graph.operators.insert(0, self._graph.operators.pop())
            self._set_variables()
        return packed(self._whole)

    def _adopted(self, model: Any) -> list[Any]:
        """Take another file's buffers, codes and tensors over; its operators, renumbered."""
        buffers, codes = len(self._whole.buffers), len(self._whole.operatorCodes)
        self._whole.buffers += model.buffers
        self._whole.operatorCodes += model.operatorCodes
        graph = model.subgraphs[0]
        for tensor in graph.tensors:
            tensor.buffer += buffers
        self._graph.tensors += graph.tensors
        for op in graph.operators:
            op.opcodeIndex += codes
            for name in ("inputs", "outputs", "intermediates"):
                indices = getattr(op, name)
                if indices is not None:
                    setattr(op, name, [i if i < 0 else i + self._begin for i in indices])
        return list(graph.operators)

    def _read(self, name: str, first: npt.NDArray[Any], like: int) -> tuple[int, int]:
        """A new variable: the tensors of its handle and of its value."""
        self._variables.append((f"chain/{name}", first))
        handle = self._handle(f"chain/{name}")
        value = self._like(like, first.shape, f"{name}_before")
        self._op("READ_VARIABLE", [handle], [value], schema.ReadVariableOptionsT())
        return handle, value

    def _keep_end(self, handle: int, whole: int, shape: Sequence[int], begin: int) -> None:
        """Assign the last values of a tensor to a variable."""
        end = self._like(whole, shape, "kept")
        begins = [0] * (len(shape) - 1) + [begin]
        operands = [whole, self._integers(begins), self._integers(shape)]
        self._op("SLICE", operands, [end], schema.SliceOptionsT())
        self._op("ASSIGN_VARIABLE", [handle, end], [], schema.AssignVariableOptionsT())

    def _concatenate(self, parts: list[int], whole: int, axis: int) -> None:
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        self._op("CONCATENATION", parts, [whole], options)

    def _reshape(self, source: int, target: int, shape: Sequence[int]) -> None:
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        self._op("RESHAPE", [source, self._integers(shape)], [target], options)

    def _set_variables(self) -> None:
        """The subgraph that gives variables their first values."""
        main, graph = self._graph, schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        graph.name = "first_values"
        self._whole.subgraphs.append(graph)
        self._graph = graph
        for name, first in self._variables:
            operands = [self._handle(name), self._constant(first)]
            self._op("ASSIGN_VARIABLE", operands, [], schema.AssignVariableOptionsT())
        self._graph = main

    def _handle(self, name: str) -> int:
        options = schema.VarHandleOptionsT()
        options.container, options.sharedName = "", name
        handle = self._tensor((), schema.TensorType.RESOURCE, name)
        self._op("VAR_HANDLE", [], [handle], options)
        return handle

    def _integers(self, values: Sequence[int]) -> int:
        return self._constant(np.array(values, np.int32))

    def _constant(self, data: npt.NDArray[Any]) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.astype(data.dtype.newbyteorder("<")).tobytes(), np.uint8)
        self._whole.buffers.append(buffer)
        kind = getattr(schema.TensorType, data.dtype.name.upper())
        index = self._tensor(data.shape, kind, "chain/constant")
        self._graph.tensors[index].buffer = len(self._whole.buffers) - 1
        return index

    def _like(self, index: int, shape: Sequence[int], name: str) -> int:
        """A tensor with the type and quantisation of another."""
        other = self._graph.tensors[index]
        made = self._tensor(shape, other.type, f"chain/{name}")
        self._graph.tensors[made].quantization = other.quantization
        return made

    def _tensor(self, shape: Sequence[int], kind: int, name: str) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name = list(shape), kind, name
        tensor.buffer = self._empty_buffer()
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _empty_buffer(self) -> int:
        """The first buffer, by convention; a new one where a file does without."""
        first = self._whole.buffers[0].data
        if first is None or len(first) == 0:
            return 0
        self._whole.buffers.append(schema.BufferT())
        return len(self._whole.buffers) - 1

    def _op(self, kind: str, inputs: list[int], outputs: list[int], options: Any) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(_KINDS, kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        self._whole.operatorCodes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex = len(self._whole.operatorCodes) - 1
        op.inputs, op.outputs = inputs, outputs
        op.builtinOptions = options
        name = type(options).__name__.removesuffix("T")
        op.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        self._graph.operators.append(op)
