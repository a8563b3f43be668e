"""Names of cores and pins as compilers and registers want them."""

from __future__ import annotations

import pytest

from tinycompress.boards import load_board
from tinycompress.boards.schema import Cpu
from tinycompress.firmware.pins import Pin, pin_number, uart_number
from tinycompress.firmware.plan import gcc_cpu_flags, zig_cpu_flags


@pytest.mark.parametrize(
    ("board", "gcc", "zig"),
    [
        (
            "nano33",
            "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
            "-target thumb-freestanding-eabihf -mcpu=cortex_m4+vfp4d16sp",
        ),
        (
            "pico",
            "-mcpu=cortex-m0plus -mthumb -mfloat-abi=soft",
            "-target thumb-freestanding-eabi -mcpu=cortex_m0plus",
        ),
        (
            "mps2_an385",
            "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft",
            "-target thumb-freestanding-eabi -mcpu=cortex_m3",
        ),
        (
            "nucleo_h743zi",
            "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16",
            "-target thumb-freestanding-eabihf -mcpu=cortex_m7+fp_armv8d16",
        ),
        (
            "nucleo_u575zi_q",
            "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16",
            "-target thumb-freestanding-eabihf -mcpu=cortex_m33+fp_armv8d16sp+dsp",
        ),
        (
            "mps3_an547",
            "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16",
            "-target thumb-freestanding-eabihf -mcpu=cortex_m55+fp_armv8d16+mve_fp",
        ),
    ],
)
def test_flags_of_the_core(board: str, gcc: str, zig: str) -> None:
    cpu = load_board(board).cpu
    assert " ".join(gcc_cpu_flags(cpu)) == gcc
    assert " ".join(zig_cpu_flags(cpu)) == zig


def test_options_that_a_core_was_built_without() -> None:
    m33 = Cpu(core="cortex-m33", fpu="none", float_abi="soft", dsp=False, clock_hz=1)
    assert gcc_cpu_flags(m33)[0] == "-mcpu=cortex-m33+nodsp"
    assert zig_cpu_flags(m33)[2] == "-mcpu=cortex_m33-dsp"
    m55 = Cpu(core="cortex-m55", fpu="fpv5-d16", float_abi="hard", dsp=True, clock_hz=1)
    assert gcc_cpu_flags(m55)[0] == "-mcpu=cortex-m55+nomve"
    assert zig_cpu_flags(m55)[2] == "-mcpu=cortex_m55+fp_armv8d16-mve"


def test_pins() -> None:
    assert pin_number("P1.03") == Pin(1, 3)
    assert pin_number("PA2") == Pin(0, 2)
    assert pin_number("PD15") == Pin(3, 15)
    assert pin_number("GP28") == Pin(0, 28)
    with pytest.raises(ValueError, match="D13"):
        pin_number("D13")
    assert uart_number("USART3") == 3
    assert uart_number("UART0") == 0
    assert uart_number("LPUART") == 0
