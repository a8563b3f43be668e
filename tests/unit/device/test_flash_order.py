"""Which method flashes: the board file's order, and when the next one has its turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from support.common import ROOT
from support.device.flash import Desk

from tinycompress.boards import load_board
from tinycompress.boards.schema import FlashMethod
from tinycompress.cli.flash import METHODS
from tinycompress.device import ports
from tinycompress.device.flash import flashing
from tinycompress.device.flash.base import FlashJob, NotPossibleError
from tinycompress.device.flash.flashing import FLASHERS, flash_board
from tinycompress.device.ports import SerialPort
from tinycompress.errors import ConfigError, FlashError

NUCLEO = SerialPort("/dev/ttyACM0", "STM32 STLink", (0x0483, 0x374B), "066CFF", "1-5")
OTHER = SerialPort("/dev/ttyACM1", "STM32 STLink", (0x0483, 0x374B), "066D00", "1-6")


@dataclass
class Recorder:
    """Drivers that do what ``outcomes`` says, and note in which order they were asked."""

    outcomes: dict[str, FlashError | None]
    asked: list[str]
    jobs: list[FlashJob]

    def driver(self, name: str) -> Any:
        recorder = self

        class Driver:
            def __init__(self, table: Any) -> None:
                assert table.method == name

            def flash(self, job: FlashJob) -> None:
                recorder.asked.append(name)
                recorder.jobs.append(job)
                outcome = recorder.outcomes.get(name)
                if outcome is not None:
                    raise outcome

        return Driver


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder({}, [], [])
    drivers = {name: recorder.driver(name) for name in FLASHERS}
    monkeypatch.setattr(flashing, "FLASHERS", drivers)
    return recorder


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    return desk


def test_every_method_of_the_schema_has_a_driver() -> None:
    union = get_args(FlashMethod)[0]
    names = {get_args(table.model_fields["method"].annotation)[0] for table in get_args(union)}
    assert names == set(FLASHERS)
    # A sketch is uploaded by the tool that compiled it; board files do not list that.
    assert names | {"arduino-cli"} == set(METHODS)
    for page in ("flashing.md", "adding-a-board.md"):
        text = (ROOT / "docs" / page).read_text()
        assert {name for name in names if f"| `{name}` |" in text} == names, page


def test_first_method_that_is_possible(recorder: Recorder, desk: Desk) -> None:
    recorder.outcomes = {"bossac": NotPossibleError("no bossac")}
    assert flash_board(load_board("nano33"), {}) == "pyocd"
    assert recorder.asked == ["bossac", "pyocd"]


def test_failure_ends_the_search(recorder: Recorder, desk: Desk) -> None:
    recorder.outcomes = {"bossac": FlashError("verify failed")}
    with pytest.raises(FlashError, match="verify failed"):
        flash_board(load_board("nano33"), {})
    assert recorder.asked == ["bossac"]


def test_all_refusals_are_told(recorder: Recorder, desk: Desk) -> None:
    recorder.outcomes = {
        "bossac": NotPossibleError("no port", hint="plug it in"),
        "pyocd": NotPossibleError("no probe", hint="wire it"),
        "jlink": NotPossibleError("no program"),
    }
    with pytest.raises(FlashError, match="no way to flash Arduino Nano 33 BLE") as caught:
        flash_board(load_board("nano33"), {})
    assert "bossac: no port" in caught.value.message
    assert "pyocd: no probe" in caught.value.message
    assert caught.value.hint == "any of these will do: bossac: plug it in; pyocd: wire it"
    assert caught.value.exit_code == 6


def test_chosen_method_alone(recorder: Recorder, desk: Desk) -> None:
    recorder.outcomes = {"pyocd": NotPossibleError("no probe", hint="wire it")}
    with pytest.raises(FlashError, match=r"^no probe$") as caught:
        flash_board(load_board("nano33"), {}, method="pyocd")
    assert caught.value.hint == "wire it"
    assert recorder.asked == ["pyocd"]


def test_method_that_the_board_has_not(recorder: Recorder, desk: Desk) -> None:
    with pytest.raises(ConfigError, match="not flashed by picotool; its methods: bossac, pyocd"):
        flash_board(load_board("nano33"), {}, method="picotool")


def test_emulated_machine(recorder: Recorder, desk: Desk) -> None:
    with pytest.raises(ConfigError, match="exists only as an emulation"):
        flash_board(load_board("qemu_mps2_an386"), {})


def test_drivers_know_whether_the_board_is_alone(
    recorder: Recorder, desk: Desk, tmp_path: Path
) -> None:
    board = load_board("f446re")
    for present, alone in ((([]), True), ([NUCLEO], True), ([NUCLEO, OTHER], False)):
        desk.ports = present
        flash_board(board, {"elf": tmp_path}, port=NUCLEO)
        assert recorder.jobs[-1].alone is alone
    assert recorder.jobs[-1].serial_number == "066CFF"
    assert recorder.jobs[-1].image("elf") == tmp_path
