"""BOSSA's command line: boards with Arduino's SAM-BA boot loader on their own USB port.

Sources: arduino/ArduinoCore-mbed platform.txt (``tools.bossac.upload.pattern``) and boards.txt
(``use_1200bps_touch``, ``wait_for_upload_port``). On the Nano 33 BLE there is no ``--offset``: the
stock boot loader adds the 0x10000 of its own size itself, and with an offset the program would land
at 0x20000, where nothing starts it (zephyrproject-rtos/zephyr issue 33523 and pull request 34947).
Nor is there ``--verify``, which that recipe does not have either: that the program runs is proven
by its answer. Adafruit's boot loaders of the SAMD51 want both
(adafruit/ArduinoCore-samd platform.txt, ``tools.bossac18.upload.pattern``), and erase what they
write without ``-e``.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tinycompress._serial_ports import SerialPort
from tinycompress._tables import UsbId, Word32
from tinycompress.errors import FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import NotPossibleError, Program, last_words, run_program
from tinycompress.flashing.touch import enter_boot_loader

_INSTALL_HINT = (
    "install Arduino's build of it, which knows the nRF52840 (others do not): "
    "arduino-cli core install arduino:mbed_nano, or put it on PATH"
)
DOUBLE_TAP = (
    "press the board's reset button twice within half a second: the LED then fades in and out, the "
    "boot loader waits, and its port appears; then try again"
)
_TIMEOUT_S = 120.0
_TRIES = 3
_BETWEEN_TRIES_S = 1.0


def _arduino_programs() -> Iterator[Path]:
    """Every bossac that Arduino's tools have installed, the newest version first."""
    home = Path.home()
    base = home / ("Library/Arduino15" if sys.platform == "darwin" else ".arduino15")
    found = base.glob("packages/arduino/tools/bossac/*/bossac")
    return iter(sorted(found, key=lambda path: _version(path.parent.name), reverse=True))


_BOSSAC = Program("bossac", _INSTALL_HINT, _arduino_programs)


class Bossac(FlashMethod):
    """Over the board's own USB port, after it was made to start its boot loader.

    ``usb_ids`` are those of the port while a program runs, ``boot_loader_usb_ids`` those while the
    boot loader waits for one. ``offset`` is the program's place in flash, where the boot loader
    must be told.
    """

    TOOL: ClassVar[Program] = _BOSSAC
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="Arduino's build of BOSSA",
        command="`bossac --port=P -U -i -e -w firmware.bin -R`; with `offset`: "
        "`bossac --port=P -U -i --offset=O -w -v firmware.bin -R`",
        verified_by="HELLO",
        keys="`touch_1200_baud`; `usb_ids` while a program runs, `boot_loader_usb_ids` while the "
        "boot loader waits; `offset` (optional) where it must be told the program's place",
    )

    method: Literal["bossac"]
    image: Literal["bin"]
    touch_1200_baud: bool
    usb_ids: Annotated[tuple[UsbId, ...], Field(min_length=1)]
    boot_loader_usb_ids: Annotated[tuple[UsbId, ...], Field(min_length=1)]
    offset: Word32 | None = None

    def running_usb_ids(self) -> tuple[UsbId, ...]:
        """See `FlashMethod.running_usb_ids`."""
        return self.usb_ids

    def waiting_usb_ids(self) -> tuple[UsbId, ...]:
        """See `FlashMethod.waiting_usb_ids`."""
        return self.boot_loader_usb_ids

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        return (
            "Press the reset button twice quickly, so that the boot loader's port appears, then "
            "with Arduino's `bossac`:\n\n"
            f"    bossac --port=PORT {' '.join(self._how())} build/firmware.{self.image} -R"
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _BOSSAC.find()
        image = job.image(self.image)
        port = self._boot_loader_port(job)
        job.progress(f"write by bossac through {port.device}")
        argv: tuple[str | Path, ...] = (
            program,
            f"--port={port.device}",
            "-U",
            "-i",
            *self._how(),
            image,
            "-R",
        )
        for left in reversed(range(_TRIES)):
            done = run_program(argv, timeout_s=_TIMEOUT_S, hint=DOUBLE_TAP)
            output = done.stdout + done.stderr
            if done.exit_code == 0 and re.search(r"Write \d+ bytes to flash", output):
                return
            # A service that looks for modems may hold a new port for some seconds.
            if "No device found" not in output or not left:
                raise _failure(last_words(done), output)
            time.sleep(_BETWEEN_TRIES_S)

    def _how(self) -> tuple[str, ...]:
        return ("-e", "-w") if self.offset is None else (f"--offset=0x{self.offset:x}", "-w", "-v")

    def _boot_loader_port(self, job: FlashJob) -> SerialPort:
        if job.port is None:
            raise NotPossibleError(
                f"no USB port of {job.board_name} is there",
                hint=f"plug it in with a data cable; if it stays away, {DOUBLE_TAP}",
            )
        port = job.port
        if port.usb_id in self.boot_loader_usb_ids:
            return port
        if not self.touch_1200_baud:
            raise NotPossibleError(
                f"{job.board_name} on {port.device} does not run its boot loader", hint=DOUBLE_TAP
            )
        job.progress(f"start the boot loader through {port.device}")
        return enter_boot_loader(port, self.boot_loader_usb_ids, by_hand=DOUBLE_TAP)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _failure(words: str, output: str) -> FlashError:
    if "Device unsupported" in output:
        return FlashError(
            f"this bossac does not know the board's chip: {words}", hint=_INSTALL_HINT
        )
    if "No device found" in output:
        return FlashError(
            f"no boot loader answers: {words}",
            hint="close serial monitors and IDEs, wait until ModemManager lets the port go (or "
            f"stop it: sudo systemctl stop ModemManager), then {DOUBLE_TAP}",
        )
    return FlashError(f"bossac failed: {words}", hint=DOUBLE_TAP)
