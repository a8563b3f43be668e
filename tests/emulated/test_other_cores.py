"""C that was generated for one core, compiled for another: slower at worst, and as exact.

Projects for Arduino and Zephyr are compiled by the user, for whatever board is chosen there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases.conv import ConvCase, add_conv, add_depthwise
from support.cases.dense import DenseCase, add_dense
from support.cases.kernels import KernelCases
from support.device.board_runs import runs_exactly

from tinycompress.codegen import CodegenOptions

_CORES = {
    "cortex-m0plus": CodegenOptions(core="cortex-m0plus", dsp=False),
    "cortex-m3": CodegenOptions(core="cortex-m3", dsp=False),
    "cortex-m4": CodegenOptions(core="cortex-m4"),
    "cortex-m55": CodegenOptions(core="cortex-m55", mve=True),
}


def _model() -> bytes:
    cases = KernelCases(91)
    add_conv(cases, ConvCase(height=6, width=7, channels=8, outputs=8))
    add_conv(cases, ConvCase(height=6, width=6, channels=12, outputs=9, kernel=(1, 1)))
    for stride in ((1, 1), (2, 2)):
        add_depthwise(cases, ConvCase(height=9, width=8, channels=8, outputs=1, stride=stride))
    add_depthwise(cases, ConvCase(height=7, width=7, channels=4, outputs=2, kernel=(5, 3)))
    add_dense(cases, DenseCase(inputs=40, outputs=12))
    return cases.tflite()


@pytest.mark.parametrize(
    ("made_for", "board"),
    [
        ("cortex-m0plus", "qemu_mps2_an386"),
        ("cortex-m3", "qemu_mps2_an386"),
        ("cortex-m55", "qemu_mps2_an386"),
        ("cortex-m4", "qemu_mps2_an385"),
        ("cortex-m4", "raspberry_pi_pico"),
    ],
)
def test_outputs_are_exact_on_any_core(made_for: str, board: str, tmp_path: Path) -> None:
    assert runs_exactly(board, _model(), "zig", tmp_path / "project", _CORES[made_for])
