"""The connection to a device, real or emulated, as the protocol needs it."""

from __future__ import annotations

from typing import Protocol

from tinycompress.artifacts import LinkKind


class Link(Protocol):
    """A byte pipe to one device."""

    @property
    def transport(self) -> LinkKind:
        """Whether the far end is emulated in this process or behind a port."""

    @property
    def description(self) -> str:
        """For messages: ``/dev/ttyACM0 at 115200 baud``, ``emulated Arduino Nano 33 BLE``."""

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for at least one byte; ``b""`` if none came.

        A virtual board knows when its firmware waits for the host and nothing is under way: it
        then returns ``b""`` at once, whatever the time-out.
        """

    def close(self) -> None:
        """Release the port or end the emulation. May be called twice."""
