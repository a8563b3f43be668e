"""Copying onto a drive: which one, and what the board makes of the file."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.device.flash import job

from tinycompress._serial_ports import SerialPort
from tinycompress.boards import Board, load_board
from tinycompress.errors import FlashError
from tinycompress.flashing import mounts, volume
from tinycompress.flashing.tools import NotPossibleError
from tinycompress.flashing.volume import VolumeCopy


class Computer:
    """A mount table, labels and a device tree below a directory, as Linux shows them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.table = root / "mounts"
        self.labels = root / "by-label"
        self.blocks = root / "block"
        for directory in (self.labels, self.blocks):
            directory.mkdir()
        self.entries: dict[str, Path] = {}
        self._write()

    def _write(self) -> None:
        lines = ["proc /proc proc rw 0 0", "/dev/sda1 / ext4 rw 0 0"]
        for device, path in self.entries.items():
            lines.append(f"{device} {str(path).replace(' ', chr(92) + '040')} vfat rw 0 0")
        temporary = self.root / "mounts.new"
        temporary.write_text("\n".join(lines) + "\n")
        temporary.replace(self.table)

    def plug_in(self, device: str, serial_number: str | None, label: str | None = None) -> None:
        """A drive that nobody has mounted yet."""
        usb = self.root / "devices" / f"usb-{device}"
        disk = usb / "host0" / "target0" / "block" / device
        disk.mkdir(parents=True)
        (usb / "idVendor").write_text("2e8a\n")
        if serial_number is not None:
            (usb / "serial").write_text(f"{serial_number}\n")
        (self.blocks / device).symlink_to(disk)
        if label is not None:
            node = self.root / "dev" / device
            node.parent.mkdir(exist_ok=True)
            node.touch()
            (self.labels / label).symlink_to(node)

    def mount(self, device: str, directory: str) -> Path:
        path = self.root / "media" / directory
        path.mkdir(parents=True, exist_ok=True)
        self.entries[f"/dev/{device}"] = path
        self._write()
        return path

    def unmount(self, device: str) -> None:
        del self.entries[f"/dev/{device}"]
        self._write()


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    root = tmp_path / "computer"
    root.mkdir()
    computer = Computer(root)
    monkeypatch.setattr(mounts, "MOUNT_TABLE", computer.table)
    monkeypatch.setattr(mounts, "LABELS", computer.labels)
    monkeypatch.setattr(mounts, "BLOCK_DEVICES", computer.blocks)
    monkeypatch.setattr(volume, "_POLL_S", 0.005)
    monkeypatch.setattr(volume, "_UF2_GONE_S", 1.0)
    monkeypatch.setattr(volume, "_PROBE_GONE_S", 0.3)
    monkeypatch.setattr(volume, "_PROBE_BACK_S", 1.0)
    return computer


@pytest.fixture
def images(tmp_path: Path) -> Path:
    directory = tmp_path / "build"
    directory.mkdir()
    return directory


@pytest.fixture
def pico() -> Board:
    return load_board("pico")


@pytest.fixture
def microbit() -> Board:
    return load_board("microbit")


def driver(board: Board) -> VolumeCopy:
    (table,) = (m for m in board.flash if isinstance(m, VolumeCopy))
    return table


@contextmanager
def meanwhile(until: Path, then: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as a file has its contents."""

    def wait() -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if until.exists() and until.stat().st_size:
                then()
                return
            time.sleep(0.002)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def test_uf2_is_copied_and_the_drive_goes(computer: Computer, images: Path, pico: Board) -> None:
    computer.plug_in("sdb1", "E660")
    drive = computer.mount("sdb1", "RPI-RP2")
    target = drive / "firmware.uf2"
    with meanwhile(target, lambda: computer.unmount("sdb1")):
        driver(pico).flash(job(pico, images))
    assert target.read_bytes() == b"the uf2 image"


def test_boot_loader_that_takes_no_notice(
    computer: Computer, images: Path, pico: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "_UF2_GONE_S", 0.05)
    computer.plug_in("sdb1", "E660")
    computer.mount("sdb1", "RPI-RP2")
    with pytest.raises(FlashError, match="took no notice") as caught:
        driver(pico).flash(job(pico, images))
    assert not isinstance(caught.value, NotPossibleError)
    assert "INFO_UF2.TXT" in str(caught.value.hint)


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_board_that_resets_while_the_file_is_open(
    computer: Computer, images: Path, pico: Board, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    computer.plug_in("sdb1", "E660")
    computer.mount("sdb1", "RPI-RP2")

    def gone(*arguments: object) -> int:
        computer.unmount("sdb1")
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, failing, gone)
    if failing == "fsync":  # all bytes were handed over
        driver(pico).flash(job(pico, images))
    else:
        with pytest.raises(FlashError, match=r"cannot write .*Input/output error"):
            driver(pico).flash(job(pico, images))


def test_full_or_read_only_drive(
    computer: Computer, images: Path, pico: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer.plug_in("sdb1", "E660")
    computer.mount("sdb1", "RPI-RP2")

    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(FlashError, match="No space left"):
        driver(pico).flash(job(pico, images))


def test_no_drive(computer: Computer, images: Path, pico: Board, microbit: Board) -> None:
    with pytest.raises(NotPossibleError, match="no drive RPI-RP2 is mounted") as caught:
        driver(pico).flash(job(pico, images))
    assert "BOOTSEL" in str(caught.value.hint)
    with pytest.raises(NotPossibleError, match="no drive MICROBIT is mounted") as caught:
        driver(microbit).flash(job(microbit, images))
    assert "BOOTSEL" not in str(caught.value.hint)


def test_drive_that_is_not_mounted(computer: Computer, images: Path, pico: Board) -> None:
    computer.plug_in("sdb1", "E660", label="RPI-RP2")
    with pytest.raises(NotPossibleError, match="there, but not mounted") as caught:
        driver(pico).flash(job(pico, images))
    assert f"udisksctl mount -b {computer.labels}/RPI-RP2" in str(caught.value.hint)


def test_label_finds_a_drive_that_is_mounted_elsewhere(computer: Computer) -> None:
    computer.plug_in("sdb1", "E660", label="RPI-RP2")
    path = computer.mount("sdb1", "a drive of mine")
    computer.entries = {str(computer.root / "dev" / "sdb1"): path}
    computer._write()
    (found,) = mounts.with_label("RPI-RP2")
    assert (found.path, found.serial_number) == (path, "E660")
    assert mounts.unmounted("RPI-RP2") is None


def test_twins_are_told_apart_by_the_ports_serial_number(
    computer: Computer, images: Path, microbit: Board
) -> None:
    computer.plug_in("sdb", "9904-A")
    computer.plug_in("sdc", "9904-B")
    first, second = computer.mount("sdb", "MICROBIT"), computer.mount("sdc", "MICROBIT1")
    with pytest.raises(NotPossibleError, match="several drives are called MICROBIT") as caught:
        driver(microbit).flash(job(microbit, images))
    assert "--port" in str(caught.value.hint)
    port = SerialPort("/dev/ttyACM1", "", (0x0D28, 0x0204), "9904-B", "1-7")
    driver(microbit).flash(job(microbit, images, port))
    assert (second / "firmware.hex").read_bytes() == b"the hex image"
    assert list(first.iterdir()) == []


def test_drive_without_a_serial_number(computer: Computer) -> None:
    computer.plug_in("sdb", None)
    computer.mount("sdb", "MICROBIT")
    (found,) = mounts.with_label("MICROBIT")
    assert found.serial_number is None
    assert mounts.with_label("MICRO") == ()


def test_probe_that_comes_again_in_peace(computer: Computer, images: Path, microbit: Board) -> None:
    computer.plug_in("sdb", "9904")
    drive = computer.mount("sdb", "MICROBIT")

    def remount() -> None:
        computer.unmount("sdb")
        time.sleep(0.1)
        computer.mount("sdb", "MICROBIT")

    with meanwhile(drive / "firmware.hex", remount):
        driver(microbit).flash(job(microbit, images))


@pytest.mark.parametrize("remounts", [True, False])
def test_probe_that_reports_a_failure(
    computer: Computer, images: Path, microbit: Board, remounts: bool
) -> None:
    computer.plug_in("sdb", "9904")
    drive = computer.mount("sdb", "MICROBIT")

    def fail() -> None:
        (drive / "FAIL.TXT").write_text(
            "error: The hex file cannot be decoded.\r\ntype: user\r\n", newline=""
        )
        if remounts:
            computer.unmount("sdb")
            time.sleep(0.1)
            computer.mount("sdb", "MICROBIT")

    with (
        meanwhile(drive / "firmware.hex", fail),
        pytest.raises(FlashError, match=r"cannot be decoded\. type: user") as caught,
    ):
        driver(microbit).flash(job(microbit, images))
    assert not isinstance(caught.value, NotPossibleError)


@pytest.mark.parametrize("remounts", [True, False])
def test_old_failure_is_not_taken_for_a_new_one(
    computer: Computer, images: Path, microbit: Board, remounts: bool
) -> None:
    computer.plug_in("sdb", "9904")
    drive = computer.mount("sdb", "MICROBIT")
    (drive / "FAIL.TXT").write_text("error: yesterday's")

    def remount() -> None:
        if remounts:
            computer.unmount("sdb")
            (drive / "FAIL.TXT").unlink()
            computer.mount("sdb", "MICROBIT")

    with meanwhile(drive / "firmware.hex", remount):
        driver(microbit).flash(job(microbit, images))


def test_probe_whose_drive_nobody_mounts_again(
    computer: Computer, images: Path, microbit: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "_PROBE_BACK_S", 60.0)
    computer.plug_in("sdb", "9904", label="MICROBIT")
    drive = computer.mount("sdb", "MICROBIT")
    with meanwhile(drive / "firmware.hex", lambda: computer.unmount("sdb")):
        began = time.monotonic()
        driver(microbit).flash(job(microbit, images))
        assert time.monotonic() - began < 30


def test_mac_lists_its_volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MICROBIT").mkdir()
    (tmp_path / "Macintosh HD").mkdir()
    monkeypatch.setattr(mounts, "MOUNT_TABLE", tmp_path / "none")
    monkeypatch.setattr(mounts, "LABELS", tmp_path / "none")
    monkeypatch.setattr(mounts, "MAC_VOLUMES", tmp_path)
    (found,) = mounts.with_label("MICROBIT")
    assert (found.path, found.serial_number) == (tmp_path / "MICROBIT", None)
    assert mounts.is_mounted(found)
