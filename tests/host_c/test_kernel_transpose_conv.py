from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo


@dataclass(frozen=True)
class Case:
    input: tuple[int, int, int, int] = (1, 4, 5, 3)
    outputs: int = 4
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (2, 2)
    padding: str = "SAME"
    in_zero: int = 3
    out_zero: int = -5
    activation: str = "NONE"
    bias: bool = True
    gain: float = 0.02
    per_channel: bool = True
    trim: int = 0
    """Rows and columns that the output lacks of those that it could have."""


EDGE_CASES = (
    Case(),
    Case(padding="VALID", in_zero=-128, out_zero=127),
    Case(padding="VALID", stride=(3, 2), kernel=(2, 3), in_zero=127),
    Case(stride=(3, 4), kernel=(2, 2)),  # outputs that no tap reaches
    Case(stride=(1, 1), kernel=(1, 1)),
    Case(stride=(1, 2), kernel=(4, 5), per_channel=False),
    Case(input=(2, 3, 1, 1), outputs=1, kernel=(5, 1)),
    Case(input=(1, 1, 1, 17), kernel=(4, 4), stride=(4, 4), padding="VALID"),
    Case(bias=False, activation="RELU", gain=0.5),
    Case(activation="RELU6", gain=1.7),
    Case(trim=1),
    Case(gain=1e-12),
    Case(gain=2.0**10),
)
TFLM_CASES = (Case(trim=1, padding="VALID"), Case(trim=3, stride=(2, 3)))


def _add(cases: KernelCases, case: Case) -> None:
    n, h, w, c = case.input
    (kh, kw), (sh, sw) = case.kernel, case.stride
    size = [n, h * sh - case.trim, w * sw - case.trim, case.outputs]
    if case.padding == "VALID":
        size[1:3] = [(h - 1) * sh + kh - case.trim, (w - 1) * sw + kw - case.trim]
    count = case.outputs if case.per_channel else 1
    scales = [0.004 * (1 + float(v)) for v in cases.rng.random(count)]
    x = cases.input(case.input, 0.05, case.in_zero)
    weights = cases.weights([case.outputs, kh, kw, c], scales)
    y = cases.activation(size, 0.05 * scales[0] / case.gain, case.out_zero)
    bias_scales = [0.05 * s for s in scales]
    bias = cases.bias(cases.rng.integers(-3000, 3000, case.outputs), bias_scales)
    table = options(
        "TransposeConv", padding=case.padding, strideH=sh, strideW=sw,
        fusedActivationFunction=case.activation,
    )  # fmt: skip
    operands = [cases.int32(size), weights, x, *([bias] if case.bias else [])]
    cases.op(str(case), "TRANSPOSE_CONV", operands, y, table)


def _random(rng: np.random.Generator) -> Case:
    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    return Case(
        input=(draw(1, 3), draw(1, 6), draw(1, 6), draw(1, 9)),
        outputs=draw(1, 6),
        kernel=(draw(1, 6), draw(1, 6)),
        stride=(draw(1, 4), draw(1, 4)),
        padding=("SAME", "VALID")[draw(0, 2)],
        in_zero=draw(-128, 128),
        out_zero=draw(-128, 128),
        activation=("NONE", "RELU", "RELU6", "RELU_N1_TO_1")[draw(0, 4)],
        bias=bool(draw(0, 2)),
        gain=float(np.exp(rng.uniform(np.log(1e-4), np.log(2.0)))),
        per_channel=bool(draw(0, 2)),
    )


def _cases(seed: int, random_cases: int, exact_to: ExactTo) -> KernelCases:
    cases = KernelCases(seed)
    edges = EDGE_CASES + (TFLM_CASES if exact_to == "tflm" else ())
    for case in (*edges, *(_random(cases.rng) for _ in range(random_cases))):
        _add(cases, case)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_transpose_conv_is_exact(exact_to: ExactTo) -> None:
    assert _cases(91, 20, exact_to).mismatches(exact_to) == []


def test_transpose_conv_has_no_undefined_behaviour() -> None:
    assert _cases(92, 0, "tflm").sanitized_mismatches("tflm") == 0
