"""16x8 operators in random graphs: int8 becomes int16, one operator works on it, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import options, same_or_valid
from support.fuzz.graphs import Activation, Emitter, GraphMaker

Wide = tuple[int, tuple[int, ...], float]
"""Index, shape and scale of an int16 tensor."""
Step = Callable[[GraphMaker, Wide], "Wide | None"]


def _tensor(g: GraphMaker, shape: tuple[int, ...], scale: float) -> Wide:
    scale = float(np.float32(scale))
    return g.builder.tensor(shape, "INT16", scales=[scale], zero_points=[0]), shape, scale


def _bias(g: GraphMaker, count: int, scale: float) -> int:
    values = g.rng.integers(-(2**20), 2**20, count)
    return g.builder.tensor([count], "INT64", data=values.astype("<i8"), scales=[scale])


def _conv_2d(g: GraphMaker, x: Wide) -> Wide | None:
    index, shape, scale = x
    if len(shape) != 4:
        return None
    n, h, w, c = shape
    (kh, kw), (sh, sw) = g.rng.integers(1, 4, 2), g.rng.integers(1, 3, 2)
    padding, out = g.pick("SAME", "VALID"), int(g.rng.integers(1, 6))
    size = (n, same_or_valid(h, kh, sh, 1, padding), same_or_valid(w, kw, sw, 1, padding), out)
    if min(size) < 1:
        return None
    weight = float(np.float32(g.scale(0.0005, 0.1)))
    weights = g.weights([out, int(kh), int(kw), c], [weight], 0, extreme=g.chance(0.2))
    y = _tensor(g, size, scale * weight * g.log_uniform(5, 500))
    table = options("Conv2D", padding=padding, strideH=int(sh), strideW=int(sw),
                    quantizedBiasType=schema.TensorType.INT64)  # fmt: skip
    bias = _bias(g, out, scale * weight)
    g.builder.op("CONV_2D", [index, weights, bias], [y[0]], table)
    return y


def _fully_connected(g: GraphMaker, x: Wide) -> Wide | None:
    index, shape, scale = x
    if len(shape) != 2 or g.exact_to == "litert":
        return None  # whether LiteRT's rounding can be had depends on the scales
    out, weight = int(g.rng.integers(1, 8)), float(np.float32(g.scale(0.0005, 0.1)))
    weights = g.weights([out, shape[1]], [weight], 0)
    y = _tensor(g, (shape[0], out), scale * weight * g.log_uniform(5, 500))
    bias = _bias(g, out, scale * weight)
    g.builder.op("FULLY_CONNECTED", [index, weights, bias], [y[0]], options("FullyConnected"))
    return y


def _two(kind: str, table: str) -> Step:
    def step(g: GraphMaker, x: Wide) -> Wide:
        index, shape, scale = x
        out = scale * g.log_uniform(0.3, 4) * (scale * 2**14 if kind == "MUL" else 1)
        y = _tensor(g, shape, out)
        fields = {} if kind == "MUL" else {"potScaleInt16": False}
        g.builder.op(kind, [index, index], [y[0]], options(table, **fields))
        return y

    return step


def _curve(kind: str) -> Step:
    def step(g: GraphMaker, x: Wide) -> Wide | None:
        if x[2] > 2.5:
            return None
        y = _tensor(g, x[1], 2.0**-15)
        table = options("Softmax", beta=1.0) if kind == "SOFTMAX" else None
        g.builder.op(kind, [x[0]], [y[0]], table)
        return y

    return step


def _leaky_relu(g: GraphMaker, x: Wide) -> Wide:
    y = _tensor(g, x[1], x[2] * g.log_uniform(0.3, 4))
    table = options("LeakyRelu", alpha=float(g.pick(0.1, 0.25, -0.5, 1.5)))
    g.builder.op("LEAKY_RELU", [x[0]], [y[0]], table)
    return y


_STEPS: Mapping[str, Step] = {
    "ADD": _two("ADD", "Add"),
    "CONV_2D": _conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _curve("LOGISTIC"),
    "MUL": _two("MUL", "Mul"),
    "SOFTMAX": _curve("SOFTMAX"),
    "SUB": _two("SUB", "Sub"),
    "TANH": _curve("TANH"),
}


def _emitter(step: Step) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Activation | None:
        up = _tensor(g, x.shape, x.scale / g.log_uniform(50, 400))
        y = step(g, up)
        if y is None:
            return None
        g.builder.op("QUANTIZE", [x.index], [up[0]], None)
        # Operators run in the order in which they stand in the file.
        ops = g.builder.graph.operators
        ops[-2:] = [ops[-1], ops[-2]]
        g.use(x)
        return g.put("QUANTIZE", [y[0]], y[1], None, scale=y[2] * g.log_uniform(30, 300))

    return emit


PREFIX = "INT16 "
WIDE_EMITTERS: dict[str, Emitter] = {PREFIX + kind: _emitter(step) for kind, step in _STEPS.items()}
