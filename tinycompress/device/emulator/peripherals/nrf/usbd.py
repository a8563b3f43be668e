"""The USB device controller of the nRF52840 (nRF52840 Product Specification v1.1, 6.35)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral, Register
from tinycompress.device.emulator.peripherals.memory import Memory
from tinycompress.device.emulator.peripherals.nrf.power import NrfPower, NrfUsbAnomalies

Handshake = Literal["ACK", "NAK", "STALL"]

_ENDPOINTS = 8
_PACKET_BYTES = 64
_RAM = range(0x2000_0000, 0x2004_0000)
_IN = 1 << 7
_SUSPEND, _RESUME, _READY = 1 << 8, 1 << 9, 1 << 11
_DATA0, _DATA1 = 1, 2
_SET_ADDRESS = (0x00, 5)
_DISARM = {0x7B6 + 2 * (n - 1): n for n in range(1, _ENDPOINTS)}


class NrfUsbd(Peripheral):
    """The controller between the firmware's registers and the host's tokens.

    A DMA transfer ends when the firmware looks whether it has. Until then every task is a fault: on
    the chip it would be lost (anomaly 199).

    Args:
        memory: The chip's RAM.
        power: The supply and the crystal.
        anomalies: Decide whether the controller starts.
        poll: Called when the firmware looks whether a packet has moved.
    """

    waits_for_host = True

    def __init__(
        self,
        memory: Memory,
        power: NrfPower,
        anomalies: NrfUsbAnomalies,
        poll: Callable[[], object],
    ) -> None:
        super().__init__("USBD", 0x4002_7000, 0x1000)
        self._memory = memory
        self._power = power
        self._anomalies = anomalies
        self._poll = poll
        self._dma_end: Register | None = None
        self.address = 0
        self._define_tasks()
        self._define_events()
        self._define_control()
        self._forget_packets()

    # --- the firmware's side

    def _define_tasks(self) -> None:
        for n in range(_ENDPOINTS):
            self.define(0x004 + 4 * n, f"TASKS_STARTEPIN[{n}]", on_write=self._task_in(n))
            self.define(0x028 + 4 * n, f"TASKS_STARTEPOUT[{n}]", on_write=self._task_out(n))
        for offset, name, flag in (
            (0x04C, "TASKS_EP0RCVOUT", "_ep0_receives"),
            (0x050, "TASKS_EP0STATUS", "_ep0_status"),
            (0x054, "TASKS_EP0STALL", "_ep0_stalls"),
        ):
            self.define(offset, name, on_write=self._task_ep0(flag))

    def _define_events(self) -> None:
        self._reset_event = self.define(0x100, "EVENTS_USBRESET")
        self._end_in, self._end_out = (
            [
                self.define(base + 4 * n, f"EVENTS_{name}[{n}]", on_read=self._dma_reader(base, n))
                for n in range(_ENDPOINTS)
            ]
            for base, name in ((0x108, "ENDEPIN"), (0x130, "ENDEPOUT"))
        )
        self._data_done = self.define(0x128, "EVENTS_EP0DATADONE")
        self._bus_event = self.define(0x158, "EVENTS_USBEVENT")
        self._setup_event = self.define(0x15C, "EVENTS_EP0SETUP")
        self._data_event = self.define(0x160, "EVENTS_EPDATA", on_read=self._read_data_event)
        self.define(0x308, "INTENCLR", on_write=lambda _: 0)
        self._cause = self.define(0x400, "EVENTCAUSE", on_write=self._clearer(0x400))
        self._moved = self.define(0x46C, "EPDATASTATUS", on_write=self._clearer(0x46C))

    def _define_control(self) -> None:
        self._setup = [self.define(0x480 + 4 * i, f"SETUP[{i}]") for i in range(8)]
        for n in range(_ENDPOINTS):
            self.define(
                0x4A0 + 4 * n,
                f"SIZE.EPOUT[{n}]",
                on_read=self._sizer(n),
                on_write=self._accepter(n),
            )
            self.define(0x420 + 4 * n, f"HALTED.EPIN[{n}]", on_read=self._halt_reader(n | _IN))
            self.define(0x444 + 4 * n, f"HALTED.EPOUT[{n}]", on_read=self._halt_reader(n))
            for base, name in ((0x600, "EPIN"), (0x700, "EPOUT")):
                for offset, part in ((0, "PTR"), (4, "MAXCNT"), (8, "AMOUNT")):
                    self.define(base + 0x14 * n + offset, f"{name}[{n}].{part}")
        self._enable = self.define(0x500, "ENABLE", on_write=self._write_enable)
        self._pull_up = self.define(0x504, "USBPULLUP", on_write=self._write_pull_up)
        self.define(0x50C, "DTOGGLE", on_write=self._write_toggle)
        self._in_enabled = self.define(0x510, "EPINEN", 1)
        self._out_enabled = self.define(0x514, "EPOUTEN", 1)
        self.define(0x518, "EPSTALL", on_write=self._write_stall)
        self._backdoor = self.define(0x800, "back door, select")
        self.define(0x804, "back door, value", on_write=self._write_backdoor)

    def _forget_packets(self) -> None:
        self._armed: dict[int, bytes] = {}
        self._received: dict[int, bytes] = {}
        self._accepts: set[int] = set()
        self._halted: set[int] = set()
        self._toggles: dict[int, int] = {}
        self._ep0_receives = self._ep0_status = self._ep0_stalls = False

    def _task_in(self, n: int) -> Callable[[int], int]:
        def start(word: int) -> int:
            pointer, count = self._begin_dma(0x600 + 0x14 * n)
            if word & 1:
                self._armed[n] = self._memory.read(pointer, count) if count else b""
                self._dma_end = self._end_in[n]
            return 0

        return start

    def _task_out(self, n: int) -> Callable[[int], int]:
        def start(word: int) -> int:
            pointer, count = self._begin_dma(0x700 + 0x14 * n)
            if word & 1:
                self._memory.write(pointer, self._received.pop(n, b"")[:count])
                self._dma_end = self._end_out[n]
                if n:
                    self._accepts.add(n)
            return 0

        return start

    def _task_ep0(self, flag: str) -> Callable[[int], int]:
        def start(word: int) -> int:
            self._require_no_dma()
            if word & 1:
                setattr(self, flag, True)
            return 0

        return start

    def _begin_dma(self, channel: int) -> tuple[int, int]:
        self._require_no_dma()
        pointer, count = (self._registers[channel + offset].value for offset in (0, 4))
        if not self._enable.value:
            raise BusFault("USBD: DMA while the controller is off")
        if count > _PACKET_BYTES:
            raise BusFault(f"USBD: a packet of {count} bytes; {_PACKET_BYTES} is the longest")
        if count and (pointer not in _RAM or pointer + count - 1 not in _RAM):
            raise BusFault(f"USBD: EasyDMA at 0x{pointer:08x}, which is not in RAM")
        self._registers[channel + 8].value = count
        return pointer, count

    def _require_no_dma(self) -> None:
        if self._dma_end is not None:
            raise BusFault("USBD: a task during a DMA transfer is lost (anomaly 199)")

    def _dma_reader(self, base: int, n: int) -> Callable[[], int]:
        def read() -> int:
            event = (self._end_in if base == 0x108 else self._end_out)[n]
            if self._dma_end is event:
                event.value, self._dma_end = 1, None
            return event.value

        return read

    def _clearer(self, offset: int) -> Callable[[int], int]:
        return lambda word: self._registers[offset].value & ~word

    def _sizer(self, n: int) -> Callable[[], int]:
        def read() -> int:
            self._require_no_dma()
            return len(self._received.get(n, b""))

        return read

    def _accepter(self, n: int) -> Callable[[int], int]:
        def write(_word: int) -> int:
            # A packet that is there already is thrown away.
            self._received.pop(n, None)
            self._accepts.add(n)
            return 0

        return write

    def _halt_reader(self, address: int) -> Callable[[], int]:
        return lambda: int(address in self._halted)

    def _write_enable(self, word: int) -> int:
        if word & 1 and not self._enable.value:
            if not self._anomalies.are_worked_around:
                raise BusFault("USBD is switched on without the workarounds of anomalies 171, 187")
            self._cause.value |= _READY
        elif not word & 1:
            self._forget_packets()
            self._pull_up.value = 0
        return word & 1

    def _write_pull_up(self, word: int) -> int:
        if word & 1 and not (self._enable.value and self._power.vbus and self._power.crystal_runs):
            raise BusFault("USBD pulls up D+ without supply, crystal or ENABLE")
        return word & 1

    def _write_toggle(self, word: int) -> int:
        if word >> 8 & 3 in (_DATA0, _DATA1):
            self._toggles[word & 0x87] = (word >> 8 & 3) - 1
        return word & 0x87

    def _write_stall(self, word: int) -> int:
        if word >> 8 & 1:
            self._halted.add(word & 0x87)
        else:
            self._halted.discard(word & 0x87)
        return 0

    def _write_backdoor(self, word: int) -> int:
        endpoint = _DISARM.get(self._backdoor.value)
        if endpoint is None:
            raise BusFault(f"USBD: unknown back door 0x{self._backdoor.value:03x}")
        if word & 2:
            self._armed.pop(endpoint, None)
        return 0

    def _read_data_event(self) -> int:
        if not self._data_event.value:
            self._poll()
        return self._data_event.value

    # --- the host's side

    @property
    def is_attached(self) -> bool:
        """Whether a host sees a device."""
        return bool(self._power.vbus and self._enable.value and self._pull_up.value)

    def reset(self) -> None:
        """The host resets the bus; what is armed stays armed."""
        self.address = 0
        self._in_enabled.value = self._out_enabled.value = 1
        self._halted.clear()
        self._ep0_receives = self._ep0_status = self._ep0_stalls = False
        self._armed.pop(0, None)
        self._setup_event.value = self._data_done.value = 0
        self._reset_event.value = 1

    def suspend(self) -> None:
        """The bus has been silent for three milliseconds."""
        self._cause.value |= _SUSPEND
        self._bus_event.value = 1

    def resume(self) -> None:
        """The bus comes back."""
        self._cause.value |= _RESUME
        self._bus_event.value = 1

    def setup(self, packet: bytes) -> None:
        """A SETUP transaction, which a device cannot refuse."""
        for register, byte in zip(self._setup, packet, strict=True):
            register.value = byte
        self._armed.pop(0, None)
        self._received.pop(0, None)
        self._ep0_receives = self._ep0_status = self._ep0_stalls = False
        if (packet[0], packet[1]) == _SET_ADDRESS:
            # The controller answers by itself.
            self.address = packet[2]
            self._ep0_status = True
        self._setup_event.value = 1

    def token_in(self, n: int) -> tuple[Handshake, int, bytes]:
        """An IN transaction: handshake, data toggle, data."""
        if n == 0:
            return self._control_in()
        if n | _IN in self._halted:
            return "STALL", 0, b""
        if not self._in_enabled.value >> n & 1 or n not in self._armed:
            return "NAK", 0, b""
        self._moved.value |= 1 << n
        self._data_event.value = 1
        return "ACK", self._flip(n | _IN), self._armed.pop(n)

    def token_out(self, n: int, data: bytes, toggle: int) -> Handshake:
        """An OUT transaction."""
        if n == 0:
            return self._control_out(data)
        if n in self._halted:
            return "STALL"
        if not self._out_enabled.value >> n & 1 or n not in self._accepts:
            return "NAK"
        if toggle != self._flip(n):
            # A packet that was sent again: acknowledged and forgotten.
            self._flip(n)
            return "ACK"
        self._accepts.discard(n)
        self._received[n] = data
        self._moved.value |= 1 << 16 + n
        self._data_event.value = 1
        return "ACK"

    def _flip(self, address: int) -> int:
        now = self._toggles.get(address, 0)
        self._toggles[address] = now ^ 1
        return now

    @property
    def _has_data_in(self) -> bool:
        # Without data the direction bit means nothing (USB 2.0, 9.3.1).
        return bool(self._setup[0].value & _IN and (self._setup[6].value or self._setup[7].value))

    def _control_in(self) -> tuple[Handshake, int, bytes]:
        if self._ep0_stalls:
            return "STALL", 0, b""
        if not self._has_data_in:
            status, self._ep0_status = self._ep0_status, False
            return ("ACK", 1, b"") if status else ("NAK", 0, b"")
        if 0 not in self._armed:
            return "NAK", 0, b""
        self._data_done.value = 1
        return "ACK", 0, self._armed.pop(0)

    def _control_out(self, data: bytes) -> Handshake:
        if self._ep0_stalls:
            return "STALL"
        if self._has_data_in:
            status, self._ep0_status = self._ep0_status, False
            return "ACK" if status else "NAK"
        if not self._ep0_receives:
            return "NAK"
        self._ep0_receives = False
        self._received[0] = data
        self._data_done.value = 1
        return "ACK"
