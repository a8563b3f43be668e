"""GATHER by indices that the model computes or is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_cases import BOTH, Array, KernelCases, options
from lowering import graph_of, int8, layers_of
from tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.host import HostModel, run_sanitized
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# input, indices, axis
SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...], int], ...] = (
    ((1, 4, 5, 3), (7,), 3),
    ((1, 4, 5, 3), (2, 3), 1),
    ((2, 3, 4), (5,), -2),
    ((6,), (1,), 0),
    ((6,), (), 0),
    ((4, 3), (2, 2, 2), 0),
    ((1, 5), (3,), 0),
)


def _cases(seed: int, dtype: str = "int8") -> tuple[bytes, list[tuple[Array, ...]]]:
    """A model, and batches: random indices within range, then all first, all last."""
    cases = KernelCases(seed)
    batches: list[list[Array]] = [[] for _ in range(4)]
    for number, (shape, indices, axis) in enumerate(SHAPES):
        at = axis % len(shape)
        data = cases.rng.integers(-128, 128, shape).astype(dtype)
        constant = number % 2 == 1
        if constant:
            x = cases.builder.tensor(shape, dtype.upper(), data=data, scales=[0.1], zero_points=[0])
        else:
            x = cases.input(shape, 0.1, 0, dtype)
        chosen = cases.plain_input(indices, "int32")
        y = cases.builder.tensor(
            [*shape[:at], *indices, *shape[at + 1 :]], dtype.upper(), scales=[0.1], zero_points=[0]
        )
        label = f"GATHER {shape} {indices} {axis}"
        cases.op(label, "GATHER", [x, chosen], y, options("Gather", axis=axis))
        last = shape[at] - 1
        random = [cases.rng.integers(0, last + 1, indices).astype(np.int32) for _ in range(2)]
        ends = [np.full(indices, value, np.int32) for value in (0, last)]
        for batch, where in zip(batches, (*random, *ends), strict=True):
            batch += [where] if constant else [data, where]
    return cases.tflite(), [tuple(batch) for batch in batches]


@pytest.mark.parametrize(
    ("exact_to", "dtype"),
    [("tflm", "int8"), ("litert", "int8"), ("litert", "int16"), ("litert", "int32")],
)
def test_indices_within_range_are_exact(exact_to: ExactTo, dtype: str) -> None:
    tflite, batches = _cases(141, dtype)
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    oracle, model = Oracle(tflite, exact_to), HostModel(sources)
    for batch, checked in zip(batches, run_sanitized(sources, batches), strict=True):
        pairs = zip(oracle.run(*batch), model.run(*batch), checked, strict=True)
        for want, plain, sanitized in pairs:
            np.testing.assert_array_equal(plain, want)
            np.testing.assert_array_equal(sanitized, want)


@pytest.mark.parametrize("exact_to", BOTH)
def test_positions_of_maxima_choose(exact_to: ExactTo) -> None:
    cases = KernelCases(142)
    scores, x = cases.input([3, 4], 0.1, 0), cases.input([4, 5], 0.2, 7)
    at = cases.builder.tensor([3], "INT32")
    cases.builder.op("ARG_MAX", [scores, cases.int32([1])], [at], options("ArgMax", outputType=2))
    y = cases.activation([3, 5], 0.2, 7)
    cases.op("GATHER of ARG_MAX", "GATHER", [x, at], y, options("Gather"))
    assert cases.mismatches(exact_to) == []


def _gather(
    dtype: str = "INT8", indices: str = "INT32", exact_to: ExactTo = "tflm", **fields: Any
) -> None:
    b = Builder()
    x = b.tensor([4, 2], dtype, scales=[0.1], zero_points=[0], name="x")
    chosen = b.tensor([3], indices, name="indices")
    y = b.tensor([3, 2], dtype, scales=[0.1], zero_points=[0], name="y")
    b.op("GATHER", [x, chosen], [y], options("Gather", **fields))
    layers_of(graph_of(b, [x, chosen], [y]), CodegenOptions(exact_to=exact_to))


def _refusal(**fields: Any) -> str:
    with pytest.raises(ModelError) as caught:
        _gather(**fields)
    return "\n".join(caught.value.reasons)


def test_the_runtimes_fail_out_of_range_and_the_firmware_takes_the_nearest() -> None:
    cases = KernelCases(143)
    x, chosen = cases.input([3, 2], 0.1, 0), cases.plain_input([6], "int32")
    y = cases.activation([6, 2], 0.1, 0)
    cases.op("GATHER", "GATHER", [x, chosen], y, options("Gather"))
    tflite = cases.tflite()
    data = np.arange(6, dtype=np.int8).reshape(3, 2)
    outside = np.array([-(2**31), -1, 0, 2, 3, 2**31 - 1], np.int32)
    for exact_to in BOTH:
        with pytest.raises(ModelError, match="GATHER"):
            Oracle(tflite, exact_to).run(data, outside)
    ((found,),) = run_sanitized(generate(read_model(tflite)), [(data, outside)])
    np.testing.assert_array_equal(found, data[[0, 0, 0, 2, 2, 2]])


def test_what_is_refused_is_named() -> None:
    assert "be int32, constant ones be within the input; the axis exist: 'indices' is int64" in (
        _refusal(indices="INT64")
    )
    assert "no batch dimensions: there are 1" in _refusal(batchDims=1, axis=1)
    assert "For tflm, what computed indices choose from must be int8: 'x' is int16" in (
        _refusal(dtype="INT16")
    )
    assert "axis 2 of [4, 2]" in _refusal(axis=2)
    assert "expected [4, 3]" in _refusal(axis=1)
    _gather(dtype="INT16", exact_to="litert")


def test_the_kernel_reads_computed_indices_only() -> None:
    b = Builder()
    x, y = int8(b, [2, 3, 4]), int8(b, [2, 5, 4])
    chosen = b.tensor([5], "INT32")
    b.op("GATHER", [x, chosen], [y], options("Gather", axis=1))
    (layer,) = layers_of(graph_of(b, [x, chosen], [y]))
    assert layer.kernel.name == "gather_ref"
    assert dict(layer.params) == {"outer": 2, "axis_size": 3, "count": 5, "bytes": 4}
    assert layer.reads == (x, chosen)
