"""The device's side of the protocol, in C, as a process on this PC under ASan and UBSan."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.common import require_tool
from support.device.bench import PipeLink, compile_protocol_firmware

from tinycompress.device.serial_link import SerialLink
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.frames import FrameSplitter, Packet, decode, encode
from tinycompress.measurement.protocol.messages import HelloFlag, Status

LARGE = bytes(i % 251 for i in range(700))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("protocol")


@pytest.fixture(scope="module")
def program(directory: Path) -> Path:
    return compile_protocol_firmware(require_tool("host-cc"), directory)


@pytest.fixture
def link(program: Path) -> Iterator[PipeLink]:
    link = PipeLink([program])
    yield link
    link.close()


@pytest.fixture
def client(link: PipeLink) -> DeviceClient:
    client = DeviceClient(link, timeout_s=10)
    client.hello()
    return client


def ask(link: PipeLink, packet: Packet) -> Packet:
    """Send one packet and take the one that comes back, without any of the client's help."""
    link.write(encode(packet))
    splitter = FrameSplitter()
    while True:
        data = link.read(10)
        assert data, "no reply"
        frames = splitter.feed(data)
        if frames:
            (frame,) = frames
            return decode(frame)


def refusal(link: PipeLink, request: int, payload: bytes) -> tuple[int, int]:
    reply = ask(link, Packet(request, 9, payload))
    assert (reply.type, reply.seq, reply.payload[0]) == (0xFF, 9, request)
    status, detail = struct.unpack("<BI", reply.payload[1:])
    return status, detail


def test_example_of_the_document(link: PipeLink) -> None:
    frame = bytes.fromhex("00 04 08 02 01 06 41 66 6f 42 5c 00")
    assert encode(Packet(0x08, 0x0102, b"\0A")) == frame
    link.write(frame)
    assert link.read(10) == encode(Packet(0x88, 0x0102, b"\0A"))


def test_hello_and_info(link: PipeLink) -> None:
    client = DeviceClient(link, timeout_s=10)
    hello = client.hello()
    assert hello.flags == HelloFlag.MODEL_READY | HelloFlag.TICKS_MOVE
    assert (hello.version, hello.max_payload, hello.engine) == (1, 256, "aot")
    assert hello.machine == "host"
    assert hello.model_sha256 == "abcd" + 60 * "0"
    assert hello.build_id == 40 * "0"  # a PC's linker script does not mark it
    info = client.info()
    assert (info.input_bytes, info.output_bytes, info.layers) == ((5, 700), (8, 700), 3)
    assert info.board_id == "host"


def test_inference_in_chunks(client: DeviceClient) -> None:
    client.write_input(0, bytes([1, 2, 3, 4, 250]))
    client.write_input(1, LARGE)
    ticks = client.run(1, reset=True)
    assert len(ticks.ticks) == 1
    assert client.read_output(0, 8) == struct.pack("<II", 260, 1)
    assert client.read_output(1, 700) == bytes((b + 1) % 256 for b in LARGE)


def test_many_runs_and_state(client: DeviceClient) -> None:
    client.run(1, reset=True)
    assert len(client.run(32).ticks) == 32
    assert struct.unpack("<I", client.read_output(0, 8)[4:]) == (33,)
    client.run(1, reset=True)
    assert struct.unpack("<I", client.read_output(0, 8)[4:]) == (1,)


def test_profile(client: DeviceClient) -> None:
    done = client.run(1, profile=True, reset=True)
    assert (done.layers, done.ticks) == (3, ())
    assert len(client.layers(3)) == 3


def test_memory_and_echo(client: DeviceClient) -> None:
    assert client.memory().arena_bytes == 713
    for size in (0, 1, 253, 254, 255, 256):
        client.echo(bytes(size))
        client.echo(bytes([7]) * size)


def test_repeated_request_is_not_carried_out_again(link: PipeLink) -> None:
    run = Packet(4, 100, struct.pack("<HH", 1, 0))
    first = ask(link, run)
    assert ask(link, run) == first
    output = Packet(5, 101, struct.pack("<HIH", 0, 4, 4))
    assert ask(link, output).payload[6:] == struct.pack("<I", 1)
    # Another seq, or the same with other contents, is another request.
    ask(link, Packet(4, 102, run.payload))
    ask(link, Packet(4, 102, struct.pack("<HH", 2, 0)))
    assert ask(link, output).payload[6:] == struct.pack("<I", 4)


def test_hello_forgets_the_last_reply(link: PipeLink) -> None:
    run = Packet(4, 100, struct.pack("<HH", 1, 0))
    ask(link, run)
    ask(link, Packet(1, 55, b"TC\x01"))
    ask(link, run)
    output = ask(link, Packet(5, 101, struct.pack("<HIH", 0, 4, 4)))
    assert output.payload[6:] == struct.pack("<I", 2)


def test_hello_of_any_version_is_answered(link: PipeLink) -> None:
    assert ask(link, Packet(1, 1, b"TC\x63 and more")).payload[:3] == b"TC\x01"
    assert refusal(link, 1, b"TC") == (Status.ARG, 0)
    assert refusal(link, 1, b"XY\x01") == (Status.ARG, 1)


@pytest.mark.parametrize(
    ("request_type", "payload", "detail"),
    [
        (0x02, b"\0", 0),
        (0x03, struct.pack("<HI", 0, 0), 0),
        (0x03, struct.pack("<HI", 2, 0) + b"a", 1),
        (0x03, struct.pack("<HI", 0, 5) + b"a", 2),
        (0x03, struct.pack("<HI", 0, 0xFFFFFFFF) + b"a", 2),
        (0x03, struct.pack("<HI", 0, 4) + b"ab", 2),
        (0x04, b"", 0),
        (0x04, struct.pack("<HH", 0, 0), 1),
        (0x04, struct.pack("<HH", 33, 0), 1),
        (0x04, struct.pack("<HH", 2, 1), 1),
        (0x04, struct.pack("<HH", 1, 4), 2),
        (0x05, struct.pack("<HI", 0, 0), 0),
        (0x05, struct.pack("<HIH", 2, 0, 1), 1),
        (0x05, struct.pack("<HIH", 0, 9, 1), 2),
        (0x05, struct.pack("<HIH", 0, 8, 1), 3),
        (0x05, struct.pack("<HIH", 0, 0, 0), 3),
        (0x05, struct.pack("<HIH", 1, 0, 251), 3),
        (0x07, b"\0", 0),
        (0x09, b"", 0xFFFFFFFF),
        (0x7F, b"", 0xFFFFFFFF),
    ],
)
def test_bad_requests_are_refused(
    link: PipeLink, request_type: int, payload: bytes, detail: int
) -> None:
    assert refusal(link, request_type, payload) == (Status.ARG, detail)


def test_layers_are_refused_without_a_profile(link: PipeLink) -> None:
    assert refusal(link, 6, struct.pack("<HH", 0, 1)) == (Status.STATE, 0)
    ask(link, Packet(4, 1, struct.pack("<HH", 1, 1)))
    for first, count, detail in ((3, 1, 1), (0, 4, 2), (2, 2, 2), (0, 0, 2)):
        assert refusal(link, 6, struct.pack("<HH", first, count)) == (Status.ARG, detail)


@pytest.mark.parametrize("flags", [0, 1])
def test_failing_invocation_is_an_error_reply(link: PipeLink, flags: int) -> None:
    ask(link, Packet(3, 1, struct.pack("<HI", 0, 0) + b"\xee"))
    assert refusal(link, 4, struct.pack("<HH", 1, flags)) == (Status.INVOKE, 0)
    assert refusal(link, 6, struct.pack("<HH", 0, 1)) == (Status.STATE, 0)


def test_model_that_did_not_start(directory: Path) -> None:
    program = compile_protocol_firmware(require_tool("host-cc"), directory, init_status=3)
    link = PipeLink([program])
    hello = DeviceClient(link, timeout_s=10).hello()
    assert (hello.model_status, hello.flags & HelloFlag.MODEL_READY) == (Status.ARENA, 0)
    assert refusal(link, 4, struct.pack("<HH", 1, 0)) == (Status.STATE, Status.ARENA)
    DeviceClient(link, timeout_s=10).echo(b"still here")
    link.close()


def test_noise_between_and_inside_frames(client: DeviceClient, link: PipeLink) -> None:
    noise = random.Random(1)
    for _ in range(300):
        link.write(noise.randbytes(noise.randrange(1, 700)))
    link.write(b"\0" * 5)
    client.echo(b"nothing lost")
    assert link.read(0) == b""


@pytest.mark.parametrize("seed", range(4))
def test_valid_frames_with_random_requests(link: PipeLink, seed: int) -> None:
    """Any request with a good CRC gets exactly one reply, and no sanitizer complains."""
    fuzz = random.Random(seed)
    splitter = FrameSplitter()
    for seq in range(1, 400):
        size = fuzz.choice((0, 1, 3, 4, 7, 8, 9, 200, 256))
        payload = bytearray(fuzz.choice(b"\0\0\0\1\2\5\xff") for _ in range(size))
        sent = Packet(fuzz.randrange(1, 12), seq, bytes(payload))
        link.write(encode(sent))
        frames: list[bytes] = []
        while not frames:
            data = link.read(10)
            assert data, f"no reply to {sent}"
            frames = splitter.feed(data)
        (reply,) = map(decode, frames)
        assert reply.seq == seq
        assert reply.type in (sent.type | 0x80, 0xFF)


def test_packets_that_are_no_requests_get_no_answer(link: PipeLink) -> None:
    good = Packet(8, 1, b"x")
    too_long = Packet(8, 2, bytes(257))
    broken = bytearray(encode(good))
    broken[4] ^= 1
    for data in (
        encode(Packet(0x88, 1, b"x")), encode(Packet(0, 1, b"x")), encode(Packet(0xFE, 1)),
        encode(too_long), bytes(broken), encode(good)[:-2] + b"\0", b"\0\x01\0", b"\0\xff\x01\0",
    ):  # fmt: skip
        link.write(data)
    assert ask(link, good) == Packet(0x88, 1, b"x")
    assert link.read(0.05) == b""


def test_nothing_is_said_before_the_host_speaks(link: PipeLink) -> None:
    assert link.read(0.3) == b""


def test_longest_payload_of_a_large_buffer(directory: Path) -> None:
    program = compile_protocol_firmware(require_tool("host-cc"), directory, max_payload=4096)
    link = PipeLink([program])
    client = DeviceClient(link, timeout_s=10)
    assert client.hello().max_payload == 4096
    client.echo(random.Random(2).randbytes(4096))
    client.write_input(1, LARGE)
    client.run(1)
    assert zlib.crc32(client.read_output(1, 700)) == zlib.crc32(bytes(b + 1 for b in LARGE))
    link.close()


def test_over_a_pseudo_terminal(program: Path) -> None:
    """The real serial link, pyserial included, with the firmware at the other end."""
    process = subprocess.Popen(
        [program],
        env={**os.environ, "TC_HOST_PTY": "1"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        link = SerialLink(process.stderr.readline().strip(), 115200)
        client = DeviceClient(link, timeout_s=10)
        client.hello()
        client.write_input(1, LARGE)
        client.run(1)
        assert client.read_output(1, 700) == bytes((b + 1) % 256 for b in LARGE)
        process.kill()
        process.wait()
        with pytest.raises(DeviceError, match=r"phase: ECHO"):
            DeviceClient(link, timeout_s=0.1, retries=0).echo(b"gone")
        link.close()
        link.close()
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
