"""dfu-util, teensy_loader_cli, bossac with an offset: command lines, and what is made of what
they print.

dfu-util's texts are those of version 0.11 (src/main.c, src/dfuse.c), teensy_loader_cli's those of
version 2.2 (teensy_loader_cli.c), bossac's of Adafruit's recipe for version 1.8 (platform.txt).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.device.flash import job, stand_in

from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.errors import FlashError
from tinycompress.flashing.bossac import Bossac
from tinycompress.flashing.dfu_util import DfuUtil
from tinycompress.flashing.teensy import TeensyLoader
from tinycompress.flashing.tools import NotPossibleError

BANNER = "dfu-util 0.11\n\nOpening DFU capable USB device...\n"
DOWNLOADED = BANNER + (
    "Downloading element to address = 0x08000000, size = 12288\nErase done.\n"
    "Download done.\nFile downloaded successfully\nSubmitting leave request...\n"
)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("DFU_UTIL", "TEENSY_LOADER_CLI", "BOSSAC"):
        monkeypatch.delenv(f"TC_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "bin"


def dfu(board: str) -> DfuUtil:
    (table,) = (m for m in load_board(board).flash if isinstance(m, DfuUtil))
    return table


@pytest.mark.parametrize(
    ("board", "ids", "address"),
    [("blackpill", "0483:df11", "0x08000000"), ("portenta_h7", "2341:035b", "0x08040000")],
)
def test_dfu_util_command_line(
    tools: Path, tmp_path: Path, board: str, ids: str, address: str
) -> None:
    program = stand_in(tools, "dfu-util", {"stdout": DOWNLOADED})
    table = dfu(board)
    table.flash(job(load_board(board), tmp_path))
    image = str(tmp_path / "firmware.bin")
    assert program.argv == ["-d", ids, "-a", "0", "-s", f"{address}:leave", "-D", image]
    # What a person is told is what is done.
    assert " ".join(program.argv[:-1]) in table.by_hand()


def test_a_boot_loader_that_leaves_too_soon_has_done_its_work(tools: Path, tmp_path: Path) -> None:
    stand_in(
        tools, "dfu-util",
        {"stdout": DOWNLOADED, "stderr": "Error during download get_status\n", "exit": 74},
    )  # fmt: skip
    dfu("blackpill").flash(job(load_board("blackpill"), tmp_path))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("No DFU capable USB device available\n", "finds no board", "BOOT0"),
        ("Cannot open DFU device 0483:df11 (LIBUSB_ERROR_ACCESS)\n", "may not open", "udev"),
        ("More than one DFU capable USB device found!\n", "several boards", "only one"),
        ("Lost device after RESET?\n", "wrote nothing", "BOOT0"),
    ],
)
def test_dfu_util_that_wrote_nothing(
    tools: Path, tmp_path: Path, text: str, message: str, hint: str
) -> None:
    stand_in(tools, "dfu-util", {"stderr": "dfu-util 0.11\n" + text, "exit": 74})
    with pytest.raises(NotPossibleError, match=message) as caught:
        dfu("blackpill").flash(job(load_board("blackpill"), tmp_path))
    assert hint in str(caught.value.hint)


def test_dfu_util_that_failed_while_it_wrote(tools: Path, tmp_path: Path) -> None:
    text = BANNER + "Downloading element to address = 0x08000000, size = 12288\n"
    stand_in(tools, "dfu-util", {"stdout": text, "stderr": "Write failed\n", "exit": 74})
    with pytest.raises(FlashError, match="began to write and failed") as caught:
        dfu("blackpill").flash(job(load_board("blackpill"), tmp_path))
    assert not isinstance(caught.value, NotPossibleError)


# --- teensy_loader_cli ------------------------------------------------------------------------

LOADED = (
    'Teensy Loader, Command Line, Version 2.2\nRead "firmware.hex": 12288 bytes, 0.2% usage\n'
    "Found HalfKay Bootloader\nProgramming............\nBooting\n"
)


@pytest.fixture
def teensy() -> TeensyLoader:
    (table,) = (m for m in load_board("teensy41").flash if isinstance(m, TeensyLoader))
    return table


def test_teensy_loader_command_line(tools: Path, tmp_path: Path, teensy: TeensyLoader) -> None:
    program = stand_in(tools, "teensy_loader_cli", {"stdout": LOADED})
    teensy.flash(job(load_board("teensy41"), tmp_path))
    assert program.argv == ["--mcu=TEENSY41", "-v", str(tmp_path / "firmware.hex")]
    assert " ".join(program.argv[:-1]) in teensy.by_hand()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("Unable to open device (hint: try -w option)\n", "does not write", "press the button"),
        ("Unable to claim interface, check USB permissions\n", "may not open", "00-teensy.rules"),
        ("Found device but unable to open\n", "may not open", "00-teensy.rules"),
    ],
)
def test_teensy_loader_that_wrote_nothing(
    tools: Path, tmp_path: Path, teensy: TeensyLoader, text: str, message: str, hint: str
) -> None:
    stand_in(tools, "teensy_loader_cli", {"stderr": text, "exit": 1})
    with pytest.raises(NotPossibleError, match=message) as caught:
        teensy.flash(job(load_board("teensy41"), tmp_path))
    assert hint in str(caught.value.hint)


def test_teensy_loader_that_failed_while_it_wrote(
    tools: Path, tmp_path: Path, teensy: TeensyLoader
) -> None:
    text = LOADED.partition("...")[0]
    stand_in(
        tools,
        "teensy_loader_cli",
        {"stdout": text, "stderr": "error writing to Teensy\n", "exit": 1},
    )
    with pytest.raises(FlashError, match="began to write and failed") as caught:
        teensy.flash(job(load_board("teensy41"), tmp_path))
    assert not isinstance(caught.value, NotPossibleError)


def test_missing_programs_say_how_they_are_installed(
    tools: Path, tmp_path: Path, teensy: TeensyLoader
) -> None:
    for table, package in ((teensy, "teensy-loader-cli"), (dfu("blackpill"), "dfu-util")):
        with pytest.raises(NotPossibleError, match="not installed") as caught:
            table.flash(job(load_board("teensy41"), tmp_path))
        assert package in str(caught.value.hint)


def test_a_variable_names_a_program_with_a_hyphen(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path / "elsewhere", "dfu-util", {"stdout": DOWNLOADED})
    monkeypatch.setenv("TC_DFU_UTIL", str(tmp_path / "elsewhere" / "dfu-util"))
    dfu("blackpill").flash(job(load_board("blackpill"), tmp_path))
    assert program.calls


# --- bossac with an offset --------------------------------------------------------------------


def test_bossac_is_told_where_the_program_goes(tools: Path, tmp_path: Path) -> None:
    board = load_board("feather_m4")
    (table,) = (m for m in board.flash if isinstance(m, Bossac))
    program = stand_in(tools, "bossac", {"stdout": "Write 12288 bytes to flash (24 pages)\n"})
    waiting = SerialPort("/dev/ttyACM3", "Feather M4", (0x239A, 0x0022), "A1", "1-4")
    table.flash(job(board, tmp_path, waiting))
    assert program.argv == [
        "--port=/dev/ttyACM3", "-U", "-i", "--offset=0x4000", "-w", "-v",
        str(tmp_path / "firmware.bin"), "-R",
    ]  # fmt: skip
    assert "--offset=0x4000 -w -v build/firmware.bin" in table.by_hand()
    assert board.region_for("code").origin == 0x4000
