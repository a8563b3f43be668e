"""Flashing to the end: the tool runs, the port comes back, and the firmware says who it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.common import ROOT
from support.device.bench import SILICON, FakeDevice
from support.device.flash import (
    NANO_BOOT,
    Desk,
    Line,
    answering,
    open_line,
    pose_as_silicon,
    stand_in,
)

from tinycompress import _serial_ports as ports
from tinycompress import pipeline
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board, load_board
from tinycompress.cli.main import _run
from tinycompress.device import reconnect
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError, FlashError

PROBE_ID = (0x0483, 0x374B)
DONE = {
    "stderr": "** Programming Started **\n** Programming Finished **\n** Verified OK **\n"
    "shutdown command invoked\n"
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    model = ROOT / "examples" / "digits" / "digits_int8.tflite"
    directory = tmp_path_factory.mktemp("flash") / "digits"
    return pipeline.build(model, "f446re", output=directory).firmware


@pytest.fixture
def board() -> Board:
    return load_board("f446re")


@pytest.fixture
def line() -> Iterator[Line]:
    line = open_line()
    yield line
    line.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: Line) -> Desk:
    """One Nucleo on the desk, whose probe's port is ``line``, and only stand-ins on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TC_OPENOCD", "TC_BOSSAC"):
        monkeypatch.delenv(name, raising=False)
    desk = Desk([SerialPort(line.name, "STM32 STLink", PROBE_ID, "066CFF", "1-5")])
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    return desk


def test_firmware_answers_with_its_build_id(
    desk: Desk, line: Line, built: BuiltFirmware, board: Board, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pose_as_silicon(monkeypatch)
    program = stand_in(tmp_path / "bin", "openocd", DONE)
    device = VirtualBoard(board, built.elf)
    told: list[str] = []
    with answering(line, device):
        done = pipeline.flash(
            built.project.directory, progress=lambda stage, *steps: told.append(stage)
        )
    device.close()
    assert done == pipeline.Flashed("openocd", line.name)
    assert program.calls[0]["cwd"] == str(built.elf.parent)
    assert told == ["write by openocd", "wait for the board", "ask the board what it runs"]


def test_port_that_goes_and_comes_back_under_another_name(
    desk: Desk, line: Line, built: BuiltFirmware, tmp_path: Path
) -> None:
    program = stand_in(tmp_path / "bin", "openocd", DONE)
    (old,) = desk.ports
    stale = SerialPort("/dev/ttyACM55", "STM32 STLink", PROBE_ID, "066CFF", "1-5")
    stranger = SerialPort("/dev/ttyACM56", "STM32 STLink", PROBE_ID, "066D00", "1-6")
    desk.ports = [stale]
    flashed_at: list[int] = []

    def reset(desk: Desk) -> None:
        if program.calls and not flashed_at:
            flashed_at.append(desk.looks)
            desk.ports = []
        if flashed_at and desk.looks == flashed_at[0] + 2:
            desk.ports = [stranger]
        if flashed_at and desk.looks == flashed_at[0] + 4:
            desk.ports = [stranger, old]

    desk.events.append(reset)
    device = FakeDevice(
        build_id=bytes.fromhex(built.build_id),
        model_sha256=bytes.fromhex(built.project.model_sha256),
        machine=SILICON,
    )
    with answering(line, device):
        done = pipeline.flash(built.project.directory)
    assert done.port == line.name
    assert desk.looks >= flashed_at[0] + 4


def test_port_that_stays_away(
    desk: Desk, built: BuiltFirmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path / "bin", "openocd", DONE)
    monkeypatch.setattr(reconnect, "_APPEAR_S", 0.2)

    def vanish(desk: Desk) -> None:
        if program.calls:
            desk.ports = []

    desk.events.append(vanish)
    with pytest.raises(FlashError, match="its port did not come back") as caught:
        pipeline.flash(built.project.directory)
    assert "reset button" in str(caught.value.hint)


def test_other_build_on_the_board(
    desk: Desk, line: Line, built: BuiltFirmware, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path / "bin", "openocd", DONE)
    device = FakeDevice(model_sha256=bytes.fromhex(built.project.model_sha256))
    with answering(line, device):
        assert _run(["flash", str(built.project.directory)]) == 7
    told = capfd.readouterr().err
    assert "the device runs build 000102030405" in told
    assert built.build_id[:12] in told


def test_an_emulated_board_is_not_what_was_flashed(
    desk: Desk, line: Line, built: BuiltFirmware, board: Board, tmp_path: Path
) -> None:
    stand_in(tmp_path / "bin", "openocd", DONE)
    device = VirtualBoard(board, built.elf)
    with answering(line, device), pytest.raises(DeviceError, match="an emulated board") as caught:
        pipeline.flash(built.project.directory)
    device.close()
    assert caught.value.phase == "HELLO"
    assert "tinycompress ports" in str(caught.value.hint)


def test_silent_board(
    desk: Desk, built: BuiltFirmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinycompress.measurement import confirm

    monkeypatch.setattr(confirm, "_TIMEOUT_S", 0.02)
    stand_in(tmp_path / "bin", "openocd", DONE)
    with pytest.raises(DeviceError, match="no answer from") as caught:
        pipeline.flash(built.project.directory)
    assert caught.value.phase == "HELLO"


def test_port_that_is_busy_for_a_while(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    import serial

    looks: list[int] = []
    monitor = serial.Serial(line.name, exclusive=True)

    def sleep(seconds: float) -> None:
        looks.append(1)
        if len(looks) == 3:
            monitor.close()

    monkeypatch.setattr(time, "sleep", sleep)
    link = reconnect.open_soon(line.name, 115200)
    link.close()
    assert len(looks) == 3


def test_board_on_uart_pins_is_asked_through_the_adapter(
    desk: Desk, line: Line, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The Nano's own port flashes; an adapter on D0/D1 carries the answer."""
    model = ROOT / "examples" / "digits" / "digits_int8.tflite"
    nano = tmp_path / "my_nano.toml"
    text = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text()
    uart = text[text.index("[serial]") : text.index("[emulator]")]
    wired = '[serial]\ntransport = "uart"\nbaud = 115_200\n' + (
        'uart = { instance = "UART0", tx = "P1.03", rx = "P1.10" }\n\n'
    )
    nano.write_text(text.replace(uart, wired).replace('"arduino_nano_33_ble"', '"my_nano"', 1))
    firmware = pipeline.build(model, nano, output=tmp_path / "digits").firmware
    desk.ports = [
        SerialPort("/dev/ttyACM0", "Nano 33 BLE", NANO_BOOT, "5A1F", "1-2"),
        SerialPort(line.name, "FT232R", (0x0403, 0x6001), "A10K", "1-4"),
    ]
    written = {"stdout": "Write 13 bytes to flash (1 pages)\nDone in 0.1 seconds\n"}
    program = stand_in(tmp_path / "bin", "bossac", written)
    pose_as_silicon(monkeypatch)
    device = VirtualBoard(load_board(str(nano)), firmware.elf)
    command = ["flash", str(tmp_path / "digits"), "--board", str(nano), "--json"]
    assert _run(command) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["method"], told["checked"], told["port"]) == ("bossac", False, None)
    with answering(line, device):
        assert _run([*command, "--answer-port", "A10K"]) == 0
    device.close()
    told = json.loads(capfd.readouterr().out)
    assert (told["method"], told["checked"], told["port"]) == ("bossac", True, line.name)
    assert [call["argv"][0] for call in program.calls] == ["--port=/dev/ttyACM0"] * 2
    assert program.calls[0]["files"][str(firmware.images["bin"])] == (
        firmware.images["bin"].read_bytes().hex()
    )


def test_nothing_built(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["flash", str(tmp_path)]) == 2
    assert "error:" in capfd.readouterr().err
