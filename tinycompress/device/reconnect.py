"""Finding and opening a board's port again after it was flashed or reset."""

from __future__ import annotations

import time

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import Board
from tinycompress.device.serial_link import SerialLink
from tinycompress.errors import FlashError

_APPEAR_S = 10.0
_OPEN_S = 15.0
"""ModemManager holds a new port for some seconds to see whether it is a modem."""

_POLL_S = 0.25


def answering_port(board: Board, port: SerialPort | None) -> SerialPort | None:
    """The port on which a board's firmware answers, waited for while the board starts.

    Args:
        board: A board that was just flashed.
        port: Its own port before that, if it had one.

    Returns:
        None where the firmware does not talk over the board's own USB connector.

    Raises:
        FlashError: The board's port did not come back.
    """
    ids = board.serial.usb_ids
    if not ids or port is None:
        return None
    found = ports.wait_for(
        lambda now: now.usb_id in ids and now.is_same_device(port), timeout_s=_APPEAR_S
    )
    if found is None:
        raise FlashError(
            f"{board.name} was flashed, but its port did not come back within {_APPEAR_S:g} s",
            hint="press the board's reset button, then: tinycompress bench DIR --port PORT",
        )
    return found


def open_soon(port: str, baud: int) -> SerialLink:
    """Open a port that may still be taken or forbidden for some seconds after it appeared.

    Raises:
        FlashError: It could not be opened in that time.
    """
    deadline = time.monotonic() + _OPEN_S
    while True:
        try:
            return SerialLink(port, baud)
        except FlashError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_POLL_S)
