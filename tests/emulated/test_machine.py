"""What firmware says that it runs on: HELLO of the same ELF here and there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.device.flash import pose_as_silicon
from support.device.usb import firmware

from tinycompress.artifacts import Machine
from tinycompress.boards import load_board
from tinycompress.device.cpuid import emulated_cpuid
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.link import Link
from tinycompress.device.qemu import QemuBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.prove import prove

# One board of each core, and both transports.
VIRTUAL = ["pico", "mps2_an385", "nano33", "f446re", "nucleo_h743zi2", "nucleo_u575zi_q"]
IN_QEMU = ["mps2_an385", "mps2_an386", "mps2_an500", "mps3_an547"]


def machine(link: Link) -> Machine:
    try:
        return DeviceClient(link, timeout_s=20).hello().machine
    finally:
        link.close()


@pytest.mark.parametrize("board_id", VIRTUAL)
def test_firmware_on_our_emulator_knows_it(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    built = firmware(board, tmp_path / "digits")
    assert machine(VirtualBoard(board, built.elf)) == "emulated"


@pytest.mark.parametrize(("board_id", "expected"), [("nano33", "silicon"), ("pico", "silicon")])
def test_the_cpuid_of_silicon_is_taken_for_it(
    board_id: str, expected: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pose_as_silicon(monkeypatch)
    board = load_board(board_id)
    built = firmware(board, tmp_path / "digits")
    assert machine(VirtualBoard(board, built.elf)) == expected


def test_our_emulator_may_not_pose_as_silicon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link knows that it is emulated: firmware that says otherwise shows a fault of ours."""
    pose_as_silicon(monkeypatch)
    board = load_board("nano33")
    built = firmware(board, tmp_path / "digits")
    link = VirtualBoard(board, built.elf)
    try:
        with pytest.raises(DeviceError, match="takes it for silicon"):
            prove(built, board, link, (built.project.directory / "model.tflite").read_bytes())
    finally:
        link.close()


@pytest.mark.qemu
@pytest.mark.parametrize("board_id", IN_QEMU)
def test_firmware_in_qemu_knows_it(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    built = firmware(board, tmp_path / "digits")
    assert machine(QemuBoard(board, built.elf)) == "emulated"


@pytest.mark.qemu
@pytest.mark.parametrize("board_id", IN_QEMU)
def test_a_qemu_that_others_start_is_not_taken_for_silicon(
    board_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the CPUID of silicon, so that nobody can tell: the firmware says that, too."""
    start = subprocess.Popen

    def without_cpuid(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        at = command.index("-global")
        return start(command[:at] + command[at + 2 :], **options)  # type: ignore[call-overload,no-any-return]

    board = load_board(board_id)
    built = firmware(board, tmp_path / "digits")
    monkeypatch.setattr(subprocess, "Popen", without_cpuid)
    link = QemuBoard(board, built.elf)
    monkeypatch.undo()
    assert machine(link) == "unknown"


def test_only_the_implementer_is_not_the_cores_own() -> None:
    # CPUID Base Register, Cortex-M4 Technical Reference Manual (100166): part number 0xC24.
    assert emulated_cpuid("cortex-m4") | 0x4100_0000 == 0x410F_C241
    for core in ("cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55"):
        cpuid = emulated_cpuid(core)
        assert cpuid >> 24 == 0
        assert cpuid >> 4 & 0xFFF in (0xC60, 0xC23, 0xC27, 0xD21, 0xD22)
