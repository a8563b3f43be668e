"""Copying the image onto the USB drive that a boot loader or a debug probe shows.

Sources: microsoft/uf2 README.md (a boot loader resets into the program when it has all blocks);
ARMmbed/DAPLink docs/USERS-GUIDE.md (the drive goes and comes again when the image is written, with
FAIL.TXT on it if that failed; ST-Link does the same).
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tinycompress._tables import PositiveWord32
from tinycompress.errors import FlashError
from tinycompress.flashing import mounts
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.mounts import Volume
from tinycompress.flashing.tools import NotPossibleError

_FAILURE_FILES = ("FAIL.TXT", "ASSERT.TXT")
_CHUNK_BYTES = 64 * 1024
_UF2_GONE_S = 10.0
_PROBE_GONE_S = 5.0
_PROBE_BACK_S = 20.0
_POLL_S = 0.1
# What the system says of a drive that is unplugged, or whose board has reset, while it is written.
_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOTCONN)


class VolumeCopy(FlashMethod):
    """A copy of the image onto a drive, found by its ``label``; needs no program at all."""

    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="none: a file copy",
        command="",
        verified_by="the drive vanishes; FAIL.TXT; HELLO",
        keys="`label` of the USB drive; `uf2_family_id` for `uf2`",
    )

    method: Literal["volume"]
    image: Literal["hex", "bin", "uf2"]
    label: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,11}$")]
    uf2_family_id: PositiveWord32 | None = None

    def problems(self) -> Iterator[str]:
        """See `FlashMethod.problems`."""
        if (self.image == "uf2") != bool(self.uf2_family_id):
            yield "image 'uf2' and uf2_family_id go together"

    def uf2_family(self) -> int | None:
        """See `FlashMethod.uf2_family`."""
        return self.uf2_family_id

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        if self.image == "uf2":
            return (
                "Hold BOOTSEL while plugging the board in, then copy `firmware.uf2` onto the USB "
                f"drive `{self.label}`. picotool makes it:\n\n"
                "    picotool uf2 convert build/firmware.elf build/firmware.uf2"
            )
        return (
            f"Copy `build/firmware.{self.image}` onto the USB drive `{self.label}` that the board "
            "shows."
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        image = job.image(self.image)
        volume = self._choose(job)
        old_failure = _failure(volume)
        job.progress(f"copy to {volume.path}")
        _copy(image, volume)
        if self.image == "uf2":
            _wait_for_boot_loader_to_leave(volume)
        else:
            self._wait_for_probe(volume, old_failure)

    def _choose(self, job: FlashJob) -> Volume:
        label = self.label
        volumes = mounts.with_label(label)
        if len(volumes) > 1 and job.serial_number is not None:
            volumes = tuple(v for v in volumes if v.serial_number == job.serial_number)
        if len(volumes) == 1:
            return volumes[0]
        if volumes:
            listed = ", ".join(str(volume.path) for volume in volumes)
            raise NotPossibleError(
                f"several drives are called {label}: {listed}",
                hint="leave one of the boards plugged in, or name its port with --port",
            )
        device = mounts.unmounted(label)
        if device is not None:
            raise NotPossibleError(
                f"the drive {label} is there, but not mounted",
                hint=f"udisksctl mount -b {device}, then try again",
            )
        raise NotPossibleError(
            f"no drive {label} is mounted",
            hint="hold the board's BOOTSEL or reset button while you plug it in, or press reset "
            "twice, so that its boot loader shows the drive; then try again"
            if self.image == "uf2"
            else "plug the board in with a data cable, and mount its drive",
        )

    def _wait_for_probe(self, volume: Volume, old_failure: str | None) -> None:
        """Some probes come again as a drive, some only change what is on it."""
        label = self.label
        if not _wait(lambda: not mounts.is_mounted(volume), _PROBE_GONE_S):
            failure = _failure(volume)
            _require_none(None if failure == old_failure else failure)
            return
        _wait(
            lambda: bool(mounts.with_label(label)) or mounts.unmounted(label) is not None,
            _PROBE_BACK_S,
        )
        for again in mounts.with_label(label):
            if again.serial_number == volume.serial_number:
                _require_none(_failure(again))


def _wait_for_boot_loader_to_leave(volume: Volume) -> None:
    if not _wait(lambda: not mounts.is_mounted(volume), _UF2_GONE_S):
        raise FlashError(
            f"the boot loader took no notice of the image: {volume.path} is still there",
            hint="is it a board of this family? INFO_UF2.TXT on the drive says which it is",
        )


def _copy(image: Path, volume: Volume) -> None:
    target = volume.path / image.name
    data = image.read_bytes()
    written = 0
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            while written < len(data):
                written += os.write(handle, data[written : written + _CHUNK_BYTES])
            os.fsync(handle)
        finally:
            with contextlib.suppress(OSError):
                os.close(handle)
    except OSError as error:
        # A boot loader resets as soon as it has all blocks, before the file is closed in peace.
        if written == len(data) and error.errno in _GONE:
            return
        raise FlashError(
            f"cannot write {target}: {error.strerror or error}",
            hint="mount the drive so that your user may write to it, and plug the board in again",
        ) from error


def _failure(volume: Volume) -> str | None:
    """What a probe has written onto its drive about a failure."""
    for name in _FAILURE_FILES:
        path = volume.path / name
        with contextlib.suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")
            return f"{path} says: {' '.join(text.split())}"
    return None


def _require_none(failure: str | None) -> None:
    if failure is not None:
        raise FlashError(
            f"the probe could not write the image; {failure}",
            hint="plug the board in again and try once more; then update the probe's firmware",
        )


def _wait(until: mounts.Condition, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not until():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True
