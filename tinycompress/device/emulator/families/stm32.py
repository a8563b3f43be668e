"""STMicroelectronics' STM32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tinycompress.device.emulator.families.mcu import Check, Microcontroller, Surroundings
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.stm32 import f4_system as f4
from tinycompress.device.emulator.peripherals.stm32 import g0_system as g0
from tinycompress.device.emulator.peripherals.stm32 import h7_system as h7
from tinycompress.device.emulator.peripherals.stm32 import l4_system as l4
from tinycompress.device.emulator.peripherals.stm32 import u5_system as u5
from tinycompress.device.emulator.peripherals.stm32.gpio import Stm32Gpio
from tinycompress.device.emulator.peripherals.stm32.usart import (
    Stm32Lpuart,
    Stm32UsartNew,
    Stm32UsartOld,
)

_FLASH = 0x0800_0000
# BOOT0 low: flash appears at 0, where the core fetches its vectors after reset.
_FLASH_AT_ZERO = {_FLASH: (0,)}

Hz = Callable[[], int]


class _Rcc(Protocol):
    def is_enabled(self, offset: int, bit: int) -> bool: ...


def _gated(inner: Peripheral, rcc: _Rcc, register: int, bit: int) -> Gated:
    gate = f"RCC + 0x{register:x} bit {bit}"
    return Gated(inner, lambda: rcc.is_enabled(register, bit), gate)


class _Ports:
    """The GPIO ports, each behind its bit of one clock enable register."""

    def __init__(self, rcc: _Rcc, base: int, letters: str, register: int) -> None:
        self._ports = {letter: Stm32Gpio(letter, base + 0x400 * i) for i, letter in
                       enumerate(letters)}  # fmt: skip
        self.gated = tuple(
            _gated(port, rcc, register, bit) for bit, port in enumerate(self._ports.values())
        )

    def check(self, s: Surroundings) -> Check:
        """Whether the UART's pins are switched to it."""
        wires = s.board.serial.uart

        def check() -> str | None:
            for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
                if wire is None:
                    continue
                function = self._ports[wire[1]].alternate_function(int(wire[2:]))
                if function != wires.alternate_function:
                    return (
                        f"{name} pin {wire} on alternate function {function}; the board file says "
                        f"{wires.alternate_function}"
                    )
            return None

        return check


def _latency(s: Surroundings, latency: Callable[[], int]) -> Check:
    """Whether flash gets the wait states of the board file, for chips that count core cycles."""
    wanted = s.board.emulator.flash_wait_states

    def check() -> str | None:
        if latency() < wanted:
            return f"{latency()} wait states of flash; the board file says {wanted}"
        return None

    return check


def stm32f4(s: Surroundings) -> Microcontroller:
    """The STM32F446 and STM32F411."""
    rcc, flash = f4.Stm32f4Rcc(), f4.Stm32f4Flash()
    ports = _Ports(rcc, 0x4002_0000, "ABCDEFGH", 0x30)
    base, clock, register, bit = {
        1: (0x4001_1000, rcc.apb2_hz, 0x44, 4),
        2: (0x4000_4400, rcc.apb1_hz, 0x40, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x40, 18),
    }[s.instance]
    line = s.line(ports.check(s), _latency(s, flash.latency))
    usart = Stm32UsartOld(s.board.serial.uart.instance, base, line, clock)
    power = f4.Stm32f4Pwr(has_over_drive=s.board.mcu == "stm32f446")
    return Microcontroller(
        (rcc, _gated(power, rcc, 0x40, 28), flash, _gated(usart, rcc, register, bit), *ports.gated),
        core_hz=rcc.core_hz,
        aliases=_FLASH_AT_ZERO,
    )


def stm32f7(s: Surroundings) -> Microcontroller:
    """The STM32F746: the clock tree of the STM32F4 with the USART of later families."""
    rcc, flash = f4.Stm32f4Rcc(), f4.Stm32f4Flash()
    ports = _Ports(rcc, 0x4002_0000, "ABCDEFGHIJK", 0x30)
    base, clock, register, bit = {
        1: (0x4001_1000, rcc.apb2_hz, 0x44, 4),
        2: (0x4000_4400, rcc.apb1_hz, 0x40, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x40, 18),
    }[s.instance]
    line = s.line(ports.check(s), _latency(s, flash.latency))
    usart = Stm32UsartNew(s.board.serial.uart.instance, base, line, clock, has_fifo=False)
    power = f4.Stm32f4Pwr(has_over_drive=True)
    return Microcontroller(
        (rcc, _gated(power, rcc, 0x40, 28), flash, _gated(usart, rcc, register, bit), *ports.gated),
        core_hz=rcc.core_hz,
    )


def stm32g0(s: Surroundings) -> Microcontroller:
    """The STM32G0B1."""
    rcc, flash = g0.Stm32g0Rcc(), g0.Stm32g0Flash()
    ports = _Ports(rcc, 0x5000_0000, "ABCDEF", 0x34)
    base, register, bit = {
        1: (0x4001_3800, 0x40, 14),
        2: (0x4000_4400, 0x3C, 17),
        3: (0x4000_4800, 0x3C, 18),
    }[s.instance]
    line = s.line(ports.check(s), _latency(s, flash.latency))
    usart = Stm32UsartNew(s.board.serial.uart.instance, base, line, rcc.apb_hz)
    timer = g0.Stm32Tim2(s.cycles)
    return Microcontroller(
        (rcc, flash, _gated(timer, rcc, 0x3C, 0), _gated(usart, rcc, register, bit), *ports.gated),
        core_hz=rcc.core_hz,
        aliases=_FLASH_AT_ZERO,
    )


def stm32l4(s: Surroundings) -> Microcontroller:
    """The STM32L4R5."""
    rcc, flash, power = l4.Stm32l4Rcc(), l4.Stm32l4Flash(), l4.Stm32l4Pwr()
    ports = _Ports(rcc, 0x4800_0000, "ABCDEFGHI", 0x4C)
    line = s.line(
        ports.check(s),
        _latency(s, flash.latency),
        lambda: power.wrong_with(rcc.core_hz(), s.board.serial.uart),
    )
    usart, register, bit = _l4_uart(s, rcc, line)
    return Microcontroller(
        (rcc, _gated(power, rcc, 0x58, 28), flash, _gated(usart, rcc, register, bit), *ports.gated),
        core_hz=rcc.core_hz,
        aliases=_FLASH_AT_ZERO,
    )


def _l4_uart(s: Surroundings, rcc: l4.Stm32l4Rcc, line: UartLine) -> tuple[Peripheral, int, int]:
    """The UART, and the register and bit that switch its clock on."""
    name = s.board.serial.uart.instance
    if name.startswith("LPUART"):
        return Stm32Lpuart(name, 0x4000_8000, line, rcc.apb1_hz), 0x5C, 0
    base, clock, register, bit = {
        1: (0x4001_3800, rcc.apb2_hz, 0x60, 14),
        2: (0x4000_4400, rcc.apb1_hz, 0x58, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x58, 18),
    }[s.instance]
    return Stm32UsartNew(name, base, line, clock), register, bit


def stm32h7(s: Surroundings) -> Microcontroller:
    """The STM32H743, and the Cortex-M7 of the STM32H747 behind a boot loader."""
    booted = s.board.mcu == "stm32h747"
    rcc = h7.Stm32h7Rcc(pll_runs=booted)
    ports = _Ports(rcc, 0x5802_0000, "ABCDEFGHIJK", 0xE0)
    base, clock, register, bit = {
        1: (0x4001_1000, rcc.apb2_hz, 0xF0, 4),
        2: (0x4000_4400, rcc.apb1_hz, 0xE8, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0xE8, 18),
    }[s.instance]
    usart = Stm32UsartNew(s.board.serial.uart.instance, base, s.line(ports.check(s)), clock)
    power = h7.Stm32h7Pwr(supply_is_chosen=booted)
    system = (power, h7.Stm32h7Flash(), h7.Stm32h7Debug(), h7.Stm32h7Axi())
    return Microcontroller(
        (rcc, *system, _gated(usart, rcc, register, bit), *ports.gated), core_hz=rcc.core_hz
    )


def stm32u5(s: Surroundings) -> Microcontroller:
    """The STM32U575."""
    rcc = u5.Stm32u5Rcc()
    ports = _Ports(rcc, 0x4202_0000, "ABCDEFGHI", 0x8C)
    base, clock, register, bit = {
        1: (0x4001_3800, rcc.apb2_hz, 0xA4, 14),
        2: (0x4000_4400, rcc.apb1_hz, 0x9C, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x9C, 18),
    }[s.instance]
    usart = Stm32UsartNew(s.board.serial.uart.instance, base, s.line(ports.check(s)), clock)
    system = (_gated(u5.Stm32u5Pwr(), rcc, 0x94, 2), u5.Stm32u5Flash(), u5.Stm32u5Icache())
    return Microcontroller(
        (rcc, *system, _gated(usart, rcc, register, bit), *ports.gated), core_hz=rcc.core_hz
    )
