"""OpenOCD, picotool and JLinkExe: command lines, and what is made of what they print.

OpenOCD's texts are those of version 0.12 (src/flash/startup.tcl, and runs without a probe);
picotool's from raspberrypi/picotool main.cpp and its issues; J-Link's from SEGGER UM08001.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.device.flash import job, stand_in

from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.errors import FlashError
from tinycompress.flashing import jlink, openocd, picotool
from tinycompress.flashing.jlink import Jlink
from tinycompress.flashing.openocd import Openocd
from tinycompress.flashing.picotool import Picotool
from tinycompress.flashing.tools import NotPossibleError

PROBE = SerialPort("/dev/ttyACM0", "STM32 STLink", (0x0483, 0x374B), "066CFF", "1-5")
BANNER = "Open On-Chip Debugger 0.12.0\nLicensed under GNU GPL v2\n"
OPENOCD_DONE = {
    "stderr": BANNER + "** Programming Started **\n** Programming Finished **\n"
    "** Verify Started **\n** Verified OK **\n** Resetting Target **\nshutdown command invoked\n"
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("OPENOCD", "PICOTOOL", "JLINKEXE"):
        monkeypatch.delenv(f"TC_{name}", raising=False)
    return tmp_path / "bin"


@pytest.fixture
def with_openocd() -> Openocd:
    (table,) = (m for m in load_board("f446re").flash if isinstance(m, Openocd))
    return table


@pytest.fixture
def with_picotool() -> Picotool:
    (table,) = (m for m in load_board("pico").flash if isinstance(m, Picotool))
    return table


@pytest.fixture
def with_jlink() -> Jlink:
    (table,) = (m for m in load_board("nano33").flash if isinstance(m, Jlink))
    return table


# --- OpenOCD ----------------------------------------------------------------------------------


def test_openocd_command_line(tools: Path, tmp_path: Path, with_openocd: Openocd) -> None:
    program = stand_in(tools, "openocd", OPENOCD_DONE)
    place = tmp_path / "a [b] {c} $d"
    place.mkdir()
    with_openocd.flash(job(load_board("f446re"), place, PROBE))
    assert program.argv == [
        "-f", "board/st_nucleo_f4.cfg", "-c", "program firmware.elf verify reset exit",
    ]  # fmt: skip
    assert program.calls[0]["cwd"] == str(place)


def test_openocd_is_told_which_probe_only_if_there_are_more(
    tools: Path, tmp_path: Path, with_openocd: Openocd
) -> None:
    program = stand_in(tools, "openocd", OPENOCD_DONE)
    with_openocd.flash(job(load_board("f446re"), tmp_path, PROBE, alone=False))
    assert program.argv[2:] == [
        "-c", "adapter serial 066CFF", "-c", "program firmware.elf verify reset exit",
    ]  # fmt: skip


def test_openocd_reads_all_its_files(tools: Path, tmp_path: Path) -> None:
    program = stand_in(tools, "openocd", OPENOCD_DONE)
    (table,) = (m for m in load_board("microbit").flash if isinstance(m, Openocd))
    table.flash(job(load_board("microbit"), tmp_path))
    assert program.argv == [
        "-f", "interface/cmsis-dap.cfg", "-f", "target/nrf52.cfg",
        "-c", "program firmware.hex verify reset exit",
    ]  # fmt: skip


OPENOCD_REFUSALS = [
    (
        "Error: open failed\nin procedure 'program'\n** OpenOCD init failed **\n",
        "finds no probe", "60-openocd.rules",
    ),
    (
        "Error: unable to find a matching CMSIS-DAP device\n** OpenOCD init failed **\n",
        "finds no probe", "60-openocd.rules",
    ),
    (
        "embedded:startup.tcl:28: Error: Can't find board/st_nucleo_f4.cfg\n",
        "no configuration for the board", "OpenOCD 0.12",
    ),
    (
        "Error: init mode failed (unable to connect to the target)\n** OpenOCD init failed **\n",
        "cannot reach the chip", "60-openocd.rules",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), OPENOCD_REFUSALS)
def test_openocd_that_wrote_nothing(
    tools: Path, tmp_path: Path, with_openocd: Openocd, text: str, message: str, hint: str
) -> None:
    stand_in(tools, "openocd", {"stderr": BANNER + text, "exit": 1})
    with pytest.raises(NotPossibleError, match=message) as caught:
        with_openocd.flash(job(load_board("f446re"), tmp_path, PROBE))
    assert hint in str(caught.value.hint)
    # One line of it, so that the refusals of several methods can be read side by side.
    assert "\n" not in caught.value.message
    assert text.splitlines()[0].strip() in caught.value.message


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        ("** Programming Started **\nError: failed erasing sectors\n** Programming Failed **\n", 1),
        ("** Programming Started **\n** Programming Finished **\n** Verify Failed **\n", 1),
        ("** Programming Started **\n** Programming Finished **\n", 0),
    ],
)
def test_openocd_that_failed_half_way(
    tools: Path, tmp_path: Path, with_openocd: Openocd, text: str, exit_code: int
) -> None:
    stand_in(tools, "openocd", {"stderr": BANNER + text, "exit": exit_code})
    with pytest.raises(FlashError, match="began to write and failed") as caught:
        with_openocd.flash(job(load_board("f446re"), tmp_path, PROBE))
    assert not isinstance(caught.value, NotPossibleError)


# --- picotool ---------------------------------------------------------------------------------


def test_picotool_command_line(tools: Path, tmp_path: Path, with_picotool: Picotool) -> None:
    program = stand_in(tools, "picotool", {"stdout": "Loading into Flash: [====]  100%\n  OK\n"})
    with_picotool.flash(job(load_board("pico"), tmp_path))
    assert program.argv == ["load", "-v", "-x", str(tmp_path / "firmware.elf")]


NO_PICO = "No accessible RP2040 devices in BOOTSEL mode were found.\n"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (NO_PICO, "finds no board", "BOOTSEL button"),
        (
            NO_PICO + "\nbut:\n\nDevice at bus 3, address 12 appears to be a RP2040 device in "
            "BOOTSEL mode, but picotool was unable to connect.\n",
            "may not open the board", "99-picotool.rules",
        ),
        (
            "ERROR: Command requires a single RP2040 device to be targeted.\nMultiple devices\n",
            "several boards", "only one of them",
        ),
    ],
)  # fmt: skip
def test_picotool_that_wrote_nothing(
    tools: Path, tmp_path: Path, with_picotool: Picotool, text: str, message: str, hint: str
) -> None:
    stand_in(tools, "picotool", {"stdout": text, "exit": 249})
    with pytest.raises(NotPossibleError, match=message) as caught:
        with_picotool.flash(job(load_board("pico"), tmp_path))
    assert hint in str(caught.value.hint)


def test_picotool_that_failed_to_verify(
    tools: Path, tmp_path: Path, with_picotool: Picotool
) -> None:
    text = "Loading into Flash: [===]  100%\nVerifying Flash:    [=  ]  33%\n  FAILED\n"
    stand_in(tools, "picotool", {"stdout": text, "stderr": "ERROR: The device contents differ\n",
                                 "exit": 242})  # fmt: skip
    with pytest.raises(FlashError, match="contents differ") as caught:
        with_picotool.flash(job(load_board("pico"), tmp_path))
    assert not isinstance(caught.value, NotPossibleError)


# --- J-Link -----------------------------------------------------------------------------------

JLINK_DONE = {
    "stdout": "Connecting to J-Link via USB...O.K.\nCortex-M4 identified.\n"
    "Downloading file [firmware.hex]...\nO.K.\nReset\nScript processing completed.\n"
}


def test_jlink_command_line(tools: Path, tmp_path: Path, with_jlink: Jlink) -> None:
    program = stand_in(tools, "JLinkExe", JLINK_DONE)
    place = tmp_path / 'two words "quoted"'
    place.mkdir()
    with_jlink.flash(job(load_board("nano33"), place))
    *argv, script = program.argv
    assert argv == [
        "-NoGui", "1", "-device", "nRF52840_xxAA", "-if", "SWD", "-speed", "4000",
        "-autoconnect", "1", "-CommandFile",
    ]  # fmt: skip
    assert bytes.fromhex(program.calls[0]["files"][script]).decode() == (
        "ExitOnError 1\nr\nh\nloadfile firmware.hex\nr\ng\nq\n"
    )
    assert program.calls[0]["cwd"] == str(place)
    assert not Path(script).exists()


def test_jlink_on_the_board_is_told_from_others(
    tools: Path, tmp_path: Path, with_jlink: Jlink
) -> None:
    program = stand_in(tools, "JLinkExe", JLINK_DONE)
    onboard = SerialPort("/dev/ttyACM0", "J-Link", (0x1366, 0x1051), "000683123456", "1-1")
    with_jlink.flash(job(load_board("nano33"), tmp_path, onboard))
    assert program.argv[:2] == ["-USB", "683123456"]


@pytest.mark.parametrize(
    ("step", "message", "wrote"),
    [
        ({"stdout": "Connecting to J-Link via USB...FAILED: Cannot connect\n", "exit": 1},
         "cannot reach the board", False),
        ({"stdout": "Connecting to J-Link via USB...O.K.\nCannot connect to target.\n", "exit": 1},
         "cannot reach the board", False),
        # Old versions end with 0 whatever happened.
        ({"stdout": "Connecting to J-Link via USB...O.K.\nCannot connect to target.\n"},
         "cannot reach the board", False),
        ({"stdout": "Downloading file [firmware.hex]...\n****** Error: Verification failed\n",
          "exit": 1}, "began to write and failed", True),
    ],
)  # fmt: skip
def test_jlink_failures(
    tools: Path, tmp_path: Path, with_jlink: Jlink, step: dict[str, Any], message: str, wrote: bool
) -> None:
    stand_in(tools, "JLinkExe", step)
    with pytest.raises(FlashError, match=message) as caught:
        with_jlink.flash(job(load_board("nano33"), tmp_path))
    assert isinstance(caught.value, NotPossibleError) is not wrote


# --- all --------------------------------------------------------------------------------------

CASES = [
    ("openocd", "apt install openocd", "f446re"),
    ("picotool", "--method volume", "pico"),
    ("JLinkExe", "segger.com", "nano33"),
]


def driver_of(name: str, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(
        {"openocd": "with_openocd", "picotool": "with_picotool", "JLinkExe": "with_jlink"}[name]
    )


@pytest.mark.parametrize(("name", "hint", "board"), CASES)
def test_missing_program(
    tools: Path, tmp_path: Path, request: pytest.FixtureRequest, name: str, hint: str, board: str
) -> None:
    with pytest.raises(NotPossibleError, match=f"{name} is not installed") as caught:
        driver_of(name, request).flash(job(load_board(board), tmp_path))
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(("name", "hint", "board"), CASES)
def test_time_out(
    tools: Path, tmp_path: Path, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch, name: str, hint: str, board: str,
) -> None:  # fmt: skip
    for module in (openocd, picotool, jlink):
        monkeypatch.setattr(module, "_TIMEOUT_S", 0.3)
    stand_in(tools, name, {"sleep_s": 60})
    with pytest.raises(FlashError, match=r"no end after 0\.3 s") as caught:
        driver_of(name, request).flash(job(load_board(board), tmp_path))
    assert not isinstance(caught.value, NotPossibleError)


def test_image_that_was_not_built(tools: Path, tmp_path: Path, with_picotool: Picotool) -> None:
    stand_in(tools, "picotool", {})
    with pytest.raises(FlashError, match=r"no \.elf image \(it has: bin\)"):
        with_picotool.flash(
            job(load_board("pico"), tmp_path, images={"bin": tmp_path / "firmware.bin"})
        )
