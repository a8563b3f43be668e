"""Random operators with weights, and matrix products."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options, same_or_valid
from support.fuzz.graphs import ACTIVATIONS, Activation, Emitter, Found, GraphMaker, Operands


def _filter(
    g: GraphMaker, shape: list[int], axis: int, taps: int, x: Activation
) -> tuple[list[float], int, int, float]:
    """Scales, indices of weights and bias, and a plausible output scale."""
    count = shape[axis]
    first = g.scale(0.0005, 0.1)
    scales = [first] * count
    if g.chance(0.7):
        scales = [float(np.float32(first * g.log_uniform(0.3, 3.0))) for _ in range(count)]
    w = g.weights(shape, scales if g.chance(0.9) or count > 1 else scales[:1], axis,
                  extreme=g.chance(0.2))  # fmt: skip
    limit = int(g.pick(200, 5000, 2**24, 2**31 - 1))
    bias = g.bias(g.rng.integers(-limit, limit, count), [x.scale * s for s in scales])
    g.plant_dead_channels(w, bias, axis)
    return scales, w, bias, x.scale * first * 80 * taps**0.5 * g.log_uniform(0.1, 10)


def conv_2d(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    n, h, w, c = x.shape
    kh, kw = (int(v) for v in g.rng.integers(1, 5, 2)) if g.chance(0.7) else (1, 1)
    (sh, sw), (dh, dw) = g.rng.integers(1, 4, 2), g.pick((1, 1), (1, 1), (2, 1), (1, 3), (2, 2))
    padding = g.pick("SAME", "VALID")
    groups = g.pick(*(d for d in range(1, c + 1) if c % d == 0)) if g.chance(0.15) else 1
    out = groups * int(g.rng.integers(1, 9 if groups == 1 else 3))
    size = [n, same_or_valid(h, kh, sh, dh, padding), same_or_valid(w, kw, sw, dw, padding), out]
    if min(size) < 1:
        return None
    _, weights, bias, scale = _filter(g, [out, kh, kw, c // groups], 0, kh * kw * c // groups, x)
    table = options(
        "Conv2D", padding=padding, strideH=int(sh), strideW=int(sw), dilationHFactor=dh,
        dilationWFactor=dw, fusedActivationFunction=g.pick(*ACTIVATIONS),
    )  # fmt: skip
    return g.put("CONV_2D", [x, weights, bias], size, table, scale=scale)


def depthwise_conv_2d(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    n, h, w, c = x.shape
    kh, kw = (3, 3) if g.chance(0.4) else (int(v) for v in g.rng.integers(1, 6, 2))
    (sh, sw), (dh, dw) = g.rng.integers(1, 4, 2), g.pick((1, 1), (1, 1), (2, 2), (1, 2))
    padding = g.pick("SAME", "VALID")
    multiplier = int(g.pick(1, 1, 1, 2, 3))
    out = c * multiplier
    size = [n, same_or_valid(h, kh, sh, dh, padding), same_or_valid(w, kw, sw, dw, padding), out]
    if min(size) < 1:
        return None
    _, weights, bias, scale = _filter(g, [1, kh, kw, out], 3, kh * kw, x)
    table = options(
        "DepthwiseConv2D", padding=padding, strideH=int(sh), strideW=int(sw),
        dilationHFactor=dh, dilationWFactor=dw, depthMultiplier=multiplier,
        fusedActivationFunction=g.pick(*ACTIVATIONS),
    )  # fmt: skip
    return g.put("DEPTHWISE_CONV_2D", [x, weights, bias], size, table, scale=scale)


def transpose_conv(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    n, h, w, c = x.shape
    kh, kw = (int(v) for v in g.rng.integers(1, 5, 2))
    sh, sw = (int(v) for v in g.rng.integers(1, 4, 2))
    padding = g.pick("SAME", "VALID")
    size = [n, h * sh, w * sw, int(g.rng.integers(1, 6))]
    if padding == "VALID":
        size[1:3] = [(h - 1) * sh + kh, (w - 1) * sw + kw]
    _, weights, bias, scale = _filter(g, [size[3], kh, kw, c], 0, kh * kw * c, x)
    table = options("TransposeConv", padding=padding, strideH=sh, strideW=sw)
    inputs: Operands = [g.int32(size), weights, x, *([bias] if g.chance(0.7) else [])]
    return g.put("TRANSPOSE_CONV", inputs, size, table, scale=scale)


def fully_connected(g: GraphMaker, x: Activation) -> Found:
    depth = x.shape[-1]
    if depth < 2 and x.elements > 1:
        return None
    keep = g.chance(0.4)
    taken = depth if keep or len(x.shape) == 1 else int(g.pick(depth, x.elements))
    out = int(g.rng.integers(1, 12))
    scales, weights, bias, scale = _filter(g, [out, taken], 0, taken, x)
    if len(set(scales)) > 1 and g.exact_to == "litert":
        return None
    size = [*x.shape[:-1], out] if keep else [x.elements // taken, out]
    table = options(
        "FullyConnected", keepNumDims=keep, fusedActivationFunction=g.pick(*ACTIVATIONS)
    )
    operands: Operands = [x, weights, bias] if g.chance(0.7) else [x, weights, -1]
    return g.put("FULLY_CONNECTED", operands, size, table, scale=scale)


def batch_matmul(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) < 2:
        return None
    depth, out = x.shape[-1], int(g.rng.integers(1, 8))
    other = g.new_input([*x.shape[:-2], depth, out])
    scale = x.scale * other.scale * 80 * depth**0.5 * g.log_uniform(0.2, 5)
    table = options("BatchMatMul", adjX=False, adjY=False)
    return g.put("BATCH_MATMUL", [x, other], [*x.shape[:-1], out], table, scale=scale)


WEIGHTED: dict[str, Emitter] = {
    "BATCH_MATMUL": batch_matmul,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "TRANSPOSE_CONV": transpose_conv,
}
