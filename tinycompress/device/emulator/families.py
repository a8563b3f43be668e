"""Which peripherals a family of microcontrollers has, and what its memory shows twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.memory_map import Range
from tinycompress.device.emulator.peripherals import rp2040_clocks as rp
from tinycompress.device.emulator.peripherals import stm32f4_system as f4
from tinycompress.device.emulator.peripherals import stm32h7_system as h7
from tinycompress.device.emulator.peripherals import stm32u5_system as u5
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.cmsdk_timer import CmsdkTimer
from tinycompress.device.emulator.peripherals.cmsdk_uart import CmsdkUart
from tinycompress.device.emulator.peripherals.gated import Gated
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.nrf_clock import NrfClock
from tinycompress.device.emulator.peripherals.nrf_gpio import NrfGpio
from tinycompress.device.emulator.peripherals.nrf_nvmc import NrfNvmc
from tinycompress.device.emulator.peripherals.nrf_power import NrfFicr, NrfPower, NrfUsbAnomalies
from tinycompress.device.emulator.peripherals.nrf_uart import NrfUart
from tinycompress.device.emulator.peripherals.nrf_usbd import Memory, NrfUsbd
from tinycompress.device.emulator.peripherals.rp2040_pins import (
    Rp2040IoBank,
    Rp2040Pads,
    Rp2040QspiPads,
)
from tinycompress.device.emulator.peripherals.rp2040_sio import Rp2040Sio
from tinycompress.device.emulator.peripherals.rp2040_ssi import Rp2040Ssi
from tinycompress.device.emulator.peripherals.rp2040_uart import Rp2040Uart
from tinycompress.device.emulator.peripherals.stm32_gpio import Stm32Gpio
from tinycompress.device.emulator.peripherals.stm32_usart import Stm32UsartNew, Stm32UsartOld
from tinycompress.device.emulator.usb_host import UsbHost
from tinycompress.errors import BoardError


@dataclass(frozen=True)
class Surroundings:
    """What a family gets to build its peripherals from.

    ``cycles`` returns the core cycles since reset; ``memory`` is what DMA reaches.
    """

    board: Board
    port: HostPort
    cycles: Callable[[], int]
    memory: Memory


@dataclass(frozen=True)
class Microcontroller:
    """The peripherals of one emulated microcontroller.

    ``core_hz`` returns the clock that the firmware has set up, where the family models clocks.
    ``boots_from`` is set where the program does not start at its vector table: the boot ROM copies
    that many bytes from ``boots_from[0]`` to ``boots_from[1]`` and jumps there. ``usb`` is the host
    at the other end of the board's own USB cable, where the firmware talks over that.
    """

    peripherals: tuple[Peripheral, ...]
    core_hz: Callable[[], int] | None = None
    extra_memory: tuple[Range, ...] = ()
    aliases: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    boots_from: tuple[int, int, int] | None = None
    usb: UsbHost | None = None


def build(surroundings: Surroundings) -> Microcontroller:
    """The peripherals of the board's family.

    Raises:
        BoardError: No such family is modelled, or its UART is not.
    """
    name = surroundings.board.emulator.family
    if name not in FAMILIES:
        raise BoardError(
            f"{surroundings.board.id}: emulator.family is {name!r}; modelled are "
            + ", ".join(sorted(FAMILIES)),
            hint="run it on the board itself: tinycompress bench --port PORT",
        )
    return FAMILIES[name](surroundings)


def _instance(board: Board) -> int:
    found = re.search(r"[0-9]+$", board.serial.uart.instance)
    return int(found.group()) if found else 0


def _line(s: Surroundings, check_pins: Callable[[], str | None] = lambda: None) -> UartLine:
    return UartLine(s.port, s.board.serial.baud, check_pins)


def _nrf52(s: Surroundings) -> Microcontroller:
    wires = s.board.serial.uart

    def check() -> str | None:
        for name, wire, pin in zip(("TX", "RX"), (wires.tx, wires.rx), uart.pins, strict=True):
            wired = _nrf_pin(wire) if wire else pin
            if pin != wired:
                return f"{name} on P{pin >> 5 & 1}.{pin & 31:02d}; the board wires {wire}"
        return None

    uart = NrfUart(_line(s, check))
    common = (NrfNvmc(), NrfGpio(0), NrfGpio(1))
    if s.board.serial.transport != "usb-cdc":
        return Microcontroller((NrfClock(), uart, *common))
    host = UsbHost(s.port, s.board.serial.baud)
    power, anomalies = NrfPower(s.port.poll), NrfUsbAnomalies()
    usbd = NrfUsbd(s.memory, power, anomalies, host.step)
    host.connect(usbd, power)
    return Microcontroller((power, usbd, anomalies, NrfFicr(), *common), usb=host)


def _nrf_pin(name: str) -> int:
    port, pin = name.removeprefix("P").split(".")
    return int(port) << 5 | int(pin)


def _mps2(s: Surroundings) -> Microcontroller:
    clock_hz = s.board.cpu.clock_hz

    def ticks() -> int:
        return s.cycles() * s.board.timer.hz // clock_hz

    return Microcontroller(
        (
            CmsdkTimer("TIMER0", 0x4000_0000, ticks),
            CmsdkTimer("TIMER1", 0x4000_1000, ticks),
            CmsdkUart("UART0", 0x4000_4000, _line(s), clock_hz),
        )
    )


def _stm32_pins(s: Surroundings, ports: Mapping[str, Stm32Gpio]) -> Callable[[], str | None]:
    wires = s.board.serial.uart

    def check() -> str | None:
        for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
            if wire is None:
                continue
            function = ports[wire[1]].alternate_function(int(wire[2:]))
            if function != wires.alternate_function:
                return (
                    f"{name} pin {wire} on alternate function {function}; the board file says "
                    f"{wires.alternate_function}"
                )
        return None

    return check


def _stm32_ports(
    base: int, letters: str, is_enabled: Callable[[int, int], bool], register: int, name: str
) -> tuple[dict[str, Stm32Gpio], tuple[Peripheral, ...]]:
    ports = {letter: Stm32Gpio(letter, base + 0x400 * i) for i, letter in enumerate(letters)}
    gated = tuple(
        Gated(port, lambda bit=i: is_enabled(register, bit), f"RCC_{name} bit {i}")  # type: ignore[misc]
        for i, port in enumerate(ports.values())
    )
    return ports, gated


def _stm32f4(s: Surroundings) -> Microcontroller:
    rcc = f4.Stm32f4Rcc()
    ports, gated = _stm32_ports(0x4002_0000, "ABCDEFGH", rcc.is_enabled, 0x30, "AHB1ENR")
    base, clock, register, bit = {
        1: (0x4001_1000, rcc.apb2_hz, 0x44, 4),
        2: (0x4000_4400, rcc.apb1_hz, 0x40, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x40, 18),
    }[_instance(s.board)]
    usart = Stm32UsartOld(
        s.board.serial.uart.instance, base, _line(s, _stm32_pins(s, ports)), clock
    )
    power = Gated(f4.Stm32f4Pwr(), lambda: rcc.is_enabled(0x40, 28), "RCC_APB1ENR bit 28")
    serial = Gated(usart, lambda: rcc.is_enabled(register, bit), f"RCC + 0x{register:x} bit {bit}")
    return Microcontroller(
        (rcc, power, f4.Stm32f4Flash(), serial, *gated),
        core_hz=rcc.core_hz,
        # BOOT0 low: flash appears at 0, where the core fetches its vectors after reset.
        aliases={0x0800_0000: (0,)},
    )


def _stm32h7(s: Surroundings) -> Microcontroller:
    rcc = h7.Stm32h7Rcc()
    ports, gated = _stm32_ports(0x5802_0000, "ABCDEFGHIJK", rcc.is_enabled, 0xE0, "AHB4ENR")
    base, clock, register, bit = {
        1: (0x4001_1000, rcc.apb2_hz, 0xF0, 4),
        2: (0x4000_4400, rcc.apb1_hz, 0xE8, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0xE8, 18),
    }[_instance(s.board)]
    usart = Stm32UsartNew(
        s.board.serial.uart.instance, base, _line(s, _stm32_pins(s, ports)), clock
    )
    serial = Gated(usart, lambda: rcc.is_enabled(register, bit), f"RCC + 0x{register:x} bit {bit}")
    system = (h7.Stm32h7Pwr(), h7.Stm32h7Flash(), h7.Stm32h7Debug(), h7.Stm32h7Axi())
    return Microcontroller((rcc, *system, serial, *gated), core_hz=rcc.core_hz)


def _stm32u5(s: Surroundings) -> Microcontroller:
    rcc = u5.Stm32u5Rcc()
    ports, gated = _stm32_ports(0x4202_0000, "ABCDEFGHI", rcc.is_enabled, 0x8C, "AHB2ENR1")
    base, clock, register, bit = {
        1: (0x4001_3800, rcc.apb2_hz, 0xA4, 14),
        2: (0x4000_4400, rcc.apb1_hz, 0x9C, 17),
        3: (0x4000_4800, rcc.apb1_hz, 0x9C, 18),
    }[_instance(s.board)]
    usart = Stm32UsartNew(
        s.board.serial.uart.instance, base, _line(s, _stm32_pins(s, ports)), clock
    )
    power = Gated(u5.Stm32u5Pwr(), lambda: rcc.is_enabled(0x94, 2), "RCC_AHB3ENR bit 2")
    serial = Gated(usart, lambda: rcc.is_enabled(register, bit), f"RCC + 0x{register:x} bit {bit}")
    system = (power, u5.Stm32u5Flash(), u5.Stm32u5Icache())
    return Microcontroller((rcc, *system, serial, *gated), core_hz=rcc.core_hz)


def _rp2040(s: Surroundings) -> Microcontroller:
    resets, xosc = rp.Rp2040Resets(), rp.Rp2040Xosc()
    pll = rp.Rp2040Pll(xosc)
    clocks, watchdog = rp.Rp2040Clocks(xosc, pll), rp.Rp2040Watchdog()
    pins = Rp2040IoBank()
    wires = s.board.serial.uart

    def check() -> str | None:
        for name, wire in (("TX", wires.tx), ("RX", wires.rx)):
            if wire is not None and pins.function(int(wire.removeprefix("GP"))) != 2:
                return f"{name} pin {wire} not switched to the UART"
        return None

    def tick_hz() -> int:
        per_tick = watchdog.cycles_per_tick()
        return clocks.reference_hz() // per_tick if per_tick else 0

    instance = _instance(s.board)
    uart = Rp2040Uart(instance, _line(s, check), clocks.peripheral_hz)
    timer = rp.Rp2040Timer(s.cycles, s.board.cpu.clock_hz, tick_hz)

    def behind_reset(inner: Peripheral, block: int) -> Peripheral:
        return Gated(inner, lambda: resets.is_released(block), f"RESETS bit {block}")

    return Microcontroller(
        (
            resets, xosc, clocks, watchdog, Rp2040QspiPads(), Rp2040Ssi(), Rp2040Sio(),
            behind_reset(pll, 12), behind_reset(timer, 21), behind_reset(pins, 5),
            behind_reset(Rp2040Pads(), 8), behind_reset(uart, 22 + instance),
        ),
        core_hz=clocks.core_hz,
        extra_memory=(Range("SRAM", "ram", 0x2000_0000, 0x4_2000),),
        boots_from=(0x1000_0000, 0x2004_1F00, 256),
    )  # fmt: skip


FAMILIES: Mapping[str, Callable[[Surroundings], Microcontroller]] = {
    "mps2": _mps2,
    "nrf52": _nrf52,
    "rp2040": _rp2040,
    "stm32f4": _stm32f4,
    "stm32h7": _stm32h7,
    "stm32u5": _stm32u5,
}
