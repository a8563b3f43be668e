"""A USB host with a CDC-ACM driver, at the other end of a virtual board's USB cable.

It does what Linux does when a device is plugged in and a program opens the port: reset,
descriptors, address, configuration, line coding, line state; then it moves the bytes of the
`HostPort` in packets. Whatever a device must not do ends the run.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.peripherals.nrf.power import NrfPower
from tinycompress.device.emulator.peripherals.nrf.usbd import NrfUsbd

_PACKET_BYTES = 64
# What Linux' cdc-acm asks for at a time: a packet that is not full ends it early.
_READ_BYTES = 2 * _PACKET_BYTES
# Polls of the firmware during which one transaction may be answered with NAK.
_PATIENCE = 10_000
_BULK_OUT, _BULK_IN = 2, 2
_DATA_INTERFACE = 1
_ADDRESS = 7
_DEVICE, _CONFIGURATION, _STRING, _QUALIFIER = 1, 2, 3, 6
_SET_CONFIGURATION, _SET_INTERFACE, _CLEAR_HALT = (0x00, 9), (0x01, 11), (0x02, 1)

Work = Generator[None, None, None]


@dataclass
class ControlTransfer:
    """One request and what came of it."""

    setup: bytes
    data: bytes = b""
    stalled: bool = False
    done: bool = False
    packet_sizes: list[int] = field(default_factory=list)

    @property
    def length(self) -> int:
        """wLength."""
        return int.from_bytes(self.setup[6:], "little")


def setup_packet(kind: int, request: int, value: int, index: int, length: int) -> bytes:
    """The eight bytes of a SETUP packet (USB 2.0, 9.3)."""
    return struct.pack("<BBHHH", kind, request, value, index, length)


class UsbHost:
    """The host: call `step` whenever time passes on the bus.

    Args:
        port: Bytes of whoever opened the port.
        baud: The rate at which the port is opened.
    """

    def __init__(self, port: HostPort, baud: int) -> None:
        self._port = port
        self._baud = baud
        self._device: NrfUsbd | None = None
        self._power: NrfPower | None = None
        self._work: deque[Work] = deque()
        self._is_suspended = False
        self._knows_device = False
        self._reads = True
        self._next_toggle: dict[int, int] = {}
        self._read = bytearray()
        self._unsent = bytearray()
        self._naks = 0
        self.is_configured = False
        self.resets = 0
        self.descriptors: dict[str, bytes] = {}

    def connect(self, device: NrfUsbd, power: NrfPower) -> None:
        """Plug the cable in."""
        self._device, self._power = device, power

    # --- what a person or a program does at this end

    def request(
        self, kind: int, request: int, value: int = 0, index: int = 0, length: int | None = None,
        data: bytes = b"",
    ) -> ControlTransfer:  # fmt: skip
        """Queue a control transfer; ``length`` differs from the data's for broken requests only."""
        size = len(data) if length is None else length
        transfer = ControlTransfer(setup_packet(kind, request, value, index, size), data)
        self._add(self._control(transfer))
        return transfer

    def open_port(self, baud: int, *, dtr: bool = True) -> None:
        """Queue what a driver does when a program opens the port or changes it."""
        self.set_line_state(dtr=dtr)
        self.request(0x21, 0x20, data=struct.pack("<IBBB", baud, 0, 0, 8))

    def set_line_state(self, *, dtr: bool) -> None:
        """Queue raising (with RTS) or dropping DTR."""
        self.request(0x21, 0x22, value=3 if dtr else 0)

    def send_packet(self, data: bytes) -> None:
        """Queue one bulk packet, an empty one too."""
        self._add(self._bulk_out(data))

    def suspend(self) -> None:
        """Stop all traffic."""
        self._is_suspended = True
        self._usb.suspend()
        self._port.busy()

    def resume(self) -> None:
        """Go on."""
        self._is_suspended = False
        self._usb.resume()
        self._port.busy()

    def reset_bus(self) -> None:
        """Reset and enumerate again, in the middle of whatever was going on."""
        self._forget()
        self._port.busy()

    def unplug(self) -> None:
        """Pull the cable; the board is powered from elsewhere."""
        assert self._power is not None
        self._power.vbus = False
        self._forget()
        self._port.busy()

    def plug(self) -> None:
        """Put the cable back in."""
        assert self._power is not None
        self._power.vbus = True
        self._port.busy()

    def stop_reading(self, stop: bool) -> None:
        """Fetch no bulk data, as a driver whose port nobody has open."""
        self._reads = not stop
        self._port.busy()

    def drop_work(self) -> None:
        """Give up all queued transfers, the one under way too."""
        self._work.clear()

    @property
    def sees_device(self) -> bool:
        """Whether a device pulls up the data line."""
        return self._usb.is_attached

    @property
    def retained_for_boot_loader(self) -> int:
        """What the device will find in its retention register after a reset."""
        assert self._power is not None
        return self._power.retained

    # --- the bus

    def step(self) -> None:
        """Let the bus carry what it can until it has to wait for the device."""
        while self._port.has_unread:
            self._unsent.append(self._port.take())
        if not self._usb.is_attached:
            self._forget()
        elif not self._is_suspended and self._advance():
            self._port.busy()
            return
        self._port.poll()

    @property
    def _usb(self) -> NrfUsbd:
        assert self._device is not None
        return self._device

    def _advance(self) -> bool:
        """Whether there was or still is anything to do."""
        if not self._knows_device:
            self._knows_device = True
            self._work.append(self._enumerate())
        if not self._work:
            moved_in = self._reads and self._poll_in()
            return self._poll_out() or moved_in
        try:
            next(self._work[0])
        except StopIteration:
            self._work.popleft()
        return True

    def _add(self, work: Work) -> None:
        self._work.append(work)
        self._port.busy()

    def _forget(self) -> None:
        self._work.clear()
        self._next_toggle.clear()
        self._read.clear()
        self._unsent.clear()
        self._knows_device = self.is_configured = False

    def _wait(self, what: str) -> Work:
        self._naks += 1
        if self._naks > _PATIENCE:
            raise BusFault(f"the USB host gave up: the device does not answer {what}")
        yield

    # --- transfers

    def _control(self, transfer: ControlTransfer) -> Work:
        what = f"request {transfer.setup.hex(' ')}"
        self._naks = 0
        self._usb.setup(transfer.setup)
        if transfer.setup[0] & 0x80 and transfer.length:
            yield from self._control_in(transfer, what)
            status_is_in = False
        else:
            for start in range(0, transfer.length, _PACKET_BYTES):
                packet = transfer.data[start : start + _PACKET_BYTES]
                while (answer := self._usb.token_out(0, packet, 1)) == "NAK":
                    yield from self._wait(what)
                if answer == "STALL":
                    transfer.stalled = True
                    break
            status_is_in = True
        if not transfer.stalled:
            yield from self._status(transfer, what, status_is_in=status_is_in)
        if not transfer.stalled:
            self._reset_toggles(transfer.setup)
        transfer.done = True

    def _reset_toggles(self, setup: bytes) -> None:
        """Endpoints start anew after some requests (USB 2.0, 9.1.1.5 and 9.4.5)."""
        request = setup[0], setup[1]
        of_data = request == _SET_INTERFACE and setup[4] == _DATA_INTERFACE
        if request == _SET_CONFIGURATION or of_data:
            self._next_toggle.clear()
        elif request == _CLEAR_HALT:
            self._next_toggle.pop(setup[4], None)

    def _control_in(self, transfer: ControlTransfer, what: str) -> Work:
        data = bytearray()
        while len(data) < transfer.length:
            answer, _, packet = self._usb.token_in(0)
            if answer == "NAK":
                yield from self._wait(what)
                continue
            if answer == "STALL":
                transfer.stalled = True
                return
            data += packet
            transfer.packet_sizes.append(len(packet))
            if len(packet) < _PACKET_BYTES:
                break
        if len(data) > transfer.length:
            raise BusFault(f"the device sends {len(data)} bytes in answer to {what}")
        transfer.data = bytes(data)

    def _status(self, transfer: ControlTransfer, what: str, *, status_is_in: bool) -> Work:
        while True:
            if status_is_in:
                answer, _, packet = self._usb.token_in(0)
                if packet:
                    raise BusFault(f"the status of {what} brings {len(packet)} bytes")
            else:
                answer = self._usb.token_out(0, b"", 1)
            if answer != "NAK":
                transfer.stalled = answer == "STALL"
                return
            yield from self._wait(what)

    def _bulk_out(self, data: bytes) -> Work:
        while self._send_packet(data) == "NAK":
            yield

    def _send_packet(self, data: bytes) -> str:
        toggle = self._next_toggle.get(_BULK_OUT, 0)
        answer = self._usb.token_out(_BULK_OUT, data, toggle)
        if answer == "ACK":
            self._next_toggle[_BULK_OUT] = toggle ^ 1
        return answer

    def _poll_out(self) -> bool:
        if not self._unsent:
            return False
        packet = bytes(self._unsent[:_PACKET_BYTES])
        if self._send_packet(packet) == "ACK":
            del self._unsent[:_PACKET_BYTES]
        return True

    def _poll_in(self) -> bool:
        answer, toggle, packet = self._usb.token_in(_BULK_IN)
        if answer != "ACK":
            return False
        key = 0x80 | _BULK_IN
        if toggle == self._next_toggle.get(key, 0):
            self._next_toggle[key] = toggle ^ 1
            self._read += packet
            if len(packet) < _PACKET_BYTES or len(self._read) >= _READ_BYTES:
                for byte in self._read:
                    self._port.put(byte)
                self._read.clear()
        return True

    # --- enumeration

    def _get(self, name: str, value: int, index: int, length: int) -> Work:
        transfer = ControlTransfer(setup_packet(0x80, 6, value, index, length))
        yield from self._control(transfer)
        if transfer.stalled:
            raise BusFault(f"the USB host got no {name} descriptor from the device")
        self.descriptors[name] = transfer.data

    def _must(self, name: str, transfer: ControlTransfer) -> Work:
        yield from self._control(transfer)
        if transfer.stalled:
            raise BusFault(f"the device refuses {name}")

    def _reset_device(self) -> None:
        self._usb.reset()
        self._next_toggle.clear()
        self.resets += 1

    def _enumerate(self) -> Work:
        self._reset_device()
        yield
        # Some hosts ask before the device has an address, with room for a whole packet.
        yield from self._get("device", _DEVICE << 8, 0, _PACKET_BYTES)
        self._reset_device()
        yield
        yield from self._must("SET_ADDRESS", ControlTransfer(setup_packet(0, 5, _ADDRESS, 0, 0)))
        if self._usb.address != _ADDRESS:
            raise BusFault("the device did not take its address")
        yield from self._get("device", _DEVICE << 8, 0, 18)
        qualifier = ControlTransfer(setup_packet(0x80, 6, _QUALIFIER << 8, 0, 10))
        yield from self._control(qualifier)
        if not qualifier.stalled:
            raise BusFault("a full-speed device has a DEVICE_QUALIFIER")
        yield from self._get("configuration", _CONFIGURATION << 8, 0, 9)
        total = int.from_bytes(self.descriptors["configuration"][2:4], "little")
        yield from self._get("configuration", _CONFIGURATION << 8, 0, total)
        yield from self._strings()
        configuration = self.descriptors["configuration"][5]
        yield from self._must(
            "SET_CONFIGURATION", ControlTransfer(setup_packet(0, 9, configuration, 0, 0))
        )
        self.is_configured = True
        # From here on it is the driver, and then the program that opens the port.
        self.set_line_state(dtr=False)
        self.request(0x21, 0x20, data=struct.pack("<IBBB", 9600, 0, 0, 8))
        self.open_port(self._baud)

    def _strings(self) -> Work:
        yield from self._get("languages", _STRING << 8, 0, 255)
        language = int.from_bytes(self.descriptors["languages"][2:4], "little")
        device = self.descriptors["device"]
        for name, number in zip(("manufacturer", "product", "serial"), device[14:17], strict=True):
            yield from self._get(name, _STRING << 8 | number, language, 255)
