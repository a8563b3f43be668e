"""A device behind a serial port, or behind anything that pyserial reaches by a URL."""

from __future__ import annotations

import time

import serial

from tinycompress._serial_ports import open_error
from tinycompress.artifacts import LinkKind

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
    def transport(self) -> LinkKind:
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
