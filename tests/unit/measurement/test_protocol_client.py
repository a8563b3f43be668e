"""The host's side of the protocol against devices that misbehave in every way."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.device.bench import BUILD_ID, MODEL_SHA256, FakeDevice

from tinycompress.artifacts import BuiltFirmware, FirmwareProject, FlashSizes, RamSizes
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient, require_same_firmware
from tinycompress.measurement.protocol.frames import Packet, encode
from tinycompress.measurement.protocol.messages import Hello


def client_of(device: FakeDevice, **options: Any) -> DeviceClient:
    return DeviceClient(device, **{"timeout_s": 0.05, "first_seq": 0xFFFE, **options})


def built_as(**changes: Any) -> BuiltFirmware:
    project = FirmwareProject(
        directory=Path("digits-nano33"), board_id="arduino_nano_33_ble", engine="aot",
        exact_to="tflm", model_sha256=MODEL_SHA256.hex(), inputs=(), outputs=(), layers=(),
        arena_bytes=0, weights_bytes=0,
    )  # fmt: skip
    built = BuiltFirmware(
        project=project, elf=Path("firmware.elf"), images={}, build_id=BUILD_ID.hex(),
        elf_sha256="", toolchain="zig", toolchain_version="", flags=(),
        flash=FlashSizes(0, 0, 0, 0), ram=RamSizes(0, 0, 0),
    )  # fmt: skip
    return replace(built, **changes)


class Dropper:
    """Loses the replies whose numbers are listed."""

    def __init__(self, *lost: int) -> None:
        self.lost = lost
        self.seen = -1

    def __call__(self, frame: bytes) -> bytes:
        self.seen += 1
        return b"" if self.seen in self.lost else frame


def test_whole_conversation() -> None:
    device = FakeDevice(input_bytes=(1000, 3), output_bytes=(1000, 3))
    client = client_of(device)
    hello = client.hello()
    assert (hello.build_id, hello.model_sha256) == (BUILD_ID.hex(), MODEL_SHA256.hex())
    assert client.info().input_bytes == (1000, 3)
    data = bytes(i % 256 for i in range(1000))
    client.write_input(0, data)
    client.write_input(1, b"abc")
    assert client.run(2).ticks == (110, 110)
    assert client.run(profile=True).layers == 2
    assert client.layers(2) == (70, 30)
    assert client.read_output(0, 1000) == data
    assert client.read_output(1, 3) == b"abc"
    assert client.memory().stack_peak_bytes == 700
    client.echo(b"\0\1\2")
    sequence = [packet.seq for packet in device.requests]
    assert sequence[:4] == [0xFFFE, 0xFFFF, 1, 2]  # counts up and skips 0


def test_payload_grows_with_what_the_device_takes() -> None:
    device = FakeDevice(input_bytes=(1000,), output_bytes=(1000,), max_payload=4096)
    client = client_of(device)
    client.hello()
    client.write_input(0, bytes(1000))
    assert len(client.read_output(0, 1000)) == 1000
    assert [packet.type for packet in device.requests] == [1, 3, 5]


def test_many_layers_come_in_pieces() -> None:
    ticks = tuple(range(500))
    device = FakeDevice(layer_ticks=ticks)
    client = client_of(device)
    client.run(profile=True)
    assert client.layers(500) == ticks


def test_lost_reply_is_asked_for_again_and_runs_once() -> None:
    device = FakeDevice(spoil=Dropper(1, 2, 3))
    client = client_of(device)
    client.hello()
    assert client.run(1).ticks == (110,)
    assert [packet.type for packet in device.requests] == [1, 4, 4, 4, 4]
    assert len({packet.seq for packet in device.requests[1:]}) == 1
    assert [packet.type for packet in device.executed] == [1, 4]


def test_garbled_reply_counts_as_lost() -> None:
    frames = []

    def garble_once(frame: bytes) -> bytes:
        frames.append(frame)
        return frame[:4] + b"\x5a" + frame[5:] if len(frames) == 1 else frame

    client = client_of(FakeDevice(spoil=garble_once))
    assert client.hello().version == 1
    assert len(frames) == 2


def test_duplicated_and_late_replies_are_ignored() -> None:
    previous = [b""]

    def late(frame: bytes) -> bytes:
        out = previous[0] + frame + frame
        previous[0] = frame
        return out

    client = client_of(FakeDevice(spoil=late))
    client.hello()
    for text in (b"one", b"two", b"three"):
        client.echo(text)


def test_noise_around_replies() -> None:
    client = client_of(FakeDevice(spoil=lambda frame: b"boot v1.0\r\n" + frame + b"\x80\0\xff"))
    assert client.hello().version == 1
    assert client.info().layers == 2


def failing(device: FakeDevice, call: Callable[[DeviceClient], object]) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        call(client_of(device))
    return caught.value


def test_silence() -> None:
    device = FakeDevice(spoil=lambda frame: b"")
    error = failing(device, DeviceClient.hello)
    assert "no answer from a fake device (4 tries)" in str(error)
    assert error.phase == "HELLO"
    assert error.hint is not None
    assert "flash" in error.hint
    assert len(device.requests) == 4


def test_garbage() -> None:
    error = failing(FakeDevice(spoil=lambda frame: b"\x55\xaa" * 8), DeviceClient.hello)
    assert "64 bytes, but no reply in them" in str(error)
    assert error.hint is not None
    assert "baud" in error.hint


def test_endless_garbage_ends() -> None:
    class Babbler(FakeDevice):
        def read(self, timeout_s: float) -> bytes:
            return b"\x55" * 1000

    error = failing(Babbler(transport="serial"), DeviceClient.hello)
    assert "no reply in them (4 tries of 0.05 s each)" in str(error)


def test_loopback() -> None:
    class Loopback(FakeDevice):
        def write(self, data: bytes) -> None:
            self.pending += data

    assert "sends our own request back" in str(failing(Loopback(), DeviceClient.hello))


def test_device_that_stops_half_way() -> None:
    device = FakeDevice(spoil=Dropper(*range(1, 99)))

    def talk(client: DeviceClient) -> None:
        client.hello()
        client.run(1)

    error = failing(device, talk)
    assert "answered before, but not to this request" in str(error)
    assert error.phase == "RUN"


def test_broken_connection() -> None:
    class Unplugged(FakeDevice):
        def read(self, timeout_s: float) -> bytes:
            raise OSError(5, "Input/output error")

    error = failing(Unplugged(), DeviceClient.info)
    assert "the connection to a fake device broke" in str(error)
    assert error.phase == "INFO"


def test_fault_of_an_emulated_board_gets_the_phase_of_the_conversation() -> None:
    class Emulated(FakeDevice):
        def read(self, timeout_s: float) -> bytes:
            raise DeviceError("read of nothing at 0x0", phase="emulation", hint="look there")

    error = failing(Emulated(), DeviceClient.memory)
    assert str(error) == "read of nothing at 0x0 (phase: MEMORY)"
    assert (error.phase, error.hint) == ("MEMORY", "look there")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_other_protocol_version(version: int) -> None:
    error = failing(FakeDevice(version=version), DeviceClient.hello)
    assert f"protocol version {version}, this host 1" in str(error)


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (4, 0, "refused RUN: the engine reported a failure"),
        (1, 2, "(field 2)"),
        (1, 0, "(length of the payload)"),
        (1, 0xFFFFFFFF, "does not know this request"),
        (77, 0, "unknown status 77"),
    ],
)
def test_refusal_names_status_and_field(status: int, detail: int, expected: str) -> None:
    class Refuser(FakeDevice):
        def carry_out(self, request: Packet) -> Packet:
            return Packet(0xFF, request.seq, struct.pack("<BBI", request.type, status, detail))

    assert expected in str(failing(Refuser(), DeviceClient.run))


def test_malformed_refusals() -> None:
    class Refuser(FakeDevice):
        payload = b"?"

        def carry_out(self, request: Packet) -> Packet:
            return Packet(0xFF, request.seq, self.payload)

    assert "malformed error reply" in str(failing(Refuser(), DeviceClient.run))
    Refuser.payload = struct.pack("<BBI", 7, 1, 0)
    assert "a request of type 0x07, but RUN was sent" in str(failing(Refuser(), DeviceClient.run))


@pytest.mark.parametrize(
    ("kind", "cfsr", "pc", "address", "expected"),
    [
        (1, 0, 0x8000_0001, 0, "HardFault; at 0x80000001, called from 0x00001235"),
        (3, 0x8200, 0x100, 0x4000_0000, "(PRECISERR); at 0x00000100"),
        (4, 1 << 25, 0x100, 0, "division by zero (DIVBYZERO)"),
        (4, 1 << 20, 0, 0x2000_0000, "a stack overflow or a call through a null pointer"),
        (99, 0, 0x100, 0, "fault of unknown kind 99"),
    ],
)
def test_fault_report(kind: int, cfsr: int, pc: int, address: int, expected: str) -> None:
    payload = struct.pack("<BIIII", kind, pc, 0x1235, cfsr, address)

    class Faulting(FakeDevice):
        def carry_out(self, request: Packet) -> Packet:
            return Packet(0xFE, request.seq, payload)

    error = failing(Faulting(), DeviceClient.run)
    assert expected in str(error)
    assert error.phase == "RUN"


def test_malformed_fault_report() -> None:
    device = FakeDevice(spoil=lambda frame: encode(Packet(0xFE, 0, b"?")))
    assert "malformed report" in str(failing(device, DeviceClient.hello))


MALFORMED: list[tuple[str, Callable[[DeviceClient], object], bytes]] = [
    ("hello short", DeviceClient.hello, b"T"),
    ("hello magic", DeviceClient.hello, b"XC\x01" + bytes(57)),
    ("hello length", DeviceClient.hello, b"TC\x01" + bytes(58)),
    ("hello max_payload", DeviceClient.hello, b"TC\x01\x07\xff\x00" + bytes(54)),
    ("hello engine", DeviceClient.hello, b"TC\x01\x07\x00\x01\x00\x02" + bytes(52)),
    ("hello contradiction", DeviceClient.hello, b"TC\x01\x07\x00\x01\x03\x00" + bytes(52)),
    ("info short", DeviceClient.info, bytes(15)),
    ("info sizes", DeviceClient.info, struct.pack("<II4H", 1, 1, 1, 1, 1, 0) + bytes(8)),
    ("info clock", DeviceClient.info, struct.pack("<II4H", 0, 1, 0, 0, 1, 0) + b"x"),
    ("info name", DeviceClient.info, struct.pack("<II4H", 1, 1, 0, 0, 1, 0) + b"\xff\xfe"),
    ("run short", DeviceClient.run, bytes(7)),
    ("run fewer", DeviceClient.run, struct.pack("<HHI", 0, 0, 1)),
    ("run more", DeviceClient.run, struct.pack("<HHIII", 2, 0, 1, 5, 5)),
    ("run ticks missing", DeviceClient.run, struct.pack("<HHI", 1, 0, 1)),
    ("run layers", DeviceClient.run, struct.pack("<HHII", 1, 2, 1, 5)),
    ("profile none", lambda c: c.run(profile=True), struct.pack("<HHI", 0, 0, 1)),
    ("layers others", lambda c: c.layers(1), struct.pack("<HHI", 1, 1, 1)),
    ("layers short", lambda c: c.layers(2), struct.pack("<HHI", 0, 2, 1)),
    ("layers empty", lambda c: c.layers(1), b""),
    ("memory", DeviceClient.memory, bytes(20)),
    ("write other", lambda c: c.write_input(0, b"ab"), struct.pack("<HIHI", 0, 0, 1, 0)),
    ("write short", lambda c: c.write_input(0, b"ab"), b""),
    ("write crc", lambda c: c.write_input(0, b"ab"), struct.pack("<HIHI", 0, 0, 2, 1)),
    ("read other", lambda c: c.read_output(0, 2), struct.pack("<HI", 1, 0) + b"ab"),
    ("read short", lambda c: c.read_output(0, 2), struct.pack("<HI", 0, 0) + b"a"),
    ("echo", lambda c: c.echo(b"ab"), b"ac"),
]


@pytest.mark.parametrize(
    ("call", "payload"), [pytest.param(*case[1:], id=case[0]) for case in MALFORMED]
)
def test_malformed_reply_is_never_taken(
    call: Callable[[DeviceClient], object], payload: bytes
) -> None:
    class Malformed(FakeDevice):
        def carry_out(self, request: Packet) -> Packet:
            return Packet(request.type | 0x80, request.seq, payload)

    failing(Malformed(), call)


def test_misuse_is_the_callers_error() -> None:
    client = client_of(FakeDevice())
    for count, profile in ((0, False), (33, False), (2, True)):
        with pytest.raises(ValueError, match="runs"):
            client.run(count, profile=profile)


def hello_of(**changes: Any) -> Hello:
    return client_of(FakeDevice(**changes)).hello()


def test_same_firmware_passes() -> None:
    require_same_firmware(hello_of(), built_as())


@pytest.mark.parametrize(
    ("changes", "expected", "hint"),
    [
        ({"build_id": bytes(20)}, "runs build 000000000000, this directory is build", "flash"),
        ({"model_sha256": bytes(32)}, "runs the model 000000000000", "flash"),
        ({"engine": 1}, "runs the engine tflm", "flash"),
        ({"flags": 6, "model_status": 3}, "the arena is too small for the model", "arena"),
        ({"flags": 6, "model_status": 9}, "unknown status 9", "build"),
        ({"flags": 3}, "tick counter does not move", "virtual board"),
    ],
)
def test_other_firmware_is_refused(changes: dict[str, Any], expected: str, hint: str) -> None:
    with pytest.raises(DeviceError, match=expected) as caught:
        require_same_firmware(hello_of(**changes), built_as())
    assert caught.value.phase == "HELLO"
    assert caught.value.hint is not None
    assert hint in caught.value.hint
