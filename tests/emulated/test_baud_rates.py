"""The protocol at the ends of the range of baud rates, on one board of every family's UART."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.firmware.projects import BYTES, copy_project, link

from tinycompress.boards import Board, load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient

BOARDS = (
    "nano33", "nrf5340dk", "nucleo_f446re", "nucleo_l4r5zi", "disco_f746ng", "nucleo_h743zi",
    "nucleo_u575zi_q", "nucleo_g0b1re", "pico", "pico2", "feather_m4", "teensy41", "mps2_an386",
)  # fmt: skip


def _at(board: Board, baud: int) -> Board:
    if board.serial.transport == "usb-cdc":
        board = board.over("uart")
    return board.model_copy(update={"serial": board.serial.model_copy(update={"baud": baud})})


@pytest.mark.parametrize(
    ("name", "baud"), [*((name, 1_000_000) for name in BOARDS), ("nano33", 9600), ("pico", 9600)]
)
def test_a_conversation(name: str, baud: int, tmp_path: Path) -> None:
    board = _at(load_board(name), baud)
    elf = link(copy_project(board, tmp_path / "project"), "zig", tmp_path / "copy.elf")
    client = DeviceClient(VirtualBoard(board, elf))
    client.hello()
    client.write_input(0, bytes(range(BYTES)))
    client.run()
    # The copying model adds 1, 2 and 3 to the first three bytes.
    assert client.read_output(0, BYTES) == bytes((1, 3, 5, *range(3, BYTES)))
    other = _at(board, 115_200)
    with pytest.raises(DeviceError, match=r"runs at .* baud, the host at 115200"):
        DeviceClient(VirtualBoard(other, elf)).hello()
