"""Packets and their frames, as docs/serial-protocol.md lays them out: COBS, CRC-32, zero bytes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cobs import cobs

MAX_PAYLOAD_BYTES = 4096
"""Longest payload that any device may announce."""

_HEADER_BYTES = 3
_CRC_BYTES = 4
_MAX_PACKET_BYTES = _HEADER_BYTES + MAX_PAYLOAD_BYTES + _CRC_BYTES
_MAX_ENCODED_BYTES = _MAX_PACKET_BYTES + _MAX_PACKET_BYTES // 254 + 1


class FrameError(ValueError):
    """Bytes between two zero bytes that are not a packet."""


@dataclass(frozen=True)
class Packet:
    """One message in either direction. ``type`` is 0..255, ``seq`` 0..65535."""

    type: int
    seq: int
    payload: bytes = b""


def encode(packet: Packet) -> bytes:
    """The frame of a packet, with a zero byte on either side.

    Raises:
        ValueError: A field is out of its range.
    """
    if len(packet.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload of {len(packet.payload)} bytes; at most {MAX_PAYLOAD_BYTES}")
    if not (0 <= packet.type <= 0xFF and 0 <= packet.seq <= 0xFFFF):
        raise ValueError(f"type {packet.type} or seq {packet.seq} out of range")
    body = bytes([packet.type]) + packet.seq.to_bytes(2, "little") + packet.payload
    body += zlib.crc32(body).to_bytes(_CRC_BYTES, "little")
    encoded: bytes = cobs.encode(body)
    return b"\0" + encoded + b"\0"


def decode(frame: bytes) -> Packet:
    """The packet in a frame without its zero bytes.

    Raises:
        FrameError: The bytes do not decode, are too short or long, or fail their CRC.
    """
    try:
        body: bytes = cobs.decode(frame)
    except cobs.DecodeError as error:
        raise FrameError(str(error)) from error
    if not _HEADER_BYTES + _CRC_BYTES <= len(body) <= _MAX_PACKET_BYTES:
        raise FrameError(f"packet of {len(body)} bytes")
    checked, crc = body[:-_CRC_BYTES], int.from_bytes(body[-_CRC_BYTES:], "little")
    if zlib.crc32(checked) != crc:
        raise FrameError("CRC does not match")
    return Packet(checked[0], int.from_bytes(checked[1:3], "little"), checked[_HEADER_BYTES:])


class FrameSplitter:
    """Cuts a stream of bytes, however it arrives, into what stands between zero bytes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, oldest first, none empty.

        What is longer than any frame is dropped as it comes, so noise takes no memory.
        """
        *ended, rest = data.split(b"\0")
        frames = []
        for piece in ended:
            self._append(piece)
            if self._pending and not self._too_long:
                frames.append(bytes(self._pending))
            self._pending.clear()
            self._too_long = False
        self._append(rest)
        return frames

    def _append(self, piece: bytes) -> None:
        if self._too_long or len(self._pending) + len(piece) > _MAX_ENCODED_BYTES:
            self._too_long = True
            self._pending.clear()
        else:
            self._pending += piece
