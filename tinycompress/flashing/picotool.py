"""Raspberry Pi's picotool: RP2040 boards in their USB boot loader.

Source: raspberrypi/picotool README.md, "load": ``-v`` verifies, ``-x`` starts the program.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from tinycompress.errors import FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import (
    NotPossibleError,
    Program,
    last_words,
    reason,
    run_program,
)

_PICOTOOL = Program(
    "picotool",
    "install picotool (github.com/raspberrypi/picotool), or copy the .uf2: --method volume",
)
BOOTSEL = "hold the BOOTSEL button while you plug the board in, then try again"
_PERMISSION_HINT = (
    "let your user open it: copy picotool's udev/99-picotool.rules to /etc/udev/rules.d/, run sudo "
    "udevadm control --reload, and plug the board in again"
)
_TIMEOUT_S = 120.0


class Picotool(FlashMethod):
    """Over USB, with the chip in its boot loader, with verification."""

    TOOL: ClassVar[Program] = _PICOTOOL
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="picotool",
        command="`picotool load -v -x firmware.elf`",
        verified_by="picotool",
    )

    method: Literal["picotool"]
    image: Literal["elf", "bin"]

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        return (
            "Hold BOOTSEL while plugging the board in, then:\n\n"
            f"    picotool load -x build/firmware.{self.image}"
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _PICOTOOL.find()
        image = job.image(self.image)
        job.progress("write by picotool")
        done = run_program((program, "load", "-v", "-x", image), timeout_s=_TIMEOUT_S, hint=BOOTSEL)
        output = done.stdout + done.stderr
        if done.exit_code == 0:
            return
        if "unable to connect" in output:
            raise NotPossibleError(
                f"picotool may not open the board: {reason(done)}", hint=_PERMISSION_HINT
            )
        if "No accessible RP" in output:
            raise NotPossibleError(f"picotool finds no board: {reason(done)}", hint=BOOTSEL)
        if "ultiple" in output and "Loading" not in output:
            raise NotPossibleError(
                f"picotool finds several boards: {reason(done)}",
                hint="leave only one of them in its boot loader",
            )
        raise FlashError(f"picotool failed: {last_words(done)}", hint=BOOTSEL)
