"""NXP's i.MX RT1060."""

from __future__ import annotations

from tinycompress.device.emulator.boot_roms import imxrt1060 as boot_rom
from tinycompress.device.emulator.families.mcu import Microcontroller, Surroundings
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.nxp.lpuart import RtLpuart
from tinycompress.device.emulator.peripherals.nxp.system import (
    RtCcm,
    RtDcdc,
    RtGpio1,
    RtIomuxc,
)

_FLASH = 0x6000_0000
_LPUART6_FUNCTION = 2
_CCGR1, _CCGR3, _CCGR6 = 0x6C, 0x74, 0x80
_BUS_MAX_HZ = 150_000_000


def imxrt1060(s: Surroundings) -> Microcontroller:
    """The i.MX RT1062 with LPUART6, from its boot ROM on."""
    ccm, dcdc, pads, gpio = RtCcm(), RtDcdc(), RtIomuxc(), RtGpio1()
    wires = s.board.serial.uart

    def check_pads() -> str | None:
        for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
            if wire is not None and pads.function(int(wire[-2:])) != _LPUART6_FUNCTION:
                return f"{name} pad {wire} not switched to LPUART6"
        return None if pads.receives_from_ad_b0_03 else "another pad's input"

    def check_clocks() -> str | None:
        if ccm.bus_hz() > _BUS_MAX_HZ:
            return f"the IPG bus at {ccm.bus_hz()} Hz"
        return dcdc.check(ccm.core_hz())

    uart = RtLpuart("LPUART6", 0x4019_8000, s.line(check_pads, check_clocks), ccm.uart_hz)
    # The chip's size is the power of two that the board's regions fill more than half of.
    flash_bytes = 1 << (max(r.end for r in s.board.memory if r.kind == "flash") - _FLASH
                        - 1).bit_length()  # fmt: skip
    return Microcontroller(
        (
            ccm, ccm.pll, pads,
            Gated(dcdc, lambda: ccm.is_enabled(_CCGR6, 3), "CCM_CCGR6 CG3"),
            Gated(gpio, lambda: ccm.is_enabled(_CCGR1, 13), "CCM_CCGR1 CG13"),
            Gated(uart, lambda: ccm.is_enabled(_CCGR3, 3), "CCM_CCGR3 CG3"),
        ),
        core_hz=ccm.core_hz,
        boot_rom=boot_rom(flash_bytes),
    )  # fmt: skip
