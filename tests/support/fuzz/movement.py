"""Random operators that move elements."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options
from support.fuzz.graphs import Activation, Emitter, Found, GraphMaker, Operands


def reshape(g: GraphMaker, x: Activation) -> Found:
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


def pad(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    pairs = [[int(v) for v in g.rng.integers(0, 4, 2)] if g.chance(0.5) else [0, 0]
             for _ in x.shape]  # fmt: skip
    size = [n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)]
    return g.put("PAD", [x, g.int32(pairs)], size, options("Pad"), scale=x.scale, zero=x.zero)


def mirror_pad(g: GraphMaker, x: Activation) -> Found:
    reflect = g.chance(0.5)
    limits = [n - 1 if reflect else n for n in x.shape]
    pairs = [[int(v) for v in g.rng.integers(0, min(limit, 3) + 1, 2)] if g.chance(0.5) else [0, 0]
             for limit in limits]  # fmt: skip
    size = [n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)]
    table = options("MirrorPad", mode=0 if reflect else 1)
    return g.put("MIRROR_PAD", [x, g.int32(pairs)], size, table, scale=x.scale, zero=x.zero)


def concatenation(g: GraphMaker, x: Activation) -> Found:
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


def strided_slice(g: GraphMaker, x: Activation) -> Found:
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


def slice_(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 5:
        return None
    begins = [int(g.rng.integers(0, n)) for n in x.shape]
    size = [int(g.rng.integers(1, n - b + 1)) for n, b in zip(x.shape, begins, strict=True)]
    inputs: Operands = [x, g.int32(begins), g.int32(size)]
    return g.put("SLICE", inputs, size, options("Slice"), scale=x.scale, zero=x.zero)


def transpose(g: GraphMaker, x: Activation) -> Found:
    if not 1 < len(x.shape) <= 5:
        return None
    order = [int(i) for i in g.rng.permutation(len(x.shape))]
    size = [x.shape[i] for i in order]
    table = options("Transpose")
    return g.put("TRANSPOSE", [x, g.int32(order)], size, table, scale=x.scale, zero=x.zero)


def split(g: GraphMaker, x: Activation) -> Found:
    axis = int(g.rng.integers(len(x.shape)))
    count = int(g.pick(*(d for d in range(1, 6) if x.shape[axis] % d == 0)))
    size = list(x.shape)
    size[axis] //= count
    table = options("Split", numSplits=count)
    return g.parts("SPLIT", [g.int32([axis]), x], [size] * count, table, x)


def split_v(g: GraphMaker, x: Activation) -> Found:
    axis = int(g.rng.integers(len(x.shape)))
    size = x.shape[axis]
    cuts = sorted({int(n) for n in g.rng.integers(1, size, 2)}) if size > 1 else []
    sizes = [high - low for low, high in zip([0, *cuts], [*cuts, size], strict=True)]
    shapes = [[*x.shape[:axis], n, *x.shape[axis + 1 :]] for n in sizes]
    scalar = g.builder.tensor([], "INT32", data=np.array(axis, "<i4"))
    table = options("SplitV", numSplits=len(sizes))
    return g.parts("SPLIT_V", [x, g.int32(sizes), scalar], shapes, table, x)


def pack(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    axis, count = int(g.rng.integers(len(x.shape) + 1)), int(g.rng.integers(1, 4))

    def fits(a: Activation) -> bool:
        return (a.shape, a.scale, a.zero) == (x.shape, x.scale, x.zero)

    operands: Operands = [x, *(g.partner(fits) or x for _ in range(count - 1))]
    size = [*x.shape[:axis], count, *x.shape[axis:]]
    table = options("Pack", axis=axis, valuesCount=count)
    return g.put("PACK", operands, size, table, scale=x.scale, zero=x.zero)


def unpack(g: GraphMaker, x: Activation) -> Found:
    axis = int(g.rng.integers(len(x.shape)))
    count, rest = x.shape[axis], [*x.shape[:axis], *x.shape[axis + 1 :]]
    if count > 6 or not rest:
        return None
    name = axis - len(x.shape) if g.chance(0.3) else axis
    table = options("Unpack", axis=name, num=count)
    return g.parts("UNPACK", [x], [rest] * count, table, x)


def pad_v2(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    pairs = [[int(v) for v in g.rng.integers(0, 4, 2)] if g.chance(0.5) else [0, 0]
             for _ in x.shape]  # fmt: skip
    size = [n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)]
    value = g.constant_int8(g.rng.integers(-128, 128, 1).astype(np.int8), x.scale, x.zero)
    operands: Operands = [x, g.int32(pairs), value]
    return g.put("PADV2", operands, size, options("PadV2"), scale=x.scale, zero=x.zero)


def reverse(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    table = options("ReverseV2")
    axes = g.int32([int(g.rng.integers(len(x.shape)))])
    return g.put("REVERSE_V2", [x, axes], x.shape, table, scale=x.scale, zero=x.zero)


def tile(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4 or g.exact_to == "tflm":
        return None
    counts = [int(n) for n in g.rng.integers(1, 4, len(x.shape))]
    size = [n * count for n, count in zip(x.shape, counts, strict=True)]
    operands: Operands = [x, g.int32(counts)]
    return g.put("TILE", operands, size, options("Tile"), scale=x.scale, zero=x.zero)


def broadcast_to(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4 or g.exact_to == "litert":
        return None
    size = [int(g.rng.integers(1, 6)) if n == 1 else n for n in x.shape]
    if len(size) < 4 and g.chance(0.4):
        size = [int(g.rng.integers(1, 4)), *size]
    return g.put("BROADCAST_TO", [x, g.int32(size)], size, None, scale=x.scale, zero=x.zero)


def gather(g: GraphMaker, x: Activation) -> Found:
    at = int(g.rng.integers(len(x.shape)))
    shape = g.shape(int(g.pick(1, 1, 2)), 6)
    where = g.int32(g.rng.integers(0, x.shape[at], shape))
    size = [*x.shape[:at], *shape, *x.shape[at + 1 :]]
    table = options("Gather", axis=at - len(x.shape) if g.chance(0.3) else at)
    return g.put("GATHER", [x, where], size, table, scale=x.scale, zero=x.zero)


def expand_dims(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) > 4:
        return None
    at = int(g.rng.integers(len(x.shape) + 1))
    size = [*x.shape[:at], 1, *x.shape[at:]]
    operands: Operands = [x, g.int32([at])]
    table = options("ExpandDims")
    return g.put("EXPAND_DIMS", operands, size, table, scale=x.scale, zero=x.zero)


def squeeze(g: GraphMaker, x: Activation) -> Found:
    ones = [axis for axis, n in enumerate(x.shape) if n == 1]
    if not ones or len(x.shape) == 1:
        return None
    axis = int(g.pick(*ones))
    size = [*x.shape[:axis], *x.shape[axis + 1 :]]
    table = options("Squeeze", squeezeDims=[axis])
    return g.put("SQUEEZE", [x], size, table, scale=x.scale, zero=x.zero)


MOVEMENT: dict[str, Emitter] = {
    "BROADCAST_TO": broadcast_to,
    "CONCATENATION": concatenation,
    "EXPAND_DIMS": expand_dims,
    "GATHER": gather,
    "MIRROR_PAD": mirror_pad,
    "PACK": pack,
    "PAD": pad,
    "PADV2": pad_v2,
    "RESHAPE": reshape,
    "REVERSE_V2": reverse,
    "SLICE": slice_,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "STRIDED_SLICE": strided_slice,
    "TILE": tile,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
