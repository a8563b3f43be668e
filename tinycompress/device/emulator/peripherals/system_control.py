"""The System Control Space of a Cortex-M: SCB, NVIC, debug enable (DDI 0403E, B3 and C1)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.cpuid import emulated_cpuid
from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.systick import SysTick

_VECTKEY = 0x05FA
_VECTKEY_READ = 0xFA05
_ENDS_IN_RESET = 1 << 2
_FPU_ACCESS = 0xF << 20
# A data cache of the Cortex-M7 has 4 ways of lines of 32 bytes (its TRM, CCSIDR).
_CCSIDR_WAYS_AND_LINE, _CACHE_WAYS, _CACHE_LINE_BYTES = 0xF000_0019, 4, 32
_DEFAULT_CACHE_BYTES = 16_384


class SystemControl(Peripheral):
    """Registers that configure the core. No interrupt is ever pending: peripherals raise none.

    Args:
        core: The core's name.
        systick: The timer that shares the address space.
        has_fpu: The core has an FPU, whose access CPACR controls.
        data_cache_bytes: Size of a Cortex-M7's data cache; 0 where no board says.
    """

    def __init__(
        self, core: str, systick: SysTick, *, has_fpu: bool, data_cache_bytes: int = 0
    ) -> None:
        super().__init__("SCS", 0xE000_E000, 0x1000)
        self._has_fpu = has_fpu
        systick.define_in(self)
        self.define(0x008, "ACTLR")
        self._define_interrupts(words=1 if core == "cortex-m0plus" else 16)
        self.define_read_only(0xD00, "CPUID", emulated_cpuid(core))
        self.define(0xD04, "ICSR", on_write=lambda _: 0)
        self.vector_table = self.define(0xD08, "VTOR", on_write=lambda word: word & 0xFFFF_FF80)
        self.define(0xD0C, "AIRCR", _VECTKEY_READ << 16, on_write=self._write_reset_control)
        self.define(0xD10, "SCR")
        self._control = self.define(0xD14, "CCR", 0x200)
        for index in range(3):
            self.define(0xD18 + 4 * index, f"SHPR{index + 1}")
        self.define(0xD24, "SHCSR")
        if core != "cortex-m0plus":
            self._define_mainline()
        if core == "cortex-m7":
            self._define_caches(data_cache_bytes or _DEFAULT_CACHE_BYTES)
        self.trace_control = self.define(0xDFC, "DEMCR")

    def _define_interrupts(self, words: int) -> None:
        for index in range(words):
            enabled = self.define(
                0x100 + 4 * index, f"NVIC_ISER{index}", on_write=_refuse_interrupt
            )
            self.define(
                0x180 + 4 * index,
                f"NVIC_ICER{index}",
                on_read=_reader(enabled.value),
                on_write=lambda _: 0,
            )
            self.define(0x280 + 4 * index, f"NVIC_ICPR{index}", on_write=lambda _: 0)
        for index in range(8 * words):
            self.define(0x400 + 4 * index, f"NVIC_IPR{index}")

    def _define_mainline(self) -> None:
        for offset, name in (
            (0xD28, "CFSR"), (0xD2C, "HFSR"), (0xD30, "DFSR"), (0xD34, "MMFAR"), (0xD38, "BFAR"),
        ):  # fmt: skip
            self.define(offset, name, on_write=lambda _: 0)
        self._coprocessors = self.define(
            0xD88, "CPACR", on_write=lambda word: word & _FPU_ACCESS if self._has_fpu else 0
        )
        self.define_read_only(0xD90, "MPU_TYPE", 0)
        # Rules of the MPU are kept, and not enforced.
        for offset, name in ((0xD94, "CTRL"), (0xD98, "RNR"), (0xD9C, "RBAR"), (0xDA0, "RASR")):
            self.define(offset, f"MPU_{name}")
        if self._has_fpu:
            self.define(0xF34, "FPCCR", 0xC000_0000)
            self.define(0xF38, "FPCAR")
            self.define(0xF3C, "FPDSCR")

    def _define_caches(self, data_cache_bytes: int) -> None:
        sets = data_cache_bytes // (_CACHE_WAYS * _CACHE_LINE_BYTES)
        self.define_read_only(0xD78, "CLIDR", 0x0900_0003)
        self.define_read_only(0xD80, "CCSIDR", _CCSIDR_WAYS_AND_LINE | sets - 1 << 13)
        self.define(0xD84, "CSSELR")
        for offset, name in (
            (0xF50, "ICIALLU"), (0xF58, "ICIMVAU"), (0xF5C, "DCIMVAC"), (0xF60, "DCISW"),
            (0xF64, "DCCMVAU"), (0xF68, "DCCMVAC"), (0xF6C, "DCCSW"), (0xF70, "DCCIMVAC"),
            (0xF74, "DCCISW"), (0xF78, "BPIALL"),
        ):  # fmt: skip
            self.define(offset, name, on_write=lambda _: 0)

    @property
    def fpu_is_on(self) -> bool:
        """Whether privileged code may use the FPU."""
        return self._has_fpu and self._coprocessors.value & _FPU_ACCESS in (
            0x5 << 20,
            _FPU_ACCESS,
        )

    @property
    def traps_division_by_zero(self) -> bool:
        """CCR.DIV_0_TRP."""
        return bool(self._control.value & 1 << 4)

    def _write_reset_control(self, word: int) -> int:
        if word >> 16 == _VECTKEY and word & _ENDS_IN_RESET:
            raise BusFault("the firmware asked for a reset (AIRCR.SYSRESETREQ)")
        return _VECTKEY_READ << 16 | word & 0x700


def _refuse_interrupt(word: int) -> int:
    if word:
        raise BusFault(
            f"the firmware enables an interrupt (NVIC_ISER = 0x{word:08x})",
            hint="virtual boards deliver no interrupts: see docs/virtual-boards.md",
        )
    return 0


def _reader(value: int) -> Callable[[], int]:
    return lambda: value
