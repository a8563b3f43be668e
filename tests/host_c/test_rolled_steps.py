"""Unrolled time steps run as a loop, with the bytes of the operators one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.cases.encoded_conv import FAMILIES
from support.cases.kernels import BOTH
from support.cases.sequences import differing_bytes
from support.host_model import run_sanitized
from support.models.stepped_models import Stepped

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.passes.roll_steps import roll_steps
from tinycompress.codegen.verdict import require_aot
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

STEPS = 6


def _last(made: Stepped) -> tuple[int, ...]:
    return (made.layer(made.x)[-1],)


def _sequence(made: Stepped) -> tuple[int, ...]:
    states = made.layer(made.x)
    return made.joined(states), states[-1]


def _stacked(made: Stepped) -> tuple[int, ...]:
    first = made.joined(made.layer(made.x, scope="a/steps"))
    return (made.layer(first, scope="b/steps")[-1],)


def _both_ways(made: Stepped) -> tuple[int, ...]:
    back = made.layer(made.x, scope="both/steps", backwards=True)
    return made.joined(made.layer(made.x, scope="both/steps_1")), back[-1]


def _behind_a_convolution(made: Stepped) -> tuple[int, ...]:
    return (made.joined(made.layer(made.causal_conv(made.x))),)


MODELS: dict[str, tuple[Callable[[Stepped], tuple[int, ...]], int]] = {
    "last": (_last, 1),
    "sequence": (_sequence, 1),
    "stacked": (_stacked, 2),
    "both_ways": (_both_ways, 2),
    "behind_a_convolution": (_behind_a_convolution, 1),
}


def _model(name: str, seed: int = 0) -> bytes:
    made = Stepped(STEPS, seed)
    return made.tflite(*MODELS[name][0](made))


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("optimize", ["speed", "flash"])
@pytest.mark.parametrize("name", MODELS)
def test_a_loop_is_exact(name: str, optimize: str, exact_to: ExactTo) -> None:
    assert differing_bytes(_model(name), exact_to, 8, optimize=optimize) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_loop_is_exact_on_every_core(family: str) -> None:
    assert differing_bytes(_model("stacked", 1), "tflm", 8, **FAMILIES[family]) == 0


@pytest.mark.parametrize("name", MODELS)
def test_code_is_there_once_and_products_count_for_all_steps(name: str) -> None:
    model = read_model(_model(name))
    sources = generate(model, CodegenOptions())
    loops = MODELS[name][1]
    assert sum(layer.op == "TANH" for layer in sources.layers) == loops
    assert {layer.runs for layer in sources.layers} == {1, STEPS}
    graph = require_aot(model, CodegenOptions())
    assert total_macs(graph) == total_macs(model.main)
    assert sum(layer.macs for layer in sources.layers) == total_macs(model.main)
    text = next(text for file, text in sources.files.items() if file.endswith("model.c"))
    assert text.count("} while (") == loops


def test_steps_that_differ_are_no_loop() -> None:
    made = Stepped(STEPS)
    states = made.layer(made.x, other_scale_at=2)
    graph = read_model(made.tflite(states[-1])).main
    assert roll_steps(graph) is graph


def test_a_loop_has_no_undefined_behaviour() -> None:
    tflite = _model("both_ways", 2)
    rng = np.random.default_rng(7)
    shape = (1, STEPS, 3)
    batches: list[tuple[Any, ...]] = [(np.full(shape, v, np.int8),) for v in (-128, 127)]
    batches.append((rng.integers(-128, 128, shape).astype(np.int8),))
    oracle = Oracle(tflite, "tflm")
    found = run_sanitized(generate(read_model(tflite), CodegenOptions()), batches)
    for batch, outputs in zip(batches, found, strict=True):
        for want, have in zip(oracle.run(*batch), outputs, strict=True):
            np.testing.assert_array_equal(want.reshape(-1), have.reshape(-1))
