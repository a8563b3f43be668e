"""A Cortex-M55 with MVE: QEMU alone runs it, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress import pipeline
from tinycompress.artifacts import ToolchainName
from tinycompress.boards import load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import BoardError

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"


@pytest.mark.qemu
@pytest.mark.parametrize("chain", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
def test_digits(chain: ToolchainName, tmp_path: Path) -> None:
    board = load_board("mps3_an547")
    built = pipeline.build(MODEL, "mps3_an547", toolchain=chain, output=tmp_path / "digits")
    kernels = {layer.kernel for layer in built.project.layers}
    assert any(kernel.endswith("_mve") for kernel in kernels)
    result = pipeline.bench(tmp_path / "digits", runs=2)
    assert (result.samples, result.mismatched_samples) == (5, 0)
    assert (result.cycles, result.latency_us) == (None, None)
    assert result.instructions is not None
    assert result.instructions.obtained == "emulated"
    assert "QEMU counts instructions; it says nothing of cycles and time" in result.notes
    # Two products in an instruction are the limit of what is not a vector.
    costs = [(layer.instructions, layer.macs) for layer in result.layers if layer.macs]
    assert min((taken or 0) / macs for taken, macs in costs) < 0.5
    assert sum(taken or 0 for taken, _ in costs) < result.instructions.median
    assert result.ram.stack_reserved_bytes == board.budget.stack_bytes


def test_the_emulator_refuses_it(tmp_path: Path) -> None:
    built = pipeline.build(MODEL, "mps3_an547", toolchain="zig", output=tmp_path / "digits")
    with pytest.raises(BoardError, match=r"cpu\.core is 'cortex-m55'") as caught:
        VirtualBoard(load_board("mps3_an547"), built.require_firmware().elf)
    assert caught.value.hint is not None
    assert "MVE in QEMU" in caught.value.hint
