"""Serial ports: listing, whose they are, twins told apart, vanished ones found again."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from serial.tools import list_ports
from support.device.flash import ADAPTER, NANO_BOOT, NANO_SKETCH, Desk

from tinycompress import _serial_ports as ports
from tinycompress._serial_ports import SerialPort, find_port, wait_for
from tinycompress.boards import list_boards, load_board
from tinycompress.cli.main import call
from tinycompress.device.flashing import BoardPorts, choose_ports
from tinycompress.device.port_owners import candidates
from tinycompress.errors import FlashError

SKETCH = SerialPort("/dev/ttyACM0", "Nano 33 BLE", NANO_SKETCH, "5A1F", "1-2")
TWIN = SerialPort("/dev/ttyACM1", "Nano 33 BLE", NANO_SKETCH, "77C0", "1-3")
BOOT = SerialPort("/dev/ttyACM2", "Arduino", NANO_BOOT, "5A1F", "1-2")
USB_ADAPTER = SerialPort("/dev/ttyUSB0", "FT232R", ADAPTER, "A10K", "1-4")
ONBOARD = SerialPort("/dev/ttyS0", "n/a")
PROBE = SerialPort("/dev/ttyACM3", "STM32 STLink", (0x0483, 0x374B), "066CFF", "1-5")


def comport(device: str, **values: object) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            "device": device,
            "description": "n/a",
            "vid": None,
            "pid": None,
            "serial_number": None,
            "location": None,
            **values,
        }
    )


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(ports, "list_serial_ports", desk.list_serial_ports)
    monkeypatch.setattr(ports, "_POLL_S", 0.001)
    return desk


def test_listing_takes_over_what_the_system_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        comport("/dev/ttyACM10", vid=0x2341, pid=0x805A, serial_number="", location="1-2.3:1.0"),
        comport("/dev/ttyS0"),
        comport("/dev/ttyACM9", vid=0x0D28, pid=0x0204, serial_number="9904", location="3-1"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: found)
    assert ports.list_serial_ports() == (
        SerialPort("/dev/ttyACM9", "n/a", (0x0D28, 0x0204), "9904", "3-1"),
        SerialPort("/dev/ttyACM10", "n/a", NANO_SKETCH, None, "1-2.3"),
        SerialPort("/dev/ttyS0", "n/a"),
    )


ST_LINK_BOARDS = (
    "disco_f746ng", "nucleo_f411re", "nucleo_f446re", "nucleo_g0b1re", "nucleo_h743zi",
    "nucleo_l4r5zi",
)  # fmt: skip


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (SKETCH, {("arduino_nano_33_ble", "serial port")}),
        (BOOT, {("arduino_nano_33_ble", "boot loader")}),
        (PROBE, {(board, "serial port") for board in ST_LINK_BOARDS}),
        (USB_ADAPTER, set()),
        (ONBOARD, set()),
    ],
)
def test_ports_are_given_to_the_boards_with_their_ids(
    port: SerialPort, expected: set[tuple[str, str]]
) -> None:
    assert {(one.board.id, one.role) for one in candidates(port, list_boards())} == expected


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("/dev/ttyACM1", TWIN), ("ttyACM1", TWIN), ("77C0", TWIN), ("77c0", TWIN),
        ("5A1F", SKETCH), ("ttyACM", None), ("", None), ("/dev/ttyACM7", None),
    ],
)  # fmt: skip
def test_ports_are_found_by_name_and_serial_number(wanted: str, found: SerialPort | None) -> None:
    assert find_port(wanted, (ONBOARD, SKETCH, TWIN, BOOT)) == found


def test_serial_numbers_become_names_and_urls_stay(desk: Desk) -> None:
    desk.ports = [SKETCH, TWIN]
    assert ports.resolve("77C0") == "/dev/ttyACM1"
    assert ports.resolve("/dev/ttyACM8") == "/dev/ttyACM8"
    assert ports.resolve("socket://77C0:1") == "socket://77C0:1"
    assert ports.resolve("COM3") == "COM3"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (SKETCH, BOOT, True),
        (SKETCH, TWIN, False),
        # Another serial number in the boot loader, but the same socket.
        (SKETCH, SerialPort("/dev/ttyACM5", "", NANO_BOOT, "0000", "1-2"), True),
        # The same serial number in every copy of a cheap device: the socket tells.
        (SKETCH, SerialPort("/dev/ttyACM5", "", NANO_SKETCH, "5A1F", "1-9"), False),
        (SKETCH, SerialPort("/dev/ttyACM5", "", NANO_BOOT, "5A1F", None), True),
        (SKETCH, SerialPort("/dev/ttyACM5", "", NANO_BOOT, None, None), False),
    ],
)
def test_devices_are_known_again(one: SerialPort, other: SerialPort, same: bool) -> None:
    assert one.is_same_device(other) is same
    assert other.is_same_device(one) is same


def test_waiting_sees_a_port_come(desk: Desk) -> None:
    def come(desk: Desk) -> None:
        if desk.looks == 3:
            desk.ports.append(TWIN)

    desk.events.append(come)
    assert wait_for(lambda port: port == TWIN, timeout_s=5.0) == TWIN
    assert desk.looks == 3


def test_waiting_does_not_take_a_port_that_flickers(desk: Desk) -> None:
    def flicker(desk: Desk) -> None:
        desk.ports = [BOOT] if desk.looks in (2, 3) or desk.looks > 6 else []

    desk.events.append(flicker)
    assert wait_for(lambda port: port == BOOT, timeout_s=5.0, settle_s=0.02) == BOOT
    assert desk.looks > 8


def test_waiting_ends(desk: Desk) -> None:
    assert wait_for(lambda port: True, timeout_s=0.01) is None


def test_only_board_is_taken(desk: Desk) -> None:
    desk.ports = [ONBOARD, SKETCH, USB_ADAPTER]
    assert choose_ports(load_board("nano33"), None) == BoardPorts(SKETCH, None)


def test_twins_must_be_told_apart(desk: Desk) -> None:
    desk.ports = [SKETCH, TWIN]
    board = load_board("nano33")
    with pytest.raises(FlashError, match="2 ports could be the board's") as caught:
        choose_ports(board, None)
    assert "5A1F" in caught.value.message
    assert "77C0" in caught.value.message
    assert "--port SERIAL-NUMBER" in str(caught.value.hint)
    assert choose_ports(board, "77C0").own == TWIN
    assert choose_ports(board, "/dev/ttyACM0").own == SKETCH


def test_two_ports_of_one_device_are_one_board(desk: Desk) -> None:
    second = SerialPort("/dev/ttyACM1", "Nano 33 BLE", NANO_SKETCH, "5A1F", "1-2")
    desk.ports = [SKETCH, second]
    assert choose_ports(load_board("nano33"), None).own == SKETCH


def test_port_with_other_ids_is_an_adapter(desk: Desk) -> None:
    desk.ports = [SKETCH, USB_ADAPTER]
    board = load_board("nano33")
    assert choose_ports(board, "ttyUSB0") == BoardPorts(SKETCH, "/dev/ttyUSB0")
    assert choose_ports(board, "5A1F", "A10K") == BoardPorts(SKETCH, "/dev/ttyUSB0")
    assert choose_ports(board, "socket://lab:1") == BoardPorts(SKETCH, "socket://lab:1")
    desk.ports = [USB_ADAPTER]
    assert choose_ports(load_board("pico"), "A10K") == BoardPorts(None, "/dev/ttyUSB0")


def test_named_port_must_be_there(desk: Desk) -> None:
    desk.ports = [SKETCH]
    with pytest.raises(FlashError, match="no serial port or USB serial number /dev/ttyACM9") as e:
        choose_ports(load_board("nano33"), "/dev/ttyACM9")
    assert "/dev/ttyACM0" in str(e.value.hint)


def test_command_lists_ports(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.ports = [BOOT, PROBE, ONBOARD]
    assert call(["ports", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["schema_version"]) == ("tinycompress.ports", 1)
    assert told["ports"][0] == {
        "device": "/dev/ttyACM2", "description": "Arduino", "usb_id": "2341:005a",
        "serial_number": "5A1F", "location": "1-2",
        "boards": [{"id": "arduino_nano_33_ble", "role": "boot loader"}],
    }  # fmt: skip
    assert told["ports"][2]["usb_id"] is None
    assert call(["ports"]) == 0
    table = capsys.readouterr().out
    assert "Arduino Nano 33 BLE (boot loader)" in table
    assert "ST Nucleo-F446RE" in table


@pytest.mark.usefixtures("desk")
def test_command_says_that_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["ports"]) == 0
    assert "no serial ports" in "".join(capsys.readouterr())
    assert call(["ports", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ports"] == []
