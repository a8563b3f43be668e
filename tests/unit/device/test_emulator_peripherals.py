"""Peripheral models, register by register, as the reference manuals describe them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycompress.device.emulator.boot_roms import crc32_mpeg2
from tinycompress.device.emulator.bus import Bus
from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.cmsdk_timer import CmsdkTimer
from tinycompress.device.emulator.peripherals.cmsdk_uart import CmsdkUart
from tinycompress.device.emulator.peripherals.dwt import Dwt
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.nrf.uart import NrfUart
from tinycompress.device.emulator.peripherals.rp import clocks as rp
from tinycompress.device.emulator.peripherals.rp.ssi import Rp2040Ssi
from tinycompress.device.emulator.peripherals.stm32.f4_system import Stm32f4Rcc
from tinycompress.device.emulator.peripherals.stm32.h7_system import Stm32h7Rcc
from tinycompress.device.emulator.peripherals.stm32.u5_system import Stm32u5Rcc
from tinycompress.device.emulator.peripherals.stm32.usart import Stm32UsartNew
from tinycompress.device.emulator.peripherals.systick import SysTick


class Clock:
    """A cycle counter that a test sets."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@given(start=st.integers(0, 2**32 - 1), reload=st.integers(0, 2**32 - 1),
       elapsed=st.integers(0, 2**34))  # fmt: skip
def test_cmsdk_timer_counts_down_and_reloads(start: int, reload: int, elapsed: int) -> None:
    clock = Clock()
    timer = CmsdkTimer("TIMER0", 0, clock)
    timer.write(0x08, 4, reload)
    timer.write(0x04, 4, start)
    clock.now = 1000
    assert timer.read(0x04, 4) == start
    timer.write(0x00, 4, 1)
    clock.now += elapsed
    after_zero = elapsed - start
    expected = start - elapsed if after_zero <= 0 else (-after_zero) % (reload + 1)
    assert timer.read(0x04, 4) == expected
    timer.write(0x00, 4, 0)
    clock.now += 12345
    assert timer.read(0x04, 4) == expected


@given(reload=st.integers(1, 0xFFFFFF), elapsed=st.integers(1, 2**26))
def test_systick_counts_from_reload_to_zero(reload: int, elapsed: int) -> None:
    clock = Clock()
    space = Peripheral("SCS", 0, 0x1000)
    SysTick(clock).define_in(space)
    space.write(0x14, 4, reload)
    space.write(0x18, 4, 0xFFFF)  # any write clears it
    space.write(0x10, 4, 5)
    clock.now += elapsed
    # A cycle after the start it holds RELOAD, and 0 after RELOAD more.
    assert space.read(0x18, 4) == (reload - (elapsed - 1)) % (reload + 1)
    wrapped = 1 << 16 if elapsed >= reload + 1 else 0
    assert space.read(0x10, 4) == 5 | wrapped
    assert space.read(0x10, 4) == 5


def test_systick_refuses_what_it_cannot_do() -> None:
    space = Peripheral("SCS", 0, 0x1000)
    SysTick(Clock()).define_in(space)
    with pytest.raises(BusFault, match="enables SysTick's interrupt"):
        space.write(0x10, 4, 7)
    with pytest.raises(BusFault, match="external clock"):
        space.write(0x10, 4, 1)


@pytest.mark.parametrize("locked", [False, True])
def test_dwt_counts_only_when_it_may(locked: bool) -> None:
    clock, trace = Clock(), [False]
    dwt = Dwt(clock, lambda: trace[0], starts_locked=locked)
    dwt.write(0, 4, 1)
    clock.now = 50
    assert dwt.read(4, 4) == 0
    trace[0] = True
    if locked:
        dwt.write(0, 4, 1)
        clock.now = 60
        assert dwt.read(4, 4) == 0
        dwt.write(0xFB0, 4, 0xC5ACCE55)
    dwt.write(4, 4, 0xFFFF_FFF0)
    dwt.write(0, 4, 1)
    clock.now += 0x20
    assert dwt.read(4, 4) == 0x10
    dwt.write(0, 4, 0)
    clock.now += 7
    assert dwt.read(4, 4) == 0x10


def test_port_is_idle_after_polls_in_a_row() -> None:
    port = HostPort()
    for _ in range(15):
        assert not port.poll()
    port.busy()
    for _ in range(15):
        assert not port.poll()
        assert not port.is_idle
    port.poll()
    idle = [port.is_idle]
    port.send(b"ab")
    assert [*idle, port.is_idle] == [True, False]
    assert port.poll()
    assert (port.take(), port.take(), port.take()) == (0x61, 0x62, 0)


def test_nrf_uart_sends_only_when_set_up() -> None:
    port = HostPort()
    uart = NrfUart(UartLine(port, 115_200))
    uart.write(0x51C, 4, 0x41)
    assert uart.read(0x11C, 4) == 0
    uart.write(0x500, 4, 4)
    uart.write(0x008, 4, 1)
    with pytest.raises(BusFault, match="UART0 runs at 250000 baud, the host at 115200"):
        uart.write(0x51C, 4, 0x41)
    uart.write(0x524, 4, 0x01D7_E000)
    uart.write(0x51C, 4, 0x41)
    assert uart.read(0x11C, 4) == 1
    assert port.collect() == b"A"
    port.send(b"z")
    assert uart.read(0x108, 4) == 0
    uart.write(0x000, 4, 1)
    assert uart.read(0x108, 4) == 1
    assert uart.read(0x518, 4) == ord("z")
    assert uart.read(0x108, 4) == 0


def _send_with_cmsdk(port: HostPort) -> Peripheral:
    uart = CmsdkUart("UART0", 0, UartLine(port, 115_200), 25_000_000)
    uart.write(0x10, 4, 217)
    uart.write(0x08, 4, 3)
    uart.write(0x00, 1, 0x42)
    return uart


def _send_with_usart(port: HostPort) -> Peripheral:
    uart = Stm32UsartNew("USART3", 0, UartLine(port, 115_200), lambda: 100_000_000)
    uart.write(0x0C, 4, 868)
    uart.write(0x00, 4, 0xD)
    assert uart.read(0x1C, 4) & 0xE0 == 0xC0
    uart.write(0x28, 1, 0x42)
    return uart


@pytest.mark.parametrize("send", [_send_with_cmsdk, _send_with_usart])
def test_uarts_send_a_byte(send: Callable[[HostPort], Peripheral]) -> None:
    port = HostPort()
    send(port)
    assert port.collect() == b"B"


def test_stm32f4_clock_tree() -> None:
    rcc = Stm32f4Rcc()
    assert rcc.core_hz() == 16_000_000
    rcc.write(0x04, 4, 8 | 180 << 6 | 2 << 24 | 2 << 28)
    rcc.write(0x08, 4, 2)
    assert rcc.read(0x08, 4) & 0xC == 0  # the PLL is not on: HSI stays
    rcc.write(0x00, 4, 1 | 1 << 24)
    assert rcc.read(0x00, 4) & 0x0300_0003 == 0x0300_0003
    rcc.write(0x08, 4, 2 | 5 << 10 | 4 << 13)
    assert rcc.read(0x08, 4) & 0xC == 0x8
    assert (rcc.core_hz(), rcc.apb1_hz(), rcc.apb2_hz()) == (180_000_000, 45_000_000, 90_000_000)


def test_stm32h7_clock_tree() -> None:
    rcc = Stm32h7Rcc(pll_runs=False)
    assert rcc.core_hz() == 64_000_000
    rcc.write(0x28, 4, 16 << 4)
    rcc.write(0x2C, 4, 2 << 2 | 1 << 16)
    rcc.write(0x30, 4, 199 | 1 << 9 | 1 << 16 | 1 << 24)
    rcc.write(0x00, 4, 1 | 1 << 24)
    rcc.write(0x18, 4, 8 | 4 << 4)
    rcc.write(0x1C, 4, 4 << 4 | 4 << 8)
    rcc.write(0x10, 4, 3)
    assert rcc.read(0x10, 4) & 0x38 == 3 << 3
    assert (rcc.core_hz(), rcc.apb1_hz(), rcc.apb2_hz()) == (400_000_000, 100_000_000, 100_000_000)


def test_stm32u5_clock_tree() -> None:
    rcc = Stm32u5Rcc()
    assert rcc.core_hz() == 4_000_000
    rcc.write(0x28, 4, 2 | 3 << 8 | 1 << 18)
    rcc.write(0x34, 4, 79 | 1 << 9 | 1 << 16 | 1 << 24)
    rcc.write(0x00, 4, 0x35 | 1 << 8 | 1 << 24)
    rcc.write(0x1C, 4, 3)
    assert (rcc.core_hz(), rcc.apb1_hz()) == (160_000_000, 160_000_000)


def test_rp2040_clock_tree() -> None:
    xosc = rp.RpXosc(rp.RP2040)
    pll = rp.RpPll(rp.RP2040, xosc)
    clocks = rp.RpClocks(rp.RP2040, xosc, pll)
    pll.write(0x8, 4, 125)
    pll.write(0x3004, 4, 0x21)  # clear the power-down bits through the alias
    assert not pll.read(0x0, 4) >> 31
    xosc.write(0x0, 4, 0xFAB << 12 | 0xAA0)
    assert pll.read(0x0, 4) >> 31
    pll.write(0xC, 4, 6 << 16 | 2 << 12)
    pll.write(0x3004, 4, 0x08)
    clocks.write(0x3C, 4, 1)
    clocks.write(0x48, 4, 1 << 11)
    assert clocks.read(0x44, 4) == 2
    assert (clocks.core_hz(), clocks.peripheral_hz()) == (125_000_000, 125_000_000)


def test_rp2040_timer_counts_microseconds() -> None:
    clock, hz = Clock(), [0]
    timer = rp.Rp2040Timer(clock, 125_000_000, lambda: hz[0])
    clock.now = 125_000_000 * 5000
    assert timer.read(0x28, 4) == 0
    hz[0] = 1_000_000
    assert timer.read(0x28, 4) == 5_000_000_000 & 0xFFFF_FFFF
    assert timer.read(0x24, 4) == 1


def test_flash_chip_learns_to_read_quad() -> None:
    ssi = Rp2040Ssi()
    ssi.write(0x08, 4, 1)

    def transfer(*data: int) -> list[int]:
        for byte in data:
            ssi.write(0x60, 4, byte)
        ssi.read(0x28, 4)
        return [ssi.read(0x60, 4) for _ in data]

    assert transfer(0x35, 0)[1] == 0
    assert not ssi.quad_enabled
    transfer(0x01, 0, 2)
    assert not ssi.quad_enabled  # without a write-enable before it
    transfer(0x06)
    transfer(0x01, 0, 2)
    assert transfer(0x35, 0)[1] == 2


def test_gate_bus_and_narrow_accesses() -> None:
    port, on = HostPort(), [False]
    inner = Peripheral("THING", 0x4000_0000, 0x100)
    register = inner.define(0x10, "R", 0x1122_3344)
    bus = Bus((Gated(inner, lambda: on[0], "RCC bit 3"),), port)
    with pytest.raises(
        BusFault, match=r"THING at 0x40000010 before it is switched on \(RCC bit 3\)"
    ):
        bus.read(0x4000_0010, 4)
    on[0] = True
    assert bus.read(0x4000_0011, 1) == 0x33
    assert bus.read(0x4000_0012, 2) == 0x1122
    bus.write(0x4000_0013, 1, 0xAA)
    assert register.value == 0xAA22_3344
    with pytest.raises(BusFault, match=r"write of 4 bytes at 0x40000020 \(THING, offset 0x020\)"):
        bus.write(0x4000_0020, 4, 0)
    with pytest.raises(BusFault, match="unmodelled peripheral: read of 4 bytes at 0x40000200"):
        bus.read(0x4000_0200, 4)
    with pytest.raises(BusFault, match="unmodelled peripheral register"):
        bus.read(0x4000_0013, 2)


def test_checksum_of_the_boot_rom() -> None:
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7
