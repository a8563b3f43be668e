from __future__ import annotations

import pytest
from support.cases.conv import EDGE_CASES, GROUPED_CASES, add_conv, add_depthwise, random_case
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo


def _conv(seed: int, random_cases: int, exact_to: ExactTo) -> KernelCases:
    cases = KernelCases(seed)
    for case in (*EDGE_CASES, *GROUPED_CASES):
        # LiteRT refuses CONV_2D without a bias.
        if exact_to == "tflm" or case.bias != "none":
            add_conv(cases, case)
    for _ in range(random_cases):
        add_conv(cases, random_case(cases.rng, with_bias=exact_to == "litert"))
    return cases


def _depthwise(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    for case in EDGE_CASES:
        add_depthwise(cases, case)
    for _ in range(random_cases):
        add_depthwise(cases, random_case(cases.rng))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_conv_2d_is_exact(exact_to: ExactTo) -> None:
    assert _conv(11, 40, exact_to).mismatches(exact_to) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_depthwise_conv_2d_is_exact(exact_to: ExactTo) -> None:
    assert _depthwise(12, 40).mismatches(exact_to) == []


def test_conv_2d_has_no_undefined_behaviour() -> None:
    assert _conv(13, 0, "tflm").sanitized_mismatches("tflm") == 0


def test_depthwise_conv_2d_has_no_undefined_behaviour() -> None:
    assert _depthwise(14, 0).sanitized_mismatches("tflm") == 0
