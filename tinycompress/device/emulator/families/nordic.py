"""Nordic's nRF52 and the application core of the nRF53."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.families.mcu import Check, Microcontroller, Surroundings
from tinycompress.device.emulator.peripherals.nrf.clock import NrfClock
from tinycompress.device.emulator.peripherals.nrf.gpio import NrfGpio
from tinycompress.device.emulator.peripherals.nrf.nrf53_system import (
    Nrf53Cache,
    Nrf53Clock,
    Nrf53Ficr,
    Nrf53Trims,
)
from tinycompress.device.emulator.peripherals.nrf.nvmc import NrfNvmc
from tinycompress.device.emulator.peripherals.nrf.power import (
    NrfFicr,
    NrfPower,
    NrfUsbAnomalies,
)
from tinycompress.device.emulator.peripherals.nrf.uart import NrfUart
from tinycompress.device.emulator.peripherals.nrf.uarte import NrfUarte
from tinycompress.device.emulator.peripherals.nrf.usbd import NrfUsbd
from tinycompress.device.emulator.usb_host import UsbHost

_NRF52_PORTS = 0x5000_0500
_NRF53_PORTS = 0x5084_2500


def nrf52(s: Surroundings) -> Microcontroller:
    """The nRF52833 and nRF52840, whose firmware talks over its UART or its own USB."""
    uart = NrfUart(s.line(_pins(s, lambda: uart.pins)))
    common = (NrfNvmc(), NrfGpio(0, _NRF52_PORTS), NrfGpio(1, _NRF52_PORTS))
    if s.board.serial.transport != "usb-cdc":
        return Microcontroller((NrfClock(), uart, *common))
    host = UsbHost(s.port, s.board.serial.baud)
    power, anomalies = NrfPower(s.port.poll), NrfUsbAnomalies()
    usbd = NrfUsbd(s.memory, power, anomalies, host.step)
    host.connect(usbd, power)
    return Microcontroller((power, usbd, anomalies, NrfFicr(), *common), usb=host)


def nrf53(s: Surroundings) -> Microcontroller:
    """The application core of the nRF5340, in its secure state, with its UARTE."""
    clock, trims = Nrf53Clock(), Nrf53Trims()
    uart = NrfUarte(s.line(_pins(s, lambda: uart.pins), clock.check, trims.check), s.memory)
    return Microcontroller(
        (clock, uart, Nrf53Cache(), Nrf53Ficr(), trims,
         NrfGpio(0, _NRF53_PORTS), NrfGpio(1, _NRF53_PORTS)),
        core_hz=clock.core_hz,
    )  # fmt: skip


def _pins(s: Surroundings, pins: Callable[[], tuple[int, int]]) -> Check:
    wires = s.board.serial.uart

    def check() -> str | None:
        for name, wire, pin in zip(("TX", "RX"), (wires.tx, wires.rx), pins(), strict=True):
            wired = _pin(wire) if wire else pin
            if pin != wired:
                return f"{name} on P{pin >> 5 & 1}.{pin & 31:02d}; the board wires {wire}"
        return None

    return check


def _pin(name: str) -> int:
    port, pin = name.removeprefix("P").split(".")
    return int(port) << 5 | int(pin)
