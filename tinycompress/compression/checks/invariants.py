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
from tinycompress.compression.checks.stored_kernels import StoredKernel, match_kernels
from tinycompress.compression.network.kernels import distinct_per_channel, has_kernel, kernel_of
from tinycompress.compression.network.network import Array, Network
from tinycompress.errors import MismatchError
from tinycompress.ir.graph import DType, Graph, Model
from tinycompress.ir.reader import read_model
from tinycompress.quality.signal import LEAST_AGREEMENT_DB, signal_to_noise_db

_FLOATS = frozenset({DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16})
_LEAST_SOFTMAX_SCALE = 2.0**-26


@dataclass(frozen=True)
class KernelFacts:
    """How one kernel is stored: distinct values in all of it, and in its most varied channel.

    The file has a recurrent layer's kernel in several tensors: ``distinct`` is of the most varied.
    """

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
        if has_kernel(layer) and not np.any(kernel_of(layer)):
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
    for stored in match_kernels(model.main, network):
        integers = stored.integers
        fact = KernelFacts(
            stored.layer.name,
            int(integers.size),
            int(np.sum(integers == 0)),
            stored.distinct,
            distinct_per_channel(integers, stored.layer.kind),
        )
        facts.append(fact)
        problems += _kernel_problems(fact, stored, promises)
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


def _float_tensors(model: Model) -> list[str]:
    """Tensors of floats that an operator reads or makes.

    The fused LSTM has more, which only tell the ranges of its gates.
    """
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


def _kernel_problems(fact: KernelFacts, stored: StoredKernel, promises: Promises) -> list[str]:
    problems = []
    integers = stored.integers
    if fact.zeros == fact.weights:
        problems.append(f"layer {fact.layer!r}: all weights are zero")
    sparse = promises.sparse.get(fact.layer)
    if sparse is not None:
        problem = sparse.broken_by(integers)
        if problem:
            problems.append(f"layer {fact.layer!r}: {problem}")
    cluster = promises.clustered.get(fact.layer)
    if cluster is not None:
        # With a scale for every channel the same real value has another code in every channel.
        per_channel = not cluster.shared and (cluster.per_channel or stored.per_channel)
        count = fact.distinct_per_channel if per_channel else fact.distinct
        if count > cluster.clusters:
            problems.append(
                f"layer {fact.layer!r}: {count} distinct weights"
                f" {'in one channel' if per_channel else 'in the kernel'}, promised at most"
                f" {cluster.clusters}"
            )
        elif cluster.shared and (problem := cluster.broken_by(integers)):
            problems.append(f"layer {fact.layer!r}: {problem}")
    grid = promises.gridded.get(fact.layer)
    if grid is not None:
        problems += off_grid(fact.layer, integers, grid)
    rounded = promises.rounded.get(fact.layer)
    problem = "" if rounded is None else rounded.broken_by(integers)
    if problem:
        problems.append(f"layer {fact.layer!r}: {problem}")
    return problems


def _raise(problems: list[str], stage: str, what: str) -> None:
    if problems:
        raise MismatchError(
            "\n  - ".join((f"after {stage}, {what} is not what was asked for", *problems)),
            hint="the results of the stages before are kept; leave the stage out or change it",
        )
