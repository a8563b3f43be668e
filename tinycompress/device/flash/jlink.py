"""SEGGER's J-Link Commander.

Source: SEGGER UM08001 (J-Link User Guide), "J-Link Commander": ``ExitOnError 1`` makes failures end
the program with a code other than 0; ``-NoGui 1`` keeps it from asking in windows.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tinycompress.boards.schema import JlinkFlash
from tinycompress.device.flash.base import FlashJob, NotPossibleError
from tinycompress.device.flash.tools import find_program, last_words, reason, run_program
from tinycompress.errors import FlashError

INSTALL_HINT = "install SEGGER's J-Link software (segger.com/downloads/jlink)"
_CONNECT_HINT = (
    "plug in the J-Link and power the board; both, with SWDIO, SWCLK, GND and VTref wired"
)
_TIMEOUT_S = 120.0
_SEGGER = 0x1366
_SCRIPT = "ExitOnError 1\nr\nh\nloadfile {image}\nr\ng\nq\n"
_WRITING = "Downloading file"


@dataclass(frozen=True)
class Jlink:
    """Flashes through a J-Link, and verifies."""

    table: JlinkFlash

    def flash(self, job: FlashJob) -> None:
        """See `Flasher.flash`."""
        program = find_program("JLinkExe", hint=INSTALL_HINT)
        image = job.image(self.table.image)
        job.progress("write by JLinkExe")
        with tempfile.TemporaryDirectory(prefix="tinycompress-") as directory:
            script = Path(directory) / "flash.jlink"
            # Run beside the image: its path may hold blanks and quotes.
            script.write_text(_SCRIPT.format(image=image.name), encoding="ascii")
            argv: list[str | Path] = [
                program, *_probe(job), "-NoGui", "1", "-device", self.table.device, "-if", "SWD",
                "-speed", str(self.table.speed_khz), "-autoconnect", "1",
                "-CommandFile", script,
            ]  # fmt: skip
            done = run_program(argv, timeout_s=_TIMEOUT_S, hint=_CONNECT_HINT, cwd=image.parent)
        output = done.stdout + done.stderr
        if done.exit_code == 0 and _WRITING in output and "O.K." in output:
            return
        if _WRITING in output:
            raise FlashError(f"JLinkExe began to write and failed: {last_words(done)}")
        raise NotPossibleError(
            f"JLinkExe cannot reach the board: {reason(done)}", hint=_CONNECT_HINT
        )


def _probe(job: FlashJob) -> tuple[str, ...]:
    """Which J-Link, where it is on the board and so has the number of the board's port."""
    if job.port is None or job.port.usb_id is None or job.port.usb_id[0] != _SEGGER:
        return ()
    return () if job.serial_number is None else ("-USB", job.serial_number.lstrip("0"))
