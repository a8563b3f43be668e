"""USARTs of STM32 parts: the older one without and the newer one with separate data registers.

Sources: RM0390 (STM32F446) 25.6; RM0385 (STM32F746) 31.8; RM0432 (STM32L4R5) 49.8, LPUART 50.7;
RM0444 (STM32G0B1) 33.8; RM0433 (STM32H743) 48.7; RM0456 (STM32U575) 66.8.
"""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine

_RE, _TE = 1 << 2, 1 << 3
_RXNE, _TC, _TXE = 1 << 5, 1 << 6, 1 << 7
_TEACK, _REACK = 1 << 21, 1 << 22
_FIFOEN = 1 << 29
_LPUART_SMALLEST_DIVIDER = 0x300


class _Usart(Peripheral):
    waits_for_host = True

    def __init__(
        self, name: str, base: int, line: UartLine, clock_hz: Callable[[], int], enable_bit: int
    ) -> None:
        super().__init__(name, base, 0x400)
        self._line = line
        self._clock_hz = clock_hz
        self._enable_bit = enable_bit

    def _define_common(self, *, control_at: tuple[int, int, int], divider_at: int) -> None:
        self._control = self.define(control_at[0], "CR1")
        self.define(control_at[1], "CR2")
        self.define(control_at[2], "CR3")
        self._divider = self.define(divider_at, "BRR")

    def _has(self, bit: int) -> bool:
        wanted = self._enable_bit | bit
        return self._control.value & wanted == wanted

    @property
    def _baud(self) -> float:
        # Oversampling by 16, which CR1.OVER8 = 0 means.
        divider = self._divider.value
        return self._clock_hz() / divider if divider >= 16 else 0.0

    def _status(self) -> int:
        ready = _TC | _TXE if self._has(_TE) else 0
        return ready | (_RXNE if self._has(_RE) and self._line.port.poll() else 0)

    def _read_byte(self) -> int:
        return self._line.receive(self.name, self._baud) if self._has(_RE) else 0

    def _write_byte(self, word: int) -> int:
        if self._has(_TE):
            self._line.transmit(self.name, word & 0xFF, self._baud)
        return 0


class Stm32UsartOld(_Usart):
    """USART of the STM32F4.

    Args:
        name: Its name.
        base: Its address.
        line: Its wires.
        clock_hz: Its clock at the moment.
    """

    def __init__(self, name: str, base: int, line: UartLine, clock_hz: Callable[[], int]) -> None:
        super().__init__(name, base, line, clock_hz, enable_bit=1 << 13)
        self.define(0x00, "SR", on_read=self._status, on_write=lambda _: 0)
        self.define(0x04, "DR", on_read=self._read_byte, on_write=self._write_byte)
        self._define_common(control_at=(0x0C, 0x10, 0x14), divider_at=0x08)
        self.define(0x18, "GTPR")


class Stm32UsartNew(_Usart):
    """USART of the STM32F7, G0, H7, L4+ and U5.

    Args:
        name: Its name.
        base: Its address.
        line: Its wires.
        clock_hz: Its clock at the moment.
        has_fifo: The STM32F7's has none, and its switch is a reserved bit.
    """

    def __init__(
        self,
        name: str,
        base: int,
        line: UartLine,
        clock_hz: Callable[[], int],
        *,
        has_fifo: bool = True,
    ) -> None:
        super().__init__(name, base, line, clock_hz, enable_bit=1 << 0)
        self._has_fifo = has_fifo
        self._define_common(control_at=(0x00, 0x04, 0x08), divider_at=0x0C)
        self.define(0x18, "RQR")
        self.define(0x1C, "ISR", on_read=self._full_status, on_write=lambda _: 0)
        self.define(0x20, "ICR", on_write=lambda _: 0)
        self.define(0x24, "RDR", on_read=self._read_byte, on_write=lambda _: 0)
        self.define(0x28, "TDR", on_write=self._write_byte)
        self.define(0x2C, "PRESC")
        self._control.on_write = self._check_control

    def _check_control(self, word: int) -> int:
        if word & _FIFOEN and not self._has_fifo:
            raise BusFault(f"{self.name} has no FIFO: bit 29 of CR1 is reserved")
        return word

    def _full_status(self) -> int:
        acknowledged = (_TEACK if self._has(_TE) else 0) | (_REACK if self._has(_RE) else 0)
        return self._status() | acknowledged


class Stm32Lpuart(Stm32UsartNew):
    """Low-power UART: the registers of a USART, a divider in 256ths of its clock."""

    @property
    def _baud(self) -> float:
        divider = self._divider.value & 0xF_FFFF
        return 256 * self._clock_hz() / divider if divider >= _LPUART_SMALLEST_DIVIDER else 0.0
