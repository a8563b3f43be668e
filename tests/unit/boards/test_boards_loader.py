"""Finding boards by name, and the boards that are shipped."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pydantic
import pytest
from support.common import ROOT

from tinycompress.boards import list_boards, load_board
from tinycompress.boards.schema import Board
from tinycompress.errors import BoardError

SHIPPED = (
    "arduino_nano_33_ble",
    "arduino_nano_rp2040_connect",
    "arduino_portenta_h7",
    "blackpill_f411ce",
    "disco_f746ng",
    "feather_m4_express",
    "microbit_v2",
    "nrf52840dk",
    "nrf5340dk",
    "nucleo_f411re",
    "nucleo_f446re",
    "nucleo_g0b1re",
    "nucleo_h743zi",
    "nucleo_l4r5zi",
    "nucleo_u575zi_q",
    "qemu_mps2_an385",
    "qemu_mps2_an386",
    "qemu_mps2_an500",
    "qemu_mps3_an547",
    "raspberry_pi_pico",
    "raspberry_pi_pico2",
    "teensy41",
    "xiao_nrf52840",
)


def test_all_boards_are_shipped_in_order_of_id() -> None:
    assert tuple(board.id for board in list_boards()) == SHIPPED


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("arduino_nano_33_ble", "arduino_nano_33_ble"),
        ("nano33", "arduino_nano_33_ble"),
        ("NANO33BLE", "arduino_nano_33_ble"),
        (" nano33 ", "arduino_nano_33_ble"),
        ("arduino:mbed_nano:nano33ble", "arduino_nano_33_ble"),
        ("pico", "raspberry_pi_pico"),
        ("mps2_an385", "qemu_mps2_an385"),
        ("mps2-an500", "qemu_mps2_an500"),
        ("an547", "qemu_mps3_an547"),
        ("pico2", "raspberry_pi_pico2"),
        ("nano33ble_sense_rev2", "arduino_nano_33_ble"),
        ("xiao_nrf52840_sense", "xiao_nrf52840"),
        ("Teensy4.1", "teensy41"),
        ("black_pill", "blackpill_f411ce"),
    ],
)
def test_a_board_has_many_names(name: str, board: str) -> None:
    assert load_board(name).id == board


def test_a_file_of_ones_own_works_like_a_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text()
    path.write_text(text.replace('"arduino_nano_33_ble"', '"mine"'))
    assert load_board(str(path)).id == "mine"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("nano34", "did you mean 'nano33'?"), ("picco", "did you mean 'pico'?")],
)
def test_an_unknown_board_gets_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(BoardError) as caught:
        load_board(name)
    assert suggestion in caught.value.message
    assert caught.value.hint is not None
    assert "tinycompress boards list" in caught.value.hint


def test_a_name_like_no_other_gets_the_whole_list() -> None:
    with pytest.raises(BoardError) as caught:
        load_board("zzzzzzzzzzzzzzzzzzzzzzzzz")
    for board in SHIPPED:
        assert board in caught.value.message


def test_two_boards_must_not_share_a_name(tmp_path: Path) -> None:
    for name in ("valid_hardware", "valid_qemu"):
        shutil.copy(ROOT / "tests" / "boards" / f"{name}.toml", tmp_path)
    assert len(list_boards(tmp_path)) == 2
    path = tmp_path / "valid_qemu.toml"
    path.write_text(path.read_text().replace('"some_in_qemu"', '"some", "valid_hardware"'))
    with pytest.raises(BoardError) as caught:
        list_boards(tmp_path)
    assert "'some' names both 'valid_hardware' and 'valid_qemu'" in caught.value.message
    assert "'valid_hardware' names both" in caught.value.message


def test_a_board_cannot_be_changed() -> None:
    board = load_board("nano33")
    with pytest.raises(pydantic.ValidationError):
        board.cpu.clock_hz = 1
    assert {board: 1}[load_board("nano33")] == 1


def test_memory_of_the_nano_starts_behind_its_boot_loader() -> None:
    board = load_board("nano33")
    assert board.region_for("code").origin == 0x10000
    assert board.region_for("code").end == 0x100000
    assert board.flash_bytes == 983_040
    assert board.ram_bytes == 261_632
    with pytest.raises(KeyError):
        board.region_for("boot2")


@pytest.mark.parametrize("board", list_boards(), ids=lambda board: board.id)
def test_every_shipped_board_says_where_its_numbers_come_from(board: Board) -> None:
    told = " ".join(source.what for source in board.source)
    for fact in ("memory map", "wait states"):
        assert fact in told
    assert (ROOT / "firmware_templates" / "mcu" / board.family / "platform.c").is_file()
    # Wherever a stack may overflow to, it must be nobody's memory, or it would not fault.
    stack = board.region_for("stack")
    assert stack.origin % 0x1000 in (0, 0x200)
    assert not any(region.end == stack.origin for region in board.memory)
    assert re.search(r"\d", told)


@pytest.mark.parametrize("board", list_boards(), ids=lambda board: board.id)
def test_a_board_survives_json(board: Board) -> None:
    """Another process gets boards that way."""
    text = json.dumps(board.model_dump(mode="json", by_alias=True))
    assert Board.model_validate_json(text) == board
