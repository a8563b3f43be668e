"""Mounted USB drives by label, and which USB device each belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Condition = Callable[[], bool]

# Where the system tells of drives; on macOS only the last exists.
MOUNT_TABLE = Path("/proc/self/mounts")
LABELS = Path("/dev/disk/by-label")
BLOCK_DEVICES = Path("/sys/class/block")
MAC_VOLUMES = Path("/Volumes")


@dataclass(frozen=True)
class Volume:
    """A mounted drive. ``serial_number`` is that of its USB device, None if it is not known."""

    path: Path
    device: str
    serial_number: str | None


def with_label(label: str) -> tuple[Volume, ...]:
    """Every mounted drive with a label, in order of path."""
    named = _labelled_device(label)
    found = []
    for device, path in _mounts():
        # Desktops mount a second drive of the same label as LABEL1.
        if device == named or re.fullmatch(re.escape(label) + r"\d*", path.name):
            found.append(Volume(path, device, _usb_serial_number(device)))
    return tuple(sorted(found, key=lambda volume: volume.path))


def is_mounted(volume: Volume) -> bool:
    """Whether a drive is still where it was."""
    return any((volume.device, volume.path) == entry for entry in _mounts())


def unmounted(label: str) -> Path | None:
    """The block device with a label, if there is one and nobody has mounted it."""
    link = LABELS / label
    return link if link.exists() and not with_label(label) else None


def _mounts() -> list[tuple[str, Path]]:
    """(device, mount point) of all drives."""
    try:
        table = MOUNT_TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        names = MAC_VOLUMES.iterdir() if MAC_VOLUMES.is_dir() else ()
        return [("", path) for path in names]
    fields = [line.split(" ") for line in table.splitlines()]
    return [
        (entry[0], Path(_unescaped(entry[1])))
        for entry in fields
        if len(entry) > 1 and entry[0].startswith("/")
    ]


def _unescaped(text: str) -> str:
    """The mount table writes blanks and the like as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _labelled_device(label: str) -> str | None:
    link = LABELS / label
    return os.path.realpath(link) if link.exists() else None


def _usb_serial_number(device: str) -> str | None:
    """The ``serial`` of the nearest device above a block device in the system's tree."""
    node = BLOCK_DEVICES / Path(device).name
    if not device or not node.exists():
        return None
    for directory in node.resolve().parents:
        try:
            # Only a USB device has both; a SCSI disk on the way may have a serial of its own.
            if (directory / "idVendor").exists():
                return (directory / "serial").read_text(encoding="utf-8").strip() or None
        except OSError:
            return None
    return None
