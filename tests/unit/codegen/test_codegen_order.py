"""The order of operators that keeps memory low."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from support.cases.kernels import options
from support.cases.lowering import graph_of, int8, lower_graph
from support.host_model import HostModel
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.arena.order import order_for_memory
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

_SIZE = 32
_BRANCHES = 3


def _branches() -> tuple[Builder, int, int]:
    """Branches that widen to 16 channels and narrow to 1; all widen first, as they are written."""
    builder = Builder()
    rng = np.random.default_rng(81)
    x = int8(builder, [1, _SIZE, _SIZE, 1], name="x")

    def conv(source: int, inputs: int, outputs: int) -> int:
        data = rng.integers(-127, 128, (outputs, 1, 1, inputs)).astype(np.int8)
        weights = builder.tensor(data.shape, data=data, scales=[0.01], zero_points=[0])
        bias = builder.tensor([outputs], "INT32", data=np.zeros(outputs, "<i4"), scales=[0.001])
        y = int8(builder, [1, _SIZE, _SIZE, outputs])
        table = options("Conv2D", padding="VALID", strideH=1, strideW=1,
                        dilationHFactor=1, dilationWFactor=1)  # fmt: skip
        builder.op("CONV_2D", [source, weights, bias], [y], table)
        return y

    wide = [conv(x, 1, 16) for _ in range(_BRANCHES)]
    narrow = [conv(y, 16, 1) for y in wide]
    total = narrow[0]
    for other in narrow[1:]:
        y = int8(builder, [1, _SIZE, _SIZE, 1], scale=0.2)
        builder.op("ADD", [total, other], [y], options("Add"))
        total = y
    return builder, x, total


def _arena(graph: Graph) -> int:
    return lay_out(graph, lower_graph(graph, CodegenOptions())).arena_bytes


def test_one_branch_is_finished_before_the_next() -> None:
    builder, x, y = _branches()
    graph = run_passes(graph_of(builder, [x], [y]))
    wide_bytes = 16 * _SIZE * _SIZE
    assert _arena(graph) > 3 * wide_bytes
    better = order_for_memory(graph)
    assert sorted(op.index for op in better.ops) == sorted(op.index for op in graph.ops)
    assert _arena(better) < 1.5 * wide_bytes


def test_every_operator_comes_after_what_it_reads() -> None:
    builder, x, y = _branches()
    better = order_for_memory(run_passes(graph_of(builder, [x], [y])))
    computed = set(better.inputs)
    for op in better.ops:
        made = [i for i in op.inputs if i >= 0 and not better.tensors[i].is_constant]
        assert computed.issuperset(made)
        computed.update(op.outputs)


def test_the_better_order_is_generated_and_exact() -> None:
    builder, x, y = _branches()
    tflite = builder.pack([x], [y])
    sources = generate(read_model(tflite))
    assert sources.arena_bytes < 1.5 * 16 * _SIZE * _SIZE
    sample = np.random.default_rng(82).integers(-128, 128, (1, _SIZE, _SIZE, 1)).astype(np.int8)
    model, oracle = HostModel(sources), Oracle(tflite, "tflm")
    np.testing.assert_array_equal(model.run(sample)[0], oracle.run(sample)[0])


def test_a_chain_stays_as_it_is() -> None:
    builder = Builder()
    tensors = [int8(builder, [1, 8]) for _ in range(4)]
    for a, b in pairwise(tensors):
        builder.op("RELU", [a], [b])
    graph = graph_of(builder, [tensors[0]], [tensors[-1]])
    assert order_for_memory(graph) is graph
