"""The assembly of the fast kernels on virtual boards, byte for byte as the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.cases.conv import add_conv
from support.cases.dense import add_dense
from support.cases.fast import CONV_CASES, DENSE_CASES, LOOP_CASES, random_conv_cases
from support.cases.kernels import KernelCases
from support.device.board_runs import runs_exactly

from tinycompress.artifacts import ToolchainName
from tinycompress.codegen.choosing.select import nth


def _models() -> Iterator[bytes]:
    """The cases by the dozen, as a device says no more of its tensors in one packet."""
    convs = [*LOOP_CASES, *CONV_CASES[::2], *random_conv_cases(np.random.default_rng(41), 6)]
    for start in range(0, len(convs), 12):
        cases = KernelCases(start)
        for case in convs[start : start + 12]:
            add_conv(cases, replace(case, bias="small") if case.bias == "none" else case)
        yield cases.tflite()
    cases = KernelCases(42)
    for dense in DENSE_CASES[::4]:
        add_dense(cases, dense)
    yield cases.tflite()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board_id", "chain"),
    [
        ("qemu_mps2_an386", "zig"),
        pytest.param("qemu_mps2_an386", "gcc", marks=pytest.mark.gcc),
        ("qemu_mps2_an385", "zig"),
        pytest.param("qemu_mps2_an385", "gcc", marks=pytest.mark.gcc),
        pytest.param("qemu_mps3_an547", "zig", marks=pytest.mark.qemu),
        pytest.param("qemu_mps3_an547", "gcc", marks=[pytest.mark.gcc, pytest.mark.qemu]),
    ],
)
def test_fast_kernels_are_exact(board_id: str, chain: ToolchainName, tmp_path: Path) -> None:
    # The first is the fast one, which small layers would not choose by its cost.
    for number, tflite in enumerate(_models()):
        assert runs_exactly(board_id, tflite, chain, tmp_path / str(number), prefer=nth(0)), number
