"""CCM, its analog part, DCDC, IOMUXC of the i.MX RT1060 (IMXRT1060RM, chapters of these names)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral

_CRYSTAL_HZ = 24_000_000
# PLL2's PFD0 with the divider that the boot ROM has chosen: what the ROM's 396 MHz come from.
_ROM_PERIPH_HZ = 396_000_000
_PLL_LOCK, _PLL_BYPASS, _PLL_ENABLE, _PLL_DOWN = 1 << 31, 1 << 16, 1 << 13, 1 << 12
_PERIPH_CLK_SEL = 1 << 25
_DC_OK = 1 << 31
_NEEDED_ABOVE_HZ, _NEEDED_STEPS = 528_000_000, (1250 - 800) // 25
_GATED = {0x68: "CCGR0", 0x6C: "CCGR1", 0x70: "CCGR2", 0x74: "CCGR3", 0x78: "CCGR4",
          0x7C: "CCGR5", 0x80: "CCGR6"}  # fmt: skip


class RtPll(Peripheral):
    """The ARM PLL, which locks at once, and the others' registers as the ROM leaves them.

    Args:
        is_in_use: Whether the core's clock is made from it.
    """

    def __init__(self, is_in_use: Callable[[], bool]) -> None:
        super().__init__("CCM_ANALOG", 0x400D_8000, 0x200)
        self._is_in_use = is_in_use
        self._arm = self.define(
            0x00, "PLL_ARM", _PLL_DOWN | 0x42, on_read=self._read, on_write=self._write
        )

    @property
    def _is_locked(self) -> bool:
        return bool(self._arm.value & _PLL_ENABLE) and not self._arm.value & _PLL_DOWN

    def output_hz(self) -> int:
        """Its frequency; the crystal's while it is bypassed, 0 while it is off."""
        if self._arm.value & _PLL_BYPASS:
            return _CRYSTAL_HZ
        return _CRYSTAL_HZ * (self._arm.value & 0x7F) // 2 if self._is_locked else 0

    def _read(self) -> int:
        return self._arm.value & ~_PLL_LOCK | (_PLL_LOCK if self._is_locked else 0)

    def _write(self, word: int) -> int:
        if self._is_in_use():
            raise BusFault("the ARM PLL is changed while the core runs from it")
        if not 54 <= word & 0x7F <= 108:
            raise BusFault(f"the ARM PLL's divider {word & 0x7F} is not in 54..108")
        return word


class RtCcm(Peripheral):
    """Clock roots of core and UARTs, and the gates of peripherals."""

    def __init__(self) -> None:
        super().__init__("CCM", 0x400F_C000, 0x400)
        self.pll = RtPll(self._uses_arm_pll)
        self._arm = self.define(0x10, "CACRR", 1)
        # As the boot ROM leaves them: from the PLL of 528 MHz, buses divided by 3.
        self._bus = self.define(0x14, "CBCDR", 0x000A_8200)
        self._multiplexer = self.define(0x18, "CBCMR", 0x2DAA_8324)
        self._serial = self.define(0x24, "CSCDR1", 0x0649_0B00)
        self.define_read_only(0x48, "CDHIPR", 0)
        self._gates = {offset: self.define(offset, name) for offset, name in _GATED.items()}

    def is_enabled(self, offset: int, field: int) -> bool:
        """Whether a two-bit field of a gate register lets a clock through in run mode."""
        return bool(self._gates[offset].value >> 2 * field & 1)

    def core_hz(self) -> int:
        """The clock of core and AHB."""
        divider = (self._bus.value >> 10 & 7) + 1
        if self._bus.value & _PERIPH_CLK_SEL:
            alternative = self._multiplexer.value >> 12 & 3
            root = _CRYSTAL_HZ if alternative == 1 else 0
            return root // ((self._bus.value >> 27 & 7) + 1) // divider
        if self._uses_arm_pll():
            return self.pll.output_hz() // ((self._arm.value & 7) + 1) // divider
        return _ROM_PERIPH_HZ // divider

    def bus_hz(self) -> int:
        """The clock of IPG, at most 150 MHz."""
        return self.core_hz() // ((self._bus.value >> 8 & 3) + 1)

    def uart_hz(self) -> int:
        """The clock root of all LPUARTs."""
        root = _CRYSTAL_HZ if self._serial.value >> 6 & 1 else 80_000_000
        return root // ((self._serial.value & 0x3F) + 1)

    def _uses_arm_pll(self) -> bool:
        return not self._bus.value & _PERIPH_CLK_SEL and self._multiplexer.value >> 18 & 3 == 3


class RtDcdc(Peripheral):
    """The regulator, which is settled at once."""

    def __init__(self) -> None:
        super().__init__("DCDC", 0x4008_0000, 0x400)
        self.define(0x00, "REG0", _DC_OK, on_read=lambda: _DC_OK)
        self._target = self.define(0x0C, "REG3", 0x0000_010E)

    def check(self, core_hz: int) -> str | None:
        """Whether the core's voltage suffices for its clock."""
        steps = self._target.value & 0x1F
        if core_hz > _NEEDED_ABOVE_HZ and steps < _NEEDED_STEPS:
            return f"a core at {core_hz} Hz and {800 + 25 * steps} mV"
        return None


class RtIomuxc(Peripheral):
    """Pads: what they are connected to; their drive and pulls are kept without effect."""

    def __init__(self) -> None:
        super().__init__("IOMUXC", 0x401F_8000, 0x800)
        self._functions = [self.define(0xBC + 4 * n, f"MUX_CTL_AD_B0_{n:02d}", 5) for n in
                           range(16)]  # fmt: skip
        for n in range(16):
            self.define(0x2AC + 4 * n, f"PAD_CTL_AD_B0_{n:02d}", 0x10B0)
        self._rx_input = self.define(0x550, "LPUART6_RX_SELECT_INPUT")

    def function(self, pin: int) -> int:
        """The alternative function of the pad GPIO_AD_B0_pin."""
        return self._functions[pin].value & 7

    @property
    def receives_from_ad_b0_03(self) -> bool:
        """Whether LPUART6 listens to the pad GPIO_AD_B0_03."""
        return bool(self._rx_input.value & 1)


class RtGpio1(Peripheral):
    """GPIO1: outputs are kept."""

    def __init__(self) -> None:
        super().__init__("GPIO1", 0x401B_8000, 0x400)
        out = self.define(0x00, "DR")
        self.define(0x04, "GDIR")
        self.define_set_clear(out, set_at=0x84, clear_at=0x88)
