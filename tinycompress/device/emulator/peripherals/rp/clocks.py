"""Resets, oscillators, PLLs and clocks of the RP2040 (RP2040 datasheet 2.14 to 2.18, 4.7) and the
RP2350 (RP2350 datasheet 7.5, 8.1, 8.2, 8.6): the same blocks at other addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.device.emulator.peripherals.base import Peripheral

_CRYSTAL_HZ = 12_000_000
_RING_HZ = 6_000_000
_XOSC_ENABLE = 0xFAB
_WORD = 0xFFFF_FFFF


@dataclass(frozen=True)
class RpChip:
    """Where a chip has its blocks, and their bits in RESETS.

    ``isolates_pads``: pads are cut off after reset until a bit of theirs is cleared.
    """

    resets: int
    xosc: int
    pll: int
    clocks: int
    pins: int
    pads: int
    uarts: tuple[int, int]
    sio_out: tuple[int, int, int, int]
    blocks: int
    pll_block: int
    pins_block: int
    pads_block: int
    uart_block: int
    pin_count: int
    isolates_pads: bool

    def uart(self, instance: int) -> tuple[str, int]:
        """Name and address of a UART."""
        return f"UART{instance}", self.uarts[instance]


RP2040 = RpChip(
    resets=0x4000_C000, xosc=0x4002_4000, pll=0x4002_8000, clocks=0x4000_8000, pins=0x4001_4000,
    pads=0x4001_C000, uarts=(0x4003_4000, 0x4003_8000), sio_out=(0x10, 0x14, 0x18, 0x20),
    blocks=25, pll_block=12, pins_block=5, pads_block=8, uart_block=22, pin_count=30,
    isolates_pads=False,
)  # fmt: skip
RP2350 = RpChip(
    resets=0x4002_0000, xosc=0x4004_8000, pll=0x4005_0000, clocks=0x4001_0000, pins=0x4002_8000,
    pads=0x4003_8000, uarts=(0x4007_0000, 0x4007_8000), sio_out=(0x10, 0x18, 0x20, 0x30),
    blocks=29, pll_block=14, pins_block=6, pads_block=9, uart_block=26, pin_count=48,
    isolates_pads=True,
)  # fmt: skip


class AtomicPeripheral(Peripheral):
    """A peripheral with aliases that XOR, set and clear bits (RP2040 datasheet 2.1.2)."""

    def __init__(self, name: str, base: int) -> None:
        super().__init__(name, base, 0x4000)

    def read(self, offset: int, size_bytes: int) -> int:
        """Read a register through any of its aliases."""
        return super().read(offset & 0xFFF, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Write a register, or XOR, set or clear bits of it."""
        alias, at = offset >> 12, offset & 0xFFF
        if alias == 0:
            super().write(at, size_bytes, value)
            return
        # Narrow writes are replicated over the word by the bus; the firmware makes none here.
        old = super().read(at & ~3, 4)
        word = (old ^ value, old | value, old & ~value & _WORD)[alias - 1]
        super().write(at & ~3, 4, word)


class RpResets(AtomicPeripheral):
    """Every block is in reset at first; it is out as soon as it is released."""

    def __init__(self, at: RpChip) -> None:
        super().__init__("RESETS", at.resets)
        all_blocks = (1 << at.blocks) - 1
        self._reset = self.define(0x0, "RESET", all_blocks)
        self.define(0x4, "WDSEL")
        self.define(
            0x8, "RESET_DONE", on_read=lambda: ~self._reset.value & all_blocks,
            on_write=lambda _: 0,
        )  # fmt: skip

    def is_released(self, block: int) -> bool:
        """Whether a block is out of reset."""
        return not self._reset.value >> block & 1


class RpXosc(AtomicPeripheral):
    """The crystal oscillator: stable as soon as it is enabled."""

    def __init__(self, at: RpChip) -> None:
        super().__init__("XOSC", at.xosc)
        self._control = self.define(0x00, "CTRL")
        self.define(
            0x04, "STATUS", on_read=lambda: int(self.is_stable) * (1 << 31 | 1 << 12),
            on_write=lambda _: 0,
        )  # fmt: skip
        self.define(0x0C, "STARTUP", 0xC4)

    @property
    def is_stable(self) -> bool:
        """Whether the crystal runs."""
        return self._control.value >> 12 & 0xFFF == _XOSC_ENABLE


class RpPll(AtomicPeripheral):
    """The system PLL: locks as soon as it is powered."""

    def __init__(self, at: RpChip, xosc: RpXosc) -> None:
        super().__init__("PLL_SYS", at.pll)
        self._xosc = xosc
        self._status = self.define(0x0, "CS", 1, on_read=self._read_status)
        self._power = self.define(0x4, "PWR", 0x2D)
        self._feedback = self.define(0x8, "FBDIV_INT")
        self._dividers = self.define(0xC, "PRIM", 0x0007_7000)

    @property
    def _is_locked(self) -> bool:
        # PD (0) and VCOPD (5) clear.
        return not self._power.value & 0x21 and self._xosc.is_stable

    def _read_status(self) -> int:
        return self._status.value & 0x13F | self._is_locked << 31

    def output_hz(self) -> int:
        """The frequency behind the post dividers; 0 while they are off."""
        if not self._is_locked or self._power.value & 0x08:
            return 0
        reference = _CRYSTAL_HZ // max(self._status.value & 0x3F, 1)
        first, second = self._dividers.value >> 16 & 7, self._dividers.value >> 12 & 7
        return reference * self._feedback.value // max(first * second, 1)


class RpClocks(AtomicPeripheral):
    """The clock generators that the firmware uses: clk_ref, clk_sys, clk_peri."""

    def __init__(self, at: RpChip, xosc: RpXosc, pll: RpPll) -> None:
        super().__init__("CLOCKS", at.clocks)
        self._xosc = xosc
        self._pll = pll
        self._reference = self.define(0x30, "CLK_REF_CTRL")
        self.define(0x34, "CLK_REF_DIV", 0x100)
        self.define(0x38, "CLK_REF_SELECTED", on_read=lambda: 1 << (self._reference.value & 3))
        self._system = self.define(0x3C, "CLK_SYS_CTRL")
        self.define(0x40, "CLK_SYS_DIV", 0x100)
        self.define(0x44, "CLK_SYS_SELECTED", on_read=lambda: 1 << (self._system.value & 1))
        self._peripheral = self.define(0x48, "CLK_PERI_CTRL")

    def reference_hz(self) -> int:
        """clk_ref."""
        if self._reference.value & 3 == 2:
            return _CRYSTAL_HZ if self._xosc.is_stable else 0
        return _RING_HZ

    def core_hz(self) -> int:
        """clk_sys, from which the core runs."""
        if not self._system.value & 1:
            return self.reference_hz()
        # AUXSRC 0 is the system PLL, the only auxiliary source that is modelled.
        return self._pll.output_hz() if not self._system.value >> 5 & 7 else 0

    def peripheral_hz(self) -> int:
        """clk_peri, from which the UARTs run; 0 while it is off."""
        return self.core_hz() if self._peripheral.value >> 11 & 1 else 0


class Rp2040Watchdog(AtomicPeripheral):
    """Only its tick generator, which the timer counts."""

    def __init__(self) -> None:
        super().__init__("WATCHDOG", 0x4005_8000)
        self._tick = self.define(
            0x2C, "TICK", on_read=lambda: self._tick.value | (self._tick.value & 0x200) << 1
        )

    def cycles_per_tick(self) -> int:
        """clk_ref cycles in a tick; 0 while ticks are off."""
        return self._tick.value & 0x1FF if self._tick.value & 0x200 else 0


class Rp2040Timer(AtomicPeripheral):
    """The 64-bit microsecond timer (datasheet 4.6); its alarms are not modelled.

    Args:
        cycles: Core cycles since reset.
        core_hz: The core's clock, for the whole run.
        tick_hz: Frequency of the watchdog's ticks now; 0 while they are off.
    """

    def __init__(self, cycles: Callable[[], int], core_hz: int, tick_hz: Callable[[], int]) -> None:
        super().__init__("TIMER", 0x4005_4000)
        self._cycles = cycles
        self._core_hz = core_hz
        self._tick_hz = tick_hz
        self.define(0x24, "TIMERAWH", on_read=lambda: self._ticks() >> 32)
        self.define(0x28, "TIMERAWL", on_read=lambda: self._ticks() & _WORD)

    def _ticks(self) -> int:
        return self._cycles() * self._tick_hz() // self._core_hz
