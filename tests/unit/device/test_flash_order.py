"""Which method flashes: the board file's order, and when the next one has its turn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from support.common import ROOT
from support.device.flash import Desk

from tinycompress import _serial_ports as ports
from tinycompress import flashing
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.device.flashing import flash_board
from tinycompress.errors import ConfigError, FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod
from tinycompress.flashing.registry import METHODS
from tinycompress.flashing.tools import NotPossibleError

NUCLEO = SerialPort("/dev/ttyACM0", "STM32 STLink", (0x0483, 0x374B), "066CFF", "1-5")
OTHER = SerialPort("/dev/ttyACM1", "STM32 STLink", (0x0483, 0x374B), "066D00", "1-6")


@dataclass
class Recorder:
    """Methods that do what ``outcomes`` says, and note in which order they were asked."""

    outcomes: dict[str, FlashError | None]
    asked: list[str]
    jobs: list[FlashJob]

    def flash(self, table: FlashMethod, job: FlashJob) -> None:
        self.asked.append(table.method)
        self.jobs.append(job)
        outcome = self.outcomes.get(table.method)
        if outcome is not None:
            raise outcome


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder({}, [], [])
    for method in METHODS:
        monkeypatch.setattr(method, "flash", lambda table, job: recorder.flash(table, job))
    return recorder


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    return desk


def test_the_pages_tell_every_method() -> None:
    table, keys = ((ROOT / "docs" / f"{name}.md").read_text().splitlines()
                        for name in ("flashing", "adding-a-board"))  # fmt: skip
    for method in METHODS:
        name, docs = method.name(), method.DOCS
        row = f"| `{name}` | {docs.program} | {docs.command} | {docs.verified_by} |"
        assert " ".join(row.split()) in table
        images = ", ".join(
            f"`{kind}`" for kind in get_args(method.model_fields["image"].annotation)
        )
        row = f"| `{name}` | {images} | {docs.keys} |"
        assert " ".join(row.split()) in keys
        # Every key is told.
        for key in set(method.model_fields) - {"method", "image"}:
            assert f"`{key}`" in docs.keys


def test_the_pages_tell_no_other_method() -> None:
    for page in ("flashing", "adding-a-board"):
        text = (ROOT / "docs" / f"{page}.md").read_text()
        _, _, table = text.partition("| method |" if page == "flashing" else "| `method` |")
        told = re.findall(r"^\| `([a-z-]+)` \|", table.partition("\n\n")[0], re.MULTILINE)
        others = {"arduino-cli"} if page == "flashing" else set()
        assert set(told) == {method.name() for method in METHODS} | others


def test_every_method_is_in_one_file_of_its_own() -> None:
    assert len({method.name() for method in METHODS}) == len(METHODS)
    files = {method.__module__ for method in METHODS}
    assert len(files) == len(METHODS)
    room = Path(flashing.__file__).parent
    told = {path.stem for path in room.glob("*.py") if "(FlashMethod)" in path.read_text()}
    assert {f"{flashing.__name__}.{stem}" for stem in told} == files
    for method in METHODS:
        assert not method.__abstractmethods__


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
