"""Firmware with one mistake in its set-up does not talk: the virtual board says what is wrong.

Hardware would stay silent. Each case changes one place in a family's own sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.firmware.projects import copy_project, link

from tinycompress.boards import load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient


@dataclass(frozen=True)
class Mistake:
    """A text of a source below ``platform/`` or ``runtime/``, and what stands there instead."""

    board: str
    right: str
    wrong: str
    message: str
    file: str = "platform/platform.c"


MISTAKES = [
    Mistake("nucleo_l4r5zi", "PWR_CR2 |= CR2_IOSV;", "", r"port G whose supply is not valid"),
    Mistake("nucleo_l4r5zi", "PWR_CR5 &= ~CR5_R1MODE;", "", r"not in its boost mode"),
    Mistake("nucleo_l4r5zi", "0x40008000u", "0x40008400u", r"unmodelled peripheral"),
    Mistake("nucleo_l4r5zi", "TC_STM32_LPUART_BRR", "TC_STM32_USART_BRR",
            r"LPUART1 runs at \d{8} baud, the host at"),
    Mistake("nucleo_g0b1re", "/ 24000000u", "/ 64000000u", r"0 wait states of flash; the.* 2"),
    Mistake("nucleo_g0b1re", "(FLASH_ACR & ~ACR_LATENCY_MASK) | ", "", r"locks debuggers out"),
    Mistake("nucleo_f411re", "#define HAS_OVER_DRIVE 0", "#define HAS_OVER_DRIVE 1",
            r"neither answered nor waited"),
    Mistake("disco_f746ng", "#define USART_NO_FIFO 0u", "#define USART_NO_FIFO (1u << 29)",
            r"bit 29 of CR1 is reserved"),
    Mistake("portenta_h7", "    leave_pll();\n", "", r"written while PLL1 runs"),
    Mistake("portenta_h7", "#if defined(TC_MCU_STM32H743)", "#if 1", r"has chosen the supply"),
    Mistake("pico2", "0x56u /*", "0x156u /*", r"TX pin GP0 isolated from its pad"),
    Mistake("pico2", "(2u << 4)", "(1u << 4)", r"not that of a secure Arm program",
            file="platform/boot_block.c"),
    Mistake("pico2", "0xFFFFDED3u", "0xFFFFDED4u", r"no image definition in the first 4 KiB",
            file="platform/boot_block.c"),
    Mistake("feather_m4", "MCLK_APBDMASK |= APBDMASK_SERCOM5;", "",
            r"SERCOM5 at 0x43000400 before it is switched on"),
    Mistake("feather_m4", "CHANNEL_SERCOM5, UART_GENERATOR)", "CHANNEL_SERCOM5, CORE_GENERATOR)",
            r"SERCOM5 runs at 288\d{3} baud, the host at 115200"),
    Mistake("feather_m4", "GENCTRL_DIV(DFLL_HZ / PLL_HZ)", "GENCTRL_DIV(8u)",
            r"neither answered nor waited"),
    Mistake("teensy41", "(1250u - 800u)", "(1150u - 800u)", r"a core at 600000000 Hz and 1150 mV"),
    Mistake("teensy41", "CBCDR_IPG_DIV4;", "0u;", r"the IPG bus at 600000000 Hz"),
    Mistake("teensy41", "0x401F8550u", "0x401F8554u", r"unmodelled peripheral register"),
    Mistake("teensy41", "0x432000D1u", "0x432000D2u", r"no image vector table at 0x60001000",
            file="platform/boot_header.c"),
    Mistake("teensy41", "0x42464346u", "0x46434642u", r"configuration block for FlexSPI",
            file="platform/boot_header.c"),
    Mistake("teensy41", ".size_bytes = {FLASH_CHIP_BYTES}", ".size_bytes = {0x200000u}",
            r"speaks of 2097152 bytes of flash; the board has 8388608",
            file="platform/boot_header.c"),
    Mistake("nrf5340dk", "    trim();\n", "", r"trim values \(FICR.TRIMCNF\) not copied"),
    Mistake("nrf5340dk", "(uintptr_t)sent;", "(uintptr_t)tc_platform_write;",
            r"its DMA reaches RAM alone"),
    Mistake("nrf5340dk", "#define HFCLKCTRL_DIV1 ", "#define HFCLKCTRL_DIV1 1u //", r"64000000 Hz"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.board}-{one.message[:24]}")
def test_one_mistake_is_found(mistake: Mistake, tmp_path: Path) -> None:
    project = copy_project(mistake.board, tmp_path / "project")
    source = project.directory / mistake.file
    text = source.read_text()
    assert text.count(mistake.right) == 1, mistake.right
    source.write_text(text.replace(mistake.right, mistake.wrong))
    # A mistake may leave something unused, which is no matter here.
    elf = link(project, "zig", tmp_path / "mistaken.elf", "-Wno-unused")
    board = load_board(mistake.board)
    with pytest.raises(DeviceError, match=mistake.message):
        DeviceClient(VirtualBoard(board, elf, max_instructions=2_000_000)).hello()
