"""Where an int8 file keeps the kernels of a network: found by shape and values, as names change.

Most layers have one tensor. A recurrent layer has one for each of its two kernels, or one for each
gate of them (the fused LSTM), or the gates of a kernel apart that are needed apart (a GRU whose
reset comes before its product).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tinycompress.compression.network.kernels import GATES, has_kernel
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.network.one_dimensional import TWO_DIMENSIONAL
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Tensor

_WEIGHT_INPUTS = {
    "CONV_2D": (1,), "DEPTHWISE_CONV_2D": (1,), "FULLY_CONNECTED": (1,), "TRANSPOSE_CONV": (1,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 9)),
}  # fmt: skip
_MATCH_STEPS = 1.0
"""Largest mean difference of a kernel and its int8 form, in steps of the int8 grid."""


@dataclass(frozen=True, eq=False)
class StoredKernel:
    """The int8 form of one kernel.

    ``integers`` has the shape and order of `kernels.kernel_of`; ``tensors`` are the file's, and
    ``distinct`` is how many values the most varied of them has.
    """

    layer: Layer
    integers: Array
    tensors: tuple[Tensor, ...]

    @property
    def distinct(self) -> int:
        """Different integers in the most varied tensor."""
        return max(int(np.unique(_data(tensor)).size) for tensor in self.tensors)

    @property
    def per_channel(self) -> bool:
        """Whether channels have scales of their own."""
        return any(t.quantization is not None and t.quantization.per_channel for t in self.tensors)


def match_kernels(graph: Graph, network: Network) -> tuple[StoredKernel, ...]:
    """Find the int8 form of every kernel.

    The converter takes a minus sign behind a layer into its kernel: its integers are then those of
    the negated weights, of which there are as many zeros and distinct ones.

    Raises:
        ModelError: A kernel that no tensor of the file resembles.
    """
    candidates = _weight_tensors(graph)
    found = []
    for layer in network.layers.values():
        if not has_kernel(layer) or not network.calls_of(layer.name):
            continue
        stored = _recurrent(layer, candidates) if layer.kind in GATES else _one(layer, candidates)
        if stored is None:
            raise ModelError(
                f"the int8 file holds no kernel like that of layer {layer.name!r} ({layer.kind})",
                hint="what comes behind the layer was converted as a part of it: put another layer,"
                " such as a ReLU, between them; tinycompress convert takes the model as it is",
            )
        for tensor in stored.tensors:
            candidates = [one for one in candidates if one is not tensor]
        found.append(stored)
    return tuple(found)


def _weight_tensors(graph: Graph) -> list[Tensor]:
    indices = dict.fromkeys(
        op.inputs[place]
        for op in graph.ops
        for place in _WEIGHT_INPUTS.get(op.kind, ())
        if op.inputs[place] >= 0
    )
    tensors = [graph.tensors[index] for index in indices]
    return [t for t in tensors if t.data is not None and t.quantization is not None]


def _one(layer: Layer, candidates: list[Tensor]) -> StoredKernel | None:
    """The tensor of a layer that has one kernel."""
    wanted = layer.weights[0]
    fitting = [t for t in candidates if t.elements == wanted.size and _fits(t, layer)]
    tensor = _nearest(fitting, lambda values: _arranged(values, layer), wanted)
    if tensor is None:
        return None
    return StoredKernel(layer, _arranged(_data(tensor), layer), (tensor,))


def _recurrent(layer: Layer, candidates: list[Tensor]) -> StoredKernel | None:
    """The tensors of a recurrent layer's kernels, which the file has transposed."""
    integers, tensors = [], []
    for kernel in layer.weights[:2]:
        found = _in_gates(kernel, GATES[layer.kind], candidates)
        if found is None:
            return None
        integers.append(np.concatenate([_data(tensor).T for tensor in found], axis=1))
        tensors += found
    return StoredKernel(layer, np.concatenate(integers), tuple(tensors))


def _in_gates(kernel: Array, gates: int, candidates: list[Tensor]) -> list[Tensor] | None:
    """The tensors that have a kernel ``[inputs, gates * units]``: all gates in one, or apart."""
    units = kernel.shape[1] // gates
    for counts in _partitions(gates):
        parts = np.split(kernel, np.cumsum(counts)[:-1] * units, axis=1)
        found = [
            _nearest([t for t in candidates if t.shape == part.T.shape], np.transpose, part)
            for part in parts
        ]
        whole = [tensor for tensor in found if tensor is not None]
        if len(whole) == len(parts):
            return whole
    return None


def _partitions(gates: int) -> Iterator[list[int]]:
    """How many gates a tensor may have: all, all but the last and that one, or one each."""
    yield [gates]
    if gates > 2:
        yield [gates - 1, 1]
    yield [1] * gates


def _nearest(
    fitting: list[Tensor], arranged: Callable[[Array], Array], wanted: Array
) -> Tensor | None:
    """The tensor whose values are nearest to a kernel's; None where none is like it."""
    distances = [_distance(tensor, arranged, wanted) for tensor in fitting]
    best = int(np.argmin(distances)) if distances else -1
    return fitting[best] if best >= 0 and distances[best] <= _MATCH_STEPS else None


def _keras_shape(layer: Layer) -> tuple[int, ...]:
    """Shape of a kernel with one-dimensional convolutions taken as height 1."""
    shape = tuple(layer.weights[0].shape)
    return (1, *shape) if layer.kind in TWO_DIMENSIONAL else shape


def _fits(tensor: Tensor, layer: Layer) -> bool:
    shape = _keras_shape(layer)
    if layer.kind == "Dense":
        return tensor.shape[0] == shape[1]
    if layer.kind.startswith("Depthwise"):
        return tensor.shape == (1, *shape[:2], shape[2] * shape[3])
    if layer.kind.endswith("Transpose"):
        return tensor.shape == (shape[2], shape[0], shape[1], shape[3])
    return tensor.shape == (shape[3], *shape[:3])


def _arranged(stored: Array, layer: Layer) -> Array:
    """A TFLite kernel in the shape and order of Keras."""
    wanted = layer.weights[0].shape
    if layer.kind == "Dense":
        return np.transpose(stored.reshape(wanted[1], wanted[0]))
    if layer.kind.endswith("Transpose"):
        return np.transpose(stored, (1, 2, 0, 3)).reshape(wanted)
    if not layer.kind.startswith("Depthwise"):
        stored = np.transpose(stored, (1, 2, 3, 0))
    return np.reshape(stored, wanted)


def _data(tensor: Tensor) -> Array:
    assert tensor.data is not None
    return tensor.data


def _distance(tensor: Tensor, arranged: Callable[[Array], Array], wanted: Array) -> float:
    """Mean difference to a kernel or to the negated one, in steps of the int8 grid."""
    assert tensor.quantization is not None
    quantization = tensor.quantization
    shape = [1] * len(tensor.shape)
    shape[quantization.axis if quantization.per_channel else 0] = len(quantization.scales)
    scales = np.array(quantization.scales).reshape(shape)
    real = arranged(_data(tensor) * scales)
    nearest = min(np.mean(np.abs(real - wanted)), np.mean(np.abs(real + wanted)))
    return float(nearest / max(quantization.scales))
