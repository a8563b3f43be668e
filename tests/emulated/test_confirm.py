"""``tinycompress confirm``: a board behind a port, its file, and what does not count."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.device.flash import Desk, pose_as_silicon
from support.models.tflite_files import small_cnn

import tinycompress
from tinycompress import _serial_ports as ports
from tinycompress import pipeline
from tinycompress._resources import reference_model
from tinycompress._serial_ports import SerialPort
from tinycompress.boards.confirmations import read_confirmation
from tinycompress.cli.main import call
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.serve import TcpServer, serve
from tinycompress.errors import ConfigError, DeviceError, MismatchError
from tinycompress.measurement.confirmation import confirmation
from tinycompress.pipeline.files import built_firmware

# It is the firmware on the board: its own USB in one, UART pins in the other.
BOARDS = ("nano33", "nucleo_l4r5zi")


@contextlib.contextmanager
def board_with(directory: Path) -> Iterator[str]:
    """A board that runs a project's firmware, behind a URL."""
    built, board = built_firmware(directory, None)
    virtual, endpoint, done = (
        VirtualBoard(board, built.elf),
        TcpServer("127.0.0.1", 0),
        threading.Event(),
    )
    thread = threading.Thread(
        target=serve, args=(virtual, endpoint), kwargs={"stop": done.is_set, "say": lambda _: None}
    )
    thread.start()
    try:
        yield endpoint.name
    finally:
        done.set()
        thread.join(20)
        endpoint.close()
        virtual.close()


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    directory = tmp_path / "confirm"
    tinycompress.build(reference_model(), getattr(request, "param", "nano33"), output=directory)
    return directory


@pytest.mark.parametrize("project", BOARDS, indirect=True)
def test_an_emulated_board_confirms_nothing(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.json"
    _, board = built_firmware(project, None)
    with board_with(project) as port:
        code = call(["confirm", "-p", port, "-b", board.id, "-d", str(project), "-o", str(file)])
    said = capsys.readouterr()
    assert code == 0
    assert "does not count as a confirmation: an emulated board answers at this port" in said.err
    assert "(emulated)" in said.out
    found = read_confirmation(file)
    assert (found.machine, found.counts, found.mismatched_samples) == ("emulated", False, 0)
    assert found.clock is None
    assert found.cycles is not None
    # The same ELF on the same model: nothing lies between.
    assert found.cycles.median == found.cycles.modelled
    assert found.cycles.runs == 20
    assert found.firmware.build_id == built_firmware(project, None)[0].build_id


def test_silicon_counts(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "mine.json"
    # The virtual board that is compared with must not pose as silicon: its figures are made before.
    modelled = pipeline.bench(project, runs=1)
    measure = pipeline.bench

    def bench(*args: object, port: str | None = None, **more: object) -> object:
        return modelled if port is None else measure(*args, port=port, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline.confirming, "bench", bench)
    pose_as_silicon(monkeypatch)
    with board_with(project) as port:
        done = pipeline.confirm(
            port, board="nano33", directory=project, output=file, by="Ada Lovelace"
        )
    found = read_confirmation(file)
    assert found == done.confirmation
    assert found.counts
    assert (found.by, found.machine) == ("Ada Lovelace", "silicon")
    assert not {"port", "path", "serial_number", "host"} & set(json.loads(file.read_text()))
    assert str(tmp_path) not in file.read_text()


def test_another_firmware_is_not_measured(project: Path, tmp_path: Path) -> None:
    """Nothing is written: what runs there is not what the file would speak of."""
    other = tmp_path / "other"
    model = tmp_path / "other.tflite"
    model.write_bytes(small_cnn())
    tinycompress.build(model, "nano33", output=other)
    with board_with(other) as port, pytest.raises(DeviceError, match="the device runs the model"):
        pipeline.confirm(port, board="nano33", directory=project, output=tmp_path / "mine.json")
    assert not (tmp_path / "mine.json").exists()


def test_outputs_that_differ_are_written_and_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.json"
    make = confirmation

    def wrong(*args: object, **more: object) -> object:
        made = make(*args, **more)  # type: ignore[arg-type]
        return made.model_copy(update={"mismatched_samples": 2})

    monkeypatch.setattr(pipeline.confirming, "confirmation", wrong)
    with board_with(project) as port:
        done = pipeline.confirm(port, board="nano33", directory=project, output=file)
    assert not read_confirmation(file).counts
    with pytest.raises(MismatchError, match="2 of 5 samples differ from the oracle's"):
        pipeline.require_confirmed_outputs(done)


def test_the_port_tells_the_board_if_only_one_has_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.ports = [
        SerialPort("/dev/ttyACM0", "", (0x2341, 0x805A), "1", "1-1"),
        SerialPort("/dev/ttyACM1", "", (0x0483, 0x374B), "2", "1-2"),
        SerialPort("/dev/ttyUSB0", "", (0x0403, 0x6001), "3", "1-3"),
    ]
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    board_of = pipeline.confirming._board_of
    assert board_of("/dev/ttyACM0").id == "arduino_nano_33_ble"
    with pytest.raises(
        ConfigError, match=r"nucleo_f446re, .*nucleo_h743zi, .*all have its USB ids"
    ):
        board_of("/dev/ttyACM1")
    for port in ("/dev/ttyUSB0", "socket://127.0.0.1:9"):
        with pytest.raises(ConfigError, match="no board has its USB ids") as caught:
            board_of(port)
        assert "--board" in str(caught.value.hint)
