"""Damaged files: refused as a whole, or generated; never anything else."""

from __future__ import annotations

import pytest
from support.cases.lowering import check_legality, lower_graph
from support.models.tflite_files import small_cnn

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.passes import run_passes
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.slow


def _outcome(data: bytes, options: CodegenOptions) -> str:
    """All but the rendering, which would take most of the time."""
    try:
        graph = run_passes(read_model(data).main)
        check_legality(graph, options)
    except ModelError:
        return "refused"
    layers = lower_graph(graph, options)
    assert lay_out(graph, layers).arena_bytes > 0
    return "generated"


@pytest.mark.parametrize(("exact_to", "mask"), [("tflm", 0xFF), ("litert", 0x01), ("tflm", 0x80)])
def test_every_byte_flipped(exact_to: ExactTo, mask: int) -> None:
    data, options = small_cnn(), CodegenOptions(exact_to=exact_to)
    outcomes = []
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= mask
        outcomes.append(_outcome(bytes(damaged), options))
    assert {"refused", "generated"} == set(outcomes)


def test_the_same_input_gives_the_same_text() -> None:
    first, second = (generate(read_model(small_cnn())) for _ in range(2))
    assert first.files == second.files
    assert first == second
