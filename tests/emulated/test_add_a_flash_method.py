"""A new way to flash is one class and its line in ``METHODS``: from a board file to the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from click.testing import CliRunner
from pydantic import Field
from support.common import ROOT
from support.device.bench import SILICON, FakeDevice
from support.device.flash import Desk, answering, open_line, stand_in

from tinycompress import _serial_ports, pipeline
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.cli.flash import flash_command
from tinycompress.device.doctor import diagnose_boards
from tinycompress.errors import BoardError, FlashError
from tinycompress.flashing import registry
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import Program, last_words, run_program

PROBE_ID = (0x0483, 0x374B)
_TOOL = Program("slotter", "pip install slotter")


class Slotter(FlashMethod):
    """Into one of four slots, the first of which is the boot loader's where it is locked."""

    TOOL: ClassVar = _TOOL
    DOCS: ClassVar = MethodDocs("slotter", "`slotter N firmware.bin`", "HELLO", "`slot`, `locked`")

    method: Literal["slotter"]
    image: Literal["bin"]
    slot: Annotated[int, Field(ge=0, le=3)]
    locked: bool = False

    def problems(self) -> Iterator[str]:
        if self.locked and self.slot == 0:
            yield "slot 0 is the boot loader's"

    def by_hand(self) -> str:
        return f"    slotter {self.slot} build/firmware.{self.image}"

    def flash(self, job: FlashJob) -> None:
        program = _TOOL.find()
        argv = (program, str(self.slot), job.image(self.image))
        done = run_program(argv, timeout_s=10, hint="try again")
        if done.exit_code:
            raise FlashError(f"slotter failed: {last_words(done)}")


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the method known, and no program on PATH."""
    monkeypatch.setattr(registry, "METHODS", (*registry.METHODS, Slotter))
    monkeypatch.delenv("TC_SLOTTER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def board_file(directory: Path, table: str) -> Path:
    """A Nucleo F446RE that is flashed by one table alone."""
    text = (ROOT / "boards" / "nucleo_f446re.toml").read_text()
    before, _, rest = text.replace('"nucleo_f446re"', '"mine"', 1).partition("\nflash = [\n")
    _, _, after = rest.partition("\n]\n")
    assert before
    assert after
    path = directory / "mine.toml"
    path.write_text(f"{before}\nflash = [\n  {table},\n]\n{after}")
    return path


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('{ method = "slotter", image = "bin" }', "flash[0].slot: missing"),
        (
            '{ method = "slotter", image = "hex", slot = 1 }',
            "flash[0].image: 'hex': input must be 'bin'",
        ),
        (
            '{ method = "slotter", image = "bin", slot = 1, lockd = true }',
            "flash[0].lockd: unknown key; did you mean 'locked'?",
        ),
        (
            '{ method = "slotter", image = "bin", slot = 0, locked = true }',
            "flash[0]: slot 0 is the boot loader's",
        ),
        (
            '{ method = "slot", image = "bin" }',
            "flash[0]: unknown method 'slot'; allowed: bossac, pyocd, openocd, jlink, picotool, "
            "dfu-util, teensy, volume, slotter",
        ),
    ],
)
def test_its_keys_are_checked(table: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        load_board(str(board_file(tmp_path, table)))
    assert caught.value.message.split("\n  - ")[1:] == [problem]


def test_the_doctor_and_the_command_line_know_it(tmp_path: Path) -> None:
    file = board_file(tmp_path, '{ method = "slotter", image = "bin", slot = 1 }')
    found = {finding.name: finding for finding in diagnose_boards((load_board(str(file)),))}
    assert (found["slotter"].detail, found["slotter"].hint) == ("flashes mine", _TOOL.install_hint)
    runner = CliRunner()
    assert "slotter" in runner.invoke(flash_command, ["--help"]).output
    refused = runner.invoke(flash_command, [str(tmp_path), "--method", "slitter"])
    assert refused.exit_code == 2
    assert "'slotter'" in refused.output


def test_it_flashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = board_file(tmp_path, '{ method = "slotter", image = "bin", slot = 2 }')
    model = ROOT / "examples" / "digits" / "digits_int8.tflite"
    project = tmp_path / "digits"
    built = pipeline.build(model, file, output=project).require_firmware()
    assert "    slotter 2 build/firmware.bin\n" in (project / "README.md").read_text()

    line = open_line()
    port = SerialPort(line.name, "STM32 STLink", PROBE_ID, "066CFF", "1-5")
    monkeypatch.setattr(_serial_ports, "list_serial_ports", Desk([port]).list_serial_ports)
    with pytest.raises(FlashError, match="slotter is not installed") as caught:
        pipeline.flash(project, board=file)
    assert caught.value.hint == _TOOL.install_hint

    program = stand_in(tmp_path / "bin", "slotter", {})
    device = FakeDevice(
        build_id=bytes.fromhex(built.build_id),
        model_sha256=bytes.fromhex(built.project.model_sha256),
        machine=SILICON,
    )
    with answering(line, device):
        done = pipeline.flash(project, board=file, method="slotter")
    line.close()
    assert done == pipeline.Flashed("slotter", port.device)
    slot, image = program.argv
    assert slot == "2"
    assert bytes.fromhex(program.calls[0]["files"][image]) == built.images["bin"].read_bytes()
