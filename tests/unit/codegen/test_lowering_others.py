"""Lowering of the operators without weights."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import array, graph_of, int8, layers_of
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.ops.elementwise.broadcast import broadcast_shape, merged_broadcast
from tinycompress.codegen.ops.reduce.mean import merged_runs
from tinycompress.ir.arithmetic import INT32_MAX


def _unary(
    kind: str, in_scale: float, out_scale: float, zeros: tuple[int, int], exact_to: str = "tflm"
) -> Layer:
    b = Builder()
    x, y = int8(b, [1, 8], in_scale, zeros[0]), int8(b, [1, 8], out_scale, zeros[1])
    b.op(kind, [x], [y])
    codegen = CodegenOptions(exact_to="litert" if exact_to == "litert" else "tflm")
    (layer,) = layers_of(graph_of(b, [x], [y]), codegen)
    return layer


def test_relu_of_equal_quantisation_is_a_clamp() -> None:
    layer = _unary("RELU", 0.1, 0.1, (-5, -5))
    assert layer.kernel.name == "map_clamp_s8_ref"
    assert (layer.params["clamp_min"], layer.params["clamp_max"]) == (-5, 127)


def test_relu_of_other_quantisation_is_a_table() -> None:
    layer = _unary("RELU", 0.1, 0.2, (0, -128))
    table = array(layer, "table")
    assert layer.kernel.name == "map_table_s8_ref"
    assert table.size == 256
    assert set(table[:128].tolist()) == {-128}
    assert table[128 + 20] == -128 + 10


def test_relu6_follows_the_oracle() -> None:
    tflm = _unary("RELU6", 0.1, 0.2, (0, 0))
    litert = _unary("RELU6", 0.1, 0.2, (0, 0), "litert")
    assert tflm.kernel.name == "map_clamp_s8_ref"
    assert (tflm.params["clamp_min"], tflm.params["clamp_max"]) == (0, 60)
    assert array(litert, "table").max() == 30


def test_quantize_to_the_same_quantisation_is_the_identity() -> None:
    layer = _unary("QUANTIZE", 0.1, 0.1, (3, 3))
    assert layer.kernel.name == "map_clamp_s8_ref"
    assert (layer.params["clamp_min"], layer.params["clamp_max"]) == (-128, 127)


def test_softmax_tabulates_what_counts() -> None:
    b = Builder()
    x, y = int8(b, [2, 5], 1.0), b.tensor([2, 5], scales=[1 / 256], zero_points=[-128])
    b.op("SOFTMAX", [x], [y], options("Softmax", beta=1.0))
    (layer,) = layers_of(graph_of(b, [x], [y]))
    exps = array(layer, "exps")
    assert (layer.params["rows"], layer.params["depth"]) == (2, 5)
    assert layer.params["differences"] == exps.size == 16
    assert exps[0] == INT32_MAX
    np.testing.assert_allclose(exps / 2**31, np.exp(-np.arange(16.0)), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "axes", "runs"),
    [
        ((1, 4, 5, 3), (1, 2), (1, 20, 3)),
        ((2, 4, 5, 3), (1, 2), (2, 20, 3)),
        ((2, 4, 5, 3), (0, 2), (1, 2, 4, 5, 3)),
        ((2, 4, 5, 3), (1, 3), (2, 4, 5, 3)),
        ((2, 4, 5, 3), (3,), (40, 3)),
        ((2, 4, 5, 3), (0, 1, 2, 3), (1, 120)),
        ((1, 1, 1), (1,), (1,)),
    ],
)
def test_mean_merges_neighbouring_dimensions(
    shape: tuple[int, ...], axes: tuple[int, ...], runs: tuple[int, ...]
) -> None:
    assert merged_runs(shape, axes) == runs


def test_mean_folds_the_zero_point_into_the_sum() -> None:
    b = Builder()
    x, y = int8(b, [1, 4, 5, 3], 0.1, -7), int8(b, [1, 3], 0.1, -7)
    axes = b.tensor([2], "INT32", data=np.array([1, -2], "<i4"))
    b.op("MEAN", [x, axes], [y], options("Reducer", keepDims=False))
    (layer,) = layers_of(graph_of(b, [x], [y]))
    assert layer.params["sum_offset"] == 7 * 20
    assert [layer.params[f"kept_{i}"] for i in range(3)] == [1, 3, 1]
    assert [layer.params[f"reduced_{i}"] for i in range(2)] == [20, 1]


def _add(a: list[int], b_shape: list[int], *, constant: bool = False) -> Layer:
    b = Builder()
    x = int8(b, a)
    data = np.zeros(b_shape, np.int8) if constant else None
    z = int8(b, b_shape, data=data)
    y = int8(b, list(np.broadcast_shapes(tuple(a), tuple(b_shape))))
    b.op("ADD", [x, z], [y], options("Add"))
    (layer,) = layers_of(graph_of(b, [x] if constant else [x, z], [y]))
    return layer


def test_add_of_equal_shapes_is_one_loop() -> None:
    layer = _add([1, 4, 4, 2], [1, 4, 4, 2])
    assert layer.kernel.name == "add_s8_ref"
    assert layer.params["count"] == 32
    assert len(layer.reads) == 2


def test_add_broadcasts() -> None:
    layer = _add([1, 4, 5, 2], [2])
    assert layer.kernel.name == "add_broadcast_s8_ref"
    assert [layer.params[f"size_{i}"] for i in range(4)] == [1, 1, 20, 2]
    assert [layer.params[f"stride_1_{i}"] for i in range(4)] == [0, 0, 2, 1]
    assert [layer.params[f"stride_2_{i}"] for i in range(4)] == [0, 0, 0, 1]


def test_add_reads_a_constant_from_flash() -> None:
    layer = _add([1, 4, 5, 2], [1, 4, 5, 2], constant=True)
    assert len(layer.reads) == 1
    assert isinstance(layer.arguments[1], ConstArray)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (2, 3)),
        ((2, 1, 4, 1), (1, 3, 1, 5)),
        ((4,), (2, 1)),
        ((1, 1), (1,)),
        ((5, 1), (1,)),
    ],
)
def test_merged_loops_address_what_numpy_broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    merged = merged_broadcast(a, b)
    first = np.arange(np.prod(a)).reshape(a)
    second = np.arange(np.prod(b)).reshape(b)
    wide_1, wide_2 = np.broadcast_arrays(first, second)
    indices = np.indices(merged.sizes).reshape(4, -1)
    assert broadcast_shape(a, b) == wide_1.shape
    np.testing.assert_array_equal(np.array(merged.strides_1) @ indices, wide_1.reshape(-1))
    np.testing.assert_array_equal(np.array(merged.strides_2) @ indices, wide_2.reshape(-1))


def test_shapes_that_do_not_broadcast() -> None:
    assert broadcast_shape((2, 3), (2,)) is None


def test_pad_merges_unpadded_dimensions() -> None:
    b = Builder()
    x, y = int8(b, [1, 4, 5, 2], 0.1, -3), int8(b, [1, 6, 5, 2], 0.1, -3)
    pads = b.tensor([4, 2], "INT32", data=np.array([0, 0, 1, 1, 0, 0, 0, 0], "<i4"))
    b.op("PAD", [x, pads], [y], options("Pad"))
    (layer,) = layers_of(graph_of(b, [x], [y]))
    assert [layer.params[f"input_{i}"] for i in range(5)] == [1, 1, 1, 1, 40]
    assert [layer.params[f"before_{i}"] for i in range(5)] == [0, 0, 0, 0, 10]
    assert layer.params["output_4"] == layer.params["output_count"] == 60
    assert layer.params["value"] == -3


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pools_share_their_parameters(kind: str) -> None:
    b = Builder()
    x, y = int8(b, [1, 7, 7, 2]), int8(b, [1, 4, 4, 2])
    table = options("Pool2D", strideH=2, strideW=2, filterHeight=3, filterWidth=3, padding="SAME")
    b.op(kind, [x], [y], table)
    (layer,) = layers_of(graph_of(b, [x], [y]))
    assert layer.kernel.name == f"{kind.lower()}_s8_ref"
    assert layer.kernel.params_type == "tck_pool_2d_params"
    assert (layer.params["pad_top"], layer.params["pad_left"]) == (1, 1)
