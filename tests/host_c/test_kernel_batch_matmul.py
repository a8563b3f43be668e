"""BATCH_MATMUL on int8 and int16."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.depthwise import TARGETS
from support.cases.kernels import BOTH, KernelCases, options
from support.cases.lowering import graph_of, layers_of
from support.cases.wide import WideCases
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.layer import Layer
from tinycompress.errors import ModelError

FAMILIES = ("thumb1", "dsp")
"""Families of cores, one for each kernel."""
# batches of either factor, rows, depth, columns
SIZES = (
    ((), (), 3, 4, 5),
    ((2,), (2,), 1, 7, 3),
    ((2, 3), (2, 3), 4, 1, 2),
    ((2, 3), (3,), 2, 5, 3),
    ((3,), (2, 1), 2, 5, 3),
    ((1, 2, 3), (2, 1, 3), 2, 3, 4),
    ((4,), (), 3, 17, 1),
    ((1,), (5,), 1, 1, 1),
)


def _add(cases: KernelCases, sizes: object, adj_x: bool, adj_y: bool, constant: bool) -> None:
    assert isinstance(sizes, tuple)
    first, second, rows, depth, columns = sizes
    scales, zeros = [cases.scale(), cases.scale()], [cases.zero_point() for _ in range(3)]
    left = [*first, *((depth, rows) if adj_x else (rows, depth))]
    right = [*second, *((columns, depth) if adj_y else (depth, columns))]
    a = cases.input(left, scales[0], zeros[0])
    b = (
        cases.weights(right, [scales[1]], zero_point=zeros[1])
        if constant
        else cases.input(right, scales[1], zeros[1])
    )
    rank = max(len(first), len(second))
    pairs = zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second,
                strict=True)  # fmt: skip
    scale = scales[0] * scales[1] * 80 * depth**0.5 * cases.pick(0.1, 1, 5)
    y = cases.activation([*(max(pair) for pair in pairs), rows, columns], scale, zeros[2])
    label = f"{sizes}, adj_x {adj_x}, adj_y {adj_y}, constant {constant}"
    cases.op(label, "BATCH_MATMUL", [a, b], y, options("BatchMatMul", adjX=adj_x, adjY=adj_y))


def _add_wide(cases: WideCases, sizes: object, adj_x: bool, adj_y: bool, constant: bool) -> None:
    assert isinstance(sizes, tuple)
    first, second, rows, depth, columns = sizes
    scales = [cases.scale(1e-4, 0.1), cases.scale(1e-4, 0.1)]
    left = [*first, *((depth, rows) if adj_x else (rows, depth))]
    right = [*second, *((columns, depth) if adj_y else (depth, columns))]
    a = cases.wide_input(left, scales[0])
    if constant:
        data = cases.rng.integers(-(2**15), 2**15, right).astype("<i2")
        b = cases.builder.tensor(right, "INT16", data=data, scales=[scales[1]], zero_points=[0])
    else:
        b = cases.wide_input(right, scales[1])
    shape = [*np.broadcast_shapes(first, second), rows, columns]
    # Some sums saturate, some factors are near 2^7.
    y = cases.wide(shape, scales[0] * scales[1] * cases.pick(1 / 127, 1, 9000, 40000))
    label = f"int16 {sizes}, adj_x {adj_x}, adj_y {adj_y}, constant {constant}"
    cases.op(label, "BATCH_MATMUL", [a, b], y, options("BatchMatMul", adjX=adj_x, adjY=adj_y))


def _wide_cases(seed: int) -> WideCases:
    cases = WideCases(seed)
    for number, sizes in enumerate(SIZES):
        for adj_x, adj_y in ((False, False), (True, False), (False, True), (True, True)):
            _add_wide(cases, sizes, adj_x, adj_y, constant=number % 3 == 0)
    return cases


def _cases(seed: int, family: str) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = dict(TARGETS[family])
    for number, sizes in enumerate(SIZES):
        for adj_x, adj_y in ((False, False), (True, False), (False, True), (True, True)):
            _add(cases, sizes, adj_x, adj_y, constant=number % 3 == 0)
    return cases


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("exact_to", BOTH)
def test_batch_matmul_is_exact(exact_to: ExactTo, family: str) -> None:
    assert _cases(31, family).mismatches(exact_to, count=3) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_batch_matmul_has_no_undefined_behaviour(family: str) -> None:
    assert _cases(32, family).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize(
    ("family", "kernel"), [("thumb1", "ref"), ("mla", "ref"), ("dsp", "dsp"), ("mve", "dsp")]
)
def test_cores_with_the_dsp_extension_multiply_pairs(family: str, kernel: str) -> None:
    layers = _cases(31, family).sources("tflm").layers
    assert {layer.kernel for layer in layers} == {f"batch_matmul_s8_{kernel}"}


@pytest.mark.parametrize("exact_to", BOTH)
def test_int16_is_exact(exact_to: ExactTo) -> None:
    assert _wide_cases(33).mismatches(exact_to, count=3) == []


def test_int16_has_no_undefined_behaviour() -> None:
    assert _wide_cases(34).sanitized_mismatches("tflm") == 0


def _wide_layer(scale: float = 1.0, depth: int = 3, zero: int = 0, dtype: str = "INT16") -> Layer:
    b = Builder()
    x = b.tensor([2, depth], "INT16", scales=[0.5], zero_points=[zero], name="x")
    y = b.tensor([depth, 2], dtype, scales=[0.5], zero_points=[0], name="y")
    z = b.tensor([2, 2], "INT16", scales=[scale], zero_points=[0])
    b.op("BATCH_MATMUL", [x, y], [z], options("BatchMatMul"))
    (layer,) = layers_of(graph_of(b, [x, y], [z]))
    return layer


def test_int16_takes_the_upper_half_of_the_multiplier() -> None:
    layer = _wide_layer(0.75)
    assert layer.kernel.name == "batch_matmul_s16_ref"
    assert (layer.params["multiplier"], layer.params["shift"]) == (21845, -1)
    assert (layer.params["clamp_min"], layer.params["clamp_max"]) == (-32768, 32767)
    assert layer.macs == 12


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"scale": 2.0**-10}, "on int16 below 2^7: it is 256"),
        ({"depth": 2**17}, "the inner size must be below 131072, so that sums stay below 2^47"),
        ({"zero": 5}, "or all int16 with zero point 0: 'x' has zero point 5"),
        (
            {"dtype": "INT8"},
            "must be int8, or all int16 with zero point 0: 'x' is int16, 'y' is int8",
        ),
    ],
)
def test_what_is_refused_of_int16_is_named(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        _wide_layer(**fields)
    assert reason in "\n".join(caught.value.reasons)
