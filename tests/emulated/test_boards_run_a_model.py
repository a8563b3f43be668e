"""Every shipped board runs a small model: built for it, over its own serial transport, exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.common import ROOT

import tinycompress
from tinycompress.boards import Board, list_boards

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"
# The emulator has no MVE, so that QEMU runs boards with it.
BOARDS = [
    pytest.param(board, id=board.id, marks=[pytest.mark.qemu] if board.cpu.mve else [])
    for board in list_boards()
]


@pytest.mark.parametrize("board", BOARDS)
def test_digits(board: Board, tmp_path: Path) -> None:
    made = tinycompress.build(MODEL, board.id, output=tmp_path / "digits")
    built = made.require_firmware()
    assert built.project.transport == board.serial.transport
    result = tinycompress.bench(tmp_path / "digits", runs=1)
    assert result.board_id == board.id
    assert (result.samples > 0, result.mismatched_samples) == (True, 0)
    assert result.not_compared is None
    if not board.cpu.mve:
        assert result.cycles is not None
        if board.emulator.flash_wait_states:
            # The wait states of the board file bound the cycles from above.
            assert result.cycles_upper_bound is not None
            assert result.cycles_upper_bound > result.cycles.max
