"""Cases of operators that take elements at positions which the host computes, and of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import KernelCases, options


def _mirror_pad(cases: KernelCases) -> None:
    for mode in ("REFLECT", "SYMMETRIC"):
        table = options("MirrorPad", mode=getattr(schema.MirrorPadMode, mode))
        for shape, pads in (
            ((1, 4, 5, 3), ((0, 0), (1, 2), (3, 1), (0, 0))), ((5,), ((4, 4),)),
            ((2, 3), ((1, 0), (0, 2))), ((2, 3, 4), ((1, 1), (2, 2), (3, 3))),
            ((1, 4, 5, 3), ((0, 0), (0, 0), (0, 0), (2, 1))),
        ):  # fmt: skip
            out = [n + sum(pair) for n, pair in zip(shape, pads, strict=True)]
            x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
            cases.op(f"{mode} {shape} {pads}", "MIRROR_PAD", [x, cases.int32(pads)], y, table)


def _gather(cases: KernelCases) -> None:
    for shape, indices, axis in (
        ((1, 4, 5, 3), [2, 0, 2], 3), ((1, 4, 5, 3), [3, 3, 1, 0, 2], 1), ((6,), [5], 0),
        ((4, 3), [[1, 2], [3, 0]], 0), ((4, 3), [2], -1),
    ):  # fmt: skip
        at = axis % len(shape)
        out = [*shape[:at], *np.shape(indices), *shape[at + 1 :]]
        x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
        operands = [x, cases.int32(indices)]
        table = options("Gather", axis=axis)
        cases.op(f"GATHER {shape} {indices} {axis}", "GATHER", operands, y, table)


def broadcast_to(cases: KernelCases) -> None:
    for shape, out in (((3,), (2, 4, 3)), ((1, 4, 1, 3), (2, 4, 5, 3)), ((2, 3), (2, 3)),
                       ((1,), (3, 2)), ((2, 1, 3), (2, 4, 3))):  # fmt: skip
        x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
        cases.op(f"BROADCAST_TO {shape} {out}", "BROADCAST_TO", [x, cases.int32(out)], y, None)


def tile(cases: KernelCases) -> None:
    for shape, counts in (((3,), (4,)), ((2, 3), (2, 1)), ((2, 3, 2), (1, 3, 2)),
                          ((1, 4, 5, 3), (2, 1, 2, 1))):  # fmt: skip
        out = [a * b for a, b in zip(shape, counts, strict=True)]
        x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
        cases.op(f"TILE {shape} {counts}", "TILE", [x, cases.int32(counts)], y, options("Tile"))


def _resize(cases: KernelCases, kind: str, name: str) -> None:
    sizes: list[tuple[tuple[int, ...], tuple[int, ...]]]
    sizes = [((1, 4, 5, 3), (8, 10)), ((1, 4, 5, 3), (3, 7)), ((2, 3, 3, 1), (1, 1)),
             ((1, 1, 1, 4), (3, 5)), ((1, 7, 9, 2), (4, 3)), ((1, 5, 6, 1), (5, 6))]  # fmt: skip
    for _ in range(12):
        shape = (1, *cases.shape(3, 9))
        sizes.append((shape, tuple(cases.shape(2, 14))))
    for shape, size in sizes:
        for align, half in ((False, False), (True, False), (False, True)):
            x = cases.input(shape, 0.1, 3)
            y = cases.activation([shape[0], *size, shape[3]], 0.1, 3)
            table = options(name, alignCorners=align, halfPixelCenters=half)
            label = f"{kind} {shape} to {size} align {align} half {half}"
            cases.op(label, kind, [x, cases.int32(size)], y, table)


def _space_to_depth(cases: KernelCases) -> None:
    for kind, name in (("SPACE_TO_DEPTH", "SpaceToDepth"), ("DEPTH_TO_SPACE", "DepthToSpace")):
        for (n, h, w, c), block in (((1, 2, 3, 2), 2), ((2, 1, 2, 3), 3), ((1, 2, 2, 1), 1)):
            shapes = [[n, h * block, w * block, c], [n, h, w, c * block * block]]
            first, second = shapes if kind == "SPACE_TO_DEPTH" else shapes[::-1]
            x, y = cases.input(first, 0.1, 3), cases.activation(second, 0.1, 3)
            cases.op(f"{kind} {first} {block}", kind, [x], y, options(name, blockSize=block))


def _space_to_batch(cases: KernelCases) -> None:
    for shape, block, pads in (
        ((1, 4, 6, 2), (2, 2), ((0, 0), (0, 0))), ((1, 4, 5, 2), (2, 3), ((1, 1), (0, 1))),
        ((2, 3, 3, 1), (2, 2), ((0, 1), (3, 0))), ((1, 2, 2, 1), (3, 1), ((4, 3), (0, 0))),
        ((2, 5, 3), (2,), ((0, 1),)),
    ):  # fmt: skip
        few = [shape[0], *shape[1:]]
        many = [shape[0] * int(np.prod(block)), *shape[1:]]
        for axis, (size, pair) in enumerate(zip(block, pads, strict=True), start=1):
            many[axis] = (shape[axis] + sum(pair)) // size
        operands = [cases.int32(block), cases.int32(pads)]
        x, y = cases.input(few, 0.1, 3), cases.activation(many, 0.1, 3)
        cases.op(f"to batches {shape} {block} {pads}", "SPACE_TO_BATCH_ND", [x, *operands], y,
                 options("SpaceToBatchND"))  # fmt: skip
        x, y = cases.input(many, 0.1, 3), cases.activation(few, 0.1, 3)
        cases.op(f"from batches {shape} {block} {pads}", "BATCH_TO_SPACE_ND", [x, *operands], y,
                 options("BatchToSpaceND"))  # fmt: skip


def _pad_v2(cases: KernelCases) -> None:
    for shape, pads, value in (((1, 4, 4, 3), ((0, 0), (1, 2), (1, 0), (0, 0)), -128),
                               ((2, 3), ((1, 0), (0, 2)), 5)):  # fmt: skip
        out = [n + sum(pair) for n, pair in zip(shape, pads, strict=True)]
        x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
        filler = cases.builder.tensor(
            [1], data=np.array([value], np.int8), scales=[0.1], zero_points=[3]
        )
        cases.op(f"PADV2 {shape} {pads}", "PADV2", [x, cases.int32(pads), filler], y,
                 options("PadV2"))  # fmt: skip


def _reduce(cases: KernelCases) -> None:
    for kind in ("REDUCE_MAX", "REDUCE_MIN"):
        for shape, axes, keep in (
            ((1, 4, 5, 3), (1, 2), False), ((2, 4, 5, 3), (3,), True),
            ((2, 4, 5, 3), (0, 2), False),
            ((2, 3), (-1,), True), ((7,), (0,), True), ((2, 4, 5, 3), (1,), False),
        ):  # fmt: skip
            out = np.zeros(shape).max(axes, keepdims=keep).shape
            x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
            table = options("Reducer", keepDims=keep)
            cases.op(f"{kind} {shape} {axes}", kind, [x, cases.int32(axes)], y, table)


def _arg_max(cases: KernelCases) -> None:
    for kind, name in (("ARG_MAX", "ArgMax"), ("ARG_MIN", "ArgMin")):
        for shape, axis in (((1, 10), 1), ((2, 4, 5, 3), 2), ((6,), 0), ((2, 4, 3), -1)):
            at = axis % len(shape)
            x = cases.input(shape, 0.1, 3)
            y = cases.builder.tensor([*shape[:at], *shape[at + 1 :]], "INT32")
            scalar = cases.builder.tensor([], "INT32", data=np.array(axis, "<i4"))
            table = options(name, outputType=schema.TensorType.INT32)
            cases.op(f"{kind} {shape} {axis}", kind, [x, scalar], y, table)


def sums(cases: KernelCases) -> None:
    for shape, axes, keep in (
        ((1, 4, 5, 3), (1, 2), False), ((2, 4, 5, 3), (3,), True), ((2, 3), (-1,), True),
        ((7,), (0,), True), ((2, 4, 5, 3), (0, 2), False),
    ):  # fmt: skip
        for in_scale, out_scale in ((0.1, 0.1), (0.02, 0.5), (0.5, 0.25)):
            out = np.zeros(shape).max(axes, keepdims=keep).shape
            x = cases.input(shape, in_scale, cases.zero_point())
            y = cases.activation(out, out_scale, cases.zero_point())
            label = f"SUM {shape} {axes} {in_scale} to {out_scale}"
            table = options("Reducer", keepDims=keep)
            cases.op(label, "SUM", [x, cases.int32(axes)], y, table)


def _l2_normalization(cases: KernelCases) -> None:
    for shape in ((1, 10), (2, 3, 4, 5), (4, 1), (3, 300)):
        for zero in (-128, 0, 127, cases.zero_point()):
            x, y = cases.input(shape, 0.1, zero), cases.activation(shape, 1 / 128, 0)
            cases.op(f"L2 {shape} {zero}", "L2_NORMALIZATION", [x], y, options("L2Norm"))


def _log_softmax(cases: KernelCases) -> None:
    for shape in ((1, 10), (2, 3, 7), (4, 1), (3, 200)):
        for scale in (0.1, 0.0625, 1.0, 0.003, 4.0, 1e-5, cases.scale()):
            x, y = (
                cases.input(shape, scale, cases.zero_point()),
                cases.activation(shape, 1 / 16, 127),
            )
            cases.op(f"LOG_SOFTMAX {shape} {scale:g}", "LOG_SOFTMAX", [x], y,
                     options("LogSoftmax"))  # fmt: skip


MAKERS: dict[str, Callable[[KernelCases], Any]] = {
    "MIRROR_PAD": _mirror_pad,
    "GATHER": _gather,
    "RESIZE_NEAREST_NEIGHBOR": lambda cases: _resize(
        cases, "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighbor"
    ),
    "RESIZE_BILINEAR": lambda cases: _resize(cases, "RESIZE_BILINEAR", "ResizeBilinear"),
    "SPACE_TO_DEPTH": _space_to_depth,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "PADV2": _pad_v2,
    "REDUCE_MAX": _reduce,
    "ARG_MAX": _arg_max,
    "L2_NORMALIZATION": _l2_normalization,
    "LOG_SOFTMAX": _log_softmax,
}
