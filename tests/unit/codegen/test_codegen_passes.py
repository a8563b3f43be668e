from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import graph_of, int8, layers_of, ones
from support.host_model import HostModel
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.passes import PASSES, run_passes
from tinycompress.codegen.passes.drop_dead import drop_dead_ops
from tinycompress.codegen.passes.fold_pad import fold_pads
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

CONV = {"strideH": 1, "strideW": 1, "padding": "VALID"}


def _kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def _pad_then(
    kind: str, *, zero: int = -3, out_zero: int | None = None, pads: str = "spatial"
) -> tuple[Builder, int, int, int]:
    """Input [1, 5, 5, 2], padded to [1, 7, 8, 2], into a 3x3 window."""
    b = Builder()
    x = int8(b, [1, 5, 5, 2], 0.1, zero)
    amounts = {"spatial": [0, 0, 1, 1, 2, 1, 0, 0], "channels": [0, 0, 1, 1, 2, 1, 0, 1]}[pads]
    paddings = b.tensor([4, 2], "INT32", data=np.array(amounts, "<i4"))
    channels = 3 if pads == "channels" else 2
    padded = int8(b, [1, 7, 8, channels], 0.1, zero if out_zero is None else out_zero)
    b.op("PAD", [x, paddings], [padded], options("Pad"))
    if kind == "CONV_2D":
        w = int8(b, [4, 3, 3, channels], data=ones([4, 3, 3, channels]))
        bias = b.tensor([4], "INT32", data=np.arange(4, dtype="<i4"), scales=[0.01])
        y = int8(b, [1, 5, 6, 4], 0.4, 1)
        b.op(kind, [padded, w, bias], [y], options("Conv2D", **CONV))
    elif kind == "DEPTHWISE_CONV_2D":
        w = int8(b, [1, 3, 3, 2], data=ones([1, 3, 3, 2]))
        bias = b.tensor([2], "INT32", data=np.arange(2, dtype="<i4"), scales=[0.01])
        y = int8(b, [1, 5, 6, 2], 0.4, 1)
        table = options("DepthwiseConv2D", depthMultiplier=1, **CONV)
        b.op(kind, [padded, w, bias], [y], table)
    else:
        y = int8(b, [1, 5, 6, 2], 0.1, zero)
        b.op(kind, [padded], [y], options("Pool2D", filterHeight=3, filterWidth=3, **CONV))
    return b, x, padded, y


@pytest.mark.parametrize(
    ("kind", "zero", "folds"),
    [
        ("CONV_2D", -3, True),
        ("DEPTHWISE_CONV_2D", 99, True),
        ("MAX_POOL_2D", -128, True),
        ("MAX_POOL_2D", -3, False),
        ("AVERAGE_POOL_2D", -128, False),
    ],
)
def test_pad_is_folded_where_that_is_exact(kind: str, zero: int, folds: bool) -> None:
    b, x, _, y = _pad_then(kind, zero=zero)
    tflite = b.pack([x], [y])
    model = read_model(tflite)
    graph = run_passes(model.main)
    assert _kinds(graph) == ([kind] if folds else ["PAD", kind])
    if folds:
        assert graph.ops[0].options["explicit_padding"] == (1, 1, 2, 1)
    oracle, host = Oracle(tflite, "tflm"), HostModel(generate(model))
    for seed in range(4):
        sample = np.random.default_rng(seed).integers(-128, 128, (1, 5, 5, 2)).astype(np.int8)
        np.testing.assert_array_equal(host.run(sample)[0], oracle.run(sample)[0])


def test_pad_to_another_quantisation_stays() -> None:
    b, x, _, y = _pad_then("CONV_2D", out_zero=7)
    assert _kinds(fold_pads(graph_of(b, [x], [y]))) == ["PAD", "CONV_2D"]


def test_pad_of_channels_stays() -> None:
    b, x, _, y = _pad_then("CONV_2D", pads="channels")
    assert _kinds(fold_pads(graph_of(b, [x], [y]))) == ["PAD", "CONV_2D"]


def test_pad_that_is_an_output_stays() -> None:
    b, x, padded, y = _pad_then("CONV_2D")
    assert _kinds(fold_pads(graph_of(b, [x], [y, padded]))) == ["PAD", "CONV_2D"]


def test_pad_with_another_reader_stays() -> None:
    b, x, padded, y = _pad_then("CONV_2D")
    z = int8(b, [1, 7, 8, 2], 0.1, -3)
    b.op("RELU", [padded], [z])
    assert _kinds(fold_pads(graph_of(b, [x], [y, z]))) == ["PAD", "CONV_2D", "RELU"]


def test_pads_in_a_row_are_folded_one_after_the_other() -> None:
    b = Builder()
    x, once, twice = (int8(b, [1, n, n, 2]) for n in (3, 4, 5))
    w, y = int8(b, [1, 3, 3, 2], data=ones([1, 3, 3, 2])), int8(b, [1, 3, 3, 1], 0.4)
    for source, target, pads in ((x, once, [1, 0, 0, 1]), (once, twice, [0, 1, 1, 0])):
        amounts = b.tensor([4, 2], "INT32", data=np.array([0, 0, *pads, 0, 0], "<i4"))
        b.op("PAD", [source, amounts], [target], options("Pad"))
    b.op("CONV_2D", [twice, w], [y], options("Conv2D", **CONV))
    graph = run_passes(graph_of(b, [x], [y]))
    assert _kinds(graph) == ["CONV_2D"]
    assert graph.ops[0].options["explicit_padding"] == (1, 1, 1, 1)


def test_pad_into_what_is_refused_stays() -> None:
    """The user is to read of the operator as the file has it."""
    b, x, _, y = _pad_then("CONV_2D")
    b.graph.operators[1].builtinOptions.strideH = 0
    assert _kinds(fold_pads(graph_of(b, [x], [y]))) == ["PAD", "CONV_2D"]


def test_what_flatten_computes_on_a_dynamic_batch_is_not_run() -> None:
    """SHAPE, STRIDED_SLICE and PACK only feed a RESHAPE whose shape the file states."""
    b = Builder()
    x = int8(b, [1, 2, 3, 1])
    shape, batch, target = (b.tensor(s, "INT32") for s in ([4], [], [2]))
    bounds = [b.tensor([1], "INT32", data=np.array([v], "<i4")) for v in (0, 1, 1)]
    six = b.tensor([], "INT32", data=np.array(6, "<i4"))
    flat, y = int8(b, [1, 6]), int8(b, [1, 6])
    b.op("SHAPE", [x], [shape], options("Shape"))
    b.op("STRIDED_SLICE", [shape, *bounds], [batch], options("StridedSlice", shrinkAxisMask=1))
    b.op("PACK", [batch, six], [target], options("Pack", valuesCount=2))
    b.op("RESHAPE", [x, target], [flat], options("Reshape"))
    b.op("RELU", [flat], [y])
    graph = run_passes(graph_of(b, [x], [y]))
    assert _kinds(graph) == ["RESHAPE", "RELU"]
    assert [layer.op.kind for layer in layers_of(graph)] == ["RELU"]


def test_a_reshaped_constant_is_a_constant() -> None:
    b = Builder()
    x = int8(b, [2, 3])
    flat = int8(b, [6], data=np.arange(6, dtype=np.int8))
    constant, y = int8(b, [2, 3]), int8(b, [2, 3])
    b.op("RESHAPE", [flat], [constant], options("Reshape"))
    b.op("ADD", [x, constant], [y], options("Add"))
    graph = run_passes(graph_of(b, [x], [y]))
    assert _kinds(graph) == ["ADD"]
    data = graph.tensors[constant].data
    assert data is not None
    np.testing.assert_array_equal(data, np.arange(6).reshape(2, 3))


def test_dead_operators_go() -> None:
    b = Builder()
    x, y, unused = int8(b, [4]), int8(b, [4]), int8(b, [4])
    b.op("RELU", [x], [y])
    b.op("RELU6", [x], [unused])
    assert _kinds(drop_dead_ops(graph_of(b, [x], [y]))) == ["RELU"]


def test_operators_with_effects_stay() -> None:
    b = Builder()
    x, y, unused = int8(b, [4]), int8(b, [4]), int8(b, [4])
    b.op("CUSTOM", [x], [unused], custom_code="Log")
    b.op("RELU", [x], [y])
    assert _kinds(drop_dead_ops(graph_of(b, [x], [y]))) == ["CUSTOM", "RELU"]


def test_views_share_memory_with_what_they_view() -> None:
    b = Builder()
    x, view, y, again = int8(b, [2, 2]), int8(b, [4]), int8(b, [4]), int8(b, [1, 4])
    b.op("RESHAPE", [x], [view], options("Reshape"))
    b.op("RELU", [view], [y])
    b.op("EXPAND_DIMS", [y], [again])
    sources = generate(read_model(b.pack([x], [again])), CodegenOptions())
    assert [layer.op for layer in sources.layers] == ["RELU"]
    assert sources.arena_bytes == 4
    sample = np.array([[-128, -1], [1, 127]], np.int8)
    (result,) = HostModel(sources).run(sample)
    assert result.tolist() == [[0, 0, 1, 127]]


def test_passes_change_nothing_twice() -> None:
    b, x, _, y = _pad_then("CONV_2D")
    once = run_passes(graph_of(b, [x], [y]))
    for transform in PASSES:
        assert transform(once).ops == once.ops
