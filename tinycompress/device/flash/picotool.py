"""Raspberry Pi's picotool: RP2040 boards in their USB boot loader.

Source: raspberrypi/picotool README.md, "load": ``-v`` verifies, ``-x`` starts the program.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress.boards.schema import PicotoolFlash
from tinycompress.device.flash.base import FlashJob, NotPossibleError
from tinycompress.device.flash.tools import find_program, last_words, reason, run_program
from tinycompress.errors import FlashError

INSTALL_HINT = (
    "install picotool (github.com/raspberrypi/picotool), or copy the .uf2: --method volume"
)
BOOTSEL = "hold the BOOTSEL button while you plug the board in, then try again"
_PERMISSION_HINT = (
    "let your user open it: copy picotool's udev/99-picotool.rules to /etc/udev/rules.d/, run sudo "
    "udevadm control --reload, and plug the board in again"
)
_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Picotool:
    """Flashes over USB, with the chip in its boot loader, and verifies."""

    table: PicotoolFlash

    def flash(self, job: FlashJob) -> None:
        """See `Flasher.flash`."""
        program = find_program("picotool", hint=INSTALL_HINT)
        image = job.image(self.table.image)
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
