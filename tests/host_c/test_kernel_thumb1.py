"""Two products by each multiplication on Thumb-1 cores, as plain C, against both oracles."""

from __future__ import annotations

import pytest
from support.cases.kernels import BOTH, KernelCases
from support.cases.thumb1 import add_small_weights

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model


def _cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = {"core": "cortex-m0plus", "dsp": False}
    add_small_weights(cases)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_small_weights_are_exact(exact_to: ExactTo) -> None:
    assert _cases(91).mismatches(exact_to) == []


def test_small_weights_have_no_undefined_behaviour() -> None:
    assert _cases(92).sanitized_mismatches("tflm") == 0


def test_small_weights_take_these_kernels() -> None:
    cases = _cases(93)
    sources = generate(read_model(cases.tflite()), CodegenOptions(**cases.target, weights="plain"))
    kernels = [layer.kernel for layer in sources.layers]
    assert set(kernels) == {
        "conv_2d_words_s8_fitted_thumb1",
        "conv_2d_words_s8_two_roundings_thumb1",
    }
    assert kernels.count("conv_2d_words_s8_two_roundings_thumb1") >= 5
