"""The assembly of the depthwise kernels, ADD's and Thumb-1's on virtual boards, as the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.cases.conv import ConvCase, add_conv, add_depthwise
from support.cases.dense import add_dense
from support.cases.depthwise import DEPTHWISE_CASES, MVE_CASES
from support.cases.fast import CONV_CASES, DENSE_CASES
from support.cases.kernels import KernelCases, options
from support.cases.thumb1 import SMALL_CONV_CASES, SMALL_DENSE_CASES, add_extreme_weights

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import nth
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.toolchain import build

_DOZEN = 12
_DSP_CANDIDATES = (0, 1, 2, 3)


def _depthwise_models(
    candidates: tuple[int | None, ...], edges: Sequence[ConvCase] = DEPTHWISE_CASES
) -> Iterator[KernelCases]:
    """The cases by the dozen, as a device says no more of its tensors in one packet."""
    for candidate in candidates:
        for start in range(0, len(edges), _DOZEN):
            cases = KernelCases(start)
            cases.prefer = None if candidate is None else nth(candidate)
            for case in edges[start : start + _DOZEN]:
                add_depthwise(cases, case)
            yield cases


def _add_model() -> KernelCases:
    """One scale, two scales; with a ReLU at zero point -128 and without; odd counts."""
    cases = KernelCases(81)
    for scales in ((0.1, 0.1, 0.15), (0.1, 0.03, 0.12), (0.02, 0.3, 0.4)):
        for zero, activation in ((-128, "RELU"), (9, "NONE"), (-20, "RELU6")):
            inputs = [cases.input([1, 37], scale, zero // 2) for scale in scales[:2]]
            y = cases.activation([1, 37], scales[2], zero)
            table = options("Add", fusedActivationFunction=activation)
            cases.op(f"{scales} {activation}", "ADD", inputs, y, table)
    return cases


def _thumb1_models() -> Iterator[KernelCases]:
    for start in range(0, len(CONV_CASES), _DOZEN):
        cases = KernelCases(start)
        for case in CONV_CASES[start : start + _DOZEN]:
            add_conv(cases, replace(case, bias="small") if case.bias == "none" else case)
        yield cases
    cases = KernelCases(82)
    for dense in DENSE_CASES[::4]:
        add_dense(cases, dense)
    yield cases
    for start in range(0, len(SMALL_DENSE_CASES), _DOZEN):
        cases = KernelCases(start)
        for dense in SMALL_DENSE_CASES[start : start + _DOZEN]:
            add_dense(cases, dense)
        yield cases
    cases = KernelCases(83)
    for conv in SMALL_CONV_CASES:
        add_conv(cases, conv)
    yield cases
    cases = KernelCases(84)
    add_extreme_weights(cases)
    yield cases


def _mismatches(cases: KernelCases, board: Board, chain: ToolchainName, directory: Path) -> int:
    tflite = cases.tflite()
    sources = generate(read_model(tflite), CodegenOptions.for_board(board), prefer=cases.prefer)
    project = render_project(sources, board, directory, tflite=tflite, model_name="cases")
    built = build(project, board, toolchain=chain)
    link = open_link(board, built.elf)
    try:
        measured = BenchOptions(runs=1, warmup=0)
        result = bench(built, board, link, tflite=tflite, options=measured)
    finally:
        link.close()
    assert result.samples == 5
    assert result.mismatched_samples is not None
    return result.mismatched_samples


_CHAINS = ("zig", pytest.param("gcc", marks=pytest.mark.gcc))


@pytest.mark.slow
@pytest.mark.parametrize("chain", _CHAINS)
def test_dsp_kernels_are_exact(chain: ToolchainName, tmp_path: Path) -> None:
    board = load_board("qemu_mps2_an386")
    for number, cases in enumerate([*_depthwise_models(_DSP_CANDIDATES), _add_model()]):
        assert _mismatches(cases, board, chain, tmp_path / str(number)) == 0, number


@pytest.mark.slow
@pytest.mark.parametrize("chain", _CHAINS)
def test_thumb1_kernels_are_exact(chain: ToolchainName, tmp_path: Path) -> None:
    board = load_board("raspberry_pi_pico")
    models = [*_depthwise_models((None,)), *_thumb1_models(), _add_model()]
    for number, cases in enumerate(models):
        assert _mismatches(cases, board, chain, tmp_path / str(number)) == 0, number


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("chain", _CHAINS)
def test_mve_kernels_are_exact(chain: ToolchainName, tmp_path: Path) -> None:
    board = load_board("qemu_mps3_an547")
    for number, cases in enumerate([*_depthwise_models((0, 1), MVE_CASES), _add_model()]):
        assert _mismatches(cases, board, chain, tmp_path / str(number)) == 0, number
