"""Layers with small weights, of which a Thumb-1 core multiplies two at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from support.cases.conv import ConvCase, add_conv
from support.cases.dense import DenseCase, add_dense
from support.cases.kernels import KernelCases, options

# ReLU at zero point -128 has a fitted line; without activation two roundings are needed.
_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128}

SMALL_DENSE_CASES = (
    # One block, several, the longest; a row of filled up inputs; channels beyond whole eights.
    *(
        DenseCase(inputs=inputs, outputs=8, largest_weight=6, gain=0.002)
        for inputs in (64, 65, 99, 130, 200)
    ),
    *(
        DenseCase(inputs=120, outputs=outputs, largest_weight=9, gain=0.002, **_RELU)
        for outputs in (9, 12, 15, 16, 21)
    ),
    DenseCase(inputs=1100, outputs=8, largest_weight=0, gain=0.002),
    DenseCase(inputs=1100, outputs=8, largest_weight=1, gain=0.001, **_RELU),
    DenseCase(inputs=128, outputs=16, largest_weight=25, gain=0.001, shape=(3,)),
    DenseCase(inputs=128, outputs=16, largest_weight=12, per_channel=True, in_zero=-128),
    DenseCase(inputs=128, outputs=8, largest_weight=12, bias="large", **_RELU),
    DenseCase(inputs=128, outputs=8, largest_weight=12, activation="RELU6", out_zero=-30),
)
SMALL_CONV_CASES = (
    ConvCase(channels=64, outputs=8, kernel=(1, 1), largest_weight=9),
    ConvCase(channels=64, outputs=19, kernel=(1, 1), stride=(2, 2), largest_weight=9, **_RELU),
    ConvCase(channels=9, outputs=16, largest_weight=5, in_zero=-128),
    ConvCase(channels=8, outputs=8, padding="VALID", batches=2, largest_weight=20, **_RELU),
    ConvCase(channels=16, outputs=12, kernel=(3, 2), in_zero=127, largest_weight=3, gain=0.01),
)


def _dense_of(cases: KernelCases, rows: list[list[int]], out_zero: int, activation: str) -> None:
    """A dense layer with given weights, most of whose outputs are within int8."""
    outputs, inputs = len(rows), len(rows[0])
    x = cases.input([1, inputs], 0.05, 0)
    data = np.array(rows, np.int8)
    w = cases.builder.tensor([outputs, inputs], data=data, scales=[0.004], zero_points=[0])
    y = cases.activation([1, outputs], 0.05 * 0.004 / 0.001, out_zero)
    table = options("FullyConnected", fusedActivationFunction=activation)
    cases.op(f"{inputs} x {rows[0][:4]}..", "FULLY_CONNECTED", [x, w, -1], y, table)


def _extreme_rows() -> Iterator[list[list[int]]]:
    """Blocks whose magnitudes reach 255 exactly, for inputs of -128 or 127 of either sign."""
    ends = [127, 127] + [0] * 5 + [1] + [0] * 8
    for sign in (1, -1):
        row = [sign * weight for weight in ends * 4]
        yield [row] * 8
        yield [[-w if channel % 2 else w for w in row] for channel in range(8)]
        yield [[-w if channel % 4 < 2 else w for w in row] for channel in range(8)]
    yield [([-128] + [0] * 14 + [-127]) * 4] * 8


def add_extreme_weights(cases: KernelCases) -> None:
    """Layers with ``_extreme_rows``."""
    for rows in _extreme_rows():
        _dense_of(cases, rows, -128, "RELU")
        _dense_of(cases, rows, 3, "NONE")


def add_small_weights(cases: KernelCases) -> None:
    """All of these cases, and some at random."""
    for conv in SMALL_CONV_CASES:
        add_conv(cases, conv)
    for dense in SMALL_DENSE_CASES:
        add_dense(cases, dense)
    add_extreme_weights(cases)
    for _ in range(8):
        inputs, outputs = (int(n) for n in cases.rng.integers(40, 200, 2))
        largest = int(cases.rng.integers(1, 16))
        add_dense(cases, DenseCase(inputs=inputs, outputs=outputs // 4, largest_weight=largest))
