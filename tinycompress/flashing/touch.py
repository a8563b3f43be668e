"""Starting a boot loader by opening and closing the port at 1200 baud, and finding it afterwards.

Source: arduino/go-serial-utils reset.go: drop DTR before closing; do not look at ports for half a
second, since opening one would call the reset off; the new port must stay for a while, as some boot
loaders come, go and come again.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection

import serial

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort, open_error
from tinycompress._tables import UsbId
from tinycompress.errors import FlashError
from tinycompress.flashing.tools import NotPossibleError

_TOUCH_BAUD = 1200
_QUIET_S = 0.5
_APPEAR_S = 10.0
_SETTLE_S = 1.0
_PERMISSION_S = 3.0
_POLL_S = 0.1


def enter_boot_loader(
    port: SerialPort, boot_loader_ids: Collection[UsbId], *, by_hand: str
) -> SerialPort:
    """Make a board start its boot loader, and return the port under which that appears.

    Args:
        port: The port while a program runs on the board.
        boot_loader_ids: USB ids of the boot loader.
        by_hand: What a person does if the board takes no notice, for the hint.

    Raises:
        NotPossibleError: The port cannot be opened, or no boot loader appears.
        FlashError: It appears, but may not be opened.
    """
    before = ports.list_serial_ports()
    touch(port.device)
    time.sleep(_QUIET_S)

    def is_it(now: SerialPort) -> bool:
        if now.usb_id not in boot_loader_ids:
            return False
        if now.is_same_device(port):
            return True
        # A system that knows neither socket nor serial number: only a new port can be it.
        unknown = now.location is None or port.location is None
        return unknown and all(now != old for old in before)

    found = ports.wait_for(is_it, timeout_s=_APPEAR_S, settle_s=_SETTLE_S)
    if found is None:
        raise NotPossibleError(
            f"no boot loader appeared within {_APPEAR_S:g} s after {port.device} was opened at "
            f"{_TOUCH_BAUD} baud",
            hint=by_hand,
        )
    wait_until_permitted(found.device)
    return found


def touch(device: str) -> None:
    """Open and close a port at 1200 baud.

    Raises:
        NotPossibleError: It cannot be opened.
    """
    try:
        opened = serial.Serial(device, baudrate=_TOUCH_BAUD, exclusive=True)
    except (OSError, ValueError) as error:
        failure = open_error(device, _TOUCH_BAUD, error)
        raise NotPossibleError(failure.message, hint=failure.hint) from error
    # The board may be gone before we are done with it, which is what we want of it.
    with contextlib.suppress(OSError):
        opened.dtr = False
    with contextlib.suppress(OSError):
        opened.close()


def wait_until_permitted(device: str) -> None:
    """Wait until a port that has just appeared may be opened: udev grants that a moment later.

    Raises:
        FlashError: It may not, even after some seconds.
    """
    deadline = time.monotonic() + _PERMISSION_S
    while os.path.exists(device) and not os.access(device, os.R_OK | os.W_OK):
        if time.monotonic() >= deadline:
            raise FlashError(
                f"no permission to open {device}",
                hint="add yourself to the group that owns it and log in again: "
                "sudo usermod -aG dialout $USER",
            )
        time.sleep(_POLL_S)
