"""Layers whose weights pruning or clustering left few values: worth an encoding in flash."""

from __future__ import annotations

from math import prod

import numpy as np

from support.cases.kernels import Array, options
from support.fuzz.graphs import (
    ACTIVATIONS,
    OF_FEW_VALUES,
    Activation,
    Emitter,
    Found,
    GraphMaker,
)

_MANY = (2048, 4096)
"""Weights of a layer, at least: an encoding has to save more than its decoder's code."""


def few_values(g: GraphMaker, shape: list[int]) -> Array:
    """Weights of 1 to 31 values beside 0, or around 0 as training leaves them, some of them 0."""
    if g.chance(0.2):
        data = g.rng.normal(0, g.log_uniform(1, 20), shape).round().clip(-127, 127)
    else:
        lowest = -128 if g.chance(0.1) else -127
        data = g.rng.choice(g.rng.integers(lowest, 128, int(2 ** g.rng.uniform(0, 5))), shape)
    data[g.rng.random(shape) < g.pick(0.0, 0.3, 0.5, 0.8, 0.9, 0.95)] = 0
    if g.chance(0.1):
        data[: int(g.rng.integers(1, shape[0]))] = 0
    weights: Array = data.astype(np.int8)
    return weights


def _parameters(g: GraphMaker, shape: list[int], x: Activation) -> tuple[int, int, float]:
    """Indices of weights and bias, and an output scale that most sums fit."""
    count, taps = shape[0], prod(shape[1:])
    first = g.scale(0.001, 0.05)
    scales = [first] * count
    if g.exact_to == "tflm" and g.chance(0.5):
        scales = [float(np.float32(first * g.log_uniform(0.5, 2.0))) for _ in range(count)]
    weights = g.builder.tensor(
        shape, data=few_values(g, shape), scales=scales, zero_points=[0] * count, axis=0
    )
    bias = g.bias(g.rng.integers(-3000, 3000, count), [x.scale * s for s in scales])
    return weights, bias, x.scale * first * 80 * taps**0.5 * g.log_uniform(0.3, 3)


def conv_2d(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    n, h, w, c = x.shape
    size, stride = int(g.pick(1, 3, 5)), int(g.pick(1, 2, 3))
    out = 8 * -(-int(g.pick(*_MANY)) // (8 * size * size * c)) - int(g.pick(0, 0, 1))
    if not g.fits([n, -(-h // stride), -(-w // stride), out]):
        return None
    weights, bias, scale = _parameters(g, [out, size, size, c], x)
    table = options(
        "Conv2D", padding="SAME", strideH=stride, strideW=stride,
        fusedActivationFunction=g.pick("RELU", *ACTIVATIONS),
    )  # fmt: skip
    shape = [n, -(-h // stride), -(-w // stride), out]
    zero = -128 if g.chance(0.5) else None
    return g.put("CONV_2D", [x, weights, bias], shape, table, scale=scale, zero=zero)


def fully_connected(g: GraphMaker, x: Activation) -> Found:
    if x.shape[0] != 1 or x.elements < 8:
        return None
    out = -(-int(g.pick(*_MANY)) // x.elements) + int(g.pick(0, 1, 2))
    weights, bias, scale = _parameters(g, [out, x.elements], x)
    table = options("FullyConnected", fusedActivationFunction=g.pick("RELU", *ACTIVATIONS))
    zero = -128 if g.chance(0.5) else None
    return g.put("FULLY_CONNECTED", [x, weights, bias], [1, out], table, scale=scale, zero=zero)


FEW_VALUES: dict[str, Emitter] = {
    f"CONV_2D {OF_FEW_VALUES}": conv_2d,
    f"FULLY_CONNECTED {OF_FEW_VALUES}": fully_connected,
}
