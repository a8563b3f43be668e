"""What must be true after a stage, of the network and of the int8 file made from it.

Everything is checked on the exported file, because that is what runs: quantisation, folding and
the converter all come after the last look that a Keras model allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinycompress.compression.checks.promises import (
    Promises,
    broken_promises,
    off_grid,
)
from tinycompress.compression.network.kernels import channel_rows, has_kernel
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.errors import MismatchError, ModelError
from tinycompress.ir.graph import DType, Graph, Model, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.quality.signal import LEAST_AGREEMENT_DB, signal_to_noise_db

_WEIGHT_INPUT = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1,
}  # fmt: skip
_ONE_DIMENSIONAL = ("Conv1D", "Conv1DTranspose", "DepthwiseConv1D")
_FLOATS = frozenset({DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16})
_LEAST_SOFTMAX_SCALE = 2.0**-26
_MATCH_STEPS = 1.0
"""Largest mean difference of a kernel and its int8 form, in steps of the int8 grid."""


@dataclass(frozen=True)
class KernelFacts:
    """How one kernel is stored: distinct values in all of it, and in its most varied channel."""

    layer: str
    weights: int
    zeros: int
    distinct: int
    distinct_per_channel: int


def check_network(network: Network, promises: Promises, *, stage: str) -> None:
    """Enforce the invariants on the float kernels.

    Raises:
        MismatchError: A promise is broken, a kernel is all zero, or a weight is not finite.
    """
    problems = list(broken_promises(network, promises))
    for layer in network.layers.values():
        if any(not np.all(np.isfinite(weight)) for weight in layer.weights):
            problems.append(f"layer {layer.name!r}: weights are NaN or infinite")
        if has_kernel(layer) and not np.any(layer.weights[0]):
            problems.append(f"layer {layer.name!r}: all weights are zero")
    _raise(problems, stage, "the model")


def check_int8(
    tflite: bytes, network: Network, promises: Promises, *, stage: str
) -> tuple[KernelFacts, ...]:
    """Enforce the invariants on the exported file.

    Args:
        tflite: The exported file.
        network: What was exported, folded as it was exported.
        promises: By layer name.
        stage: For messages.

    Returns:
        Facts on every kernel, in the network's order.

    Raises:
        MismatchError: A promise is broken, a kernel or all that SOFTMAX gets is zero, or a tensor
            is float.
        ModelError: The file cannot be read, or lacks a kernel of the network.
    """
    model = read_model(tflite)
    problems = [*_float_tensors(model), *_dead_ends(model.main)]
    facts = []
    for layer, tensor in match_kernels(model.main, network):
        stored = _like_keras(tensor, layer)
        rows = channel_rows(stored, layer.kind)
        fact = KernelFacts(
            layer.name,
            int(stored.size),
            int(np.sum(stored == 0)),
            int(np.unique(stored).size),
            max(int(np.unique(row).size) for row in rows),
        )
        facts.append(fact)
        problems += _kernel_problems(fact, stored, tensor, promises)
    _raise(problems, stage, "the int8 file")
    return tuple(facts)


def check_agreement(
    trained: tuple[Array, ...], exported: tuple[Array, ...], *, stage: str
) -> tuple[str, ...]:
    """Enforce that the exported file computes what the model with rounding in its loop did.

    Args:
        trained: Outputs of the fake-quantised model, batch first.
        exported: Outputs of the int8 file on the same samples.
        stage: For the message.

    Returns:
        A note on how well they agree.

    Raises:
        MismatchError: The signal-to-noise ratio of an output is below LEAST_AGREEMENT_DB.
    """
    ratios = [
        signal_to_noise_db(one.reshape(len(one), -1), other.reshape(len(other), -1))
        for one, other in zip(trained, exported, strict=True)
    ]
    if not min(ratios) >= LEAST_AGREEMENT_DB:
        raise MismatchError(
            f"after {stage} the int8 file and the model it was trained as differ: the"
            f" signal-to-noise ratio is {min(ratios):.1f} dB; allowed: {LEAST_AGREEMENT_DB:g} dB"
            " or more",
            hint=f"leave {stage} out of the recipe: the model is then quantised after training",
        )
    return (f"int8 file and trained model agree to {min(ratios):.1f} dB",)


def match_kernels(graph: Graph, network: Network) -> tuple[tuple[Layer, Tensor], ...]:
    """Find the int8 tensor of every kernel, by shape and values; names do not survive conversion.

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
        wanted = layer.weights[0]
        scored = [
            (min(_distance(tensor, layer), _distance(tensor, layer, negated=True)), index)
            for index, tensor in enumerate(candidates)
            if tensor.elements == wanted.size and _fits(tensor, layer)
        ]
        best, index = min(scored, default=(np.inf, -1))
        if best > _MATCH_STEPS:
            raise ModelError(
                f"the int8 file holds no kernel like that of layer {layer.name!r} ({layer.kind})",
                hint="what comes behind the layer was converted as a part of it: put another layer,"
                " such as a ReLU, between them; tinycompress convert takes the model as it is",
            )
        found.append((layer, candidates.pop(index)))
    return tuple(found)


def _weight_tensors(graph: Graph) -> list[Tensor]:
    indices = dict.fromkeys(
        op.inputs[_WEIGHT_INPUT[op.kind]] for op in graph.ops if op.kind in _WEIGHT_INPUT
    )
    tensors = [graph.tensors[index] for index in indices]
    return [t for t in tensors if t.data is not None and t.quantization is not None]


def _keras_shape(layer: Layer) -> tuple[int, ...]:
    """Shape of a kernel with one-dimensional convolutions taken as height 1."""
    shape = tuple(layer.weights[0].shape)
    return (1, *shape) if layer.kind in _ONE_DIMENSIONAL else shape


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


def _like_keras(tensor: Tensor, layer: Layer) -> Array:
    assert tensor.data is not None
    return _arranged(tensor.data, layer)


def _distance(tensor: Tensor, layer: Layer, *, negated: bool = False) -> float:
    """Mean difference of a tensor and a kernel, or the negated one, in steps of int8."""
    assert tensor.data is not None
    assert tensor.quantization is not None
    quantization = tensor.quantization
    shape = [1] * len(tensor.shape)
    shape[quantization.axis if quantization.per_channel else 0] = len(quantization.scales)
    scales = np.array(quantization.scales).reshape(shape)
    real = _arranged(tensor.data * (-scales if negated else scales), layer)
    return float(np.mean(np.abs(real - layer.weights[0])) / max(quantization.scales))


def _float_tensors(model: Model) -> list[str]:
    """Of those that operators read and write; an LSTM's file has others that nothing computes."""
    return [
        f"tensor {graph.tensors[index].name!r} is {graph.tensors[index].dtype.value}"
        for graph in model.graphs
        for index in sorted({i for op in graph.ops for i in (*op.inputs, *op.outputs) if i >= 0})
        if graph.tensors[index].dtype in _FLOATS
    ]


def _dead_ends(graph: Graph) -> Iterator[str]:
    """SOFTMAX operators whose input was always zero when the ranges were taken.

    The converter gives such a tensor a scale of 8e-9, at which the interpreters abort.
    """
    for op in graph.ops:
        if op.kind != "SOFTMAX":
            continue
        quantization = graph.tensors[op.inputs[0]].quantization
        if quantization is not None and max(quantization.scales) <= _LEAST_SOFTMAX_SCALE:
            yield (
                f"what {op.kind} gets is zero for every calibration sample, and all classes are"
                " equal: too little of the model is left"
            )


def _kernel_problems(
    fact: KernelFacts, stored: Array, tensor: Tensor, promises: Promises
) -> list[str]:
    problems = []
    if fact.zeros == fact.weights:
        problems.append(f"layer {fact.layer!r}: all weights are zero")
    sparse = promises.sparse.get(fact.layer)
    if sparse is not None:
        problem = sparse.broken_by(stored)
        if problem:
            problems.append(f"layer {fact.layer!r}: {problem}")
    cluster = promises.clustered.get(fact.layer)
    if cluster is not None:
        quantization = tensor.quantization
        # With a scale for every channel the same real value has another code in every channel.
        per_channel = not cluster.shared and (
            cluster.per_channel or (quantization is not None and quantization.per_channel)
        )
        count = fact.distinct_per_channel if per_channel else fact.distinct
        if count > cluster.clusters:
            problems.append(
                f"layer {fact.layer!r}: {count} distinct weights"
                f" {'in one channel' if per_channel else 'in the kernel'}, promised at most"
                f" {cluster.clusters}"
            )
    grid = promises.gridded.get(fact.layer)
    if grid is not None:
        problems += off_grid(fact.layer, stored, grid)
    rounded = promises.rounded.get(fact.layer)
    problem = "" if rounded is None else rounded.broken_by(stored)
    if problem:
        problems.append(f"layer {fact.layer!r}: {problem}")
    return problems


def _raise(problems: list[str], stage: str, what: str) -> None:
    if problems:
        raise MismatchError(
            "\n  - ".join((f"after {stage}, {what} is not what was asked for", *problems)),
            hint="the results of the stages before are kept; leave the stage out or change it",
        )
