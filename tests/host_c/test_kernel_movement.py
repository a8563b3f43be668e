"""Operators that move elements: whatever numpy does to an array of indices, both runtimes do."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

Shape = tuple[int, ...]


def _transpose(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    table: list[tuple[Shape, Shape]] = [
        ((1, 4, 5, 3), (0, 3, 1, 2)), ((1, 3, 4, 5), (0, 2, 3, 1)), ((2, 3), (1, 0)),
        ((5,), (0,)), ((2, 3, 4), (2, 1, 0)), ((1, 1, 6, 1), (3, 2, 1, 0)),
        ((2, 3, 4, 5), (3, 2, 1, 0)), ((2, 1, 3, 2, 2), (4, 0, 3, 1, 2)),
    ]  # fmt: skip
    for _ in range(random_cases):
        rank = int(cases.rng.integers(2, 5))
        order = tuple(int(axis) for axis in cases.rng.permutation(rank))
        table.append((tuple(cases.shape(rank)), order))
    for shape, order in table:
        x = cases.input(shape, 0.1, 3)
        y = cases.activation([shape[axis] for axis in order], 0.1, 3)
        label = f"TRANSPOSE {shape} {order}"
        cases.op(label, "TRANSPOSE", [x, cases.int32(order)], y, options("Transpose"))
    return cases


def _slice(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    for number in range(random_cases):
        shape = cases.shape(int(cases.rng.integers(1, 5)))
        begins = [int(cases.rng.integers(0, n)) for n in shape]
        counts = [int(cases.rng.integers(1, n - b + 1)) for n, b in zip(shape, begins, strict=True)]
        stated = [-1 if n - b == c and number % 2 else c
                  for n, b, c in zip(shape, begins, counts, strict=True)]  # fmt: skip
        x, y = cases.input(shape, 0.1, 3), cases.activation(counts, 0.1, 3)
        operands = [x, cases.int32(begins), cases.int32(stated)]
        cases.op(f"SLICE {shape} {begins} {stated}", "SLICE", operands, y, options("Slice"))
    return cases


# shape, begins, ends, strides, (begin, end, shrink) masks
STRIDED: tuple[tuple[Shape, Shape, Shape, Shape, Shape], ...] = (
    ((1, 8, 6, 2), (0, 1, 2, 0), (1, 7, 6, 2), (1, 2, 1, 1), (0, 0, 0)),
    ((1, 8, 6, 2), (0, 1, 2, 0), (1, 7, 6, 2), (1, 2, 1, 1), (15, 15, 0)),
    ((4, 5), (0, 4), (4, -6), (1, -1), (0, 0, 0)),
    ((4, 5), (-1, 0), (-5, 99), (-2, 3), (0, 0, 0)),
    ((4, 5), (2, 1), (3, 5), (1, 1), (0, 0, 1)),
    ((4, 5), (-1, 1), (0, 5), (1, 1), (0, 0, 1)),
    ((4, 5), (-99, 3), (99, 99), (1, 1), (0, 0, 2)),
    ((3, 4, 5), (0, 0, 0), (0, 0, 0), (1, -1, 2), (7, 7, 0)),
    ((7,), (5,), (0,), (-2,), (0, 0, 0)),
)


def _strided_slice(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, begins, ends, steps, (begin_mask, end_mask, shrink) in STRIDED:
        index = tuple(
            begin if shrink >> axis & 1
            else slice(None if begin_mask >> axis & 1 else begin,
                       None if end_mask >> axis & 1 else end, step)
            for axis, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True))
        )  # fmt: skip
        out = np.zeros(shape)[index].shape
        x, y = cases.input(shape, 0.1, 3), cases.activation(out, 0.1, 3)
        operands = [x, *(cases.int32(values) for values in (begins, ends, steps))]
        table = options(
            "StridedSlice", beginMask=begin_mask, endMask=end_mask, shrinkAxisMask=shrink
        )
        cases.op(f"STRIDED_SLICE {shape} {index}", "STRIDED_SLICE", operands, y, table)
    return cases


def _reverse(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis in (((4,), 0), ((2, 3, 4), 1), ((2, 3, 4, 2), 3), ((1, 5), 0), ((3, 4), 1)):
        x, y = cases.input(shape, 0.1, 3), cases.activation(shape, 0.1, 3)
        cases.op(f"REVERSE_V2 {shape} {axis}", "REVERSE_V2", [x, cases.int32([axis])], y,
                 options("ReverseV2"))  # fmt: skip
    return cases


def _concatenation(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis, sizes, constant in (
        ((1, 4, 4, 3), 3, (3, 5), None), ((1, 4, 4, 3), -1, (1, 2, 4), 1),
        ((1, 4, 4, 3), 1, (4, 1), None), ((2, 3), 0, (2, 1, 1, 5), 0), ((7,), 0, (7, 2), None),
        ((1, 2, 3, 4), 2, (3, 3), None), ((2, 2, 2, 2, 2), 2, (1, 3), None),
        ((3, 1), 1, (1,), None),
    ):  # fmt: skip
        at = axis % len(shape)
        shapes = [[*shape[:at], size, *shape[at + 1 :]] for size in sizes]
        inputs = [
            cases.weights(s, [0.1], 0, 3) if i == constant else cases.input(s, 0.1, 3)
            for i, s in enumerate(shapes)
        ]
        y = cases.activation([*shape[:at], sum(sizes), *shape[at + 1 :]], 0.1, 3)
        table = options("Concatenation", axis=axis)
        cases.op(f"CONCATENATION {shapes} {axis}", "CONCATENATION", inputs, y, table)
    return cases


def _pack(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis, count in (((4, 3), 0, 2), ((4, 3), 1, 3), ((4, 3), 2, 2), ((5,), -1, 2)):
        at = axis % (len(shape) + 1)
        inputs = [cases.input(shape, 0.1, 3) for _ in range(count)]
        y = cases.activation([*shape[:at], count, *shape[at:]], 0.1, 3)
        table = options("Pack", axis=axis, valuesCount=count)
        cases.op(f"PACK {count} {shape} {axis}", "PACK", inputs, y, table)
    return cases


def _unpack(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis in (((2, 4, 3), 0), ((4, 2, 3), 1), ((4, 3, 2), -1), ((1, 5), 0)):
        at = axis % len(shape)
        x = cases.input(shape, 0.1, 3)
        outputs = [
            cases.activation([*shape[:at], *shape[at + 1 :]], 0.1, 3) for _ in range(shape[at])
        ]
        table = options("Unpack", axis=axis, num=shape[at])
        cases.ops(f"UNPACK {shape} {axis}", "UNPACK", [x], outputs, table)
    return cases


def _split(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis, count in (((1, 4, 6), 2, 3), ((4, 6), 0, 2), ((2, 3, 4, 4), -1, 4),
                               ((6,), 0, 1), ((2, 4, 3), 1, 2)):  # fmt: skip
        at = axis % len(shape)
        x = cases.input(shape, 0.1, 3)
        part = [*shape[:at], shape[at] // count, *shape[at + 1 :]]
        outputs = [cases.activation(part, 0.1, 3) for _ in range(count)]
        scalar = cases.builder.tensor([], "INT32", data=np.array(axis, "<i4"))
        table = options("Split", numSplits=count)
        cases.ops(f"SPLIT {shape} {axis} {count}", "SPLIT", [scalar, x], outputs, table)
    return cases


def _split_v(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape, axis, sizes in (((1, 4, 6), 2, (1, 3, 2)), ((4, 6), 0, (3, 1)),
                               ((2, 3, 5, 4), 2, (4, 1)), ((6,), 0, (6,))):  # fmt: skip
        x = cases.input(shape, 0.1, 3)
        outputs = [
            cases.activation([*shape[:axis], size, *shape[axis + 1 :]], 0.1, 3) for size in sizes
        ]
        scalar = cases.builder.tensor([], "INT32", data=np.array(axis, "<i4"))
        operands = [x, cases.int32(sizes), scalar]
        table = options("SplitV", numSplits=len(sizes))
        cases.ops(f"SPLIT_V {shape} {axis} {sizes}", "SPLIT_V", operands, outputs, table)
    return cases


MAKERS = {
    "TRANSPOSE": lambda seed: _transpose(seed, 20),
    "SLICE": lambda seed: _slice(seed, 25),
    "STRIDED_SLICE": _strided_slice,
    "REVERSE_V2": _reverse,
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "UNPACK": _unpack,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
}


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", MAKERS)
def test_elements_end_where_the_runtimes_put_them(kind: str, exact_to: ExactTo) -> None:
    assert MAKERS[kind](101).mismatches(exact_to, count=2) == []


@pytest.mark.parametrize("kind", ["TRANSPOSE", "STRIDED_SLICE", "CONCATENATION", "SPLIT"])
def test_moving_has_no_undefined_behaviour(kind: str) -> None:
    assert MAKERS[kind](102).sanitized_mismatches("tflm") == 0
