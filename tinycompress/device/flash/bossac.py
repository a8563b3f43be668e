"""BOSSA's command line: boards with Arduino's SAM-BA boot loader on their own USB port.

Sources: arduino/ArduinoCore-mbed platform.txt (``tools.bossac.upload.pattern``) and boards.txt
(``use_1200bps_touch``, ``wait_for_upload_port``). There is no ``--offset``: the stock boot loader
adds the 0x10000 of its own size itself, and with an offset the program would land at 0x20000, where
nothing starts it (zephyrproject-rtos/zephyr issue 33523 and pull request 34947). Nor is there
``--verify``, which that recipe does not have either: that the program runs is proven by its answer.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinycompress.boards.schema import BossacFlash
from tinycompress.device.flash.base import FlashJob, NotPossibleError
from tinycompress.device.flash.tools import find_program, last_words, run_program
from tinycompress.device.flash.touch import enter_boot_loader
from tinycompress.device.ports import SerialPort
from tinycompress.errors import FlashError

INSTALL_HINT = (
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


@dataclass(frozen=True)
class Bossac:
    """Flashes over the board's own USB port, after it was made to start its boot loader."""

    table: BossacFlash

    def flash(self, job: FlashJob) -> None:
        """See `Flasher.flash`."""
        program = find_program("bossac", hint=INSTALL_HINT, preferred=arduino_programs())
        image = job.image(self.table.image)
        port = self._boot_loader_port(job)
        job.progress(f"write by bossac through {port.device}")
        argv = (program, f"--port={port.device}", "-U", "-i", "-e", "-w", image, "-R")
        for left in reversed(range(_TRIES)):
            done = run_program(argv, timeout_s=_TIMEOUT_S, hint=DOUBLE_TAP)
            output = done.stdout + done.stderr
            if done.exit_code == 0 and re.search(r"Write \d+ bytes to flash", output):
                return
            # A service that looks for modems may hold a new port for some seconds.
            if "No device found" not in output or not left:
                raise _failure(last_words(done), output)
            time.sleep(_BETWEEN_TRIES_S)

    def _boot_loader_port(self, job: FlashJob) -> SerialPort:
        if job.port is None:
            raise NotPossibleError(
                f"no USB port of {job.board.name} is there",
                hint=f"plug it in with a data cable; if it stays away, {DOUBLE_TAP}",
            )
        port = job.port
        if port.usb_id in self.table.boot_loader_usb_ids:
            return port
        if not self.table.touch_1200_baud:
            raise NotPossibleError(
                f"{job.board.name} on {port.device} does not run its boot loader", hint=DOUBLE_TAP
            )
        job.progress(f"start the boot loader through {port.device}")
        return enter_boot_loader(port, self.table.boot_loader_usb_ids, by_hand=DOUBLE_TAP)


def arduino_programs() -> Iterator[Path]:
    """Every bossac that Arduino's tools have installed, the newest version first."""
    home = Path.home()
    base = home / ("Library/Arduino15" if sys.platform == "darwin" else ".arduino15")
    found = base.glob("packages/arduino/tools/bossac/*/bossac")
    return iter(sorted(found, key=lambda path: _version(path.parent.name), reverse=True))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _failure(words: str, output: str) -> FlashError:
    if "Device unsupported" in output:
        return FlashError(f"this bossac does not know the board's chip: {words}", hint=INSTALL_HINT)
    if "No device found" in output:
        return FlashError(
            f"no boot loader answers: {words}",
            hint="close serial monitors and IDEs, wait until ModemManager lets the port go (or "
            f"stop it: sudo systemctl stop ModemManager), then {DOUBLE_TAP}",
        )
    return FlashError(f"bossac failed: {words}", hint=DOUBLE_TAP)
