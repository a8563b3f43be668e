"""The fast kernels of CONV_2D and FULLY_CONNECTED, as plain C, against both oracles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from support.cases.conv import EDGE_CASES, ConvCase, add_conv
from support.cases.dense import EDGE_CASES as DENSE_EDGE_CASES
from support.cases.dense import add_dense
from support.cases.dense import random_case as random_dense
from support.cases.fast import CONV_CASES, DENSE_CASES, FAMILIES, random_conv_cases
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model


def _convs(seed: int, family: str, exact_to: ExactTo, more: Iterable[ConvCase] = ()) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = dict(FAMILIES[family])
    for case in (*CONV_CASES, *more):
        # LiteRT refuses CONV_2D without a bias.
        add_conv(cases, replace(case, bias="small") if case.bias == "none" else case)
    for case in random_conv_cases(cases.rng, 16):
        add_conv(cases, case)
    return cases


def _denses(seed: int, family: str) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = dict(FAMILIES[family])
    for case in (*DENSE_CASES, *DENSE_EDGE_CASES):
        add_dense(cases, case)
    for _ in range(12):
        add_dense(cases, random_dense(cases.rng))
    return cases


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", FAMILIES)
def test_convolutions_are_exact(family: str, exact_to: ExactTo) -> None:
    assert _convs(31, family, exact_to, EDGE_CASES).mismatches(exact_to) == []


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("family", FAMILIES)
def test_dense_layers_are_exact(family: str, exact_to: ExactTo) -> None:
    assert _denses(32, family).mismatches(exact_to) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_convolutions_have_no_undefined_behaviour(family: str) -> None:
    assert _convs(33, family, "tflm").sanitized_mismatches("tflm") == 0


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_dense_layers_have_no_undefined_behaviour(family: str) -> None:
    assert _denses(34, family).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_fast_kernel_is_among_the_cases(family: str) -> None:
    used = set()
    for cases in (_convs(35, family, "tflm"), _denses(35, family)):
        options = CodegenOptions(**cases.target)
        sources = generate(read_model(cases.tflite()), options)
        used |= {layer.kernel for layer in sources.layers if layer.kernel.endswith(family)}
    # MVE's pointwise kernel is that of dense layers, too.
    kernels = ["conv_1x1", "conv_2d"] + (["fully_connected"] if family != "mve" else [])
    kernels += ["conv_2d_rows", "fully_connected_direct"] if family == "dsp" else []
    assert used == {
        f"{kernel}_s8_{rounding}_{family}"
        for kernel in kernels
        for rounding in ("fitted", "two_roundings")
    }
