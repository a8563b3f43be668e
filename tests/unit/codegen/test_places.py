"""Parts that lie in their whole: which copies go, and that the others stay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import graph_of, int8, lower_graph
from support.host_model import HostModel
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.arena.elide_copies import elide_copies
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.arena.places import Place, places
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Made = tuple[Builder, list[int], list[int]]


def _relu(b: Builder, source: int, shape: list[int]) -> int:
    y = int8(b, shape, 0.1, -128)
    b.op("RELU", [source], [y])
    return y


def _join(b: Builder, parts: list[int], shape: list[int], axis: int) -> int:
    y = int8(b, shape, 0.1, -128)
    b.op("CONCATENATION", parts, [y], options("Concatenation", axis=axis))
    return y


def _slice(b: Builder, source: int, begin: list[int], size: list[int]) -> int:
    y = int8(b, size, 0.1, -128)
    numbers = [b.tensor([len(n)], "INT32", data=np.array(n, "<i4")) for n in (begin, size)]
    b.op("SLICE", [source, *numbers], [y], options("Slice"))
    return y


def _joined_rows() -> Made:
    """Two computed parts and a last operator: nothing is left to copy."""
    b = Builder()
    x = int8(b, [1, 2, 4], 0.1, -128)
    parts = [_relu(b, x, [1, 2, 4]) for _ in range(2)]
    return b, [x], [_relu(b, _join(b, parts, [1, 4, 4], 1), [1, 4, 4])]


def _joined_columns() -> Made:
    """Parts that are not runs of bytes."""
    b = Builder()
    x = int8(b, [1, 2, 4], 0.1, -128)
    parts = [_relu(b, x, [1, 2, 4]) for _ in range(2)]
    return b, [x], [_relu(b, _join(b, parts, [1, 2, 8], 2), [1, 2, 8])]


def _joined_twice() -> Made:
    """The same part at both ends can lie at one of them only."""
    b = Builder()
    x = int8(b, [1, 2, 4], 0.1, -128)
    part = _relu(b, x, [1, 2, 4])
    return b, [x], [_relu(b, _join(b, [part, part], [1, 4, 4], 1), [1, 4, 4])]


def _joined_odd() -> Made:
    """The second part would begin between two words."""
    b = Builder()
    x = int8(b, [1, 1, 3], 0.1, -128)
    parts = [_relu(b, x, [1, 1, 3]) for _ in range(2)]
    return b, [x], [_relu(b, _join(b, parts, [1, 2, 3], 1), [1, 2, 3])]


def _joined_inputs() -> Made:
    """Where the host writes is where inputs lie."""
    b = Builder()
    inputs = [int8(b, [1, 2, 4], 0.1, -128) for _ in range(2)]
    return b, inputs, [_relu(b, _join(b, inputs, [1, 4, 4], 1), [1, 4, 4])]


def _cut_rows() -> Made:
    b = Builder()
    x = int8(b, [1, 4, 4], 0.1, -128)
    parts = [_slice(b, x, [0, begin, 0], [1, 2, 4]) for begin in (0, 2)]
    return b, [x], [_relu(b, part, [1, 2, 4]) for part in parts]


def _cut_to_outputs() -> Made:
    """What the host reads is in its own place."""
    b = Builder()
    x = int8(b, [1, 4, 4], 0.1, -128)
    return b, [x], [_slice(b, x, [0, begin, 0], [1, 2, 4]) for begin in (0, 2)]


def _cut_and_joined() -> Made:
    """The halves change places: cuts lie in the input, so that both are copied to the join."""
    b = Builder()
    x = int8(b, [1, 4, 4], 0.1, -128)
    upper, lower = (_slice(b, x, [0, begin, 0], [1, 2, 4]) for begin in (0, 2))
    return b, [x], [_relu(b, _join(b, [lower, upper], [1, 4, 4], 1), [1, 4, 4])]


def _joins_in_joins() -> Made:
    b = Builder()
    x = int8(b, [1, 2, 4], 0.1, -128)
    inner = _join(b, [_relu(b, x, [1, 2, 4]) for _ in range(2)], [1, 4, 4], 1)
    last = _relu(b, inner, [1, 4, 4])
    outer = _join(b, [inner, last], [1, 8, 4], 1)
    return b, [x], [_relu(b, outer, [1, 8, 4])]


@pytest.mark.parametrize(
    ("make", "copies"),
    [
        (_joined_rows, 0),
        (_joined_columns, 2),
        (_joined_twice, 1),
        (_joined_odd, 1),
        (_joined_inputs, 2),
        (_cut_rows, 0),
        (_cut_to_outputs, 2),
        (_cut_and_joined, 2),
        (_joins_in_joins, 0),
    ],
)
def test_copies_that_are_left(make: Callable[[], Made], copies: int) -> None:
    b, inputs, outputs = make()
    tflite = b.pack(inputs, outputs)
    model = read_model(tflite)
    graph, core = elide_copies(run_passes(model.main)), CodegenOptions()
    layers = lower_graph(graph, core)
    assert sum(layer.kernel.name == "copy_ref" for layer in layers) == copies
    host = HostModel(render(model, graph, layers, lay_out(graph, layers), core), flags=("-O0",))
    oracle, rng = Oracle(tflite, "tflm"), np.random.default_rng(5)
    for _ in range(4):
        sample = [rng.integers(-128, 128, spec.shape).astype(np.int8) for spec in oracle.inputs]
        for have, want in zip(host.run(*sample), oracle.run(*sample), strict=True):
            np.testing.assert_array_equal(have, want)


def test_places_add_up() -> None:
    b, inputs, outputs = _joins_in_joins()
    graph = graph_of(b, inputs, outputs)
    inner, outer = (op for op in graph.ops if op.kind == "CONCATENATION")
    found = places(elide_copies(graph))
    whole = outer.outputs[0]
    assert [found[i] for i in inner.inputs] == [Place(whole, 0), Place(whole, 8)]
    assert found[outer.inputs[1]] == Place(whole, 16)
    # Nobody shares who was not asked to.
    assert all(place == Place(index) for index, place in places(graph).items())


def test_a_part_fills_what_its_whole_has_free() -> None:
    """What is computed for the second part lies where the second part will."""
    b, inputs, outputs = _joined_rows()
    graph = run_passes(graph_of(b, inputs, outputs))
    core, shared = CodegenOptions(), elide_copies(graph)
    separate = lay_out(graph, lower_graph(graph, core)).arena_bytes
    together = lay_out(shared, lower_graph(shared, core)).arena_bytes
    assert together < separate
