"""Weights of four bits in an int8 file: its integers are those of an int4 file, -7 to 7.

An int4 file's kernels unpack two weights from a byte and go on as int8 kernels do, with the same
scales and biases. The same values held as int8 give the same outputs to the byte, in every runtime
that has the int8 kernels; how small they lie in flash is the engine's to choose (docs/weights.md).

The converter makes no such file. So the finished file's weights are rounded once more, each row
with the scale that leaves the least squared error, and the biases follow the new scales.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.reader import read_model

LARGEST = 7
"""Symmetric: -8 has no counterpart, as -128 has none in int8 weights."""
_KINDS = ("CONV_2D", "FULLY_CONNECTED")
"""Operators whose weights the firmware stores in fewer than eight bits."""
_SHARES = np.linspace(1.5, 0.3, 241)
"""Of the largest weight of a row, what the largest integer stands for where a search starts.

The error has many dips. Above 1, a row does without its largest integers: six equal steps can meet
the weights better than seven."""
_ROUNDS = 3

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rounded:
    """The file, how many of its weights have four bits, and how many have eight as before."""

    tflite: bytes
    int4_weights: int
    int8_weights: int


@dataclass(frozen=True, eq=False)
class _Change:
    """New contents of a constant, and its new scales."""

    values: Array
    scales: Array


def with_int4_weights(tflite: bytes) -> Rounded:
    """Round the weights of convolutions and dense layers to the integers -7 to 7.

    Depthwise and transposed convolutions and recurrent layers keep eight bits.

    Args:
        tflite: An integer file whose weights are int8 and symmetric.

    Returns:
        A file of the same size and structure.

    Raises:
        ModelError: No operator has weights to round, or two of them share a constant that they
            would need rounded differently.
    """
    model = read_model(tflite)
    changes: dict[tuple[int, int], _Change] = {}
    total = 0
    for number, graph in enumerate(model.graphs):
        for op, weights in _weighted(graph):
            total += weights.elements
            if op.kind not in _KINDS:
                continue
            change = rounded_rows(weights)
            _note(changes, (number, weights.index), change, weights)
            bias = _bias(graph, op)
            if bias is not None:
                _note(changes, (number, bias.index), _rescaled(graph, op, bias, change), bias)
    if not changes:
        raise ModelError(
            "there are no weights to make int4: no convolution or dense layer has constant int8"
            " weights",
            hint="leave --weights out",
        )
    narrow = sum(
        model.graphs[graph].tensors[tensor].elements
        for graph, tensor in changes
        if model.graphs[graph].tensors[tensor].dtype is DType.INT8
    )
    return Rounded(_patched(tflite, changes), narrow, total - narrow)


def rounded_rows(weights: Tensor) -> _Change:
    """Weights as integers from -7 to 7 with the scale of each row that leaves least error."""
    rows = _rows(weights)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    whole = np.where(largest > 0, largest, LARGEST) / LARGEST
    best, least = whole, np.full((len(rows), 1), np.inf)
    for share in _SHARES:
        scales = _fitted(rows, share * whole)
        error = np.sum((rows - scales * _nearest(rows, scales)) ** 2, axis=1, keepdims=True)
        best, least = np.where(error < least, scales, best), np.minimum(error, least)
    scales = best.astype(np.float32)
    return _Change(_unrowed(_nearest(rows, scales.astype(np.float64)), weights), scales.reshape(-1))


def _fitted(rows: Array, scales: Array) -> Array:
    """Scales that are the best for the integers that they give, by least squares in turns."""
    for _ in range(_ROUNDS):
        integers = _nearest(rows, scales)
        norms = np.sum(integers**2, axis=1, keepdims=True)
        sums = np.sum(rows * integers, axis=1, keepdims=True)
        scales = np.where(norms > 0, sums / np.where(norms > 0, norms, 1.0), scales)
    return scales


def _nearest(rows: Array, scales: Array) -> Array:
    found: Array = np.clip(np.rint(rows / scales), -LARGEST, LARGEST)
    return found


def _rows(weights: Tensor) -> Array:
    """Real weights as a matrix, a row for each scale; float64."""
    assert weights.data is not None
    assert weights.quantization is not None
    scales = np.array(weights.quantization.scales, np.float64)
    moved = np.moveaxis(weights.data, weights.quantization.axis, 0)
    return moved.reshape(len(scales), -1).astype(np.float64) * scales[:, None]


def _unrowed(rows: Array, weights: Tensor) -> Array:
    """The inverse of `_rows`, as int8."""
    assert weights.quantization is not None
    axis = weights.quantization.axis
    moved = (weights.shape[axis], *np.delete(np.array(weights.shape), axis))
    return np.moveaxis(rows.reshape(moved), 0, axis).astype(np.int8)


def _weighted(graph: Graph) -> Iterator[tuple[Op, Tensor]]:
    """Operators with constant int8 weights, each weight once for each operator."""
    for op in graph.ops:
        if op.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"):
            continue
        tensor = graph.tensors[op.inputs[1]]
        if tensor.data is None or tensor.dtype is not DType.INT8 or tensor.quantization is None:
            continue
        # Of weights that meet float activations, the bias is float as well.
        integers = graph.tensors[op.inputs[0]].quantization is not None
        if integers and not any(tensor.quantization.zero_points):
            yield op, tensor


def _bias(graph: Graph, op: Op) -> Tensor | None:
    if len(op.inputs) < 3 or op.inputs[2] < 0:
        return None
    bias = graph.tensors[op.inputs[2]]
    return bias if bias.data is not None else None


def _rescaled(graph: Graph, op: Op, bias: Tensor, weights: _Change) -> _Change:
    """A bias whose scales are those of the input times those of the weights, as kernels expect."""
    source = graph.tensors[op.inputs[0]].quantization
    assert source is not None
    assert bias.data is not None
    assert bias.quantization is not None
    before = np.array(bias.quantization.scales, np.float64)
    after = (np.float32(source.scales[0]) * weights.scales).astype(np.float32)
    values = np.rint(bias.data.astype(np.float64) * before / after.astype(np.float64))
    return _Change(values.astype(bias.data.dtype), after)


def _note(
    changes: dict[tuple[int, int], _Change], place: tuple[int, int], change: _Change, tensor: Tensor
) -> None:
    known = changes.setdefault(place, change)
    if not (
        np.array_equal(known.values, change.values) and np.array_equal(known.scales, change.scales)
    ):
        raise _shared(tensor)


def _shared(tensor: Tensor) -> ModelError:
    return ModelError(
        f"{tensor.name!r} is shared by layers that would need it rounded differently",
        hint="leave --weights out, or give the layers constants of their own",
    )


def _patched(tflite: bytes, changes: dict[tuple[int, int], _Change]) -> bytes:
    """The file with some constants and scales replaced in place: no length changes."""
    patched = bytearray(tflite)
    root = schema.Model.GetRootAs(patched, 0)
    model = read_model(tflite)
    written: dict[int, bytes] = {}
    users: dict[int, set[tuple[int, int]]] = {}
    for number, graph in enumerate(model.graphs):
        for tensor in graph.tensors:
            buffer = root.Subgraphs(number).Tensors(tensor.index).Buffer()
            users.setdefault(buffer, set()).add((number, tensor.index))
    for (number, index), change in changes.items():
        entry = root.Subgraphs(number).Tensors(index)
        data = change.values.tobytes()
        buffer = entry.Buffer()
        if written.setdefault(buffer, data) != data or users[buffer] - set(changes):
            raise _shared(model.graphs[number].tensors[index])
        root.Buffers(buffer).DataAsNumpy()[:] = np.frombuffer(data, np.uint8)
        entry.Quantization().ScaleAsNumpy()[:] = change.scales
    return bytes(patched)
