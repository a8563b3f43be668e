"""Fast kernels of DEPTHWISE_CONV_2D, and those for Thumb-1, in plain C against both oracles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.cases.conv import EDGE_CASES, add_conv, add_depthwise
from support.cases.dense import EDGE_CASES as DENSE_EDGE_CASES
from support.cases.dense import add_dense
from support.cases.depthwise import (
    CANDIDATES,
    DEPTHWISE_CASES,
    MVE_CASES,
    TARGETS,
    random_depthwise_cases,
)
from support.cases.fast import CONV_CASES, DENSE_CASES, random_conv_cases
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.choosing.select import nth

_PREFERRED = [(family, 0) for family in TARGETS]
_ALL = [
    *(("dsp", candidate) for candidate in range(1, CANDIDATES)),
    ("mla", 1),
    # Windows of 3 by 3 by the kernel for all windows.
    ("mve", 1),
]


def _depthwise(seed: int, family: str, candidate: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    cases.target, cases.prefer = TARGETS[family], nth(candidate)
    edges = MVE_CASES if family == "mve" else DEPTHWISE_CASES
    for case in (*edges, *random_depthwise_cases(cases.rng, random_cases)):
        add_depthwise(cases, case)
    return cases


def _thumb1(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = dict(TARGETS["thumb1"])
    for case in (*CONV_CASES, *EDGE_CASES, *random_conv_cases(cases.rng, 12)):
        # LiteRT refuses CONV_2D without a bias.
        add_conv(cases, replace(case, bias="small") if case.bias == "none" else case)
    for dense in (*DENSE_CASES, *DENSE_EDGE_CASES):
        add_dense(cases, dense)
    return cases


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize(("family", "candidate"), _PREFERRED + _ALL)
def test_depthwise_is_exact(family: str, candidate: int, exact_to: ExactTo) -> None:
    assert _depthwise(71, family, candidate, 20).mismatches(exact_to) == []


@pytest.mark.parametrize(("family", "candidate"), _PREFERRED)
def test_depthwise_has_no_undefined_behaviour(family: str, candidate: int) -> None:
    assert _depthwise(72, family, candidate, 0).sanitized_mismatches("tflm") == 0


@pytest.mark.slow
@pytest.mark.parametrize(("family", "candidate"), _ALL)
def test_other_kernels_have_no_undefined_behaviour(family: str, candidate: int) -> None:
    assert _depthwise(72, family, candidate, 0).sanitized_mismatches("tflm") == 0


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
def test_thumb1_is_exact(exact_to: ExactTo) -> None:
    assert _thumb1(73).mismatches(exact_to) == []


@pytest.mark.slow
def test_thumb1_has_no_undefined_behaviour() -> None:
    assert _thumb1(74).sanitized_mismatches("tflm") == 0


def test_every_kernel_is_among_the_cases() -> None:
    used = set()
    for family, candidate in _PREFERRED + _ALL:
        cases = _depthwise(75, family, candidate, 0)
        used |= {layer.kernel for layer in cases.sources().layers}
    assert used >= {
        "conv_2d_s8_two_roundings_mve",
        "depthwise_3x3_s8_two_roundings_mve",
        "depthwise_3x3_s8_fitted_mve",
        "depthwise_s8_two_roundings_mve",
        "depthwise_s8_fitted_mve",
    }
    assert {kernel for kernel in used if not kernel.endswith("_mve")} == {
        "depthwise_3x3_fours_stride_1_s8_dsp",
        "depthwise_3x3_fours_stride_2_s8_dsp",
        "depthwise_3x3_stride_1_s8_dsp",
        "depthwise_3x3_stride_2_s8_dsp",
        "depthwise_3x3_s8_thumb1",
        "depthwise_planes_s8_dsp",
        "depthwise_planes_s8_two_roundings_plain",
        "depthwise_planes_s8_two_roundings_thumb1",
        "depthwise_planes_s8_fitted_plain",
        "depthwise_quads_s8_two_roundings_dsp",
        "depthwise_quads_s8_fitted_dsp",
        "depthwise_conv_2d_s8_ref",
    }
