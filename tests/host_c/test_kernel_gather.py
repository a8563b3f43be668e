"""GATHER and GATHER_ND by indices that the model computes, is given or holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array, KernelCases, options
from support.cases.lowering import graph_of, int8, layers_of
from support.host_model import HostModel, run_sanitized
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# input, indices, axis, batch dimensions
SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...], int, int], ...] = (
    ((1, 4, 5, 3), (7,), 3, 0),
    ((1, 4, 5, 3), (2, 3), 1, 0),
    ((2, 3, 4), (5,), -2, 0),
    ((6,), (1,), 0, 0),
    ((6,), (), 0, 0),
    ((4, 3), (2, 2, 2), 0, 0),
    ((1, 5), (3,), 0, 0),
    ((2, 3, 4), (2, 5), 1, 1),
    ((2, 3, 4), (2, 5), 1, 1),
    ((2, 3, 4), (2, 2), -1, 1),
    ((2, 3, 4), (2, 3, 2), 2, 2),
    ((3, 2, 2, 5), (3, 2), 2, 2),
    ((3, 4), (3,), 1, 1),
)
# input, indices
ND_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 3, 4), (5, 2)),
    ((2, 3, 4), (2, 2, 3)),
    ((2, 3, 4), (3, 1)),
    ((6,), (1,)),
    ((2, 1, 3, 2, 2), (4, 5)),
    ((5, 3), (2,)),
)


class _Choices:
    """Operators with indices, and batches: random indices within range, all first, all last."""

    def __init__(self, seed: int, dtype: str, indices: str) -> None:
        self.cases = KernelCases(seed)
        self.dtype, self.indices = dtype, indices
        self.batches: list[list[Array]] = [[] for _ in range(4)]

    def add(
        self, number: int, shape: tuple[int, ...], last: Array, y: list[int], kind: str, table: Any
    ) -> None:
        """Every second input is constant, every third of the others has constant indices.

        Args:
            number: Of the case.
            shape: Of the input.
            last: The largest value of every index, in the shape of the indices.
            y: Shape of the output.
            kind: The operator.
            table: Its options.
        """
        cases, b = self.cases, self.cases.builder
        data = cases.rng.integers(-128, 128, shape).astype(self.dtype)
        random = [cases.rng.integers(0, last + 1).astype(self.indices) for _ in range(2)]
        ends = [np.zeros_like(random[0]), last.astype(self.indices)]
        constant_input, constant_indices = number % 2 == 1, number % 6 == 2
        quantised: dict[str, Any] = {"scales": [0.1], "zero_points": [0]}
        if constant_input:
            x = b.tensor(shape, self.dtype.upper(), data=data, **quantised)
        else:
            x = cases.input(shape, 0.1, 0, self.dtype)
        if constant_indices:
            chosen = b.tensor(last.shape, self.indices.upper(), data=random[0])
        else:
            chosen = cases.plain_input(last.shape, self.indices)
        output = b.tensor(y, self.dtype.upper(), **quantised)
        cases.op(f"{kind} {shape} {last.shape}", kind, [x, chosen], output, table)
        for batch, where in zip(self.batches, (*random, *ends), strict=True):
            batch += ([] if constant_input else [data]) + ([] if constant_indices else [where])


def _cases(
    seed: int, dtype: str = "int8", indices: str = "int32"
) -> tuple[bytes, list[tuple[Array, ...]]]:
    choices = _Choices(seed, dtype, indices)
    for number, (shape, where, axis, first) in enumerate(SHAPES):
        at = axis % len(shape)
        y = [*shape[:at], *where[first:], *shape[at + 1 :]]
        table = options("Gather", axis=axis, batchDims=first)
        choices.add(number, shape, np.full(where, shape[at] - 1), y, "GATHER", table)
    for number, (shape, where) in enumerate(ND_SHAPES):
        depth = where[-1]
        last = np.broadcast_to(np.array(shape[:depth]) - 1, where)
        y = [*where[:-1], *shape[depth:]]
        choices.add(number, shape, last, y, "GATHER_ND", options("GatherNd"))
    return choices.cases.tflite(), [tuple(batch) for batch in choices.batches]


@pytest.mark.parametrize(
    ("exact_to", "dtype", "indices"),
    [
        ("tflm", "int8", "int32"),
        ("litert", "int8", "int32"),
        ("litert", "int16", "int32"),
        ("litert", "int32", "int64"),
        ("litert", "int8", "int64"),
    ],
)
def test_indices_within_range_are_exact(exact_to: ExactTo, dtype: str, indices: str) -> None:
    tflite, batches = _cases(141, dtype, indices)
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


@pytest.mark.parametrize(
    ("kind", "indices"),
    [("GATHER", "int32"), ("GATHER", "int64"), ("GATHER_ND", "int32"), ("GATHER_ND", "int64")],
)
def test_the_runtimes_fail_out_of_range_and_the_firmware_takes_the_nearest(
    kind: str, indices: str
) -> None:
    cases = KernelCases(143)
    wide = indices == "int64"
    x, limits = cases.input([3, 2], 0.1, 0), np.iinfo(indices)
    chosen = cases.plain_input([6] if kind == "GATHER" else [6, 1], indices)
    y = cases.activation([6, 2], 0.1, 0)
    cases.op(kind, kind, [x, chosen], y, options(kind.title().replace("_", "")))
    tflite = cases.tflite()
    data = np.arange(6, dtype=np.int8).reshape(3, 2)
    outside = np.array([limits.min, -1, 0, 2, 3, limits.max], indices)
    outside = outside if kind == "GATHER" else outside.reshape(6, 1)
    runtimes: tuple[ExactTo, ...] = ("litert",) if wide else BOTH
    for exact_to in runtimes:
        with pytest.raises(ModelError, match=kind):
            Oracle(tflite, exact_to).run(data, outside)
    sources = generate(read_model(tflite), CodegenOptions(exact_to="litert"))
    ((found,),) = run_sanitized(sources, [(data, outside)])
    np.testing.assert_array_equal(found, data[[0, 0, 0, 2, 2, 2]])


def test_what_is_refused_is_named() -> None:
    of_types = "Indices must be int32 or int64; computed ones for tflm int32: 'indices' is "
    assert of_types + "int64" in _refusal(indices="INT64")
    assert of_types + "int16" in _refusal(indices="INT16", exact_to="litert")
    assert "be the first of both, before the axis: 1 of [4, 2] and [3], axis 1" in (
        _refusal(batchDims=1, axis=1)
    )
    assert "axis: -1 of [4, 2]" in _refusal(batchDims=-1)
    assert "axis: 2 of [4, 2]" in _refusal(batchDims=2)
    assert "For tflm, the tensor that indices choose from must be int8: 'x' is int16" in (
        _refusal(dtype="INT16")
    )
    assert "axis 2 of [4, 2]" in _refusal(axis=2)
    assert "expected [4, 3]" in _refusal(axis=1)
    _gather(dtype="INT16", exact_to="litert")
    _gather(indices="INT64", exact_to="litert")


def _nd_refusal(x: list[int], where: list[int], y: list[int], data: Array | None = None) -> str:
    b = Builder()
    source = b.tensor(x, scales=[0.1], zero_points=[0], name="x")
    chosen = b.tensor(where, "INT32", name="indices", data=data)
    result = b.tensor(y, scales=[0.1], zero_points=[0], name="y")
    b.op("GATHER_ND", [source, chosen], [result], options("GatherNd"))
    inputs = [source] if data is not None else [source, chosen]
    with pytest.raises(ModelError) as caught:
        layers_of(graph_of(b, inputs, [result]))
    return "\n".join(caught.value.reasons)


def test_what_is_refused_of_gather_nd_is_named() -> None:
    depth = "must be 1 to 5, and at most the input's dimensions: "
    assert depth + "[3, 3] into [4, 2]" in _nd_refusal([4, 2], [3, 3], [3])
    assert depth + "[] into [4, 2]" in _nd_refusal([4, 2], [], [2])
    assert depth + "[1, 6]" in _nd_refusal([1] * 6, [1, 6], [1])
    assert "expected [3, 2]" in _nd_refusal([4, 2], [3, 1], [3, 4])
    outside = np.array([[3, 1], [0, 2]], "<i4")
    assert "Constant indices must be within the input: 2 of 2" in (
        _nd_refusal([4, 2], [2, 2], [2], outside)
    )


def test_the_kernel_reads_computed_indices_and_those_of_batches() -> None:
    b = Builder()
    x, y = int8(b, [2, 3, 4]), int8(b, [2, 5, 4])
    chosen = b.tensor([5], "INT32")
    b.op("GATHER", [x, chosen], [y], options("Gather", axis=1))
    (layer,) = layers_of(graph_of(b, [x, chosen], [y]))
    assert layer.kernel.name == "gather_ref"
    assert dict(layer.params) == {
        "batches": 1, "outer": 2, "axis_size": 3, "count": 5, "bytes": 4,
    }  # fmt: skip
    assert layer.reads == (x, chosen)


def test_constant_tuples_are_numbers_of_rows() -> None:
    b = Builder()
    x, y = int8(b, [2, 3, 4]), int8(b, [3, 4])
    chosen = b.tensor([3, 2], "INT64", data=np.array([[0, 0], [1, 2], [1, 0]], "<i8"))
    b.op("GATHER_ND", [x, chosen], [y], options("GatherNd"))
    (layer,) = layers_of(graph_of(b, [x], [y]))
    assert layer.kernel.name == "gather_ref"
    assert (layer.params["axis_size"], layer.params["bytes"]) == (6, 4)
    (indices,) = layer.const_arrays
    assert indices.data.tolist() == [0, 5, 3]
    assert indices.data.dtype == np.int32
