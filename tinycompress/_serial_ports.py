"""Serial ports of this machine: the board behind each, and finding one again after a reset.

A port's name says nothing: it changes whenever a board is plugged in or resets. What stays is the
USB device's serial number and the socket that it is plugged into, and by these a port is told from
its twins and known again.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from tinycompress._tables import UsbId
from tinycompress.errors import FlashError

_POLL_S = 0.1


@dataclass(frozen=True)
class SerialPort:
    """A port as the operating system knows it.

    ``usb_id`` is (vendor, product); ``location`` the path of hubs and sockets that leads to the USB
    device (``1-2.3``). All three are None for a port that is not on USB.
    """

    device: str
    description: str
    usb_id: UsbId | None = None
    serial_number: str | None = None
    location: str | None = None

    def is_same_device(self, other: SerialPort) -> bool:
        """Whether both were seen of one USB device, whatever it ran and was called at the time.

        The socket decides where the system knows it: the serial numbers of a boot loader and of a
        sketch need not be the same, and cheap devices have none or all the same.
        """
        if self.location is not None and other.location is not None:
            return self.location == other.location
        if self.serial_number is not None and other.serial_number is not None:
            return self.serial_number == other.serial_number
        return self.device == other.device


def list_serial_ports() -> tuple[SerialPort, ...]:
    """All serial ports that the system has now, in order of name."""
    return tuple(
        SerialPort(
            device=str(found.device),
            description=str(found.description),
            usb_id=None if found.vid is None or found.pid is None else (found.vid, found.pid),
            serial_number=found.serial_number or None,
            # "1-2.3:1.0" is interface 0 of configuration 1 of the device "1-2.3".
            location=found.location.split(":")[0] if found.location else None,
        )
        for found in sorted(list_ports.comports(), key=lambda port: _natural(str(port.device)))
    )


def with_ids(ports: Iterable[SerialPort], usb_ids: Collection[UsbId]) -> tuple[SerialPort, ...]:
    """Those of ``ports`` that have one of the USB ids."""
    return tuple(port for port in ports if port.usb_id in usb_ids)


def find_port(wanted: str, ports: Sequence[SerialPort]) -> SerialPort | None:
    """The port that a user means by a device name, its last part, or a USB serial number.

    A device with several ports under one serial number gives its first.
    """
    for port in ports:
        if port.device == wanted or port.device.rsplit("/", 1)[-1] == wanted:
            return port
    for port in ports:
        if port.serial_number is not None and port.serial_number.lower() == wanted.lower():
            return port
    return None


def resolve(wanted: str) -> str:
    """What pyserial opens for what a user wrote: a serial number becomes the port's present name.

    Device names and URLs are passed on as they are, so that opening them says what is wrong.
    """
    if "://" in wanted or "/" in wanted:
        return wanted
    port = find_port(wanted, list_serial_ports())
    return wanted if port is None else port.device


def wait_for(
    is_it: Callable[[SerialPort], bool], *, timeout_s: float, settle_s: float = 0.0
) -> SerialPort | None:
    """Wait until a port appears that ``is_it`` accepts.

    Args:
        is_it: Tells the port that is waited for.
        timeout_s: Seconds after which None is returned.
        settle_s: Seconds for which the port must stay: some boot loaders come, go, and come again.
    """
    deadline = time.monotonic() + timeout_s
    since: tuple[SerialPort, float] | None = None
    while True:
        now = time.monotonic()
        port = next(filter(is_it, list_serial_ports()), None)
        if port is None:
            since = None
        elif since is None or since[0] != port:
            since = (port, now)
        if since is not None and now - since[1] >= settle_s:
            return since[0]
        if now >= deadline:
            return None
        time.sleep(_POLL_S)


def describe(ports: Iterable[SerialPort]) -> str:
    """Ports for a message: name and what tells them apart."""
    shown = [
        f"{port.device} ({port.description}"
        + (f", serial number {port.serial_number}" if port.serial_number else "")
        + ")"
        for port in ports
    ]
    return ", ".join(shown) if shown else "none"


def require_port(wanted: str) -> SerialPort:
    """The port that the user named.

    Raises:
        FlashError: There is none.
    """
    ports = list_serial_ports()
    found = find_port(wanted, ports)
    if found is None:
        raise FlashError(
            f"no serial port or USB serial number {wanted}",
            hint=f"ports now: {describe(ports)}; see `tinycompress ports`",
        )
    return found


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
    ports = list_serial_ports()
    if not ports:
        return "this machine has no serial port now; is the board plugged in?"
    return "ports now: " + ", ".join(f"{p.device} ({p.description})" for p in ports)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sort key by which ttyACM10 comes after ttyACM9."""
    return tuple(
        (int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", text)
    )
