"""Clock trees and start-up of the younger families: register by register, as manuals say."""

from __future__ import annotations

import struct

import pytest

from tinycompress.device.emulator import boot_roms
from tinycompress.device.emulator.boot_roms import RefusedError, Start
from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.memory import Memory
from tinycompress.device.emulator.peripherals.microchip.system import SamGclk
from tinycompress.device.emulator.peripherals.nrf.nrf53_system import Nrf53Clock
from tinycompress.device.emulator.peripherals.nrf.uarte import NrfUarte
from tinycompress.device.emulator.peripherals.nxp.lpuart import RtLpuart
from tinycompress.device.emulator.peripherals.nxp.system import RtCcm
from tinycompress.device.emulator.peripherals.rp import clocks as rp
from tinycompress.device.emulator.peripherals.stm32.g0_system import Stm32g0Rcc, Stm32Tim2
from tinycompress.device.emulator.peripherals.stm32.h7_system import Stm32h7Rcc
from tinycompress.device.emulator.peripherals.stm32.l4_system import Stm32l4Rcc
from tinycompress.device.emulator.peripherals.stm32.usart import Stm32Lpuart
from tinycompress.device.emulator.peripherals.system_control import SystemControl
from tinycompress.device.emulator.peripherals.systick import SysTick


def test_stm32l4_clock_tree() -> None:
    rcc = Stm32l4Rcc()
    assert rcc.core_hz() == 4_000_000
    rcc.write(0x0C, 4, 2 | 3 << 4 | 60 << 8 | 1 << 24)
    rcc.write(0x08, 4, 3)
    assert rcc.read(0x08, 4) & 0xC == 0  # the PLL is not on: MSI stays
    rcc.write(0x00, 4, 0x63 | 1 << 8 | 1 << 24)
    assert rcc.read(0x00, 4) & (1 << 10 | 1 << 25) == 1 << 10 | 1 << 25
    assert (rcc.core_hz(), rcc.apb1_hz(), rcc.apb2_hz()) == (120_000_000,) * 3
    rcc.write(0x08, 4, 3 | 8 << 4 | 5 << 8)
    assert (rcc.core_hz(), rcc.apb1_hz()) == (60_000_000, 15_000_000)


def test_stm32g0_clock_tree() -> None:
    rcc = Stm32g0Rcc()
    assert rcc.core_hz() == 16_000_000
    rcc.write(0x0C, 4, 2 | 1 << 4 | 16 << 8 | 1 << 28 | 1 << 29)
    rcc.write(0x00, 4, 0x100 | 1 << 24)
    rcc.write(0x08, 4, 2)
    assert rcc.read(0x08, 4) & 0x38 == 2 << 3
    assert (rcc.core_hz(), rcc.apb_hz()) == (64_000_000, 64_000_000)


def test_tim2_counts_cycles_and_wraps() -> None:
    now = [100]
    timer = Stm32Tim2(lambda: now[0])
    assert timer.read(0x24, 4) == 0
    timer.write(0x24, 4, 0xFFFF_FFF0)
    timer.write(0x00, 4, 1)
    now[0] += 0x20
    assert timer.read(0x24, 4) == 0x10
    timer.write(0x00, 4, 0)
    now[0] += 5
    assert timer.read(0x24, 4) == 0x10
    with pytest.raises(BusFault, match="TIM2_PSC is set to 0x1"):
        timer.write(0x28, 4, 1)


def test_a_pll_that_a_boot_loader_started_is_left_before_it_is_changed() -> None:
    rcc = Stm32h7Rcc(pll_runs=True)
    assert rcc.read(0x10, 4) & 0x38 == 3 << 3
    with pytest.raises(BusFault, match="written while PLL1 runs"):
        rcc.write(0x30, 4, 0)
    with pytest.raises(BusFault, match="switched off while the core runs from it"):
        rcc.write(0x00, 4, 1)
    rcc.write(0x10, 4, 0)
    rcc.write(0x00, 4, 1)
    rcc.write(0x30, 4, 0x0101_0280)
    assert rcc.core_hz() == 64_000_000


def test_lpuart_counts_in_256ths() -> None:
    port = HostPort()
    uart = Stm32Lpuart("LPUART1", 0, UartLine(port, 115_200), lambda: 120_000_000)
    uart.write(0x0C, 4, 256 * 120_000_000 // 115_200)
    uart.write(0x00, 4, 0xD)
    uart.write(0x28, 1, 0x42)
    assert port.collect() == b"B"


def test_rp2350_clock_tree() -> None:
    at = rp.RP2350
    xosc = rp.RpXosc(at)
    pll = rp.RpPll(at, xosc)
    clocks = rp.RpClocks(at, xosc, pll)
    assert (pll.base, clocks.base) == (0x4005_0000, 0x4001_0000)
    xosc.write(0x0, 4, 0xFAB << 12 | 0xAA0)
    pll.write(0x8, 4, 125)
    pll.write(0xC, 4, 5 << 16 | 2 << 12)
    pll.write(0x4, 4, 4)
    clocks.write(0x3C, 4, 1)
    clocks.write(0x48, 4, 1 << 11)
    assert (clocks.core_hz(), clocks.peripheral_hz()) == (150_000_000, 150_000_000)


def test_samd51_clock_tree() -> None:
    gclk = SamGclk()
    dpll = gclk.dpll
    assert gclk.core_hz() == 48_000_000
    gclk.write(0x20 + 4 * 5, 4, 6 | 1 << 8 | 48 << 16)
    gclk.write(0x80 + 4, 4, 5 | 1 << 6)
    dpll.write(0x34, 4, 119)
    dpll.write(0x38, 4, 1 << 11)
    assert dpll.read(0x40, 4) == 0
    dpll.write(0x30, 1, 2)
    assert dpll.read(0x40, 4) == 3
    gclk.write(0x20, 4, 7 | 1 << 8)
    assert gclk.core_hz() == 120_000_000
    with pytest.raises(BusFault, match="PCHCTRL1 gets another generator while it is on"):
        gclk.write(0x80 + 4, 4, 4 | 1 << 6)
    with pytest.raises(BusFault, match="switched off while the core runs from it"):
        dpll.write(0x30, 1, 0)


def test_imxrt_clock_tree() -> None:
    ccm = RtCcm()
    assert ccm.core_hz() == 396_000_000
    ccm.write(0x18, 4, 1 << 12 | 3 << 18)
    ccm.write(0x14, 4, 1 << 25)
    assert ccm.core_hz() == 24_000_000
    ccm.pll.write(0x00, 4, 100 | 1 << 13)
    assert ccm.pll.read(0x00, 4) >> 31
    ccm.write(0x10, 4, 1)
    ccm.write(0x14, 4, 3 << 8)
    assert (ccm.core_hz(), ccm.bus_hz()) == (600_000_000, 150_000_000)
    with pytest.raises(BusFault, match="changed while the core runs from it"):
        ccm.pll.write(0x00, 4, 90 | 1 << 13)
    ccm.write(0x24, 4, 1 << 6)
    assert ccm.uart_hz() == 24_000_000


def test_imxrt_lpuart_is_silent_in_reset() -> None:
    port = HostPort()
    uart = RtLpuart("LPUART6", 0, UartLine(port, 115_200), lambda: 24_000_000)
    uart.write(0x10, 4, 15 << 24 | 13)
    uart.write(0x18, 4, 3 << 18)
    uart.write(0x08, 4, 2)
    uart.write(0x1C, 4, 0x41)
    assert port.collect() == b""
    uart.write(0x08, 4, 0)
    uart.write(0x1C, 4, 0x41)
    assert port.collect() == b"A"
    port.send(b"z")
    assert uart.read(0x2C, 4) >> 24 == 1
    assert uart.read(0x1C, 4) == ord("z")


def test_nrf53_clock_is_halved_after_reset() -> None:
    clock = Nrf53Clock()
    assert clock.core_hz() == 64_000_000
    assert clock.check() == "the crystal oscillator off"
    clock.write(0x558, 4, 0)
    clock.write(0x000, 4, 1)
    assert (clock.core_hz(), clock.check(), clock.read(0x100, 4)) == (128_000_000, None, 1)


def test_uarte_moves_bytes_by_dma() -> None:
    port, ram = HostPort(), bytearray(64)
    base = 0x2000_0000

    def write(address: int, data: bytes) -> None:
        ram[address - base : address - base + len(data)] = data

    uart = NrfUarte(
        UartLine(port, 115_200), Memory(lambda at, n: bytes(ram[at - base : at - base + n]), write)
    )
    uart.write(0x500, 4, 8)
    uart.write(0x524, 4, 0x01D7_E000)
    ram[8:11] = b"abc"
    uart.write(0x544, 4, base + 8)
    uart.write(0x548, 4, 3)
    uart.write(0x008, 4, 1)
    assert (port.collect(), uart.read(0x120, 4)) == (b"abc", 1)
    uart.write(0x534, 4, base)
    uart.write(0x538, 4, 2)
    uart.write(0x000, 4, 1)
    port.send(b"xyz")
    assert [uart.read(0x110, 4) for _ in range(3)] == [0, 1, 1]
    assert ram[:3] == b"xy\0"
    uart.write(0x544, 4, 0x1000)
    with pytest.raises(BusFault, match="its DMA reaches RAM alone"):
        uart.write(0x008, 4, 1)


@pytest.mark.parametrize(("size", "sets"), [(4096, 32), (16_384, 128), (32_768, 256), (0, 128)])
def test_the_data_caches_geometry_is_the_board_files(size: int, sets: int) -> None:
    control = SystemControl("cortex-m7", SysTick(lambda: 0), has_fpu=True, data_cache_bytes=size)
    geometry = control.read(0xD80, 4)
    assert (geometry >> 13 & 0x7FFF, geometry >> 3 & 0x3FF, geometry & 7) == (sets - 1, 3, 1)


# --- boot ROMs --------------------------------------------------------------------------------


def flash_with(base: int, parts: dict[int, bytes]) -> Memory:
    data = bytearray(b"\xff" * 0x4000)
    for at, part in parts.items():
        data[at : at + len(part)] = part
    return Memory(lambda at, n: bytes(data[at - base : at - base + n]), lambda at, part: None)


VECTORS = struct.pack("<II", 0x2000_2000, 0x1000_0101)
# RP2350 datasheet, 5.9.5: the minimum Arm image definition, word by word.
BLOCK = struct.pack("<5I", 0xFFFF_DED3, 0x1021_0142, 0x0000_01FF, 0, 0xAB12_3579)


def test_rp2350_starts_a_program_with_the_datasheets_block() -> None:
    memory = flash_with(0x1000_0000, {0: VECTORS, 0x40: BLOCK})
    assert boot_roms.rp2350(memory) == Start(0x1000_0100, 0x2000_2000, 0x1000_0000)


@pytest.mark.parametrize(
    ("at", "block", "message"),
    [
        (0x1000, BLOCK, "no image definition in the first 4 KiB"),
        (0x40, BLOCK[:-4], "has no end"),
        (0x40, BLOCK.replace(struct.pack("<I", 0x1FF), struct.pack("<I", 0x2FF)), "another length"),
        (0x40, BLOCK.replace(b"\x21\x10", b"\x21\x11"), "not that of a secure Arm program"),
    ],
)
def test_rp2350_refuses_other_blocks(at: int, block: bytes, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        boot_roms.rp2350(flash_with(0x1000_0000, {0: VECTORS, at: block}))


def rt_flash(**changes: int) -> Memory:
    """IMXRT1060RM: configuration block, image vector table, boot data, word by word."""
    words = {
        "tag": 0x4246_4346, "version": 0x5601_0000, "size": 0x80_0000, "lookup": 0x0A18_04EB,
        "header": 0x4320_00D1, "entry": 0x6000_2101, "self": 0x6000_1000, "data": 0x6000_1020,
        "start": 0x6000_0000, "length": 0x80_0000, **changes,
    }  # fmt: skip
    word = {name: struct.pack("<I", value) for name, value in words.items()}
    return flash_with(
        0x6000_0000,
        {
            0x00: word["tag"] + word["version"], 0x50: word["size"], 0x80: word["lookup"],
            0x1000: word["header"] + word["entry"] + bytes(8) + word["data"] + word["self"]
            + bytes(8),
            0x1020: word["start"] + word["length"] + bytes(4),
            0x2000: struct.pack("<II", 0x2000_4000, 0x6000_2301),
        },
    )  # fmt: skip


def test_imxrt_starts_at_an_instruction_or_through_a_vector_table() -> None:
    boot = boot_roms.imxrt1060(0x80_0000)
    assert boot(rt_flash()).pc == 0x6000_2100
    through = boot(rt_flash(entry=0x6000_2000))
    assert through == Start(0x6000_2300, 0x2000_4000, 0x6000_2000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tag": 0}, "configuration block for FlexSPI"),
        ({"size": 0x20_0000}, "speaks of 2097152 bytes of flash"),
        ({"lookup": 0x0818_0403}, "does not begin with EBh"),
        ({"header": 0x4320_00D2}, "no image vector table"),
        ({"self": 0x6000_1004}, "does not describe itself"),
        ({"start": 0x7000_0000}, "other memory than the flash chip's"),
        ({"length": 0x200}, "other memory than the flash chip's"),
        ({"entry": 0x2000_0001}, "lies outside of the image"),
    ],
)
def test_imxrt_refuses_other_headers(changes: dict[str, int], message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        boot_roms.imxrt1060(0x80_0000)(rt_flash(**changes))
