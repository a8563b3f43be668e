"""Random inputs: the whole range of a type, but for indices what they choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import Array, options
from support.host_model import HostModel
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.index_ranges import index_ranges
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

COUNT = 40
QUANTISED: dict[str, Any] = {"scales": [0.1], "zero_points": [0]}


def _table(b: Builder, shape: Sequence[int]) -> int:
    size = int(np.prod(shape))
    data = (np.arange(size) % 251 - 125).astype(np.int8).reshape(shape)
    return b.tensor(shape, data=data, **QUANTISED)


def _rows(dtype: str, through: Callable[[Builder, int], int] | None = None) -> bytes:
    """A table of 5 rows by 3 indices of an input."""
    b = Builder()
    x = b.tensor([3], dtype, **(QUANTISED if dtype == "INT8" else {}))
    chosen = x if through is None else through(b, x)
    y = b.tensor([3, 2], **QUANTISED)
    b.op("GATHER", [_table(b, [5, 2]), chosen], [y], options("Gather"))
    return b.pack([x], [y])


def _cast(b: Builder, x: int) -> int:
    y = b.tensor([3], "INT32")
    b.op("CAST", [x], [y], options("Cast"))
    return y


def _cut_and_joined(b: Builder, x: int) -> int:
    """An element and the other two, one after the other."""
    begin, size = (b.tensor([1], "INT32", data=np.array([n], "<i4")) for n in (2, 1))
    last, wide, y = b.tensor([1], "INT32"), b.tensor([4], "INT32"), b.tensor([3], "INT32")
    b.op("SLICE", [x, begin, size], [last], options("Slice"))
    b.op("CONCATENATION", [last, x], [wide], options("Concatenation"))
    first, three = (b.tensor([1], "INT32", data=np.array([n], "<i4")) for n in (0, 3))
    b.op("SLICE", [wide, first, three], [y], options("Slice"))
    return y


def _ranges(tflite: bytes) -> dict[int, Any]:
    return {at: largest.tolist() for at, largest in index_ranges(read_model(tflite).main).items()}


def _inputs(tflite: bytes) -> tuple[Array, ...]:
    return random_inputs(read_model(tflite).main, COUNT)


@pytest.mark.parametrize(
    ("dtype", "through"),
    [("INT32", None), ("INT64", None), ("FLOAT32", _cast), ("INT8", _cast),
     ("INT32", _cut_and_joined)],
)  # fmt: skip
def test_the_oracle_takes_random_indices(
    dtype: str, through: Callable[[Builder, int], int] | None
) -> None:
    tflite = _rows(dtype, through)
    assert _ranges(tflite) == {0: 4}
    (samples,) = _inputs(tflite)
    assert samples.dtype == np.dtype(dtype.lower())
    assert set(samples.reshape(-1).tolist()) == {0, 1, 2, 3, 4}
    oracle = Oracle(tflite, "litert")
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to="litert")))
    for sample in samples:
        np.testing.assert_array_equal(model.run(sample)[0], oracle.run(sample)[0])


def test_every_index_of_a_tuple_has_its_own_range() -> None:
    b = Builder()
    x, y = b.tensor([6, 2], "INT32"), b.tensor([6], **QUANTISED)
    b.op("GATHER_ND", [_table(b, [9, 2]), x], [y], options("GatherNd"))
    tflite = b.pack([x], [y])
    assert _ranges(tflite) == {0: [8, 1]}
    (samples,) = _inputs(tflite)
    assert samples.reshape(-1, 2).max(axis=0).tolist() == [8, 1]
    oracle = Oracle(tflite, "tflm")
    for sample in samples:
        oracle.run(sample)


def test_the_smallest_of_several_tables_counts() -> None:
    b = Builder()
    other, x = b.tensor([4], **QUANTISED), b.tensor([2], "INT32")
    outputs = []
    for rows in (7, 3, 5):
        outputs.append(b.tensor([2, 1], **QUANTISED))
        b.op("GATHER", [_table(b, [rows, 1]), x], outputs[-1:], options("Gather"))
    tflite = b.pack([other, x], outputs)
    assert _ranges(tflite) == {1: 2}
    first, second = _inputs(tflite)
    assert first.min() < -100
    assert first.max() > 100
    assert (second.min(), second.max()) == (0, 2)


def test_what_is_computed_on_its_way_is_not_followed() -> None:
    b = Builder()
    x, at, y = b.tensor([3, 5], **QUANTISED), b.tensor([3], "INT32"), b.tensor([3], **QUANTISED)
    axis = b.tensor([1], "INT32", data=np.array([1], "<i4"))
    b.op("ARG_MAX", [x, axis], [at], options("ArgMax", outputType=2))
    b.op("GATHER", [_table(b, [5]), at], [y], options("Gather"))
    assert _ranges(b.pack([x], [y])) == {}


def test_bools_are_of_both_kinds() -> None:
    b = Builder()
    x, y = b.tensor([8], "BOOL"), b.tensor([8], "INT32")
    b.op("CAST", [x], [y], options("Cast"))
    (samples,) = _inputs(b.pack([x], [y]))
    assert samples.dtype == np.bool_
    assert 0.3 < samples.mean() < 0.7


def test_a_tensor_that_many_hand_on_ends_the_search() -> None:
    """Every operator takes the last one's output twice: 2^60 ways back to the input."""
    b = Builder()
    x = b.tensor([1], "INT32")
    index = x
    for _ in range(60):
        joined, cut = b.tensor([2], "INT32"), b.tensor([1], "INT32")
        zero, one = (b.tensor([1], "INT32", data=np.array([n], "<i4")) for n in (0, 1))
        b.op("CONCATENATION", [index, index], [joined], options("Concatenation"))
        b.op("SLICE", [joined, zero, one], [cut], options("Slice"))
        index = cut
    y = b.tensor([1], **QUANTISED)
    b.op("GATHER", [_table(b, [5]), index], [y], options("Gather"))
    assert _ranges(b.pack([x], [y])) == {0: 4}
