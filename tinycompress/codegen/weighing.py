"""What the weights of a model take in flash, what encodings would save, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinycompress.artifacts import WeighedLayer, WeighedModel
from tinycompress.codegen.choosing.candidates import Candidate, candidates
from tinycompress.codegen.choosing.costs import cost_unit
from tinycompress.codegen.choosing.select import fastest
from tinycompress.codegen.layer import EncodedWeights
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.simplify.simplify import Simplified, simplify
from tinycompress.codegen.verdict import require_aot
from tinycompress.codegen.weights.further import FURTHER, Weights
from tinycompress.ir.graph import DType, Graph, Model, Op

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def weigh(model: Model, options: CodegenOptions) -> WeighedModel:
    """Encode the weights of each layer in every way that the engine has for it.

    Args:
        model: What the reader made of the file.
        options: For which core.

    Raises:
        ModelError: The engine does not take the model; with every reason.
    """
    graph = require_aot(model, options)
    simplified = simplify(graph, options) if options.simplify else Simplified(graph, None)
    left = simplified.graph
    layers = tuple(
        _weighed(left, op, weights, options)
        for op in left.ops
        if (weights := _weights(left, op)) is not None
    )
    return WeighedModel(layers, cost_unit(options.family), simplified.summary)


def _weights(graph: Graph, op: Op) -> Weights | None:
    """An operator's constant int8 weights."""
    if op.kind not in _WEIGHTED:
        return None
    tensor = graph.tensors[op.inputs[1]]
    if tensor.dtype is not DType.INT8 or tensor.data is None or not tensor.data.size:
        return None
    return np.asarray(tensor.data, np.int8)


def _weighed(graph: Graph, op: Op, weights: Weights, options: CodegenOptions) -> WeighedLayer:
    found = candidates(graph, op, options)
    plain = fastest([each for each in found if not each.is_encoded])
    best = _smallest(found)
    encoded = None if best is None else _encoded(best)
    more = {} if best is None else best.code_bytes
    return WeighedLayer(
        name=graph.layer_name(op),
        op=op.kind,
        int8_bytes=weights.size,
        zero_share=float(np.mean(weights == 0)),
        distinct_values=int(np.unique(weights).size),
        encoding=None if encoded is None else encoded.encoding,
        detail="" if encoded is None else encoded.detail,
        encoded_bytes=weights.size if encoded is None else encoded.size_bytes,
        more_cost=None if best is None else _more_cost(best, plain),
        code_bytes={name: size for name, size in more.items() if name not in plain.code_bytes},
        further_bytes={
            name: _size(_with_weights(graph, op, change(weights)), op, options)
            for name, change in FURTHER.items()
        },
    )


def _more_cost(best: Candidate, plain: Candidate) -> float | None:
    if best.cost is None or plain.cost is None:
        return best.decoding_cost
    return best.cost - plain.cost


def _with_weights(graph: Graph, op: Op, weights: Weights) -> Graph:
    """The same graph with other weights for an operator."""
    index = op.inputs[1]
    tensors = list(graph.tensors)
    tensors[index] = replace(tensors[index], data=weights)
    return replace(graph, tensors=tuple(tensors))


def _size(graph: Graph, op: Op, options: CodegenOptions) -> int:
    """What an operator's weights take by their smallest encoding, or as they are."""
    weights = _weights(graph, op)
    best = _smallest(candidates(graph, op, options))
    assert weights is not None
    return weights.size if best is None else _encoded(best).size_bytes


def _smallest(found: Sequence[Candidate]) -> Candidate | None:
    """The candidate with the smallest encoded weights, of equal ones the fastest.

    Encodings whose costs were not measured are left out, as no build takes them.
    """
    known = [each for each in found if each.code_is_known]
    encoded = [
        each
        for each in known
        if each.is_encoded and (each.cost is not None or each.decoding_cost is not None)
    ]
    return min(
        encoded,
        key=lambda each: (_encoded(each).size_bytes, each.cost or each.decoding_cost or 0.0),
        default=None,
    )


def _encoded(candidate: Candidate) -> EncodedWeights:
    (encoded,) = (layer.encoded for layer in candidate.layers)
    assert encoded is not None
    return encoded
