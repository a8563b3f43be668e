"""Which boards the serial ports of this machine belong to, by their USB ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tinycompress._serial_ports import SerialPort
from tinycompress._tables import UsbId
from tinycompress.boards import Board

Role = Literal["serial port", "boot loader"]


@dataclass(frozen=True)
class Candidate:
    """A board that a port may belong to, and as what it would be seen."""

    board: Board
    role: Role


def candidates(port: SerialPort, boards: Iterable[Board]) -> tuple[Candidate, ...]:
    """The boards whose USB ids a port has; several, where boards share a debug probe's ids."""
    found = []
    for board in boards:
        if port.usb_id in boot_loader_ids(board):
            found.append(Candidate(board, "boot loader"))
        elif port.usb_id in firmware_ids(board):
            found.append(Candidate(board, "serial port"))
    return tuple(found)


def firmware_ids(board: Board) -> tuple[UsbId, ...]:
    """USB ids under which the board's port appears while a program runs on it."""
    ids = [*board.serial.usb_ids]
    for method in board.flash:
        ids += [usb_id for usb_id in method.running_usb_ids() if usb_id not in ids]
    return tuple(ids)


def boot_loader_ids(board: Board) -> tuple[UsbId, ...]:
    """USB ids under which the board's port appears while its boot loader waits for a program."""
    return tuple(usb_id for method in board.flash for usb_id in method.waiting_usb_ids())
