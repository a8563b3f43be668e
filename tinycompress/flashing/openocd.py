"""OpenOCD: ST-Link and CMSIS-DAP probes.

Source: OpenOCD User's Guide, "Flash Programming" (the command ``program``, with its verify, reset
and exit) and "Debug Adapter Configuration" (``adapter serial``, from version 0.12 on).
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

_OPENOCD = Program("openocd", "apt install openocd")
_Config = Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9_.-]+\.cfg$")]
PERMISSION_HINT = (
    "plug the probe in; if it is, let your user open it: sudo cp "
    "/usr/share/openocd/contrib/60-openocd.rules /etc/udev/rules.d/ && sudo udevadm control "
    "--reload && sudo udevadm trigger, then plug it in again"
)
_TIMEOUT_S = 180.0
_WRITING = "** Programming Started **"
_NO_PROBE = ("open failed", "unable to find a matching CMSIS-DAP device", "unable to open ftdi")


class Openocd(FlashMethod):
    """Through a debug probe, with verification.

    ``config`` are configuration files of OpenOCD's own, in the order that they are read.
    """

    TOOL: ClassVar[Program] = _OPENOCD
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="OpenOCD 0.12",
        command='`openocd -f CONFIG -c "program firmware.elf verify reset exit"`',
        verified_by="OpenOCD",
        keys="`config`: its configuration files, in order",
    )

    method: Literal["openocd"]
    image: Literal["hex", "elf"]
    config: Annotated[tuple[_Config, ...], Field(min_length=1)]

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        configs = " -f ".join(self.config)
        program = f"program build/firmware.{self.image} verify reset exit"
        return f'    openocd -f {configs} -c "{program}"'

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _OPENOCD.find()
        image = job.image(self.image)
        argv: list[str] = [str(program)]
        for config in self.config:
            argv += ["-f", config]
        # Only where it matters: versions before 0.12 do not know the command.
        if not job.alone and job.serial_number is not None:
            argv += ["-c", f"adapter serial {job.serial_number}"]
        # Run beside the image and name it alone: its path may hold what Tcl would take for code.
        argv += ["-c", f"program {image.name} verify reset exit"]
        job.progress("write by openocd")
        done = run_program(argv, timeout_s=_TIMEOUT_S, hint=PERMISSION_HINT, cwd=image.parent)
        output = done.stdout + done.stderr
        if done.exit_code == 0 and "** Verified OK **" in output:
            return
        if _WRITING in output:
            raise FlashError(
                f"openocd began to write and failed: {last_words(done)}",
                hint="try again; if it stays so, hold the board's reset button while it connects",
            )
        if "Can't find" in output:
            raise NotPossibleError(
                f"this openocd has no configuration for the board: {reason(done)}",
                hint="install OpenOCD 0.12 or newer",
            )
        if any(words in output for words in _NO_PROBE):
            raise NotPossibleError(f"openocd finds no probe: {reason(done)}", hint=PERMISSION_HINT)
        raise NotPossibleError(
            f"openocd cannot reach the chip: {reason(done)}", hint=PERMISSION_HINT
        )
