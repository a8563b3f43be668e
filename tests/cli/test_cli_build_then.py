"""``build --flash --bench``: from a model to numbers in one command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from support.common import ROOT
from support.device.flash import Desk, Line, answering, open_line, pose_as_silicon, stand_in

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import Board
from tinycompress.cli.main import _run
from tinycompress.device.emulator import VirtualBoard

MODEL = str(ROOT / "examples" / "digits" / "digits_int8.tflite")
DONE = {"stderr": "** Programming Started **\n** Verified OK **\nshutdown command invoked\n"}


@pytest.fixture
def line() -> Iterator[Line]:
    line = open_line()
    yield line
    line.close()


def test_bench_alone_runs_on_the_emulated_board(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = ["build", MODEL, "--board", "f446re", "-o", str(tmp_path / "p"), "--bench", "--json"]
    assert _run(command) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["schema"] == "tinycompress.build"
    assert "flashed" not in told
    assert told["bench"]["transport"] == "virtual"
    assert told["bench"]["build_id"] == told["build_id"]
    assert told["bench"]["exact"]["mismatched_samples"] == 0


def test_flash_and_bench_go_through_the_boards_port(
    tmp_path: Path, line: Line, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The board is flashed by a stand-in; from then on the real firmware is behind the port."""
    pose_as_silicon(monkeypatch)
    desk = Desk([SerialPort(line.name, "STM32 STLink", (0x0483, 0x374B), "066CFF", "1-5")])
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    program = stand_in(tmp_path / "bin", "openocd", DONE)
    monkeypatch.setenv("TC_OPENOCD", str(tmp_path / "bin" / "openocd"))
    project = tmp_path / "p"

    class Flashed:
        """Starts to answer when the program has been written."""

        transport: Literal["virtual", "serial"] = "serial"
        description = "a board"
        board: VirtualBoard | None = None

        def write(self, data: bytes) -> None:
            if self.board is None and program.calls:
                self.board = VirtualBoard(_f446re(), project / "build" / "firmware.elf")
            if self.board is not None:
                self.board.write(data)

        def read(self, timeout_s: float) -> bytes:
            return b"" if self.board is None else self.board.read(timeout_s)

        def close(self) -> None:
            if self.board is not None:
                self.board.close()

    device = Flashed()
    with answering(line, device):
        command = ["build", MODEL, "--board", "f446re", "-o", str(project)]
        assert _run([*command, "--flash", "--bench", "--port", "066CFF"]) == 0
    device.close()
    told = capfd.readouterr()
    assert f"flashed {project} by openocd; it answers on {line.name}" in told.out
    assert "ST Nucleo-F446RE (real)" in told.out
    assert "measured on the board" in told.out
    assert "next: tinycompress bench" not in told.err


def test_ports_go_with_flash(capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["build", MODEL, "--board", "nano33", "--port", "/dev/ttyACM0"]) == 2
    assert "--port and --answer-port go with --flash" in capfd.readouterr().err


def _f446re() -> Board:
    from tinycompress.boards import load_board

    return load_board("f446re")
