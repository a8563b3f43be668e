"""The Nano 33 BLE over its own USB port, from sketch to boot loader to the new firmware.

Every state of the board is another USB device with another port; a twin on the next socket stays
what it is and must not be touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.common import ROOT
from support.device.bench import SILICON, FakeDevice
from support.device.flash import NANO_BOOT, NANO_SKETCH, Desk, Line, answering, open_line, stand_in
from support.firmware.toolchain import DIGEST, make_project

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import BuiltFirmware
from tinycompress.cli.main import _run
from tinycompress.flashing import touch
from tinycompress.toolchain import build

WRITTEN = {"stdout": "Write 13 bytes to flash (1 pages)\nDone in 0.1 seconds\n"}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped board with its firmware talking over USB, whatever the shipped file says."""
    text = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text()
    begin, end = text.index("[serial]"), text.index("[emulator]")
    serial = (
        '[serial]\ntransport = "usb-cdc"\nbaud = 115_200\nusb_ids = [[0x2341, 0x805A]]\n'
        'uart = { instance = "UART0", tx = "P1.03", rx = "P1.10" }\n\n'
    )
    file = tmp_path_factory.mktemp("board") / "my_nano.toml"
    named = text[:begin].replace('"arduino_nano_33_ble"', '"my_nano"', 1)
    file.write_text(named + serial + text[end:])
    return file


@pytest.fixture(scope="module")
def built(board: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    project, target = make_project(tmp_path_factory.mktemp("nano") / "p", str(board))
    return build(project, target, toolchain="zig")


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """Ports of the old program, the boot loader, the new program, and of the twin."""
    lines = [open_line() for _ in range(4)]
    yield lines
    for line in lines:
        line.close()


def test_from_sketch_to_answer(
    board: Path, built: BuiltFirmware, lines: list[Line], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    program = stand_in(tmp_path / "bin", "bossac", WRITTEN)
    monkeypatch.setenv("TC_BOSSAC", str(tmp_path / "bin" / "bossac"))
    monkeypatch.setattr(touch, "_SETTLE_S", 0.05)
    old, waiting, new, other = lines
    sketch = SerialPort(old.name, "Nano 33 BLE", NANO_SKETCH, "5A1F", "1-2")
    # The boot loader has no serial number of its own: the socket tells whose it is.
    loader = SerialPort(waiting.name, "Arduino", NANO_BOOT, None, "1-2")
    fresh = SerialPort(new.name, "tinycompress", NANO_SKETCH, "C0FFEE", "1-2")
    twin = SerialPort(other.name, "Nano 33 BLE", NANO_SKETCH, "77C0", "1-3")
    desk = Desk([twin, sketch])
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    history: list[str] = []

    def life(desk: Desk) -> None:
        if not history and old.was_touched:
            old.close()
            desk.replace(sketch)
            history.append("touched")
        elif history == ["touched"]:
            desk.ports.append(loader)
            history.append("boot loader")
        elif history == ["touched", "boot loader"] and program.calls:
            desk.replace(loader)
            history.append("written")
        elif history[-1:] == ["written"]:
            desk.ports.append(fresh)
            history.append("started")

    desk.events.append(life)
    device = FakeDevice(
        build_id=bytes.fromhex(built.build_id),
        model_sha256=DIGEST.digest(),
        board_id="my_nano",
        machine=SILICON,
    )
    command = ["flash", str(built.project.directory), "--board", str(board)]
    assert _run(command) == 6
    assert "2 ports could be the board's" in capfd.readouterr().err
    with answering(new, device):
        assert _run([*command, "--port", "5A1F"]) == 0
    assert history == ["touched", "boot loader", "written", "started"]
    assert program.argv == [
        f"--port={waiting.name}", "-U", "-i", "-e", "-w", str(built.images["bin"]), "-R",
    ]  # fmt: skip
    assert not other.was_touched
    assert f"by bossac; it answers on {new.name}" in capfd.readouterr().out
