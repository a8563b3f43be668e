"""Arm's MPS2 boards."""

from __future__ import annotations

from tinycompress.device.emulator.families.mcu import Microcontroller, Surroundings
from tinycompress.device.emulator.peripherals.cmsdk_timer import CmsdkTimer
from tinycompress.device.emulator.peripherals.cmsdk_uart import CmsdkUart


def mps2(s: Surroundings) -> Microcontroller:
    """The parts of Arm's Cortex-M System Design Kit."""
    clock_hz = s.board.cpu.clock_hz

    def ticks() -> int:
        return s.cycles() * s.board.timer.hz // clock_hz

    return Microcontroller(
        (
            CmsdkTimer("TIMER0", 0x4000_0000, ticks),
            CmsdkTimer("TIMER1", 0x4000_1000, ticks),
            CmsdkUart("UART0", 0x4000_4000, s.line(), clock_hz),
        )
    )
