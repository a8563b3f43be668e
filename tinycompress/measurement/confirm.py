"""Making sure that a board runs what was flashed to it."""

from __future__ import annotations

from tinycompress.artifacts import BuiltFirmware
from tinycompress.device.link import Link
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient, require_same_firmware

_TIMEOUT_S = 1.0
_RETRIES = 5


def confirm(built: BuiltFirmware, link: Link) -> None:
    """Ask the device who it is; it must be this very build.

    Args:
        built: The firmware that was flashed.
        link: Open connection to the board.

    Raises:
        DeviceError: It is silent, runs something else, or is an emulated board, which nothing was
            flashed to.
    """
    client = DeviceClient(link, timeout_s=_TIMEOUT_S, retries=_RETRIES, elf=built.elf)
    hello = client.hello()
    require_same_firmware(hello, built)
    if hello.machine == "emulated":
        raise DeviceError(
            f"what answers on {link.description} is an emulated board, not the one that was "
            "flashed",
            phase="HELLO",
            hint="name the port of the board itself (see `tinycompress ports`)",
        )
