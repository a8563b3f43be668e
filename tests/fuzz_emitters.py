"""How each operator gets into a random graph: odd shapes, every option, scales of all sizes."""

from __future__ import annotations

from math import prod

import numpy as np
from fuzz_graphs import Activation, Emitter, GraphMaker
from kernel_cases import options, same_or_valid

Maker = GraphMaker
Found = Activation | None
Operands = list[Activation | int]

ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")


# --- weights --------------------------------------------------------------------------------------


def _filter(
    g: Maker, shape: list[int], axis: int, taps: int, x: Activation
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
    return scales, w, bias, x.scale * first * 80 * taps**0.5 * g.log_uniform(0.1, 10)


def conv_2d(g: Maker, x: Activation) -> Found:
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


def depthwise_conv_2d(g: Maker, x: Activation) -> Found:
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


def transpose_conv(g: Maker, x: Activation) -> Found:
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


def fully_connected(g: Maker, x: Activation) -> Found:
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


def batch_matmul(g: Maker, x: Activation) -> Found:
    if len(x.shape) < 2:
        return None
    depth, out = x.shape[-1], int(g.rng.integers(1, 8))
    other = g.new_input([*x.shape[:-2], depth, out])
    scale = x.scale * other.scale * 80 * depth**0.5 * g.log_uniform(0.2, 5)
    table = options("BatchMatMul", adjX=False, adjY=False)
    return g.put("BATCH_MATMUL", [x, other], [*x.shape[:-1], out], table, scale=scale)


# --- windows --------------------------------------------------------------------------------------


def _pool(kind: str) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
        if len(x.shape) != 4:
            return None
        n, h, w, c = x.shape
        kh, kw = (int(v) for v in g.rng.integers(1, 5, 2))
        sh, sw = (int(v) for v in g.rng.integers(1, 4, 2))
        padding = g.pick("SAME", "VALID")
        size = [n, same_or_valid(h, kh, sh, 1, padding), same_or_valid(w, kw, sw, 1, padding), c]
        table = options(
            "Pool2D", padding=padding, strideH=sh, strideW=sw, filterHeight=kh, filterWidth=kw,
            fusedActivationFunction=g.pick(*ACTIVATIONS),
        )  # fmt: skip
        if min(size) < 1:
            return None
        return g.put(kind, [x], size, table, scale=x.scale, zero=x.zero)

    return emit


def _resize(kind: str, table_kind: str) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
        if len(x.shape) != 4:
            return None
        size = [int(v) for v in g.rng.integers(1, 12, 2)]
        align = g.chance(0.3)
        half = not align and g.chance(0.5)
        table = options(table_kind, alignCorners=align, halfPixelCenters=half)
        shape = [x.shape[0], *size, x.shape[3]]
        return g.put(kind, [x, g.int32(size)], shape, table, scale=x.scale, zero=x.zero)

    return emit


# --- elementwise ----------------------------------------------------------------------------------


def _binary(kind: str, table_kind: str) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
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
        activation = g.pick(*ACTIVATIONS[:4])
        table = options(table_kind, fusedActivationFunction=activation)
        pair = [x, second] if g.chance(0.5) else [second, x]
        return g.put(kind, pair, size, table, scale=out)

    return emit


def div(g: Maker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    # The divisor is constant, as LiteRT fails on zero.
    shape = tuple(n if g.chance(0.6) else 1 for n in x.shape)
    scale, zero = g.scale(), g.zero_point()
    data = g.rng.integers(-128, 128, shape).astype(np.int8)
    data[data == zero] = zero + 1 if zero < 127 else 126
    divisor = g.constant_int8(data, scale, zero)
    table = options("Div", fusedActivationFunction=g.pick(*ACTIVATIONS[:4]))
    out = x.scale / scale / g.log_uniform(65, 1e4)
    return g.put("DIV", [x, divisor], x.shape, table, scale=out)


def _extremum(kind: str) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
        if len(x.shape) > 4:
            return None
        shape = tuple(n if g.chance(0.6) else 1 for n in x.shape)
        data = g.rng.integers(-128, 128, shape).astype(np.int8)
        second = g.constant_int8(data, x.scale, x.zero)
        table = options("MaximumMinimum")
        return g.put(kind, [x, second], x.shape, table, scale=x.scale, zero=x.zero)

    return emit


def _unary(kind: str, table_kind: str = "", scale: float = 0.0, zero: int = 0) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
        table = options(table_kind) if table_kind else None
        if kind == "LEAKY_RELU" and table is not None:
            table.alpha = float(np.float32(g.rng.uniform(0.001, 1.2)))
        if scale:
            return g.put(kind, [x], x.shape, table, scale=scale, zero=zero)
        return g.put(kind, [x], x.shape, table, scale=x.scale * g.log_uniform(0.3, 3))

    return emit


def softmax(g: Maker, x: Activation) -> Found:
    if x.shape[-1] > 400 or len(x.shape) > 4:
        return None
    table = options("Softmax", beta=g.pick(1.0, 1.0, 0.5, 2.0))
    return g.put("SOFTMAX", [x], x.shape, table, scale=1 / 256, zero=-128)


# --- reductions -----------------------------------------------------------------------------------


def _reduction(kind: str, *, keeps_scale: bool = False) -> Emitter:
    def emit(g: Maker, x: Activation) -> Found:
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


# --- data movement --------------------------------------------------------------------------------


def reshape(g: Maker, x: Activation) -> Found:
    rest, size = x.elements, []
    for _ in range(int(g.rng.integers(1, 5)) - 1):
        factor = g.pick(*(d for d in range(1, min(rest, 16) + 1) if rest % d == 0))
        size.append(factor)
        rest //= factor
    size.append(rest)
    order = [int(i) for i in g.rng.permutation(len(size))]
    size = [size[i] for i in order]
    table = options("Reshape", newShape=size)
    return g.put("RESHAPE", [x, g.int32(size)], size, table, scale=x.scale, zero=x.zero)


def pad(g: Maker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    pairs = [[int(v) for v in g.rng.integers(0, 4, 2)] if g.chance(0.5) else [0, 0]
             for _ in x.shape]  # fmt: skip
    size = [n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)]
    return g.put("PAD", [x, g.int32(pairs)], size, options("Pad"), scale=x.scale, zero=x.zero)


def mirror_pad(g: Maker, x: Activation) -> Found:
    reflect = g.chance(0.5)
    limits = [n - 1 if reflect else n for n in x.shape]
    pairs = [[int(v) for v in g.rng.integers(0, min(limit, 3) + 1, 2)] if g.chance(0.5) else [0, 0]
             for limit in limits]  # fmt: skip
    size = [n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)]
    table = options("MirrorPad", mode=0 if reflect else 1)
    return g.put("MIRROR_PAD", [x, g.int32(pairs)], size, table, scale=x.scale, zero=x.zero)


def concatenation(g: Maker, x: Activation) -> Found:
    axis = int(g.rng.integers(len(x.shape)))

    def fits(a: Activation) -> bool:
        same = len(a.shape) == len(x.shape) and (a.scale, a.zero) == (x.scale, x.zero)
        return (
            same and a.shape[:axis] == x.shape[:axis] and a.shape[axis + 1 :] == x.shape[axis + 1 :]
        )

    parts = [x, *(g.partner(fits) or x for _ in range(int(g.rng.integers(0, 3))))]
    size = list(x.shape)
    size[axis] = sum(part.shape[axis] for part in parts)
    name = axis - len(size) if g.chance(0.3) else axis
    table = options("Concatenation", axis=name)
    return g.put("CONCATENATION", parts, size, table, scale=x.scale, zero=x.zero)


def strided_slice(g: Maker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    begins, ends, strides = [], [], []
    for n in x.shape:
        step = int(g.pick(1, 1, 2, 3, -1))
        low, high = sorted(int(v) for v in g.rng.integers(0, n + 1, 2))
        low, high = (0, n) if low == high else (low, high)
        begins.append(low if step > 0 else high - 1)
        ends.append(high if step > 0 else (low - 1 if low else -n - 1))
        strides.append(step)
    cuts = tuple(slice(b, e, s) for b, e, s in zip(begins, ends, strides, strict=True))
    size = np.empty(x.shape, np.int8)[cuts].shape
    table = options("StridedSlice")
    inputs: Operands = [x, g.int32(begins), g.int32(ends), g.int32(strides)]
    return g.put("STRIDED_SLICE", inputs, size, table, scale=x.scale, zero=x.zero)


def slice_(g: Maker, x: Activation) -> Found:
    if len(x.shape) > 5:
        return None
    begins = [int(g.rng.integers(0, n)) for n in x.shape]
    size = [int(g.rng.integers(1, n - b + 1)) for n, b in zip(x.shape, begins, strict=True)]
    inputs: Operands = [x, g.int32(begins), g.int32(size)]
    return g.put("SLICE", inputs, size, options("Slice"), scale=x.scale, zero=x.zero)


def transpose(g: Maker, x: Activation) -> Found:
    if not 1 < len(x.shape) <= 5:
        return None
    order = [int(i) for i in g.rng.permutation(len(x.shape))]
    size = [x.shape[i] for i in order]
    table = options("Transpose")
    return g.put("TRANSPOSE", [x, g.int32(order)], size, table, scale=x.scale, zero=x.zero)


def split(g: Maker, x: Activation) -> Found:
    axis = int(g.rng.integers(len(x.shape)))
    count = int(g.pick(*(d for d in range(1, 6) if x.shape[axis] % d == 0)))
    size = list(x.shape)
    size[axis] //= count
    table = options("Split", numSplits=count)
    first = g.put("SPLIT", [g.int32([axis]), x], size, table, scale=x.scale, zero=x.zero)
    if first is None:
        return None
    outputs = [first.index]
    for _ in range(count - 1):
        extra = Activation(g.activation(size, x.scale, x.zero), tuple(size), x.scale, x.zero)
        outputs.append(extra.index)
        g.also(extra)
    g.builder.graph.operators[-1].outputs = outputs
    return first


def space_to_depth(g: Maker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    block = int(g.pick(2, 3))
    n, h, w, c = x.shape
    if h % block or w % block:
        return None
    size = [n, h // block, w // block, c * block * block]
    table = options("SpaceToDepth", blockSize=block)
    return g.put("SPACE_TO_DEPTH", [x], size, table, scale=x.scale, zero=x.zero)


def depth_to_space(g: Maker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    block = int(g.pick(1, 2, 3))
    n, h, w, c = x.shape
    if c % (block * block):
        return None
    size = [n, h * block, w * block, c // (block * block)]
    table = options("DepthToSpace", blockSize=block)
    return g.put("DEPTH_TO_SPACE", [x], size, table, scale=x.scale, zero=x.zero)


EMITTERS: dict[str, Emitter] = {
    "ABS": _unary("ABS", "Abs"),
    "ADD": _binary("ADD", "Add"),
    "AVERAGE_POOL_2D": _pool("AVERAGE_POOL_2D"),
    "BATCH_MATMUL": batch_matmul,
    "CONCATENATION": concatenation,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEPTH_TO_SPACE": depth_to_space,
    "DIV": div,
    "ELU": _unary("ELU"),
    "FULLY_CONNECTED": fully_connected,
    "HARD_SWISH": _unary("HARD_SWISH", "HardSwish"),
    "LEAKY_RELU": _unary("LEAKY_RELU", "LeakyRelu"),
    "LOGISTIC": _unary("LOGISTIC", scale=1 / 256, zero=-128),
    "MAXIMUM": _extremum("MAXIMUM"),
    "MAX_POOL_2D": _pool("MAX_POOL_2D"),
    "MEAN": _reduction("MEAN"),
    "MINIMUM": _extremum("MINIMUM"),
    "MIRROR_PAD": mirror_pad,
    "MUL": _binary("MUL", "Mul"),
    "PAD": pad,
    "QUANTIZE": _unary("QUANTIZE", "Quantize"),
    "REDUCE_MAX": _reduction("REDUCE_MAX", keeps_scale=True),
    "REDUCE_MIN": _reduction("REDUCE_MIN", keeps_scale=True),
    "RELU": _unary("RELU"),
    "RELU6": _unary("RELU6"),
    "RESHAPE": reshape,
    "RESIZE_BILINEAR": _resize("RESIZE_BILINEAR", "ResizeBilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighbor"),
    "SLICE": slice_,
    "SOFTMAX": softmax,
    "SPACE_TO_DEPTH": space_to_depth,
    "SPLIT": split,
    "STRIDED_SLICE": strided_slice,
    "SUB": _binary("SUB", "Sub"),
    "SUM": _reduction("SUM"),
    "TANH": _unary("TANH", scale=1 / 128, zero=0),
    "TRANSPOSE": transpose,
    "TRANSPOSE_CONV": transpose_conv,
}
