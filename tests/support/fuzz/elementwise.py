"""Random operators on single elements, along rows, and reductions."""

from __future__ import annotations

from math import prod

import numpy as np

from support.cases.kernels import options
from support.fuzz.graphs import ACTIVATIONS, Activation, Emitter, Found, GraphMaker
from tinycompress.artifacts import ExactTo


def _binary(kind: str, table_kind: str) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        other = g.partner(lambda a: a.shape == x.shape) if g.chance(0.5) else None
        second: Activation | int | None = other
        if other is None:
            shape = tuple(n if g.chance(0.6) else 1 for n in x.shape[-4:])
            if len(x.shape) > 4:
                return None
            shape = shape[int(g.rng.integers(len(shape))) :]
            if g.chance(0.5):
                other = g.new_input(shape)
                second = other
            else:
                scale, zero = g.scale(), g.zero_point()
                data = g.rng.integers(-128, 128, shape).astype(np.int8)
                second = g.constant_int8(data, scale, zero)
                other = Activation(second, shape, scale, zero)
        assert second is not None
        size = np.broadcast_shapes(x.shape, other.shape)
        out = max(x.scale, other.scale) * g.log_uniform(0.3, 4)
        if kind == "MUL":
            out = x.scale * other.scale * 80 * g.log_uniform(0.2, 5)
        fused = {"fusedActivationFunction": g.pick(*ACTIVATIONS[:4])}
        if kind == "SQUARED_DIFFERENCE":
            fused, out = {}, max(x.scale, other.scale) ** 2 * g.log_uniform(0.01, 200)
        table = options(table_kind, **fused)
        pair = [x, second] if g.chance(0.5) else [second, x]
        return g.put(kind, pair, size, table, scale=out)

    return emit


def div(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    # The divisor is constant, as LiteRT fails on zero.
    shape = tuple(n if g.chance(0.6) else 1 for n in x.shape)
    scale, zero = g.scale(), g.zero_point()
    data = g.rng.integers(-128, 128, shape).astype(np.int8)
    data[data == zero] = zero + 1 if zero < 127 else 126
    divisor = g.constant_int8(data, scale, zero)
    table = options("Div", fusedActivationFunction=g.pick(*ACTIVATIONS[:4]))
    out = x.scale / scale / g.log_uniform(1e-3, 1e5)
    return g.put("DIV", [x, divisor], x.shape, table, scale=out)


def _extremum(kind: str) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        if len(x.shape) > 4:
            return None
        shape = tuple(n if g.chance(0.6) else 1 for n in x.shape)
        data = g.rng.integers(-128, 128, shape).astype(np.int8)
        second = g.constant_int8(data, x.scale, x.zero)
        table = options("MaximumMinimum")
        return g.put(kind, [x, second], x.shape, table, scale=x.scale, zero=x.zero)

    return emit


def _unary(kind: str, table_kind: str = "", scale: float = 0.0, zero: int = 0) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        table = options(table_kind) if table_kind else None
        if kind == "LEAKY_RELU" and table is not None:
            table.alpha = float(np.float32(g.rng.uniform(0.001, 1.2)))
        if kind == "GELU" and table is not None:
            table.approximate = g.chance(0.5)
        if scale:
            return g.put(kind, [x], x.shape, table, scale=scale, zero=zero)
        return g.put(kind, [x], x.shape, table, scale=x.scale * g.log_uniform(0.3, 3))

    return emit


def softmax(g: GraphMaker, x: Activation) -> Found:
    if x.shape[-1] > 400 or len(x.shape) > 4:
        return None
    table = options("Softmax", beta=g.pick(1.0, 1.0, 0.5, 2.0))
    return g.put("SOFTMAX", [x], x.shape, table, scale=1 / 256, zero=-128)


def _reduction(kind: str, *, keeps_scale: bool = False) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        rank = len(x.shape)
        if rank > 4:
            return None
        axes = [i for i in range(rank) if g.chance(0.5)] or [rank - 1]
        keep = g.chance(0.5)
        size = [1 if i in axes else n for i, n in enumerate(x.shape)]
        if not keep:
            size = [n for i, n in enumerate(x.shape) if i not in axes]
        if not size:
            return None
        table = options("Reducer", keepDims=keep)
        names = [a - rank if g.chance(0.3) else a for a in axes]
        scale = x.scale if keeps_scale else x.scale * g.log_uniform(0.2, 3)
        if kind == "SUM":
            scale *= prod(x.shape) / prod(size)
        zero = x.zero if keeps_scale else None
        return g.put(kind, [x, g.int32(names)], size, table, scale=scale, zero=zero)

    return emit


# --- only in one runtime, or with conditions on what they read ------------------------------------


def _only(exact_to: ExactTo, emit: Emitter) -> Emitter:
    return lambda g, x: emit(g, x) if g.exact_to == exact_to else None


def _root(kind: str) -> Emitter:
    """Its input has the zero point -128: TFLM ends the inference at what is below zero."""

    def emit(g: GraphMaker, x: Activation) -> Found:
        table = options("Quantize")
        above = g.put("QUANTIZE", [x], x.shape, table, scale=x.scale * 2, zero=-128)
        if above is None:
            return None
        wanted = above.scale**0.5 if kind == "SQRT" else above.scale**-0.5
        return g.put(kind, [above], x.shape, None, scale=wanted * g.log_uniform(0.05, 3))

    return emit


def exp(g: GraphMaker, x: Activation) -> Found:
    high = x.scale * (127 - x.zero)
    if high > 16:
        return None  # beyond int32
    return g.put("EXP", [x], x.shape, options("Exp"), scale=np.exp(high) / g.log_uniform(20, 400))


def prelu(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    shape = tuple(n if g.chance(0.6) else 1 for n in x.shape)
    shape = shape[int(g.rng.integers(len(shape))) :]
    slope = g.constant_int8(
        g.rng.integers(-128, 128, shape).astype(np.int8), g.scale(0.001, 0.05), g.zero_point()
    )
    return g.put("PRELU", [x, slope], x.shape, None, scale=x.scale * g.log_uniform(0.3, 3))


def log_softmax(g: GraphMaker, x: Activation) -> Found:
    if x.scale >= 32:
        return None
    table = options("LogSoftmax")
    return g.put("LOG_SOFTMAX", [x], x.shape, table, scale=1 / 16, zero=127)


def l2_normalization(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    return g.put("L2_NORMALIZATION", [x], x.shape, options("L2Norm"), scale=1 / 128, zero=0)


ELEMENTWISE: dict[str, Emitter] = {
    "ABS": _unary("ABS", "Abs"),
    "ADD": _binary("ADD", "Add"),
    "DIV": div,
    "ELU": _only("tflm", _unary("ELU")),
    "EXP": _only("litert", exp),
    "GELU": _only("litert", _unary("GELU", "Gelu")),
    "HARD_SWISH": _unary("HARD_SWISH", "HardSwish"),
    "L2_NORMALIZATION": l2_normalization,
    "LEAKY_RELU": _unary("LEAKY_RELU", "LeakyRelu"),
    "LOGISTIC": _unary("LOGISTIC", scale=1 / 256, zero=-128),
    "LOG_SOFTMAX": log_softmax,
    "MAXIMUM": _extremum("MAXIMUM"),
    "MEAN": _reduction("MEAN"),
    "MINIMUM": _extremum("MINIMUM"),
    "MUL": _binary("MUL", "Mul"),
    "NEG": _only("litert", _unary("NEG", "Neg")),
    "PRELU": prelu,
    "QUANTIZE": _unary("QUANTIZE", "Quantize"),
    "REDUCE_MAX": _reduction("REDUCE_MAX", keeps_scale=True),
    "REDUCE_MIN": _reduction("REDUCE_MIN", keeps_scale=True),
    "RELU": _unary("RELU"),
    "RELU6": _unary("RELU6"),
    "RELU_0_TO_1": _only("litert", _unary("RELU_0_TO_1")),
    "RELU_N1_TO_1": _only("litert", _unary("RELU_N1_TO_1")),
    "RSQRT": _root("RSQRT"),
    "SOFTMAX": softmax,
    "SQRT": _only("litert", _root("SQRT")),
    "SQUARED_DIFFERENCE": _binary("SQUARED_DIFFERENCE", "SquaredDifference"),
    "SUB": _binary("SUB", "Sub"),
    "SUM": _only("tflm", _reduction("SUM")),
    "TANH": _unary("TANH", scale=1 / 128, zero=0),
}
