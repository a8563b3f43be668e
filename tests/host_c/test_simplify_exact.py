"""Networks with dead channels: what is left gives the outputs of the whole, byte for byte."""

from __future__ import annotations

from itertools import count, islice

import pytest
from support.cases.kernels import BOTH
from support.cases.lowering import check_legality
from support.fuzz import graphs
from support.fuzz.emitters import STATELESS
from support.fuzz.graphs import GraphMaker, GraphSeed
from support.fuzz.runner import differences, options_of

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.simplify import drop
from tinycompress.codegen.simplify.simplify import simplify
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

_FOLLOWED = (
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED",
    "LEAKY_RELU", "LOGISTIC", "MAX_POOL_2D", "MEAN", "MUL", "PAD", "PRELU", "RELU", "RESHAPE",
    "RESIZE_NEAREST_NEIGHBOR",
)  # fmt: skip
"""Operators that dead channels are followed through."""

_EMITTERS = {
    name: emit for name, emit in STATELESS.items() if set(name.split(" ")) <= set(_FOLLOWED)
} | {f"{kind} {n}": STATELESS[kind] for kind in ("CONV_2D", "DEPTHWISE_CONV_2D") for n in "ab"}
"""Those, sums of products more often."""


_GRAPHS = 8
"""Of those that lose channels, as many are run; other seeds are passed over."""


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("variant", [pytest.param(0, marks=pytest.mark.slow), 1, 2])
def test_what_is_left_has_the_outputs_of_the_whole(
    variant: int, exact_to: ExactTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small networks have too few channels for whole multiples to go.
    monkeypatch.setattr(drop, "CHANNEL_MULTIPLE", 1)
    monkeypatch.setattr(graphs, "PLANTED", 1.0)
    options = options_of(variant, exact_to)
    seeds = (GraphSeed(seed, 9, exact_to, variant) for seed in count(7_000_000 + 1000 * variant))
    maker = GraphMaker(_EMITTERS)
    for seed in islice(filter(lambda seed: _loses_channels(seed, options), seeds), _GRAPHS):
        maker.add(seed)
    tflite = maker.tflite()
    left_out = generate(read_model(tflite), options).simplification
    assert left_out is not None
    assert left_out.removed_channels >= _GRAPHS
    wrong = differences(tflite, options, maker.samples(6), sanitized=variant == 0)
    assert {maker.labels[index]: how for index, how in wrong.items()} == {}


def _loses_channels(seed: GraphSeed, options: CodegenOptions) -> bool:
    maker = GraphMaker(_EMITTERS)
    maker.add(seed)
    if not maker.labels:
        return False
    graph = run_passes(read_model(maker.tflite()).main)
    try:
        check_legality(graph, options)
    except ModelError:
        return False
    return simplify(graph, options).summary is not None
