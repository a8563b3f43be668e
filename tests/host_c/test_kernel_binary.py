"""Element-wise operators on two int8 inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

Shape = tuple[int, ...]

SHAPES: tuple[tuple[Shape, Shape], ...] = (
    ((1, 4, 4, 3), (1, 4, 4, 3)),
    ((7,), (7,)),
    ((1, 4, 4, 3), (3,)),
    ((1, 4, 4, 3), (1, 4, 1, 1)),
    ((1, 1, 4, 1), (2, 3, 1, 5)),
    ((2, 3), (1,)),
    ((2, 1, 4, 1), (1, 3, 1, 5)),
)
# input scales and output scale
SCALES = (
    (0.1, 0.1, 0.1),
    (0.1, 0.025, 0.2),
    (0.5, 0.25, 0.5),
    (1e-5, 10.0, 4.0),
    (3.0, 3.0, 0.001),
    (0.1, 0.1, 50.0),
    (0.0235, 0.0235, 0.047),
)
TABLES = {"MUL": "Mul", "SUB": "Sub", "SQUARED_DIFFERENCE": "SquaredDifference",
          "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum"}  # fmt: skip
KINDS = ("MUL", "SUB", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM", "PRELU")
UNSCALED = ("MAXIMUM", "MINIMUM")


def _table(kind: str, activation: str) -> Any:
    if kind == "PRELU":
        return None
    fused = {"fusedActivationFunction": activation} if kind in ("MUL", "SUB") else {}
    return options(TABLES[kind], **fused)


def _cases(kind: str, seed: int, random_cases: int, exact_to: ExactTo = "tflm") -> KernelCases:
    cases = KernelCases(seed)
    table = [(a, b, SCALES[0], "NONE", False) for a, b in SHAPES]
    table += [(b, a, SCALES[1], "RELU", False) for a, b in SHAPES if kind != "PRELU"]
    table += [((40,), (40,), scales, "NONE", False) for scales in SCALES]
    table += [((2, 9), (9,), scales, "RELU6", True) for scales in SCALES]
    for _ in range(random_cases):
        shape = tuple(cases.shape(4))
        other = tuple(n if cases.rng.random() < 0.6 else 1 for n in shape)
        table.append((shape, other, (cases.scale(), cases.scale(), cases.scale()),
                      cases.pick("NONE", "RELU"), False))  # fmt: skip
    for a, b, scales, activation, constant in table:
        zeros = [cases.zero_point() for _ in range(3)]
        if kind in UNSCALED:
            scales, zeros = (scales[0],) * 3, [zeros[0]] * 3
        if kind == "PRELU" and np.broadcast_shapes(a, b) != a:
            continue
        beyond = 4 * max(scales[:2]) ** 2 >= 2**14 * scales[2]
        if kind == "SQUARED_DIFFERENCE" and exact_to == "litert" and beyond:
            continue  # LiteRT aborts, so that it is refused
        first = cases.input(a, scales[0], zeros[0])
        if constant:
            second = cases.weights(b, [scales[1]], 0, zeros[1])
        else:
            second = cases.input(b, scales[1], zeros[1])
        y = cases.activation(np.broadcast_shapes(a, b), scales[2], zeros[2])
        label = f"{kind} {a} {b} scales {scales} zeros {zeros} {activation}"
        cases.op(label, kind, [first, second], y, _table(kind, activation))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_two_inputs_are_exact(kind: str, exact_to: ExactTo) -> None:
    assert _cases(kind, 111, 25, exact_to).mismatches(exact_to, count=4) == []


@pytest.mark.parametrize("kind", KINDS)
def test_two_inputs_have_no_undefined_behaviour(kind: str) -> None:
    assert _cases(kind, 112, 0).sanitized_mismatches("tflm") == 0
