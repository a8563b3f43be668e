"""Frames on the host: whatever the bytes, whole packets come through and nothing else does."""

from __future__ import annotations

import contextlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from tinycompress.measurement.protocol.frames import (
    MAX_PAYLOAD_BYTES,
    FrameError,
    FrameSplitter,
    Packet,
    decode,
    encode,
)

PACKETS = st.builds(
    Packet, st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.binary(max_size=MAX_PAYLOAD_BYTES)
)
SMALL_PACKETS = st.builds(
    Packet, st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.binary(max_size=20)
)


def packets_in(stream: bytes, cuts: list[int]) -> list[Packet]:
    splitter = FrameSplitter()
    found = []
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for begin, end in itertools.pairwise(edges):
        for frame in splitter.feed(stream[begin:end]):
            assert b"\0" not in frame
            with contextlib.suppress(FrameError):
                found.append(decode(frame))
    return found


@given(PACKETS)
def test_round_trip(packet: Packet) -> None:
    frame = encode(packet)
    assert frame[0] == frame[-1] == 0
    assert 0 not in frame[1:-1]
    assert decode(frame[1:-1]) == packet


@given(st.lists(SMALL_PACKETS, max_size=6), st.lists(st.integers(0, 2**16), max_size=8))
def test_stream_in_any_pieces(packets: list[Packet], cuts: list[int]) -> None:
    assert packets_in(b"".join(map(encode, packets)), cuts) == packets


@given(st.lists(st.tuples(SMALL_PACKETS, st.binary(max_size=30)), max_size=5))
def test_noise_between_frames_costs_no_packet(pieces: list[tuple[Packet, bytes]]) -> None:
    stream = b"".join(noise + encode(packet) for packet, noise in pieces)
    found = packets_in(stream, [])
    assert [packet for packet in found if packet in [p for p, _ in pieces]] == [
        packet for packet, _ in pieces
    ]


@given(SMALL_PACKETS, st.integers(0, 2**16), st.integers(1, 255))
def test_no_changed_byte_gives_another_packet(packet: Packet, place: int, change: int) -> None:
    frame = bytearray(encode(packet))
    frame[place % len(frame)] ^= change
    assert packets_in(bytes(frame) + b"\0", []) in ([], [packet])


@given(st.binary(max_size=400), st.lists(st.integers(0, 2**16), max_size=8))
def test_random_bytes_are_no_packets(noise: bytes, cuts: list[int]) -> None:
    assert packets_in(noise + b"\0", cuts) == []


def test_endless_noise_takes_no_memory_and_ends_with_a_zero() -> None:
    splitter = FrameSplitter()
    for _ in range(300):
        assert splitter.feed(b"\x55" * 1000) == []
        assert len(splitter._pending) < 5000
    packet = Packet(1, 2, b"after all that")
    assert [decode(frame) for frame in splitter.feed(encode(packet))] == [packet]
