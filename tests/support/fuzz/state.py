"""Random operators that keep state between invocations: SVDF, LSTM, resource variables."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options
from support.fuzz.graphs import Activation, Emitter, Found, GraphMaker, Operands


def svdf(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 2:
        x = g.new_input(g.shape(2, 12))
    batches, inputs = x.shape
    units, rank, memory = (int(v) for v in (*g.rng.integers(1, 6, 2), g.rng.integers(1, 10)))
    wide = g.exact_to == "litert" or g.chance(0.5)
    dtype, limit = ("INT16", 2**15) if wide else ("INT8", 2**7)
    feature_scale = float(np.float32(g.scale(0.004, 0.05)))
    state_scale = x.scale * feature_scale * 60 * inputs**0.5 / (200 if wide else 1)
    state_scale = float(np.float32(state_scale * g.log_uniform(0.2, 5)))
    time_scale = float(np.float32(g.log_uniform(5e-6, 5e-5) * 2**15 / limit))
    feature = g.weights([units * rank, inputs], [feature_scale], extreme=g.chance(0.2))
    times = g.rng.integers(-limit + 1, limit, (units * rank, memory))
    time = g.builder.tensor(
        times.shape, dtype, data=times.astype("<i2" if wide else np.int8), scales=[time_scale]
    )
    reach = int(g.pick(10, 900, 2**20))
    bias = g.bias(g.rng.integers(-reach, reach, units), [state_scale * time_scale])
    state = g.builder.tensor(
        [batches, units * rank * memory], dtype, scales=[state_scale],
        zero_points=[0 if wide else g.pick(0, -50, 100)],
    )  # fmt: skip
    g.builder.graph.tensors[state].isVariable = True
    activation = "RELU" if g.exact_to == "litert" or g.chance(0.5) else "NONE"
    table = options("SVDF", rank=rank, fusedActivationFunction=activation)
    scale = state_scale * time_scale * limit * (limit / 3) * g.log_uniform(0.01, 0.3)
    operands: Operands = [x, feature, time, bias, state]
    return g.put("SVDF", operands, [batches, units], table, scale=scale)


def lstm(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 3:
        x = g.new_input(g.shape(3, 6))
    time_major = g.chance(0.3)
    batches, inputs = x.shape[1 if time_major else 0], x.shape[2]
    units = int(g.rng.integers(1, 9))
    scale, zero = float(np.float32(g.log_uniform(0.003, 0.02))), g.zero_point()

    def weights(depth: int) -> list[int]:
        return [
            g.weights([units, depth], [float(np.float32(g.scale(0.002, 0.3)))],
                      extreme=g.chance(0.2))
            for _ in range(4)
        ]  # fmt: skip

    into, back = weights(inputs), weights(units)
    biases = [g.bias(g.rng.integers(-999, 999, units), [0.001]) for _ in range(4)]
    hidden = g.builder.tensor([batches, units], scales=[scale], zero_points=[zero])
    cell_scale = 2.0 ** int(g.rng.integers(-15, -8))
    cell = g.builder.tensor([batches, units], "INT16", scales=[cell_scale], zero_points=[0])
    for state in (hidden, cell):
        g.builder.graph.tensors[state].isVariable = True
    table = options(
        "UnidirectionalSequenceLSTM", timeMajor=time_major, cellClip=g.pick(0.0, 0.5, 10.0, 1000.0),
        fusedActivationFunction="TANH",
    )  # fmt: skip
    none = [-1]
    operands: Operands = [x, *into, *back, *none * 3, *biases, *none * 2, hidden, cell, *none * 4]
    shape = [*x.shape[:2], units]
    y = g.put("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, shape, table, scale=scale, zero=zero)
    # LiteRT reads the hidden state's quantisation from the last of what the converter states.
    stated = g.builder.tensor([0], scales=[scale], zero_points=[zero])
    gates = [g.builder.tensor([0], "FLOAT32") for _ in range(4)]
    g.builder.graph.operators[-1].intermediates = [*gates, stated]
    return y


def variable(g: GraphMaker, x: Activation) -> Found:
    """A delay, a sum, a value that is read behind its assignment, or several reads."""
    handle = g.variable(x.shape, x.scale, x.zero)
    order = g.pick("delay", "sum", "behind", "twice")
    if order == "delay":
        before = g.read(handle, x)
        g.assign(handle, x)
        return before
    if order == "behind":
        g.assign(handle, x)
        return g.read(handle, x)
    held = g.read(handle, x)
    y = g.put("ADD", [held, x], x.shape, options("Add"), scale=x.scale * g.log_uniform(0.7, 2))
    if y is None:
        return None
    g.assign(handle, y)
    if order == "sum":
        return y
    # The same bytes with the quantisation of what was assigned.
    again = g.read(handle, y)
    return g.put("ADD", [again, held], x.shape, options("Add"), scale=x.scale * 2)


def ring(g: GraphMaker, x: Activation) -> Found:
    """What streaming models do: keep the last rows, append new ones, compute on all."""
    if len(x.shape) < 2:
        return None
    axis = int(g.rng.integers(1, len(x.shape)))
    kept = list(x.shape)
    kept[axis] = int(g.rng.integers(1, 5))
    whole = [*x.shape[:axis], kept[axis] + x.shape[axis], *x.shape[axis + 1 :]]
    if not g.fits(whole):
        return None
    handle = g.variable(kept, x.scale, x.zero)
    old = g.read(handle, Activation(-1, tuple(kept), x.scale, x.zero))
    table = options("Concatenation", axis=axis)
    y = g.put("CONCATENATION", [old, x], whole, table, scale=x.scale, zero=x.zero)
    assert y is not None
    begins = [0] * len(whole)
    begins[axis] = whole[axis] - kept[axis]
    operands: Operands
    if g.chance(0.5):
        operands = [y, g.int32(begins), g.int32(kept)]
        last = g.put("SLICE", operands, kept, options("Slice"), scale=x.scale, zero=x.zero)
    else:
        operands = [y, g.int32(begins), g.int32(whole), g.int32([1] * len(whole))]
        table = options("StridedSlice")
        last = g.put("STRIDED_SLICE", operands, kept, table, scale=x.scale, zero=x.zero)
    assert last is not None
    g.assign(handle, last)
    return y


STATE: dict[str, Emitter] = {
    "READ_VARIABLE + ASSIGN_VARIABLE + CALL_ONCE + VAR_HANDLE": variable,
    "READ_VARIABLE + CONCATENATION + ASSIGN_VARIABLE": ring,
    "SVDF": svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
}
