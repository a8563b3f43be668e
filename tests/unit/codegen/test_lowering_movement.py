"""Operators that move elements, without a compiler: their loops address what numpy addresses."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases.kernels import options
from support.cases.lowering import array, graph_of, int8, layers_of
from support.models.tflite_files import Builder

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops.movement.copies import DIMENSIONS, Copy, View
from tinycompress.ir.graph import DType, Tensor


def _int32(b: Builder, values: Any) -> int:
    data = np.array(values, "<i4")
    return b.tensor(data.shape, "INT32", data=data)


def _layers(
    kind: str, shape: list[int], operands: list[Any], out: list[int], table: Any = None
) -> tuple[Layer, ...]:
    b = Builder()
    x, y = int8(b, shape), int8(b, out)
    b.op(kind, [x, *(_int32(b, values) for values in operands)], [y], table)
    return layers_of(graph_of(b, [x], [y]))


def _moved(layer: Layer, source: npt.NDArray[np.int8], target: npt.NDArray[np.int8]) -> None:
    """What copy_ref.h does."""
    numbers = {name: value for name, value in layer.params.items() if isinstance(value, int)}
    for place in product(*(range(numbers[f"size_{i}"]) for i in range(DIMENSIONS))):
        start, end = numbers["from_offset"], numbers["to_offset"]
        start += sum(numbers[f"from_{i}"] * at for i, at in enumerate(place))
        end += sum(numbers[f"to_{i}"] * at for i, at in enumerate(place))
        assert 0 <= start < source.size
        assert 0 <= end < target.size
        target[end] = source[start]


def _result(layers: tuple[Layer, ...], size_in: int, size_out: int) -> list[int]:
    source, target = np.arange(size_in).astype(np.int8), np.full(size_out, -1, np.int8)
    for layer in layers:
        assert layer.kernel.name == "copy_ref"
        _moved(layer, source, target)
    return [int(value) for value in target]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.randoms())
def test_transpose_addresses_what_numpy_does(shape: list[int], chooser: Any) -> None:
    order = list(range(len(shape)))
    chooser.shuffle(order)
    out = [shape[axis] for axis in order]
    total = int(np.prod(shape))
    layers = _layers("TRANSPOSE", shape, [order], out, options("Transpose"))
    wanted = np.arange(total).astype(np.int8).reshape(shape).transpose(order)
    assert _result(layers, total, total) == wanted.reshape(-1).tolist()


def test_neighbouring_dimensions_are_one_loop() -> None:
    (layer,) = _layers(
        "TRANSPOSE", [1, 4, 5, 6], [[0, 3, 1, 2]], [1, 6, 4, 5], options("Transpose")
    )
    assert [layer.params[f"size_{i}"] for i in range(DIMENSIONS)] == [1, 1, 1, 1, 6, 20]
    assert [layer.params[f"from_{i}"] for i in (4, 5)] == [1, 6]
    assert [layer.params[f"to_{i}"] for i in (4, 5)] == [20, 1]


def test_a_slice_of_the_outermost_dimension_is_one_run() -> None:
    (layer,) = _layers("SLICE", [4, 5, 6], [[1, 0, 0], [2, 5, 6]], [2, 5, 6], options("Slice"))
    assert layer.params["size_5"] == 60
    assert layer.params["from_offset"] == 30


def test_wider_elements_are_counted_in_bytes() -> None:
    x = Tensor(0, "x", (2, 3), DType.INT32)
    y = Tensor(1, "y", (3, 2), DType.INT32)
    copy = Copy(x, View.of(x.shape).permuted((1, 0)), y, View.of(y.shape))
    assert copy.loops() == [(3, 4, 8), (2, 12, 4), (4, 1, 1)]


def test_each_input_of_a_concatenation_is_a_layer() -> None:
    b = Builder()
    inputs = [int8(b, [1, 2, width]) for width in (3, 1)]
    y = int8(b, [1, 2, 4])
    b.op("CONCATENATION", inputs, [y], options("Concatenation", axis=-1))
    first, second = layers_of(graph_of(b, inputs, [y]))
    assert (first.params["to_offset"], second.params["to_offset"]) == (0, 3)
    assert first.params["to_4"] == second.params["to_5"] == 4
    assert first.writes == second.writes == (y,)


def test_split_offsets_follow_from_the_sizes() -> None:
    b = Builder()
    x = int8(b, [2, 6])
    outputs = [int8(b, [2, size]) for size in (1, 3, 2)]
    operands = [x, _int32(b, [1, 3, -1]), _int32(b, 1)]
    b.op("SPLIT_V", operands, outputs, options("SplitV", numSplits=3))
    layers = layers_of(graph_of(b, [x], outputs))
    assert [layer.params["from_offset"] for layer in layers] == [0, 1, 4]


def test_space_to_batch_fills_what_padding_leaves() -> None:
    b = Builder()
    x, y = int8(b, [1, 3, 3, 2]), int8(b, [4, 2, 2, 2])
    operands = [x, _int32(b, [2, 2]), _int32(b, [[0, 1], [0, 1]])]
    b.op("SPACE_TO_BATCH_ND", operands, [y], options("SpaceToBatchND"))
    names = [layer.kernel.name for layer in layers_of(graph_of(b, [x], [y]))]
    assert names == ["fill_ref", *["copy_ref"] * 4]


def test_nearest_neighbours_become_tables() -> None:
    table = options("ResizeNearestNeighbor")
    (layer,) = _layers("RESIZE_NEAREST_NEIGHBOR", [1, 2, 2, 3], [[4, 2]], [1, 4, 2, 3], table)
    assert layer.params["bytes"] == 6
    assert [layer.params[f"count_{i}"] for i in range(4)] == [1, 1, 1, 4]
    assert array(layer, "offsets_3").tolist() == [0, 0, 6, 6]


def test_bilinear_weights_are_in_1024ths() -> None:
    table = options("ResizeBilinear")
    (layer,) = _layers("RESIZE_BILINEAR", [1, 2, 2, 3], [[4, 2]], [1, 4, 2, 3], table)
    assert array(layer, "row_weight").tolist() == [0, 512, 0, 512]
    assert array(layer, "row_0").tolist() == [0, 0, 6, 6]
    assert array(layer, "row_1").tolist() == [0, 6, 6, 6]


@pytest.mark.parametrize("kind", ["MUL", "SUB", "MAXIMUM", "SQUARED_DIFFERENCE", "PRELU"])
def test_two_inputs_share_their_parameters(kind: str) -> None:
    names = {"MUL": "Mul", "SUB": "Sub", "MAXIMUM": "MaximumMinimum",
             "SQUARED_DIFFERENCE": "SquaredDifference"}  # fmt: skip
    b = Builder()
    x, z, y = int8(b, [1, 4, 5, 2]), int8(b, [2]), int8(b, [1, 4, 5, 2])
    b.op(kind, [x, z], [y], options(names[kind]) if kind in names else None)
    (layer,) = layers_of(graph_of(b, [x, z], [y]))
    assert layer.kernel.name == f"{kind.lower()}_s8_ref"
    assert layer.kernel.params_type == "tck_binary_params"
    assert [layer.params[f"size_{i}"] for i in range(4)] == [1, 1, 20, 2]
    assert [layer.params[f"stride_2_{i}"] for i in range(4)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("kind", "scale", "zero"), [("LOGISTIC", 1 / 256, -128), ("TANH", 1 / 128, 0)]
)
def test_sigmoids_are_close_to_the_real_ones(kind: str, scale: float, zero: int) -> None:
    b = Builder()
    x, y = int8(b, [8], 0.05), int8(b, [8], scale, zero)
    b.op(kind, [x], [y])
    (layer,) = layers_of(graph_of(b, [x], [y]))
    real = 0.05 * np.arange(-128, 128)
    wanted = np.tanh(real) if kind == "TANH" else 1 / (1 + np.exp(-real))
    found = (array(layer, "table").astype(float) - zero) * scale
    np.testing.assert_allclose(found, np.minimum(wanted, (127 - zero) * scale), atol=0.6 * scale)
