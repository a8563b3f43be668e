"""PJRC's teensy_loader_cli: Teensy boards in their HalfKay boot loader.

Source: PaulStoffregen/teensy_loader_cli README.md and teensy_loader_cli.c. Without ``-w`` it does
not wait for the boot loader, which a press of the board's button starts.
"""

from __future__ import annotations

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

_LOADER = Program("teensy_loader_cli", "apt install teensy-loader-cli")
_BUTTON = "press the button on the board, so that its boot loader starts; then try again"
_PERMISSION_HINT = (
    "let your user open it: copy PJRC's 00-teensy.rules to /etc/udev/rules.d/ (pjrc.com/teensy/"
    "00-teensy.rules), and plug the board in again"
)
_TIMEOUT_S = 120.0
_WRITING = "Programming"


class TeensyLoader(FlashMethod):
    """Over USB, with the chip in its boot loader. ``mcu`` is the loader's name of the board."""

    TOOL: ClassVar[Program] = _LOADER
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="PJRC's teensy_loader_cli",
        command="`teensy_loader_cli --mcu=M -v firmware.hex`",
        verified_by="HELLO",
        keys="`mcu`: the loader's name of the board",
    )

    method: Literal["teensy"]
    image: Literal["hex"]
    mcu: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        return (
            "Press the button on the board, then:\n\n"
            f"    teensy_loader_cli --mcu={self.mcu} -v build/firmware.{self.image}"
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _LOADER.find()
        image = job.image(self.image)
        job.progress("write by teensy_loader_cli")
        done = run_program(
            (program, f"--mcu={self.mcu}", "-v", image), timeout_s=_TIMEOUT_S, hint=_BUTTON
        )
        output = done.stdout + done.stderr
        if done.exit_code == 0 and "Booting" in output:
            return
        if _WRITING in output:
            raise FlashError(
                f"teensy_loader_cli began to write and failed: {last_words(done)}", hint=_BUTTON
            )
        if "check USB permissions" in output or "unable to open" in output:
            raise NotPossibleError(
                f"teensy_loader_cli may not open the board: {reason(done)}", hint=_PERMISSION_HINT
            )
        raise NotPossibleError(f"teensy_loader_cli does not write: {reason(done)}", hint=_BUTTON)
