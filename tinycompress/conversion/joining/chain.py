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

from tinycompress.conversion.joining.objects import adopt
from tinycompress.conversion.tflite_builder import TfliteBuilder
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Graph, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_objects import packed, unpacked


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


class _Chain(TfliteBuilder):
    """The front end's objects, to which the model's and what joins them are added."""

    def __init__(self, front_end: Any, model: Any) -> None:
        super().__init__(front_end, "chain")
        self._own = list(self.graph.operators)
        self.graph.operators = []
        # Both say what is true of one file alone, such as where its tensors lie.
        self.whole.signatureDefs, self.whole.metadata = [], []
        self._begin = len(self.graph.tensors)
        self._theirs = adopt(front_end, model).operators
        self._outputs = [index + self._begin for index in model.subgraphs[0].outputs]

    def keep_samples(self, samples: Tensor, stride: int) -> None:
        """Let the front end read the samples before and the new ones, then run it."""
        whole = samples.shape[-1]
        source = samples.index
        if stride < whole:
            new = self.like(source, (*samples.shape[:-1], stride), "new")
            tensors = self.graph.tensors
            # The model's user knows the input by the front end's name for it.
            tensors[new].name, tensors[source].name = tensors[source].name, "chain/samples"
            before = (*samples.shape[:-1], whole - stride)
            handle, kept = self.read("samples", np.zeros(before, samples.dtype.numpy), source)
            self.concatenate([kept, new], source, len(before) - 1)
            self.keep_end(handle, source, before, stride, len(before) - 1)
            self.graph.inputs = [new]
        self.graph.operators += self._own

    def keep_features(self, features: Tensor, taken: Tensor) -> None:
        """Let the model read the features before and the new ones, then run it."""
        given, count = taken.index + self._begin, features.elements
        # A front end that computes stored values has no quantisation to say so.
        self.graph.tensors[features.index].quantization = self.graph.tensors[given].quantization
        source = features.index
        if taken.elements > count:
            row = self.like(given, (1, count), "row")
            self.reshape(source, row, (1, count))
            before = (1, taken.elements - count)
            zero = 0 if taken.quantization is None else taken.quantization.zero_point
            first = np.full(before, zero, taken.dtype.numpy)
            handle, kept = self.read("features", first, given)
            source = self.like(given, (1, taken.elements), "window")
            self.concatenate([kept, row], source, 1)
            self.keep_end(handle, source, before, count, 1)
        self.reshape(source, given, taken.shape)
        self.graph.operators += self._theirs

    def finished(self) -> bytes:
        """The file."""
        self.graph.outputs = self._outputs
        self.set_first_values()
        return packed(self.whole)
