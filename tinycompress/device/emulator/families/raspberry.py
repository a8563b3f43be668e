"""Raspberry Pi's RP2040 and RP2350."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator import boot_roms
from tinycompress.device.emulator.families.mcu import Check, Microcontroller, Surroundings
from tinycompress.device.emulator.memory_map import Range
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.rp import clocks as rp
from tinycompress.device.emulator.peripherals.rp.pins import (
    RpIoBank,
    RpPads,
    RpQspiPads,
)
from tinycompress.device.emulator.peripherals.rp.sio import RpSio
from tinycompress.device.emulator.peripherals.rp.ssi import Rp2040Ssi
from tinycompress.device.emulator.peripherals.rp.uart import RpUart

_UART_FUNCTION = 2


def rp2040(s: Surroundings) -> Microcontroller:
    """The RP2040, from its boot ROM on."""
    at = rp.RP2040
    resets, xosc = rp.RpResets(at), rp.RpXosc(at)
    pll = rp.RpPll(at, xosc)
    clocks, watchdog = rp.RpClocks(at, xosc, pll), rp.Rp2040Watchdog()
    pins, pads = RpIoBank(at), RpPads(at)

    def tick_hz() -> int:
        per_tick = watchdog.cycles_per_tick()
        return clocks.reference_hz() // per_tick if per_tick else 0

    uart = RpUart(at.uart(s.instance), s.line(_pins(s, pins, pads)), clocks.peripheral_hz)
    timer = rp.Rp2040Timer(s.cycles, s.board.cpu.clock_hz, tick_hz)
    behind = _behind(resets)
    return Microcontroller(
        (
            resets, xosc, clocks, watchdog, RpQspiPads(), Rp2040Ssi(), RpSio(at),
            behind(pll, at.pll_block), behind(timer, 21), behind(pins, at.pins_block),
            behind(pads, at.pads_block), behind(uart, at.uart_block + s.instance),
        ),
        core_hz=clocks.core_hz,
        extra_memory=(Range("SRAM", "ram", 0x2000_0000, 0x4_2000),),
        boot_rom=boot_roms.rp2040,
        runs_code_in_ram=True,
    )  # fmt: skip


def rp2350(s: Surroundings) -> Microcontroller:
    """One Cortex-M33 of the RP2350, in its secure state, from its boot ROM on."""
    at = rp.RP2350
    resets, xosc = rp.RpResets(at), rp.RpXosc(at)
    pll = rp.RpPll(at, xosc)
    clocks = rp.RpClocks(at, xosc, pll)
    pins, pads = RpIoBank(at), RpPads(at)
    uart = RpUart(at.uart(s.instance), s.line(_pins(s, pins, pads)), clocks.peripheral_hz)
    behind = _behind(resets)
    return Microcontroller(
        (
            resets, xosc, clocks, RpSio(at), behind(pll, at.pll_block),
            behind(pins, at.pins_block), behind(pads, at.pads_block),
            behind(uart, at.uart_block + s.instance),
        ),
        core_hz=clocks.core_hz,
        boot_rom=boot_roms.rp2350,
    )  # fmt: skip


def _behind(resets: rp.RpResets) -> Callable[[Peripheral, int], Peripheral]:
    def behind_reset(inner: Peripheral, block: int) -> Peripheral:
        return Gated(inner, lambda: resets.is_released(block), f"RESETS bit {block}")

    return behind_reset


def _pins(s: Surroundings, pins: RpIoBank, pads: RpPads) -> Check:
    wires = s.board.serial.uart

    def check() -> str | None:
        for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
            if wire is None:
                continue
            pin = int(wire.removeprefix("GP"))
            if pins.function(pin) != _UART_FUNCTION:
                return f"{name} pin {wire} not switched to the UART"
            if pads.is_isolated(pin):
                return f"{name} pin {wire} isolated from its pad"
        return None

    return check
