"""Every layer states the order of its own kernel: another's would overwrite what it still reads."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases import conv, dense, depthwise, fast
from support.cases.kernels import KernelCases
from support.cases.stated_orders import STATED

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.choosing.candidates import Candidate, candidates
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.reader import read_model

_CORES = {
    "mve": CodegenOptions(core="cortex-m55", mve=True),
    "dsp": CodegenOptions(),
    "mla": CodegenOptions(core="cortex-m3", dsp=False),
    "thumb1": CodegenOptions(core="cortex-m0plus", dsp=False),
}


def _cases() -> KernelCases:
    cases, rng = KernelCases(3), np.random.default_rng(4)
    for each in (*conv.EDGE_CASES, *fast.CONV_CASES, *fast.random_conv_cases(rng, 12)):
        conv.add_conv(cases, each)
    for each in (*depthwise.DEPTHWISE_CASES, *depthwise.MVE_CASES):
        conv.add_depthwise(cases, each)
    for layer in (*dense.EDGE_CASES, *fast.DENSE_CASES):
        dense.add_dense(cases, layer)
    return cases


def _all_candidates(options: CodegenOptions) -> list[Candidate]:
    graph = run_passes(read_model(_cases().tflite()).main)
    return [each for op in graph.ops for each in candidates(graph, op, options)]


@pytest.mark.parametrize("family", sorted(_CORES))
def test_layers_state_the_order_of_their_kernel(family: str) -> None:
    layers = [layer for each in _all_candidates(_CORES[family]) for layer in each.layers]
    for layer in layers:
        known = layer.encoded
        if known is not None and known.on_tiles is not None:
            # The kernel's own, whose order is among the stated ones, if all is one tile.
            assert layer.overlap == (known.on_tiles.overlap if known.tiles == 1 else None)
            continue
        assert layer.order is STATED.get(layer.kernel.name), layer.kernel.name
    families = {"mve": {"mve", "dsp"}, "mla": {"mla", "plain"}, "thumb1": {"thumb1", "plain"}}
    assert {layer.kernel.family for layer in layers} >= families.get(family, {family})
