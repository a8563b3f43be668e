"""Random operators on images: pools, changes of size, blocks."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options, same_or_valid
from support.fuzz.graphs import ACTIVATIONS, Activation, Emitter, Found, GraphMaker, Operands


def _pool(kind: str) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
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
    def emit(g: GraphMaker, x: Activation) -> Found:
        if len(x.shape) != 4:
            return None
        size = [int(v) for v in g.rng.integers(1, 12, 2)]
        align = g.chance(0.3)
        half = not align and g.chance(0.5)
        table = options(table_kind, alignCorners=align, halfPixelCenters=half)
        shape = [x.shape[0], *size, x.shape[3]]
        return g.put(kind, [x, g.int32(size)], shape, table, scale=x.scale, zero=x.zero)

    return emit


def space_to_depth(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    block = int(g.pick(2, 3))
    n, h, w, c = x.shape
    if h % block or w % block:
        return None
    size = [n, h // block, w // block, c * block * block]
    table = options("SpaceToDepth", blockSize=block)
    return g.put("SPACE_TO_DEPTH", [x], size, table, scale=x.scale, zero=x.zero)


def depth_to_space(g: GraphMaker, x: Activation) -> Found:
    if len(x.shape) != 4:
        return None
    block = int(g.pick(1, 2, 3))
    n, h, w, c = x.shape
    if c % (block * block):
        return None
    size = [n, h * block, w * block, c // (block * block)]
    table = options("DepthToSpace", blockSize=block)
    return g.put("DEPTH_TO_SPACE", [x], size, table, scale=x.scale, zero=x.zero)


def _batches(kind: str) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        if len(x.shape) < 3 or len(x.shape) > 4:
            return None
        dimensions = len(x.shape) - 2
        block = [int(n) for n in g.rng.integers(1, 4, dimensions)]
        size = list(x.shape)
        if kind == "SPACE_TO_BATCH_ND":
            margins = [[int(n) for n in g.rng.integers(0, 3, 2)] for _ in block]
            for axis, (step, pair) in enumerate(zip(block, margins, strict=True), start=1):
                pair[1] += -(size[axis] + sum(pair)) % step
                size[axis] = (size[axis] + sum(pair)) // step
                size[0] *= step
        else:
            count = int(np.prod(block))
            if size[0] % count:
                block, count = [1] * dimensions, 1
            margins = [[0, int(g.pick(0, 1))] for _ in block]
            size[0] //= count
            for axis, (step, pair) in enumerate(zip(block, margins, strict=True), start=1):
                size[axis] = size[axis] * step - sum(pair)
        table = options("SpaceToBatchND" if kind == "SPACE_TO_BATCH_ND" else "BatchToSpaceND")
        operands: Operands = [x, g.int32(block), g.int32(margins)]
        return g.put(kind, operands, size, table, scale=x.scale, zero=x.zero)

    return emit


IMAGES: dict[str, Emitter] = {
    "AVERAGE_POOL_2D": _pool("AVERAGE_POOL_2D"),
    "BATCH_TO_SPACE_ND": _batches("BATCH_TO_SPACE_ND"),
    "DEPTH_TO_SPACE": depth_to_space,
    "MAX_POOL_2D": _pool("MAX_POOL_2D"),
    "RESIZE_BILINEAR": _resize("RESIZE_BILINEAR", "ResizeBilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighbor"),
    "SPACE_TO_BATCH_ND": _batches("SPACE_TO_BATCH_ND"),
    "SPACE_TO_DEPTH": space_to_depth,
}
