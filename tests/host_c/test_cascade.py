"""Cascades in generated C: every stage, every gate and every answer without a run."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.sequences import differing_bytes
from support.host_model import HostModel, run_sanitized
from support.models.cascades import CASCADES, cascade, part, passing_on, scores

from tinycompress.artifacts import ExactTo, Optimize
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.conversion.joining.cascade import joined
from tinycompress.errors import DoesNotFitError, ModelError
from tinycompress.ir.cascade.stages import Gate
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.oracle import open_oracle

pytestmark = pytest.mark.gcc


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
@pytest.mark.parametrize("name", CASCADES)
def test_a_cascade_is_its_stages_and_gates(name: str, exact_to: ExactTo) -> None:
    assert differing_bytes(cascade(name), exact_to) == 0


@pytest.mark.parametrize("name", ["class", "unsure", "change", "state"])
def test_gates_open_and_close(name: str) -> None:
    """Otherwise the test above would show little."""
    tflite = cascade(name)
    oracle = open_oracle(tflite, "tflm")
    samples = zip(*random_inputs(read_model(tflite).main, 40), strict=True)
    ran = np.concatenate([oracle.step(*sample)[-1] for sample in samples])
    for number, stage in enumerate(read_model(tflite).stages):
        told = set(ran[:, number])
        assert told == ({1} if stage.gate is None else {0, 1})


@pytest.mark.parametrize("optimize", ["ram", "flash"])
def test_a_cascade_is_exact_whatever_comes_first(optimize: Optimize) -> None:
    tflite = cascade("state")
    model = HostModel(generate(read_model(tflite), CodegenOptions(optimize=optimize)))
    oracle = open_oracle(tflite, "tflm")
    for sample in zip(*random_inputs(read_model(tflite).main, 20), strict=True):
        for want, have in zip(oracle.step(*sample), model.run(*sample), strict=True):
            np.testing.assert_array_equal(want.reshape(-1), have.reshape(-1))


def test_stages_share_one_arena() -> None:
    small, large = scores(1, hidden=200), scores(2, hidden=240)
    alone = [generate(read_model(one)).arena_bytes for one in (small, large)]
    both = generate(read_model(joined([part("a", small), part("b", large)]))).arena_bytes
    # An input that both read, and the answers of the first, are kept besides.
    assert max(alone) <= both <= max(alone) + 24 < sum(alone)


def test_layers_of_two_stages_share_kernels_and_weights() -> None:
    twice = joined([part("a", scores(1)), part("b", scores(1), inputs=("other",))])
    made = generate(read_model(twice), CodegenOptions(optimize="flash"))
    assert made.weights_bytes == generate(read_model(scores(1))).weights_bytes
    assert made.files["tcm_model.c"].count("_shared_") >= 2


def test_a_view_of_an_input_is_no_output_of_a_stage() -> None:
    tflite = joined([part("a", scores(1)), part("b", passing_on(), Gate("class", 0, 5, (1,)))])
    with pytest.raises(ModelError, match="only another name for an input"):
        generate(read_model(tflite))


def test_a_budget_is_of_the_shared_arena() -> None:
    model = read_model(cascade("class"))
    needed = generate(model).arena_bytes
    assert generate(model, CodegenOptions(ram_budget_bytes=needed)).arena_bytes <= needed
    with pytest.raises(DoesNotFitError, match="arena takes"):
        generate(model, CodegenOptions(ram_budget_bytes=needed - 8))


@pytest.mark.parametrize("name", CASCADES)
def test_sanitizers_find_nothing(name: str) -> None:
    tflite = cascade(name)
    model = read_model(tflite)
    samples = list(zip(*random_inputs(model.main, 10), strict=True))
    oracle = open_oracle(tflite, "tflm")
    for sample, told in zip(samples, run_sanitized(generate(model), samples), strict=True):
        for want, have in zip(oracle.step(*sample), told, strict=True):
            np.testing.assert_array_equal(want.reshape(-1), have.reshape(-1))
