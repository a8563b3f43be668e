"""bossac: its command line, the 1200-baud touch, and boot loaders that come under another name.

What the stand-in prints is what BOSSA 1.9 prints (shumatech/BOSSA src/bossac.cpp), and for boards
what users of the real ones have shown (zephyr issue 33523, micropython issue 11533).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.device.flash import (
    NANO_BOOT,
    NANO_SKETCH,
    Desk,
    Line,
    StandIn,
    job,
    open_line,
    stand_in,
)

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import Board, load_board
from tinycompress.errors import FlashError
from tinycompress.flashing import bossac, touch
from tinycompress.flashing.bossac import Bossac
from tinycompress.flashing.tools import NotPossibleError

WRITTEN = {
    "stdout": "Device       : nRF52840-QIAA\nErase flash\n\nDone in 0.001 seconds\n"
    "Write 13 bytes to flash (1 pages)\n[==============================] 100% (1/1 pages)\n"
    "Done in 0.016 seconds\n"
}
NO_DEVICE = {"stderr": "No device found on /dev/ttyACM1\n", "exit": 1}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_POLL_S", 0.002)
    monkeypatch.setattr(touch, "_QUIET_S", 0.0)
    monkeypatch.setattr(touch, "_APPEAR_S", 2.0)
    monkeypatch.setattr(touch, "_SETTLE_S", 0.01)
    monkeypatch.setattr(bossac, "_BETWEEN_TRIES_S", 0.0)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is the whole PATH, and a home without Arduino's tools."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TC_BOSSAC", raising=False)
    return tmp_path / "bin"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    return desk


@pytest.fixture
def line() -> Iterator[Line]:
    line = open_line()
    yield line
    line.close()


@pytest.fixture
def board() -> Board:
    return load_board("nano33")


@pytest.fixture
def driver(board: Board) -> Bossac:
    table = board.flash[0]
    assert isinstance(table, Bossac)
    return table


def sketch(line: Line, **changes: object) -> SerialPort:
    values = {"serial_number": "5A1F", "location": "1-2", **changes}
    return SerialPort(line.name, "Nano 33 BLE", NANO_SKETCH, **values)  # type: ignore[arg-type]


def boot(device: str, **changes: object) -> SerialPort:
    values = {"serial_number": "5A1F", "location": "1-2", **changes}
    return SerialPort(device, "Nano 33 BLE", NANO_BOOT, **values)  # type: ignore[arg-type]


def restart(desk: Desk, line: Line, old: SerialPort, *new: SerialPort, after: int = 3) -> None:
    """When the line is touched, the port vanishes and, some looks later, others are there."""
    touched_at: list[int] = []

    def event(desk: Desk) -> None:
        if not touched_at and line.was_touched:
            touched_at.append(desk.looks)
            desk.replace(old)
            line.close()
        if touched_at and desk.looks == touched_at[0] + after:
            desk.ports += new

    desk.events.append(event)


def test_boot_loader_gets_arduinos_command_line(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path
) -> None:
    program = stand_in(tools, "bossac", WRITTEN)
    port = boot("/dev/ttyACM7")
    desk.ports = [port]
    driver.flash(job(board, tmp_path, port))
    image = str(tmp_path / "firmware.bin")
    # No --offset: the boot loader adds its own size.
    assert program.argv == ["--port=/dev/ttyACM7", "-U", "-i", "-e", "-w", image, "-R"]
    assert program.calls[0]["files"][image] == b"the bin image".hex()


def test_sketch_is_touched_and_found_under_its_new_name(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line
) -> None:
    program = stand_in(tools, "bossac", WRITTEN)
    old, other_line = sketch(line), open_line()
    new = boot(other_line.name)
    # A twin waits in its boot loader all the time, and another comes meanwhile.
    twin = boot("/dev/ttyACM0", serial_number="77C0", location="1-3")
    third = boot("/dev/ttyACM1", serial_number="9999", location="1-4")
    desk.ports = [twin, old]
    restart(desk, line, old, third, new)
    driver.flash(job(board, tmp_path, old))
    assert program.argv[0] == f"--port={other_line.name}"
    other_line.close()


@pytest.mark.parametrize(
    "changes",
    [{"serial_number": "0000"}, {"serial_number": None}, {"location": None}],
    ids=["other serial number", "no serial number", "socket unknown"],
)
def test_one_of_serial_number_and_socket_is_enough(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line,
    changes: dict[str, object],
) -> None:  # fmt: skip
    program = stand_in(tools, "bossac", WRITTEN)
    old, other_line = sketch(line), open_line()
    desk.ports = [old]
    restart(desk, line, old, boot(other_line.name, **changes))
    driver.flash(job(board, tmp_path, old))
    assert program.argv[0] == f"--port={other_line.name}"
    other_line.close()


def test_neither_known_takes_only_a_new_port(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line
) -> None:
    program = stand_in(tools, "bossac", WRITTEN)
    unknown: dict[str, object] = {"serial_number": None, "location": None}
    old, other_line = sketch(line, **unknown), open_line()
    stranger = boot("/dev/ttyACM0", **unknown)
    desk.ports = [stranger, old]
    restart(desk, line, old, boot(other_line.name, **unknown))
    driver.flash(job(board, tmp_path, old))
    assert program.argv[0] == f"--port={other_line.name}"
    other_line.close()


def test_board_that_takes_no_notice(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(touch, "_APPEAR_S", 0.05)
    program = stand_in(tools, "bossac", WRITTEN)
    old = sketch(line)
    desk.ports = [old, boot("/dev/ttyACM1", serial_number="77C0", location="1-3")]
    with pytest.raises(NotPossibleError, match="no boot loader appeared") as caught:
        driver.flash(job(board, tmp_path, old))
    assert line.was_touched
    assert "reset button twice" in str(caught.value.hint)
    assert program.calls == []


def test_busy_port(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line
) -> None:
    import serial

    stand_in(tools, "bossac", WRITTEN)
    old = sketch(line)
    desk.ports = [old]
    monitor = serial.Serial(line.name, exclusive=True)
    with pytest.raises(NotPossibleError, match="in use by another program") as caught:
        driver.flash(job(board, tmp_path, old))
    monitor.close()
    assert "ModemManager" in str(caught.value.hint)


def test_port_that_udev_has_not_opened_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "ttyACM1"
    node.touch()
    answers = iter([False, False, True])
    monkeypatch.setattr(os, "access", lambda path, mode: next(answers))
    monkeypatch.setattr(touch, "_POLL_S", 0.0)
    touch.wait_until_permitted(str(node))
    assert next(answers, None) is None
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(touch, "_PERMISSION_S", 0.01)
    with pytest.raises(FlashError, match="no permission to open") as caught:
        touch.wait_until_permitted(str(node))
    assert "dialout" in str(caught.value.hint)


def test_no_board(tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path) -> None:
    stand_in(tools, "bossac", WRITTEN)
    with pytest.raises(NotPossibleError, match="no USB port of Arduino Nano 33 BLE") as caught:
        driver.flash(job(board, tmp_path))
    assert "data cable" in str(caught.value.hint)


def test_board_without_touch(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path, line: Line
) -> None:
    stand_in(tools, "bossac", WRITTEN)
    manual = driver.model_copy(update={"touch_1200_baud": False})
    with pytest.raises(NotPossibleError, match="does not run its boot loader"):
        manual.flash(job(board, tmp_path, sketch(line)))
    assert not line.was_touched


def test_missing_program(tools: Path, board: Board, driver: Bossac, tmp_path: Path) -> None:
    with pytest.raises(NotPossibleError, match="bossac is not installed") as caught:
        driver.flash(job(board, tmp_path, boot("/dev/ttyACM0")))
    assert "arduino-cli core install arduino:mbed_nano" in str(caught.value.hint)


def test_device_that_answers_late_is_tried_again(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path
) -> None:
    program = stand_in(tools, "bossac", NO_DEVICE, NO_DEVICE, WRITTEN)
    driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
    assert len(program.calls) == 3


WRITING = "Write 13 bytes to flash (1 pages)\n"
ERASE_FAILED = {"stdout": WRITING, "stderr": "\nFlash erase failed\n", "exit": 1}
VERIFY_FAILED = {"stdout": "\nVerify failed\nPage errors: 1\nByte errors: 9\n", "exit": 2}
UNSUPPORTED = {"stderr": "\nDevice unsupported\n", "exit": 1}
USAGE = {"stdout": "Usage: bossac [OPTION...] [FILE]\n"}
FAILURES = [
    (NO_DEVICE, "no boot loader answers", "systemctl stop ModemManager", 3),
    (UNSUPPORTED, "does not know the board's chip", "arduino:mbed_nano", 1),
    (ERASE_FAILED, "Flash erase failed", "reset button twice", 1),
    (VERIFY_FAILED, "Byte errors: 9", "reset button twice", 1),
    # An exit code of 0 alone proves nothing.
    (USAGE, "Usage: bossac", "reset button twice", 1),
]


@pytest.mark.parametrize(("step", "message", "hint", "calls"), FAILURES)
def test_failures(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path,
    step: dict[str, object], message: str, hint: str, calls: int,
) -> None:  # fmt: skip
    program = stand_in(tools, "bossac", step)
    with pytest.raises(FlashError, match=message) as caught:
        driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
    assert not isinstance(caught.value, NotPossibleError)
    assert caught.value.exit_code == 6
    assert hint in str(caught.value.hint)
    assert len(program.calls) == calls


def test_time_out(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bossac, "_TIMEOUT_S", 0.3)
    stand_in(tools, "bossac", {"stdout": WRITING, "sleep_s": 60})
    with pytest.raises(FlashError, match=r"no end after 0\.3 s") as caught:
        driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
    assert not isinstance(caught.value, NotPossibleError)


def arduino_bossac(home: Path, version: str) -> StandIn:
    directory = home / f".arduino15/packages/arduino/tools/bossac/{version}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    return stand_in(directory, "bossac", WRITTEN)


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="Arduino keeps its tools elsewhere")
def test_newest_of_arduinos_programs_comes_before_path(
    tools: Path, desk: Desk, board: Board, driver: Bossac, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    on_path = stand_in(tools, "bossac", WRITTEN)
    old = arduino_bossac(tmp_path / "home", "1.9.1-arduino2")
    new = arduino_bossac(tmp_path / "home", "1.10.0-arduino1")
    driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
    assert [len(one.calls) for one in (on_path, old, new)] == [0, 0, 1]
    monkeypatch.setenv("TC_BOSSAC", str(tools / "bossac"))
    driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
    assert [len(one.calls) for one in (on_path, old, new)] == [1, 0, 1]
    monkeypatch.setenv("TC_BOSSAC", "/nowhere/bossac")
    with pytest.raises(NotPossibleError, match="TC_BOSSAC names no program"):
        driver.flash(job(board, tmp_path, boot("/dev/ttyACM1")))
