"""Microchip's SAMD51."""

from __future__ import annotations

from tinycompress.device.emulator.families.mcu import Microcontroller, Surroundings
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.microchip.sercom import SamUart
from tinycompress.device.emulator.peripherals.microchip.system import (
    SamCmcc,
    SamGclk,
    SamMclk,
    SamNvmctrl,
    SamPort,
)

_SERCOM5, _SERCOM5_CHANNEL, _SERCOM5_BIT = 0x4300_0400, 35, 1
_FUNCTION_C = 2


def samd51(s: Surroundings) -> Microcontroller:
    """The SAMD51 with SERCOM5 as its UART, behind a boot loader."""
    gclk, mclk, flash, port = SamGclk(), SamMclk(), SamNvmctrl(), SamPort()
    wires = s.board.serial.uart

    def check_pins() -> str | None:
        for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
            if wire is None:
                continue
            if port.function("AB".index(wire[1]), int(wire[2:])) != _FUNCTION_C:
                return f"{name} pin {wire} not on function C"
        return None

    def check_flash() -> str | None:
        wanted = s.board.emulator.flash_wait_states
        if flash.latency() < wanted:
            return f"{flash.latency()} wait states of flash; the board file says {wanted}"
        return None

    line = s.line(check_pins, check_flash, lambda: uart.check())
    uart = SamUart("SERCOM5", _SERCOM5, line, lambda: gclk.channel_hz(_SERCOM5_CHANNEL))
    gated = Gated(uart, lambda: mclk.has_apb_d(_SERCOM5_BIT), "MCLK_APBDMASK bit 1")
    return Microcontroller(
        (gclk, gclk.dpll, mclk, flash, SamCmcc(), port, gated), core_hz=gclk.core_hz
    )
