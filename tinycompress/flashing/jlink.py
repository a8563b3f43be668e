"""SEGGER's J-Link Commander.

Source: SEGGER UM08001 (J-Link User Guide), "J-Link Commander": ``ExitOnError 1`` makes failures end
the program with a code other than 0; ``-NoGui 1`` keeps it from asking in windows.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tinycompress.errors import FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import (
    NotPossibleError,
    Program,
    last_words,
    reason,
    run_program,
)

_COMMANDER = Program("JLinkExe", "install SEGGER's J-Link software (segger.com/downloads/jlink)")
_CONNECT_HINT = (
    "plug in the J-Link and power the board; both, with SWDIO, SWCLK, GND and VTref wired"
)
_TIMEOUT_S = 120.0
_SEGGER = 0x1366
_SCRIPT = "ExitOnError 1\nr\nh\nloadfile {image}\nr\ng\nq\n"
_WRITING = "Downloading file"


class Jlink(FlashMethod):
    """Through a J-Link, with verification. ``device`` in SEGGER's spelling: ``nRF52840_xxAA``."""

    TOOL: ClassVar[Program] = _COMMANDER
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="JLinkExe",
        command="`JLinkExe -device D -if SWD -speed S -CommandFile ...`",
        verified_by="JLinkExe",
        keys="`device` in SEGGER's spelling, `speed_khz`",
    )

    method: Literal["jlink"]
    image: Literal["hex"]
    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    speed_khz: Annotated[int, Field(gt=0, le=50_000)]

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        return (
            f"With SEGGER's J-Link, in `JLinkExe -device {self.device} -if SWD -speed "
            f"{self.speed_khz} -autoconnect 1`:\n\n"
            f"    loadfile build/firmware.{self.image}\n    r\n    g"
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _COMMANDER.find()
        image = job.image(self.image)
        job.progress("write by JLinkExe")
        with tempfile.TemporaryDirectory(prefix="tinycompress-") as directory:
            script = Path(directory) / "flash.jlink"
            # Run beside the image: its path may hold blanks and quotes.
            script.write_text(_SCRIPT.format(image=image.name), encoding="ascii")
            argv: list[str | Path] = [
                program, *_probe(job), "-NoGui", "1", "-device", self.device, "-if", "SWD",
                "-speed", str(self.speed_khz), "-autoconnect", "1",
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
