"""What the doctor says of real boards and of what flashes them."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import pytest
from support.device.flash import NANO_BOOT, NANO_SKETCH, Desk, stand_in

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import Finding
from tinycompress.boards import list_boards
from tinycompress.device import doctor
from tinycompress.device.doctor import diagnose_boards


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    """A machine with nothing."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("BOSSAC", "OPENOCD", "PICOTOOL", "JLINKEXE", "DFU_UTIL", "TEENSY_LOADER_CLI"):
        monkeypatch.delenv(f"TC_{name}", raising=False)
    monkeypatch.setattr(doctor, "PROCESSES", tmp_path / "proc")
    desk = Desk()
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    return desk


def findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose_boards(list_boards())}


def test_bare_machine(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    found = findings()
    assert list(found) == [
        "boards", "bossac", "pyocd", "openocd", "JLinkExe", "picotool", "dfu-util",
        "teensy_loader_cli", "arduino-cli",
    ]  # fmt: skip
    for finding in found.values():
        assert finding.status == "missing"
        assert finding.hint
    assert "reset button twice" in str(found["boards"].hint)
    assert found["bossac"].detail == "flashes arduino_nano_33_ble, feather_m4_express"
    assert "raspberry_pi_pico" in str(found["pyocd"].detail)


def test_boards_and_programs_that_are_there(desk: Desk, tmp_path: Path) -> None:
    desk.ports = [
        SerialPort("/dev/ttyACM0", "", NANO_SKETCH, "1", "1-1"),
        SerialPort("/dev/ttyACM1", "", NANO_BOOT, "2", "1-2"),
        SerialPort("/dev/ttyS0", "n/a"),
    ]
    stand_in(tmp_path / "bin", "openocd", {})
    found = findings()
    assert found["boards"].status == "ok"
    assert found["boards"].detail == (
        "/dev/ttyACM0: Arduino Nano 33 BLE, /dev/ttyACM1: Arduino Nano 33 BLE (boot loader)"
    )
    assert found["openocd"] == Finding("openocd", "ok", detail=str(tmp_path / "bin" / "openocd"))


def test_port_that_may_not_be_opened(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "ttyACM0"
    node.touch()
    desk.ports = [SerialPort(str(node), "", NANO_SKETCH, "1", "1-1")]
    assert "port permissions" not in findings()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    finding = findings()["port permissions"]
    assert finding.status == "broken"
    assert str(node) in str(finding.detail)
    assert "dialout" in str(finding.hint)


def test_modem_manager(desk: Desk, tmp_path: Path) -> None:
    for number, name in (("12", "bash"), ("34", "ModemManager")):
        (tmp_path / "proc" / number).mkdir(parents=True)
        (tmp_path / "proc" / number / "comm").write_text(f"{name}\n")
    finding = findings()["ModemManager"]
    assert finding.status == "ok"
    assert "holds a new port for some seconds" in str(finding.detail)
