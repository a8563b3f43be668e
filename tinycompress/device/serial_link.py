"""A device behind a serial port, or behind anything that pyserial reaches by a URL."""

from __future__ import annotations

import errno
import time
from typing import Literal

import serial
from serial.tools import list_ports

from tinycompress.errors import FlashError

_POLL_S = 0.05
_WRITE_TIMEOUT_S = 10.0


class SerialLink:
    """A `Link` over pyserial; the port is taken for this process alone where the system can.

    Args:
        port: ``/dev/ttyACM0``, ``COM3``, or a pyserial URL such as ``socket://host:port``.
        baud: Bits per second; USB ports ignore it.

    Raises:
        FlashError: The port is missing, taken or forbidden; the hint says what to do.

    `read` and `write` raise `OSError` when the port goes away.
    """

    def __init__(self, port: str, baud: int) -> None:
        self._name = port
        self._baud = baud
        try:
            self._port = serial.serial_for_url(
                port,
                baudrate=baud,
                timeout=_POLL_S,
                # pyserial has none for this one, and raises.
                write_timeout=None if port.startswith("rfc2217://") else _WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (OSError, ValueError) as error:
            raise open_error(port, baud, error) from error
        # What the board sent before we came is not for us.
        self._port.reset_input_buffer()

    @property
    def transport(self) -> Literal["virtual", "serial"]:
        """Always ``serial``."""
        return "serial"

    @property
    def description(self) -> str:
        """Port and speed."""
        return f"{self._name} at {self._baud} baud"

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._port.write(data)
        self._port.flush()

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, waiting for at least one byte; ``b""`` if none came in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            data: bytes = self._port.read(max(1, self._port.in_waiting))
            if data or time.monotonic() >= deadline:
                return data

    def close(self) -> None:
        """Give the port back."""
        self._port.close()


def open_error(port: str, baud: int, error: OSError | ValueError) -> FlashError:
    """The failure to open a port, told apart by its cause."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return FlashError(f"no serial port {port}", hint=_ports_hint())
    if number in (errno.EACCES, errno.EPERM):
        return FlashError(
            f"no permission to open {port}",
            hint="add yourself to the group that owns it and log in again: "
            "sudo usermod -aG dialout $USER",
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return FlashError(
            f"{port} is in use by another program",
            hint="close serial monitors and IDEs; ModemManager takes new ports for some seconds "
            "(wait, or stop it: sudo systemctl stop ModemManager)",
        )
    reason = error.args[-1] if error.args else error
    return FlashError(f"cannot open {port} at {baud} baud: {reason}", hint=_ports_hint())


def _ports_hint() -> str:
    ports = sorted(list_ports.comports(), key=lambda found: str(found.device))
    if not ports:
        return "this machine has no serial port now; is the board plugged in?"
    return "ports now: " + ", ".join(f"{p.device} ({p.description})" for p in ports)
