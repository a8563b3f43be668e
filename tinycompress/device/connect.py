"""The one place that decides between an emulated board and a port."""

from __future__ import annotations

from pathlib import Path

from tinycompress.boards import Board
from tinycompress.device.link import Link


def emulation_tells_time(board: Board) -> bool:
    """Whether the own emulator runs a board's firmware: QEMU counts instructions alone."""
    return not board.cpu.mve


def open_link(board: Board, elf: Path, *, port: str | None = None, qemu: bool = False) -> Link:
    """Open a link to a real board behind ``port``, else to a virtual one that runs ``elf``.

    Args:
        board: The board that the ELF was built for.
        elf: The firmware; not loaded onto a real board, which must have been flashed with it.
        port: Serial port or pyserial URL.
        qemu: Whether QEMU runs the ELF instead of the project's own emulator, which has no MVE: it
            always does where the core has.

    Raises:
        FlashError: The port cannot be opened.
        ToolError: QEMU is not installed or has no such board.
        DeviceError: The ELF does not start on the virtual board.
    """
    if port is not None:
        from tinycompress.device.serial_link import SerialLink

        return SerialLink(port, board.serial.baud)
    if qemu or not emulation_tells_time(board):
        from tinycompress.device.qemu import QemuBoard

        return QemuBoard(board, elf)
    from tinycompress.device.emulator import VirtualBoard

    return VirtualBoard(board, elf)
