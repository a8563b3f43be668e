"""dfu-util: boards whose boot loader speaks USB DFU with ST's extensions (DfuSe).

Sources: dfu-util(1), options -d, -a, -s and -D (``:leave`` starts the program); arduino/
ArduinoCore-mbed platform.txt (``tools.dfu-util.upload.pattern``); Zephyr
scripts/west_commands/runners/dfu.py. A boot loader that leaves at once may not answer dfu-util's
last request, so that its exit code says nothing: its text does.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tinycompress._tables import UsbId, Word32
from tinycompress.errors import FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import (
    NotPossibleError,
    Program,
    last_words,
    reason,
    run_program,
)

_DFU_UTIL = Program("dfu-util", "apt install dfu-util")
_BOOT_HINT = (
    "start the board's boot loader: hold BOOT0 while you press reset, or press reset twice; then "
    "try again"
)
_PERMISSION_HINT = (
    "let your user open it: a udev rule for the boot loader's USB ids (dfu-util's FAQ has one), "
    "then plug the board in again"
)
_TIMEOUT_S = 180.0
_DONE = "File downloaded successfully"
_WRITING = "Downloading element"


class DfuUtil(FlashMethod):
    """Over USB, with the chip in its boot loader.

    ``address`` is where the image goes, ``alternate`` the interface that stands for flash,
    ``usb_ids`` those of the boot loader.
    """

    TOOL: ClassVar[Program] = _DFU_UTIL
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="dfu-util",
        command="`dfu-util -d V:P -a N -s ADDRESS:leave -D firmware.bin`",
        verified_by="HELLO",
        keys="`address` of the image, `alternate`: the interface that stands for flash, `usb_ids` "
        "of the boot loader",
    )

    method: Literal["dfu-util"]
    image: Literal["bin"]
    address: Word32
    alternate: Annotated[int, Field(ge=0, le=15)]
    usb_ids: Annotated[tuple[UsbId, ...], Field(min_length=1)]

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        command = " ".join(("dfu-util", *self._options(), f"-D build/firmware.{self.image}"))
        return f"Start the boot loader (BOOT0 and reset, or reset twice), then:\n\n    {command}"

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        program = _DFU_UTIL.find()
        image = job.image(self.image)
        job.progress("write by dfu-util")
        done = run_program(
            (program, *self._options(), "-D", image), timeout_s=_TIMEOUT_S, hint=_BOOT_HINT
        )
        output = done.stdout + done.stderr
        if _DONE in output:
            return
        if "No DFU capable USB device" in output:
            raise NotPossibleError(f"dfu-util finds no board: {reason(done)}", hint=_BOOT_HINT)
        if "LIBUSB_ERROR_ACCESS" in output:
            raise NotPossibleError(
                f"dfu-util may not open the board: {reason(done)}", hint=_PERMISSION_HINT
            )
        if "More than one DFU capable USB device" in output:
            raise NotPossibleError(
                f"dfu-util finds several boards: {reason(done)}",
                hint="leave only one of them in its boot loader",
            )
        if _WRITING in output:
            raise FlashError(
                f"dfu-util began to write and failed: {last_words(done)}", hint=_BOOT_HINT
            )
        raise NotPossibleError(f"dfu-util wrote nothing: {reason(done)}", hint=_BOOT_HINT)

    def _options(self) -> tuple[str, ...]:
        ids = ",".join(f"{vendor:04x}:{product:04x}" for vendor, product in self.usb_ids)
        return ("-d", ids, "-a", str(self.alternate), "-s", f"0x{self.address:08x}:leave")
