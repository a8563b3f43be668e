"""An int8 file with the integers that a model was trained on in place of the converter's.

The converter gives the largest weight of a row the integer 127, whatever grid the weights lie on.
Here each row gets the integers and the step of its layer. A BatchNormalization that was folded into
a row only scales it: the integers stay, the step takes the factor. Biases get the step of the sum
that they are added to.

The kernels of TFLM and LiteRT round most sums twice: the sum times 2^30 to its upper half, halves
upwards, then the rest of the shift, halves away from zero (docs/exactness.md). A positive sum that
lies one unit below a tie is thus rounded up. Behind a ReLU, where no negative sum counts, and for a
factor of 2^-k with k of at least 2, a bias of one unit less makes of the two roundings one, halves
upwards: half a unit is what the first took too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.fixed_point.grids import INT8_HIGH, Grid, GridWeights
from tinycompress.conversion.tflite_builder import drop_unused
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Op, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_objects import (
    add_constant,
    new_quantization,
    operator_code,
    packed,
    unpacked,
)

_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_FOLDED_ERROR = 4e-6
"""Of a row's largest weight: what float32 rounding does where a factor is folded into it."""
_HALF_STEP = 0.51
_BIAS_ERROR = 1e-3
"""Of a step: a bias that lies so near to its grid is on it."""
_SHIFTS_TWICE = -2
"""Exponent of the factors from which on a sum is rounded twice; 2^-1 is one rounding."""
_VERSION_OF_SCALES = 12
"""Of FULLY_CONNECTED with a scale for each output, as TensorFlow's converter has it."""
_AVERAGES = ("AVERAGE_POOL_2D", "MEAN")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Exact:
    """The file, and what of it is not exact."""

    tflite: bytes
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Row:
    """Weights of an operator: integers in the file's shape, a scale for each channel.

    ``is_folded`` says that the scales hold the factors of a BatchNormalization.
    """

    integers: Array
    scales: Array
    is_folded: bool = False


def with_trained_integers(
    tflite: bytes,
    floats: bytes,
    weights: Sequence[GridWeights],
    grids: Sequence[Grid],
    exact_to: ExactTo,
) -> Exact:
    """Put trained integers into an int8 file.

    Args:
        tflite: The converter's int8 file.
        floats: The float file of the same model, with its weights.
        weights: The integers of its layers.
        grids: The grids of its activations, which the file must have as scales and zero points.
        exact_to: Runtime whose rounding of sums the biases make up for.

    Raises:
        ModelError: The converter changed a layer's weights beyond a factor, or a grid.
    """
    main, reference = read_model(tflite).main, read_model(floats).main
    whole = unpacked(tflite)
    pairs = list(zip(_weighted(main), _weighted(reference), strict=False))
    _require_pairs(main, reference, pairs)
    used: set[str] = set()
    rounded: list[str] = []
    plain: list[str] = []
    placed: dict[int, int] = {}
    for op, twin in pairs:
        real = _real(reference, twin)
        found = _matching(real, op, weights)
        layer = op_name(main, op) if found is None else found[0]
        if found is None:
            row = _kept(main.tensors[op.inputs[1]])
            plain.append(layer)
        else:
            used.add(found[0])
            row = found[1]
            _place_weights(whole, main, op, row, placed)
        is_exact = _place_bias(whole, main, op, row, _bias(reference, twin), exact_to)
        if found is not None and not is_exact and not row.is_folded:
            rounded.append(layer)
    _require_all(weights, used)
    _require_grids(main, grids)
    drop_unused(whole)
    return Exact(packed(whole), tuple(_notes(main, grids, rounded, plain)))


def _weighted(graph: Graph) -> Iterator[Op]:
    for op in graph.ops:
        if op.kind in _KINDS and graph.tensors[op.inputs[1]].data is not None:
            yield op


def op_name(graph: Graph, op: Op) -> str:
    """Name of an operator's output: that of its layer."""
    return graph.tensors[op.outputs[0]].name.rpartition(";")[2]


def _axis(op: Op) -> int:
    return 3 if op.kind == "DEPTHWISE_CONV_2D" else 0


def _rows(values: Array, axis: int) -> Array:
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def _real(reference: Graph, twin: Op) -> Array:
    data = reference.tensors[twin.inputs[1]].data
    assert data is not None
    return data.astype(np.float64)


def _require_pairs(main: Graph, reference: Graph, pairs: list[tuple[Op, Op]]) -> None:
    """The int8 operators must be those of the float file, in the same order."""
    same = len(pairs) == len(list(_weighted(main))) == len(list(_weighted(reference)))
    for op, twin in pairs if same else ():
        row, real = _kept(main.tensors[op.inputs[1]]), _real(reference, twin)
        if real.shape != row.integers.shape:
            same = False
            break
        scales = row.scales[:, None]
        error = np.abs(_rows(row.integers, _axis(op)) * scales - _rows(real, _axis(op)))
        same = same and bool((error <= _HALF_STEP * scales).all())
    if not same:
        raise ModelError(
            "TensorFlow's converter made other operators of the quantised model than of the float"
            " one",
            hint="tinycompress --debug shows the converter's own output",
        )


def _kept(tensor: Tensor) -> _Row:
    """Weights as the converter has them, with one scale for each channel."""
    assert tensor.data is not None
    assert tensor.quantization is not None
    channels = tensor.shape[tensor.quantization.axis]
    scales = np.array(tensor.quantization.scales, np.float64)
    return _Row(tensor.data, np.broadcast_to(scales, channels).copy())


def _matching(real: Array, op: Op, weights: Sequence[GridWeights]) -> tuple[str, _Row] | None:
    rows = _rows(real, _axis(op))
    for one in weights:
        if one.integers.shape != rows.shape:
            continue
        row = _fitted(rows, one)
        if row is not None:
            moved = np.moveaxis(real, _axis(op), 0).shape
            integers = np.moveaxis(row.integers.reshape(moved), 0, _axis(op))
            return one.layer, replace(row, integers=integers)
    return None


def _fitted(rows: Array, weights: GridWeights) -> _Row | None:
    """Rows as the integers of a layer times a factor each, if they are that."""
    integers = weights.integers.astype(np.float64)
    norms = np.sum(integers**2, axis=1)
    safe = np.where(norms > 0, norms, 1.0)
    factors = np.where(norms > 0, np.sum(rows * integers, axis=1) / safe, weights.steps)
    error = np.abs(rows - factors[:, None] * integers).max(axis=1, initial=0)
    if (error > _FOLDED_ERROR * np.abs(rows).max(axis=1, initial=0)).any():
        return None
    # A channel whose factor is nothing is all zero, on any grid.
    gone = factors == 0
    signed = np.where(gone[:, None], 0, np.sign(factors)[:, None] * integers)
    if signed.max(initial=0) > INT8_HIGH:
        raise ModelError(
            f"layer {weights.layer!r} has the weight -128, whose sign a BatchNormalization turns:"
            " int8 has no 128",
            hint="use symmetric=1 in its quantiser",
        )
    same = np.abs(factors - weights.steps) <= _FOLDED_ERROR * weights.steps
    scales = np.where(same | gone, weights.steps, np.abs(factors))
    return _Row(signed.astype(np.int8), scales, not bool((same | gone).all()))


def _place_weights(whole: Any, main: Graph, op: Op, row: _Row, placed: dict[int, int]) -> None:
    graph, index = whole.subgraphs[0], op.inputs[1]
    if index not in placed:
        name = main.tensors[index].name
        placed[index] = add_constant(whole, graph, name, np.ascontiguousarray(row.integers))
        one = len(set(row.scales)) == 1 and op.kind == "FULLY_CONNECTED"
        scales = row.scales[:1] if one else row.scales
        graph.tensors[placed[index]].quantization = _quantization(scales, _axis(op))
    operator = graph.operators[op.index]
    _set_input(operator, 1, placed[index])
    if op.kind == "FULLY_CONNECTED" and len(graph.tensors[placed[index]].quantization.scale) > 1:
        version = max(op.version, _VERSION_OF_SCALES)
        operator.opcodeIndex = operator_code(whole, schema.BuiltinOperator.FULLY_CONNECTED, version)


def _place_bias(whole: Any, main: Graph, op: Op, row: _Row, bias: Array, exact_to: ExactTo) -> bool:
    """Give an operator the bias that its sums need; whether the model's is on their grid."""
    source = main.tensors[op.inputs[0]].quantization
    assert source is not None
    steps = np.float64(np.float32(source.scales[0])) * row.scales.astype(np.float32)
    exact = bias.astype(np.float64) / steps
    rounded = np.clip(np.rint(exact), 1 - 2**31, 2**31 - 1).astype(np.int32)
    integers = rounded - _one_rounding(main, op, steps, exact_to)
    absent = len(op.inputs) < 3 or op.inputs[2] < 0
    if not absent or integers.any():
        graph = whole.subgraphs[0]
        name = f"{op_name(main, op)}/bias" if absent else main.tensors[op.inputs[2]].name
        index = add_constant(whole, graph, name, integers)
        one = len(set(row.scales)) == 1 and op.kind == "FULLY_CONNECTED"
        graph.tensors[index].quantization = _quantization(steps[:1] if one else steps, 0)
        _set_input(graph.operators[op.index], 2, index)
    return bool((np.abs(exact - rounded) <= _BIAS_ERROR).all())


def _one_rounding(main: Graph, op: Op, steps: Array, exact_to: ExactTo) -> Array:
    """What to take from the biases so that two roundings of a positive sum are one."""
    out = main.tensors[op.outputs[0]].quantization
    assert out is not None
    rounds_once = op.kind == "FULLY_CONNECTED" and exact_to == "litert"
    if rounds_once or op.options.get("fused_activation_function") != "RELU":
        return np.zeros(len(steps), np.int32)
    mantissas, exponents = np.frexp(steps / out.scale)
    return np.asarray((mantissas == 0.5) & (exponents - 1 <= _SHIFTS_TWICE), np.int32)


def _set_input(operator: Any, place: int, tensor: int) -> None:
    inputs = [int(index) for index in operator.inputs]
    inputs[place] = tensor
    operator.inputs = inputs


def _quantization(scales: Array, axis: int) -> Any:
    return new_quantization(scales.tolist(), [0] * len(scales), axis)


def _bias(reference: Graph, twin: Op) -> Array:
    """Of the float operator, zeros where it has none."""
    if len(twin.inputs) > 2 and twin.inputs[2] >= 0:
        data = reference.tensors[twin.inputs[2]].data
        assert data is not None
        return data
    return np.zeros(reference.tensors[twin.outputs[0]].shape[-1], np.float32)


def _require_all(weights: Sequence[GridWeights], used: set[str]) -> None:
    lost = tuple(f"layer {one.layer!r}" for one in weights if one.layer not in used)
    if lost:
        raise ModelError(
            "TensorFlow's converter changed weights that were trained on a grid",
            reasons=lost,
            hint="leave out what multiplies the inputs of these layers, channel by channel",
        )


def _require_grids(main: Graph, grids: Sequence[Grid]) -> None:
    stored = {
        (tensor.quantization.scale, tensor.quantization.zero_point)
        for tensor in main.tensors
        if tensor.data is None and tensor.quantization is not None
    }
    lost = tuple(
        f"step {grid.step:g}, integers {grid.low} to {grid.high}"
        for grid in grids
        if (grid.step, grid.zero_point) not in stored
    )
    if lost:
        raise ModelError(
            "TensorFlow's converter did not keep the steps of quantisers",
            reasons=lost,
            hint="tinycompress --debug shows the converter's own output",
        )


def _notes(
    main: Graph, grids: Sequence[Grid], rounded: list[str], plain: list[str]
) -> Iterator[str]:
    """What is not exact, for the user."""
    if plain:
        yield f"the weights of {_listed(plain)} have no quantiser: they were rounded to 8 bits"
    if rounded:
        yield (
            f"the biases of {_listed(rounded)} lie between the steps of their sums and were rounded"
            " to them: give them a quantiser of fewer fraction bits"
        )
    known = {(grid.step, grid.zero_point) for grid in grids}
    ends = {*main.inputs, *main.outputs}
    free = [
        op_name(main, op)
        for op in main.ops
        if op.outputs[0] not in ends and _scale(main, op) not in known and op.kind != "SOFTMAX"
        and not _only_softmax_follows(main, op)
    ]  # fmt: skip
    if free:
        yield (
            f"no quantiser tells the steps of {_listed(free)}: they are calibrated, and rounded to"
            " once more than in the model"
        )
    averages = [op_name(main, op) for op in main.ops if op.kind in _AVERAGES]
    if averages:
        yield f"the averages {_listed(averages)} are rounded to the steps of what they average"


def _scale(main: Graph, op: Op) -> tuple[float, int] | None:
    found = main.tensors[op.outputs[0]].quantization
    return None if found is None else (found.scale, found.zero_point)


def _only_softmax_follows(main: Graph, op: Op) -> bool:
    users = [other for other in main.ops if op.outputs[0] in other.inputs]
    return bool(users) and all(user.kind in ("SOFTMAX", "LOGISTIC") for user in users)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
