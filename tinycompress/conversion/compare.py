"""Layer by layer: what an integer model computes against what the float model computes.

Every operator's int8 or int16 output is dequantised and held against the value in its place in the
float model's frozen graph. That place is found by the name that the converter keeps, else by order
and shape. A BatchNormalization or activation that was folded into an operator comes after the value
that bears the operator's name. Where several values are possible, the one that agrees best is
taken: a layer that diverges agrees with none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.artifacts import ExactTo, LayerAgreement
from tinycompress.conversion.calibrate import Samples, SampleSource, choose, read_samples
from tinycompress.conversion.frozen import FrozenGraph, freeze, input_specs
from tinycompress.conversion.load import SourceModel
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle
from tinycompress.quality.signal import LEAST_AGREEMENT_DB, decibels

_Floats = npt.NDArray[np.float32]
# What folds into the operator before it, or only reshapes what it made.
_FOLDING = frozenset(
    {
        "Add", "AddV2", "BiasAdd", "FusedBatchNormV3", "Identity", "LeakyRelu", "Maximum",
        "Minimum", "Mul", "Relu", "Relu6", "Reshape", "Sub", "Elu", "Sigmoid", "Tanh", "Squeeze",
        "ExpandDims",
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Value:
    """An activation of the float graph: ``chain`` are the values that may be folded into it."""

    name: str
    shape: tuple[int, ...]
    position: int
    chain: tuple[str, ...]


@dataclass(frozen=True)
class _Match:
    op: Op
    tensor: Tensor
    candidates: tuple[str, ...]
    found_by: Literal["name", "order", ""]


def compare_layers(
    source: SourceModel,
    tflite: bytes,
    data: SampleSource,
    *,
    samples: int = 32,
    seed: int = 0,
    exact_to: ExactTo = "tflm",
) -> tuple[LayerAgreement, ...]:
    """Compare a float model with an integer file made from it, or from what it was compressed to.

    Args:
        source: The float model.
        tflite: The integer file, of int8 or int16 activations.
        data: Where samples are; at most ``samples`` of them are drawn.
        samples: How many, at most.
        seed: Which ones.
        exact_to: Whose arithmetic the file is run with.

    Returns:
        One entry for every operator with an int8 or int16 output, in execution order.

    Raises:
        ConfigError: The data do not fit the model.
        ModelError: The models have different inputs, or one of them cannot be run.
    """
    drawn = choose(read_samples(data, input_specs(source)), samples, seed)
    frozen = freeze(
        source,
        tuple(values.shape[1:] for values in drawn.inputs),
        unroll_because="its steps are looked at one by one",
    )
    graph = read_model(tflite).main
    values = _values(frozen)
    matches = _matches(graph, values)
    oracle = Oracle(tflite, exact_to, keep_tensors=True)
    try:
        _require_same_inputs(drawn, oracle)
        powers = _powers(frozen, oracle, drawn, matches)
    finally:
        oracle.close()
    return tuple(
        _agreement(graph, match, power) for match, power in zip(matches, powers, strict=True)
    )


def first_diverging(layers: Sequence[LayerAgreement]) -> LayerAgreement | None:
    """The first layer below `LEAST_AGREEMENT_DB`; None if there is none."""
    return next((x for x in layers if x.snr_db is not None and x.snr_db < LEAST_AGREEMENT_DB), None)


def _require_same_inputs(drawn: Samples, oracle: Oracle) -> None:
    float_sizes = [values[0].size for values in drawn.inputs]
    integer_sizes = [int(np.prod(spec.shape)) for spec in oracle.inputs]
    if float_sizes != integer_sizes:
        raise ModelError(
            "the float and the integer model have different inputs:"
            f" {float_sizes} and {integer_sizes} values a sample",
            hint="compare a file with the float model that it was made from",
        )


def _values(frozen: FrozenGraph) -> list[_Value]:
    """All values of the float graph that depend on an input, in execution order."""
    function = frozen.function()
    moving = {name.partition(":")[0] for name in frozen.inputs}
    users: dict[str, list[Any]] = {}
    operations = list(function.graph.get_operations())
    for operation in operations:
        if any(source.op.name in moving for source in operation.inputs):
            moving.add(operation.name)
        for source in operation.inputs:
            users.setdefault(source.op.name, []).append(operation)
    found = []
    for position, operation in enumerate(operations):
        if operation.name not in moving or not operation.outputs:
            continue
        output = operation.outputs[0]
        if output.dtype.name == "float32" and output.shape.rank is not None:
            shape = tuple(int(size or 1) for size in output.shape)
            chain = tuple(_chain(operation, users, moving))
            found.append(_Value(operation.name, shape, position, chain))
    return found


def _chain(operation: Any, users: dict[str, list[Any]], moving: set[str]) -> Iterator[str]:
    """Values that are made from this one alone by what folds away."""
    elements = _elements(operation)
    while True:
        following = users.get(operation.name, [])
        if len(following) != 1 or following[0].type not in _FOLDING:
            return
        operation = following[0]
        sources = [source.op.name for source in operation.inputs if source.op.name in moving]
        if len(sources) != 1 or _elements(operation) != elements:
            return
        yield operation.name


def _elements(operation: Any) -> int:
    return int(np.prod([size or 1 for size in operation.outputs[0].shape]))


def _matches(graph: Graph, values: list[_Value]) -> list[_Match]:
    by_name = {known.name: known for known in values}
    by_tail: dict[str, list[_Value]] = {}
    for known in values:
        by_tail.setdefault(_tail(known.name), []).append(known)
    made = [(op, graph.tensors[op.outputs[0]]) for op in graph.ops if op.outputs]
    made = [(op, tensor) for op, tensor in made if tensor.dtype in (DType.INT8, DType.INT16)]
    named = [_named(tensor, by_name, by_tail) for _, tensor in made]
    found = []
    for index, (op, tensor) in enumerate(made):
        value = named[index]
        if value is not None:
            found.append(_Match(op, tensor, (value.name, *value.chain), "name"))
            continue
        candidates = _between(index, tensor, named, values)
        found.append(_Match(op, tensor, candidates, "order" if candidates else ""))
    return found


def _tail(name: str) -> str:
    """Layer and operation of a name, without the models around them."""
    return "/".join(name.split("/")[-2:])


def _named(
    tensor: Tensor, by_name: dict[str, _Value], by_tail: dict[str, list[_Value]]
) -> _Value | None:
    # The first of the joined names is that of the value; the others are of what was fused into it.
    for part in tensor.name.split(";"):
        # The converter numbers a name that it needs twice.
        for name in (part, part.rstrip("0123456789")):
            value = by_name.get(name)
            if value is None and len(by_tail.get(_tail(name), ())) == 1:
                (value,) = by_tail[_tail(name)]
            if value is not None and _same_size(value, tensor):
                return value
    # The two Kerases call the operations of a layer by different names.
    layer = f"{tensor.name.split(';')[0].rpartition('/')[0]}/"
    inside = [
        value
        for value in by_name.values()
        if layer != "/" and value.name.startswith(layer) and _same_size(value, tensor)
    ]
    return inside[-1] if inside else None


def _between(
    index: int, tensor: Tensor, named: list[_Value | None], values: list[_Value]
) -> tuple[str, ...]:
    """Values of the same shape between the neighbours whose places are known."""
    before = [value.position for value in named[:index] if value is not None]
    after = [value.position for value in named[index + 1 :] if value is not None]
    low, high = max(before, default=-1), min(after, default=1 << 62)
    return tuple(
        value.name
        for value in values
        if low < value.position < high and value.shape == tensor.shape
    )


def _same_size(value: _Value, tensor: Tensor) -> bool:
    return int(np.prod(value.shape)) == tensor.elements


def _powers(
    frozen: FrozenGraph, oracle: Oracle, drawn: Samples, matches: list[_Match]
) -> list[npt.NDArray[np.float64]]:
    """Power of signal and of noise of every candidate of every match, ``[candidates, 2]``."""
    function = frozen.function()
    graph = function.graph
    names = list(dict.fromkeys(name for match in matches for name in match.candidates))
    pruned = function.prune(
        [graph.get_tensor_by_name(name) for name in frozen.inputs],
        [graph.get_tensor_by_name(f"{name}:0") for name in names],
    )
    powers = [np.zeros((len(match.candidates), 2)) for match in matches]
    indices = [match.tensor.index for match in matches]
    for sample in zip(*drawn.inputs, strict=True):
        floats = _run_float(pruned, names, frozen.typed(sample))
        stored = oracle.trace(*_stored(oracle, sample), tensors=indices)
        for match, power, values in zip(matches, powers, stored, strict=True):
            real = _real(match.tensor, values)
            for row, name in enumerate(match.candidates):
                wanted = floats[name].reshape(-1).astype(np.float64)
                power[row] += [np.sum(wanted**2), np.sum((wanted - real) ** 2)]
    return powers


def _run_float(pruned: Any, names: list[str], sample: Sequence[npt.NDArray[Any]]) -> dict[str, Any]:
    tf = _tf.tensorflow()
    outputs = pruned(*(tf.constant(values[np.newaxis]) for values in sample))
    return dict(zip(names, (np.asarray(output) for output in outputs), strict=True))


def _stored(oracle: Oracle, sample: tuple[_Floats, ...]) -> list[npt.NDArray[Any]]:
    return [
        quantize(values.reshape(spec.shape), spec)
        for values, spec in zip(sample, oracle.inputs, strict=True)
    ]


def _real(tensor: Tensor, stored: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    assert tensor.quantization is not None, "an activation has a scale"
    quantization = tensor.quantization
    flat = stored.reshape(-1).astype(np.float64)
    return (flat - quantization.zero_point) * quantization.scale


def _agreement(graph: Graph, match: _Match, power: npt.NDArray[np.float64]) -> LayerAgreement:
    best, name = None, ""
    for candidate, (signal, noise) in zip(match.candidates, power, strict=True):
        ratio = decibels(float(signal), float(noise))
        if best is None or ratio > best:
            best, name = ratio, candidate
    return LayerAgreement(
        index=match.op.index,
        name=graph.layer_name(match.op),
        op=match.op.kind,
        shape=match.tensor.shape,
        float_name=name,
        found_by=match.found_by,
        snr_db=best,
    )
