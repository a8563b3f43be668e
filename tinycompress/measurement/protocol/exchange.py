"""One request, one reply: sending, repeating, and an error that says why no reply came."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

from tinycompress.device.link import Link
from tinycompress.elf import read_elf
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.measurement.protocol.faults import describe_fault
from tinycompress.measurement.protocol.frames import (
    FrameError,
    FrameSplitter,
    Packet,
    decode,
    encode,
)
from tinycompress.measurement.protocol.messages import (
    ERROR_TYPE,
    FAULT_TYPE,
    REPLY_BIT,
    ReplyError,
    Request,
    Status,
    parse_error,
    parse_fault,
    status_text,
)

_UNKNOWN_REQUEST = 0xFFFF_FFFF


@dataclass
class _Heard:
    """What came in while a reply was waited for."""

    byte_count: int = 0
    bad_frames: int = 0
    own_echo: bool = False
    other_packets: int = 0


class Exchange:
    """Carries out requests over a link, one at a time.

    Args:
        link: The connection.
        timeout_s: Seconds to wait for a reply before the request is sent again. A virtual board
            that waits for the host says so at once; it never makes anybody wait for this.
        retries: How often a request is sent again before the device counts as silent.
        elf: The firmware's file, to name functions in fault reports.
        first_seq: Sequence number of the first request; None draws one at random.
    """

    def __init__(
        self,
        link: Link,
        *,
        timeout_s: float,
        retries: int,
        elf: Path | None = None,
        first_seq: int | None = None,
    ) -> None:
        self._link = link
        self._timeout_s = timeout_s
        self._retries = retries
        self._elf = elf
        self._splitter = FrameSplitter()
        # Random, so that a request is not mistaken for one of the host before us.
        self._seq = random.randint(1, 0xFFFF) if first_seq is None else first_seq
        self._answered_before = False

    def request(
        self, request: Request, payload: bytes, *, phase: str, timeout_s: float | None = None
    ) -> bytes:
        """Payload of the reply to a request.

        Args:
            request: What is asked for.
            payload: Its payload.
            phase: Step of the conversation, for errors.
            timeout_s: Seconds to wait instead of the usual ones.

        Raises:
            DeviceError: No reply came, the device refused the request, or its processor faulted.
        """
        patience_s = self._timeout_s if timeout_s is None else timeout_s
        sent = Packet(request, self._seq, payload)
        self._seq = self._seq % 0xFFFF + 1
        heard = _Heard()
        try:
            for _ in range(self._retries + 1):
                self._link.write(encode(sent))
                reply = self._wait_for_reply(sent, patience_s, heard, phase)
                if reply is not None:
                    self._answered_before = True
                    return reply
        except DeviceError as error:
            # What an emulated board raises knows nothing of the conversation.
            text = error.message.removesuffix(f" (phase: {error.phase})")
            raise DeviceError(text, phase=phase, hint=error.hint) from error
        except OSError as error:
            raise DeviceError(
                f"the connection to {self._link.description} broke: {error}",
                phase=phase,
                hint="check the cable and that the board did not reset, then try again",
            ) from error
        raise self._no_reply(heard, patience_s, phase)

    def _wait_for_reply(
        self, sent: Packet, patience_s: float, heard: _Heard, phase: str
    ) -> bytes | None:
        deadline = time.monotonic() + patience_s
        while True:
            data = self._link.read(max(0.0, deadline - time.monotonic()))
            heard.byte_count += len(data)
            for frame in self._splitter.feed(data):
                reply = self._take_frame(frame, sent, heard, phase)
                if reply is not None:
                    return reply
            if not data or time.monotonic() > deadline:
                return None

    def _take_frame(self, frame: bytes, sent: Packet, heard: _Heard, phase: str) -> bytes | None:
        try:
            packet = decode(frame)
        except FrameError:
            heard.bad_frames += 1
            return None
        if packet.type == FAULT_TYPE:
            raise self._fault(packet, phase)
        if packet.seq == sent.seq and packet.type == sent.type | REPLY_BIT:
            return packet.payload
        if packet.seq == sent.seq and packet.type == ERROR_TYPE:
            raise self._refusal(packet, sent, phase)
        if packet == sent:
            heard.own_echo = True
        else:
            heard.other_packets += 1
        return None

    def _fault(self, packet: Packet, phase: str) -> DeviceError:
        try:
            elf = None if self._elf is None else read_elf(self._elf)
        except ConfigError:
            elf = None  # the fault is the news, with bare addresses if need be
        try:
            text = describe_fault(parse_fault(packet.payload), elf)
        except ReplyError as error:
            text = f"the firmware stopped with a fault and a malformed report of it: {error}"
        return DeviceError(text, phase=phase, hint="reset the board before the next try")

    def _refusal(self, packet: Packet, sent: Packet, phase: str) -> DeviceError:
        try:
            request, status, detail = parse_error(packet.payload)
        except ReplyError as error:
            return DeviceError(f"malformed error reply: {error}", phase=phase)
        name = Request(sent.type).name
        if request != sent.type:
            return DeviceError(
                f"error reply to a request of type 0x{request:02x}, but {name} was sent",
                phase=phase,
            )
        text = f"the device refused {name}: {status_text(status)}"
        if status == Status.ARG and detail == _UNKNOWN_REQUEST:
            text += " (it does not know this request)"
        elif status == Status.ARG:
            text += f" (field {detail})" if detail else " (length of the payload)"
        return DeviceError(text, phase=phase)

    def _no_reply(self, heard: _Heard, patience_s: float, phase: str) -> DeviceError:
        where = self._link.description
        tries = self._retries + 1
        waited = f"{tries} tries" + (
            "" if self._link.transport == "virtual" else f" of {patience_s:g} s each"
        )
        if heard.own_echo:
            return DeviceError(
                f"{where} sends our own request back: an echo or a loopback, not the firmware",
                phase=phase,
                hint="check the port and that RX and TX are not connected to each other",
            )
        if self._answered_before:
            return DeviceError(
                f"the device on {where} answered before, but not to this request ({waited})",
                phase=phase,
                hint="it may have stopped or reset; reset the board and try again",
            )
        if heard.byte_count:
            return DeviceError(
                f"{where} sends {heard.byte_count} bytes, but no reply in them ({waited})",
                phase=phase,
                hint="check the baud rate, and that the board runs this firmware and not another: "
                "tinycompress flash",
            )
        return DeviceError(
            f"no answer from {where} ({waited})",
            phase=phase,
            hint="is the board flashed (tinycompress flash), is this its port and its baud rate, "
            "and is no other program reading from it?",
        )
