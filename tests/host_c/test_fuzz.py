"""A short slice of `make fuzz`: fixed seeds, both oracles."""

from __future__ import annotations

from collections import Counter

import pytest
from support.cases.kernels import BOTH
from support.fuzz.emitters import ALL, STATELESS
from support.fuzz.graphs import GraphMaker, GraphSeed
from support.fuzz.runner import Fuzzer, is_legal, options_of

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.ops import INTERNAL, OPS
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import is_integer_inside, not_integer_reasons


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("variant", [1, 2])
def test_random_graphs_are_exact(variant: int, exact_to: ExactTo) -> None:
    fuzzer = Fuzzer()
    fuzzer.run(1_000_000 + 100 * variant, 24, exact_to, variant)
    assert fuzzer.tally.mismatches == []
    assert fuzzer.tally.graphs[exact_to] >= 20
    # Every kind of operator has its chance to come up.
    assert len(fuzzer.tally.operators) > len(ALL) // 2


def test_every_operator_is_drawn() -> None:
    drawn = {word for name in ALL for word in name.split(" ")}
    assert set(OPS) - INTERNAL <= drawn


@pytest.mark.parametrize(("variant", "least"), [(4, 4), (16, 8)], ids=["flash", "smallest"])
def test_a_share_of_graphs_has_encoded_weights(variant: int, least: int) -> None:
    options, encodings, graphs = options_of(variant, "tflm"), Counter[str](), 0
    assert options.optimize == "flash"
    for seed in range(5000, 5050):
        maker = GraphMaker(ALL)
        maker.add(GraphSeed(seed, 1 + seed % 8, "tflm", variant))
        model = read_model(maker.tflite()) if maker.labels else None
        if model is None or not is_legal(model, options):
            continue
        layers = generate(model, options).layers
        found = [layer.weights.encoding for layer in layers if layer.weights is not None]
        encodings.update(found)
        graphs += bool(found)
    assert graphs >= least
    # Sparse dense layers take tokens, convolutions tiles.
    assert "pair_tokens" in encodings
    assert {"gap_tokens", "lut", "huffman"} & set(encodings)


@pytest.mark.parametrize("exact_to", BOTH)
def test_what_the_engine_takes_is_let_in(exact_to: ExactTo) -> None:
    """``build`` looks at a file before the engine does, and refuses nothing that it can run."""
    seen, refused = Counter[str](), dict[str, tuple[str, ...]]()
    for name in ALL:
        for seed in range(100, 140):
            maker = GraphMaker({name: ALL[name]})
            maker.add(GraphSeed(seed, 1, exact_to))
            model = read_model(maker.tflite()) if maker.labels else None
            if model is None or not is_legal(model, CodegenOptions(exact_to=exact_to)):
                continue
            seen[name] += 1
            if not is_integer_inside(model):
                refused[f"{name}, seed {seed}"] = not_integer_reasons(model)
    assert refused == {}
    # LiteRT has no signal operators.
    possible = [name for name in ALL if exact_to == "tflm" or "CUSTOM:Signal" not in name]
    assert len(seen) > 0.85 * len(possible)


def test_graphs_do_not_depend_on_each_other() -> None:
    first, second = (GraphSeed(seed, 8, "litert", 2) for seed in (1, 2))
    makers = [GraphMaker(STATELESS) for _ in range(2)]
    for maker, seeds in zip(makers, ((first, second), (second,)), strict=True):
        for seed in seeds:
            maker.add(seed)
    both, alone = makers
    assert alone.kinds == both.kinds[-len(alone.kinds) :]
    assert alone.labels == both.labels[-len(alone.labels) :]
