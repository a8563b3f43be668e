"""Working memory of a layer: every piece has bytes of its own."""

from __future__ import annotations

from dataclasses import replace

from support.cases.dense import DenseCase, add_dense
from support.cases.kernels import KernelCases
from support.cases.lowering import lower_graph

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.layer import ScratchArgument
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.ir.reader import read_model


def test_two_pieces_of_working_memory_do_not_share_bytes() -> None:
    cases = KernelCases(1)
    add_dense(cases, DenseCase(inputs=8, outputs=4))
    model = read_model(cases.tflite())
    graph = run_passes(model.main)
    (layer,) = lower_graph(graph, CodegenOptions())
    pieces = (ScratchArgument("uint8_t", 5), ScratchArgument("uint32_t", 12))
    layer = replace(layer, arguments=(*layer.arguments, *pieces))
    layout = lay_out(graph, [layer])
    begin, known = layout.scratch[0], layer.scratch_bytes
    text = render(model, graph, [layer], layout, CodegenOptions()).files["tcm_model.c"]
    # Behind what the kernel had: five bytes, filled up to whole words, then the next piece.
    assert f"(uint8_t *)(tcm_model_arena + {begin + known - 20})" in text
    assert f"(uint32_t *)(tcm_model_arena + {begin + known - 12})" in text
    assert layout.arena_bytes >= begin + known
