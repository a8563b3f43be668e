"""The energy pin: high around the inference, low else, and nothing where no file names one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.boards.loader import read_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.elf import read_elf
from tinycompress.errors import BoardError
from tinycompress.measurement.protocol.client import DeviceClient

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"


@dataclass(frozen=True)
class Case:
    """A family's pin, and the registers and words that drive it."""

    board: str
    pin: str
    high: tuple[str, int, int]
    low: tuple[str, int, int]


CASES = [
    Case("arduino_nano_33_ble", "P0.13", ("P0", 0x008, 1 << 13), ("P0", 0x00C, 1 << 13)),
    Case("raspberry_pi_pico", "GP15", ("SIO", 0x014, 1 << 15), ("SIO", 0x018, 1 << 15)),
    Case("nucleo_f446re", "PB3", ("GPIOB", 0x18, 1 << 3), ("GPIOB", 0x18, 1 << 19)),
    Case("nucleo_h743zi", "PE14", ("GPIOE", 0x18, 1 << 14), ("GPIOE", 0x18, 1 << 30)),
    Case("nucleo_u575zi_q", "PC7", ("GPIOC", 0x18, 1 << 7), ("GPIOC", 0x18, 1 << 23)),
    Case("nucleo_l4r5zi", "PC7", ("GPIOC", 0x18, 1 << 7), ("GPIOC", 0x18, 1 << 23)),
    Case("nucleo_g0b1re", "PA5", ("GPIOA", 0x18, 1 << 5), ("GPIOA", 0x18, 1 << 21)),
    Case("disco_f746ng", "PI1", ("GPIOI", 0x18, 1 << 1), ("GPIOI", 0x18, 1 << 17)),
    Case("raspberry_pi_pico2", "GP15", ("SIO", 0x018, 1 << 15), ("SIO", 0x020, 1 << 15)),
    Case("feather_m4_express", "PA23", ("PORT", 0x018, 1 << 23), ("PORT", 0x014, 1 << 23)),
    Case("teensy41", "GPIO_AD_B0_12", ("GPIO1", 0x084, 1 << 12), ("GPIO1", 0x088, 1 << 12)),
    Case("nrf5340dk", "P0.28", ("P0", 0x008, 1 << 28), ("P0", 0x00C, 1 << 28)),
]


def with_pin(board: str, pin: str, directory: Path) -> Path:
    """The board's file with an energy pin, under another id."""
    text = (ROOT / "boards" / f"{board}.toml").read_text()
    file = directory / "mine.toml"
    file.write_text(
        text.replace(f'"{board}"', '"mine"', 1).replace(
            "\n[emulator]", f'\n[energy]\npin = "{pin}"\n\n[emulator]'
        )
    )
    return file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.board)
def test_pin_is_high_around_the_inference_alone(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = with_pin(case.board, case.pin, tmp_path)
    built = pipeline.build(MODEL, file, output=tmp_path / "p").require_firmware()
    link = VirtualBoard(load_board(str(file)), built.elf)
    log: list[tuple[int, str]] = []
    write = Peripheral.write

    def noted(self: Peripheral, offset: int, size_bytes: int, value: int) -> None:
        if (self.name, offset, value) == case.high:
            log.append((len(link.trace), "high"))
        if (self.name, offset, value) == case.low:
            log.append((len(link.trace), "low"))
        write(self, offset, size_bytes, value)

    monkeypatch.setattr(Peripheral, "write", noted)
    client = DeviceClient(link, elf=built.elf)
    client.hello()
    assert [level for _, level in log] == ["low"]  # from the start on
    for profile, expected in (
        # The counter is read at both ends of the empty window, then of each run's.
        (False, [(2, "high"), (4, "low"), (4, "high"), (6, "low")]),
        (True, []),
    ):
        log.clear()
        link.clear_trace()
        client.run(1 if profile else 2, profile=profile)
        assert log == expected
    link.close()


def test_no_pin_costs_nothing(tmp_path: Path) -> None:
    plain = pipeline.build(MODEL, "nano33", output=tmp_path / "plain").require_firmware()
    assert read_elf(plain.elf).symbol("tc_mark") is None
    marked = pipeline.build(
        MODEL, with_pin("arduino_nano_33_ble", "P0.13", tmp_path), output=tmp_path / "marked"
    ).require_firmware()
    assert read_elf(marked.elf).symbol("tc_mark") is not None
    assert 0 < marked.flash.total_bytes - plain.flash.total_bytes < 200


@pytest.mark.parametrize(
    ("board", "pin", "problem"),
    [
        ("arduino_nano_33_ble", "PA2", "energy.pin: 'PA2' is no pin of family 'nrf52'"),
        ("arduino_nano_33_ble", "P1.03", "energy.pin: 'P1.03' is serial.uart.tx already"),
        ("nucleo_f446re", "PA3", "energy.pin: 'PA3' is serial.uart.rx already"),
        ("qemu_mps2_an386", "PA3", "energy.pin: family 'mps2' has no pins"),
    ],
)
def test_pins_that_cannot_be(board: str, pin: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        read_board(with_pin(board, pin, tmp_path))
    assert problem in caught.value.message
