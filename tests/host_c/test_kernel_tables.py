"""int8 functions of one element that become tables: every input value, many quantisations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.host_model import HostModel

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Tables = Callable[[float], Any]
FIXED_OUTPUT = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
KINDS = ("LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "ABS", "RSQRT")
SCALES = ((0.1, 0.1), (0.1, 0.05), (0.05, 0.1), (0.5, 0.25), (0.25, 0.5), (0.023, 0.0235),
          (0.003, 0.003), (1.0, 1.0), (0.0625, 0.0078125), (5.0, 4.0), (0.001, 0.004),
          (0.0625, 0.05))  # fmt: skip
ALPHAS = (0.1, 0.3, 0.01, 1.5, -0.2, 0.0, -0.25)


def _options(kind: str, number: int) -> Any:
    if kind == "LEAKY_RELU":
        return options("LeakyRelu", alpha=ALPHAS[number % len(ALPHAS)])
    if kind == "GELU":
        return options("Gelu", approximate=number % 2 == 0)
    return options(kind.title()) if kind in ("ABS", "EXP") else None


def _cases(kind: str, seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    ends = ((-128, -128), (0, 0), (127, -128), (5, 127))
    table = [(*scales, *pair) for scales in SCALES for pair in ends]
    for _ in range(random_cases):
        scales = (cases.scale(0.003), cases.scale(0.003))
        table.append((*scales, cases.zero_point(), cases.zero_point()))
    for number, (in_scale, out_scale, in_zero, out_zero) in enumerate(table):
        if kind == "EXP" and in_scale * (127 - in_zero) > 16:
            continue  # beyond int32
        if kind == "HARD_SWISH" and in_scale > 64 * out_scale:
            continue
        scale, zero = FIXED_OUTPUT.get(kind, (out_scale, out_zero))
        if kind in ("RSQRT", "SQRT"):
            in_zero = -128
        x, y = cases.input([1, 256], in_scale, in_zero), cases.activation([1, 256], scale, zero)
        label = f"{kind} {in_scale:g}/{in_zero} to {scale:g}/{zero}"
        cases.op(label, kind, [x], y, _options(kind, number))
    return cases


def _differing(cases: KernelCases, exact_to: ExactTo) -> list[str]:
    """Labels of those that differ anywhere on the 256 values of int8."""
    tflite = cases.tflite()
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    every = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
    inputs = [every] * len(cases.labels)
    pairs = zip(Oracle(tflite, exact_to).run(*inputs), model.run(*inputs), strict=True)
    return [
        f"{label}: {np.argwhere(want != have)[0][1] - 128} is {have[want != have][0]},"
        f" not {want[want != have][0]}"
        for label, (want, have) in zip(cases.labels, pairs, strict=True)
        if (want != have).any()
    ]


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_exact(kind: str, exact_to: ExactTo) -> None:
    assert _differing(_cases(kind, 121, 60), exact_to) == []


@pytest.mark.parametrize(
    ("kind", "exact_to"),
    [
        ("ELU", "tflm"),
        ("GELU", "litert"),
        ("EXP", "litert"),
        ("RELU_N1_TO_1", "litert"),
        ("RELU_0_TO_1", "litert"),
        ("NEG", "litert"),
        ("SQRT", "litert"),
    ],
)
def test_what_only_one_runtime_has_is_exact_to_it(kind: str, exact_to: ExactTo) -> None:
    assert _differing(_cases(kind, 123, 60), exact_to) == []


def test_square_roots_of_what_is_below_zero_are_those_of_zero() -> None:
    cases = KernelCases(124)
    x, y = cases.input([1, 3], 0.1, 5), cases.activation([1, 3], 0.1, -7)
    cases.op("SQRT", "SQRT", [x], y, None)
    options_ = CodegenOptions(exact_to="litert")
    (found,) = HostModel(generate(read_model(cases.tflite()), options_)).run(
        np.array([[-128, 5, 105]], np.int8)
    )
    assert found.tolist() == [[-7, -7, 24]]
