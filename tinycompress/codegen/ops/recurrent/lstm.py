"""UNIDIRECTIONAL_SEQUENCE_LSTM on int8, with an int8 hidden and an int16 cell state.

TFLM interpolates its gates in a table; LiteRT computes them in fixed point of 16 bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.macs import input_shape
from tinycompress.codegen.ops.requantize import bias_values, is_within, wrapped_bias
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.pairs import all_in_reach, fit_in_pairs
from tinycompress.codegen.weights.streams import quad_count, quad_stream
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op, Quantization
from tinycompress.ir.lut import sigmoid_table

_MATRICES = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Places of the weights among the inputs; each may be absent."""
_PEEPHOLES = (9, 10, 11)
"""Places of the weights that multiply element by element."""
_BASIC_INPUTS = 5
"""Of the operator LSTM in its basic form."""
_REF = Kernel("recurrent", "lstm", "lstm_s8")
_INPUT, _HIDDEN, _CELL = 0, 18, 19
_GATES = {"input": (1, 5, 12), "forget": (2, 6, 13), "cell": (3, 7, 14), "output": (4, 8, 15)}
"""By gate: operands of its input weights, recurrent weights and bias."""
_WEIGHTS = tuple(position for gate in _GATES.values() for position in gate[:2])
_BIASES = tuple(gate[2] for gate in _GATES.values())
_VARIANTS = (9, 10, 11, 16, 17, 20, 21, 22, 23)
_GATE_SCALE = 2.0**-12
_UNIT_SCALE = 2.0**-15
_HIDDEN_INTERMEDIATE = 4
_NO_CLIP = 32768


def all_operands(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """There must be 24 inputs, some of them absent, and 1 output"""
    if len(op.inputs) == 24 and len(op.outputs) == 1 and op.inputs[_INPUT] >= 0:
        return None
    return f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"


def stated_hidden(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert, there must be 5 intermediates, the last with one scale and zero point"""
    if options.exact_to == "tflm":
        return None
    if len(op.intermediates) != _HIDDEN_INTERMEDIATE + 1:
        return f"there are {len(op.intermediates)}"
    stated = graph.tensors[op.intermediates[_HIDDEN_INTERMEDIATE]]
    if stated.quantization is None or stated.quantization.per_channel:
        return f"'{stated.name}' has none" if stated.quantization is None else f"'{stated.name}'"
    return None


def plain_lstm(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Weights, biases and states must be present; peepholes, projection and normalisation must be
    absent"""
    missing = [p for p in (*_WEIGHTS, *_BIASES, _HIDDEN, _CELL) if op.inputs[p] < 0]
    extra = [p for p in _VARIANTS if op.inputs[p] >= 0]
    found = [f"input {p} is absent" for p in missing] + [f"input {p} is there" for p in extra]
    return ", ".join(found) or None


def operand_types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Weights must be constant int8, biases constant int32, states variable int8 and int16"""
    expected = dict.fromkeys(_WEIGHTS, (DType.INT8, True))
    expected |= dict.fromkeys(_BIASES, (DType.INT32, True))
    expected |= {_HIDDEN: (DType.INT8, False), _CELL: (DType.INT16, False)}
    for position, (dtype, constant) in expected.items():
        tensor = o.operand(graph, op, position)
        if tensor.dtype is not dtype or tensor.is_constant is not constant:
            return f"'{tensor.name}' is {tensor.dtype.value}"
        if not constant and not tensor.is_variable:
            return f"'{tensor.name}' is no variable"
    return None


def shapes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Shapes must be input [N, T, I] or [T, N, I], weights [S, I] and [S, S], output [.., .., S]"""
    x, y = o.operand(graph, op, _INPUT).shape, o.result(graph, op).shape
    if len(x) != 3 or len(y) != 3 or x[:2] != y[:2]:
        return f"{list(x)} and {list(y)}"
    batches = x[1] if op.options["time_major"] else x[0]
    expected: dict[int, tuple[int, ...]] = dict.fromkeys(range(1, 5), (y[2], x[2]))
    expected |= dict.fromkeys(range(5, 9), (y[2], y[2]))
    expected |= dict.fromkeys(_BIASES, (y[2],))
    wrong = [p for p, shape in expected.items() if o.operand(graph, op, p).shape != shape]
    wrong += [p for p in (_HIDDEN, _CELL) if o.operand(graph, op, p).elements != batches * y[2]]
    return f"input {wrong[0]} is {list(o.operand(graph, op, wrong[0]).shape)}" if wrong else None


def symmetric(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Weights and cell state must have zero point 0, the cell state a power of two as scale: above
    2^-20 and up to 1, for litert from 2^-15 to 2^-9"""
    for position in (*_WEIGHTS, _CELL):
        tensor = o.operand(graph, op, position)
        if o.quantization(tensor).zero_point:
            return f"'{tensor.name}' has zero point {o.quantization(tensor).zero_point}"
    scale = o.quantization(o.operand(graph, op, _CELL)).scale
    low, high = (2.0**-19, 1.0) if options.exact_to == "tflm" else (2.0**-15, 2.0**-9)
    return None if math.frexp(scale)[0] == 0.5 and low <= scale <= high else f"{scale:g}"


def tanh_and_sigmoid(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The activation must be TANH, and the cell clip must not be negative"""
    activation, clip = op.options["fused_activation_function"], op.options["cell_clip"]
    good = activation == "TANH" and isinstance(clip, float) and 0 <= clip < math.inf
    return None if good else f"{activation}, cell clip {clip}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """All rescaling factors must be below 2^30"""
    factors = [real for gate in _GATES for real in _gate_factors(graph, op, gate, options)]
    factors.append(_hidden_factor(graph, op, options))
    if options.exact_to == "tflm":
        factors += _cell_factors(graph, op)
    wrong = [real for real in factors if not is_within(real)]
    return f"{wrong[0]:g}" if wrong else None


def _gate_factors(graph: Graph, op: Op, gate: str, options: CodegenOptions) -> tuple[float, float]:
    """Of the input's and the hidden state's products; LiteRT multiplies scales in float32."""
    weights, recurrent, _ = _GATES[gate]
    pairs = ((_INPUT, weights), (_HIDDEN, recurrent))
    scales = [[o.quantization(o.operand(graph, op, p)).scale for p in pair] for pair in pairs]
    products = [a * b for a, b in scales]
    if options.exact_to == "litert":
        products = [float32(product) for product in products]
    return products[0] / _GATE_SCALE, products[1] / _GATE_SCALE


def _cell_factors(graph: Graph, op: Op) -> tuple[float, float]:
    """Forget gate x cell and input gate x candidate, in steps of the cell."""
    cell = o.quantization(o.operand(graph, op, _CELL)).scale
    return _UNIT_SCALE * cell / cell, _UNIT_SCALE**2 / cell


def _stated_hidden(graph: Graph, op: Op, options: CodegenOptions) -> Quantization:
    """TFLM takes that of the hidden state, LiteRT that of the last intermediate."""
    if options.exact_to == "tflm":
        return o.quantization(o.operand(graph, op, _HIDDEN))
    return o.quantization(graph.tensors[op.intermediates[_HIDDEN_INTERMEDIATE]])


def _hidden_factor(graph: Graph, op: Op, options: CodegenOptions) -> float:
    """Output gate x tanh of the cell, in steps of the hidden state."""
    real = _UNIT_SCALE**2 / _stated_hidden(graph, op, options).scale
    return real if options.exact_to == "tflm" else float32(real)


def _scaling(name: str, real: float) -> dict[str, ParamValue]:
    multiplier, shift = quantize_multiplier(real)
    return {f"{name}.multiplier": multiplier, f"{name}.shift": shift}


def _gate_params(graph: Graph, op: Op, gate: str, options: CodegenOptions) -> dict[str, ParamValue]:
    input_zero = o.quantization(o.operand(graph, op, _INPUT)).zero_point
    hidden_zero = o.quantization(o.operand(graph, op, _HIDDEN)).zero_point
    weights, recurrent, bias = (o.operand(graph, op, position) for position in _GATES[gate])
    units = recurrent.shape[0]
    params: dict[str, ParamValue] = {}
    biases = bias_values(bias, units)
    parts = (("input", weights, input_zero, biases), ("hidden", recurrent, hidden_zero, 0 * biases))
    factors = _gate_factors(graph, op, gate, options)
    for (part, tensor, zero, start), real in zip(parts, factors, strict=True):
        array = ConstArray.of_tensor(tensor, "weights")
        sums = array.data.reshape(units, -1).sum(axis=1, dtype="int64")
        params[f"{gate}_gate.{part}.weights"] = array
        params[f"{gate}_gate.{part}.bias"] = wrapped_bias(tensor.name, start - zero * sums)
        params |= _scaling(f"{gate}_gate.{part}.scaling", real)
    return params


def _clip(graph: Graph, op: Op, options: CodegenOptions) -> int:
    """The limit of the cell state, which LiteRT takes for none if it is below a step."""
    scale = o.quantization(o.operand(graph, op, _CELL)).scale
    stated = op.options["cell_clip"]
    clip = stated if isinstance(stated, float) else 0.0
    steps = int(min(clip / scale, 32767.0))
    none = clip == 0 or (steps == 0 and options.exact_to == "litert")
    return _NO_CLIP if none else steps


def _tables_params(graph: Graph, op: Op) -> dict[str, ParamValue]:
    """Of the cell: the factors of what is added, and the one that brings it to the table."""
    names, params = ("forget_scaling", "candidate_scaling"), dict[str, ParamValue]()
    for name, real in zip(names, _cell_factors(graph, op), strict=True):
        params |= _scaling(name, real)
    left = math.frexp(o.quantization(o.operand(graph, op, _CELL)).scale)[1] - 1 + 15 - 3
    return params | {
        "tanh_multiplier": 3 << left if left >= 0 else 3,
        "tanh_shift": 0 if left >= 0 else -left,
        "sigmoid": ConstArray("lstm", "sigmoid", np.array(sigmoid_table(), np.uint16)),
    }


def _fixed_params(graph: Graph, op: Op) -> dict[str, ParamValue]:
    """Of the cell: its bits before the point."""
    scale = o.quantization(o.operand(graph, op, _CELL)).scale
    return {"cell_integer_bits": math.frexp(scale)[1] - 1 + 15}


def _shape_params(graph: Graph, op: Op) -> dict[str, int]:
    x, y = o.operand(graph, op, _INPUT), o.result(graph, op)
    time_major = bool(op.options["time_major"])
    steps, batches = x.shape[:2] if time_major else (x.shape[1], x.shape[0])
    return {
        "batches": batches,
        "steps": steps,
        "inputs": x.shape[2],
        "units": y.shape[2],
        "batch_stride": 1 if time_major else steps,
        "step_stride": batches if time_major else 1,
    }


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, y = o.operand(graph, op, _INPUT), o.result(graph, op)
    hidden, cell = o.operand(graph, op, _HIDDEN), o.operand(graph, op, _CELL)
    shape, tables = _shape_params(graph, op), options.exact_to == "tflm"
    params: dict[str, ParamValue] = {**shape}
    for gate in _GATES:
        params |= _gate_params(graph, op, gate, options)
    params |= _tables_params(graph, op) if tables else _fixed_params(graph, op)
    params |= _scaling("hidden_scaling", _hidden_factor(graph, op, options))
    params["cell_clip"] = _clip(graph, op, options)
    params["hidden_offset"] = _stated_hidden(graph, op, options).zero_point
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_REF if tables else replace(_REF, variant="fixed"),
        params=params,
        arguments=(
            o.argument(x),
            o.argument(hidden, written=True),
            o.argument(cell, written=True),
            o.argument(y, written=True),
        ),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
        macs=4 * prod(x.shape[:2]) * shape["units"] * (shape["inputs"] + shape["units"]),
    )


def lower_each(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """The kernel that the core can run fastest, then the reference one."""
    reference = lower(graph, op, options)
    rows = {part: _rows(graph, op, place) for place, part in enumerate(("input", "hidden"))}
    fast = _dsp(reference, rows) if options.family in ("dsp", "mve") else None
    return alternatives((fast or _plain(reference, rows), reference))


def _rows(graph: Graph, op: Op, place: int) -> Int64s:
    """Weights [units x gates, inputs], the four gates of a unit behind each other."""
    tensors = [o.operand(graph, op, gate[place]) for gate in _GATES.values()]
    rows = np.stack([np.asarray(tensor.data, np.int64) for tensor in tensors], axis=1)
    return rows.reshape(-1, rows.shape[-1])


def _shared(reference: Layer) -> dict[str, ParamValue]:
    """The parameters of kernels that compute all gates of a unit together, but for the weights."""
    params = {
        name: value
        for name, value in reference.params.items()
        if not name.endswith((".weights", ".bias"))
    }
    for part in ("input", "hidden"):
        arrays = [reference.params[f"{gate}_gate.{part}.bias"] for gate in _GATES]
        data = np.stack([one.data for one in arrays if isinstance(one, ConstArray)], axis=1)
        params[f"{part}_bias"] = ConstArray(reference.name, f"{part}_bias", data.reshape(-1))
    return params


def _dsp(reference: Layer, rows: Mapping[str, Int64s]) -> Layer | None:
    """By dual products; None where weights fit no pairs, or their sums do not."""
    params, scratch_bytes = _shared(reference), 0
    for part, weights in rows.items():
        pairs = weights.reshape(-1, 2, weights.shape[1])
        if not fit_in_pairs(pairs) or not all_in_reach(pairs[:, 1]):
            return None
        stream = ConstArray(reference.name, f"{part}_stream", quad_stream(weights))
        params[f"{part}_stream"] = stream
        scratch_bytes += 8 * quad_count(weights.shape[1])
    kernel = replace(reference.kernel, family="dsp")
    return reference.by(kernel, params, order=None, scratch=("uint32_t", scratch_bytes))


def _plain(reference: Layer, rows: Mapping[str, Int64s]) -> Layer:
    params = _shared(reference)
    for part, weights in rows.items():
        by_input = weights.reshape(-1, len(_GATES), weights.shape[1]).transpose(0, 2, 1)
        array = ConstArray(reference.name, f"{part}_weights", by_input.astype(np.int8).reshape(-1))
        params[f"{part}_weights"] = array
    return reference.by(replace(reference.kernel, family="plain"), params, order=None)


def macs(graph: Graph, op: Op) -> int:
    """Time and batch in either order: each pair of them is one step."""
    first, second, _ = input_shape(graph, op, 0, "input", (3,))
    return first * second * _weights(graph, op)


def step_macs(graph: Graph, op: Op) -> int:
    """Those of the operator LSTM, which computes one step; basic ones have all weights in one."""
    batch, _ = input_shape(graph, op, 0, "input", (2,))
    if len(op.inputs) == _BASIC_INPUTS:
        return batch * prod(input_shape(graph, op, 2, "weights", (2,)))
    return batch * _weights(graph, op)


def _weights(graph: Graph, op: Op) -> int:
    places = (place for place in (*_MATRICES, *_PEEPHOLES) if place < len(op.inputs))
    present = (op.inputs[place] for place in places)
    return sum(graph.tensors[index].elements for index in present if index != -1)


SPEC = OpSpec(
    structure=(
        all_operands,
        stated_hidden,
        o.int8_tensors(_INPUT),
        plain_lstm,
        o.no_empty_tensor,
        o.computed(_INPUT, "input"),
        operand_types,
        o.quantised(_INPUT, *_WEIGHTS, _HIDDEN, _CELL),
        shapes,
        symmetric,
        tanh_and_sigmoid,
    ),
    constraints=(scale_range,),
    lower=lower_each,
    macs=macs,
)
