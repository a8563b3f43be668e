"""What tests of the protocol and of measuring share: a device in Python, and the real one in C."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from support.common import ROOT
from support.device.process_link import ProcessLink
from tinycompress.measurement.protocol.frames import (
    FrameError,
    FrameSplitter,
    Packet,
    decode,
    encode,
)

TEMPLATES = ROOT / "firmware_templates"
BUILD_ID = bytes(range(20))
MODEL_SHA256 = bytes(range(100, 132))

Run = Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
Handlers = dict[int, Callable[[Any, bytes], bytes]]


def identity(inputs: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return inputs


@dataclass(frozen=True)
class FakePoint:
    instructions: int
    cycles: int
    flash_reads: int = 0


# HELLO's bits for what the device runs on.
NOT_TOLD, SILICON, EMULATOR, PC = range(4)


@dataclass
class FakeDevice:
    """A device that follows docs/serial-protocol.md, written from that page and not from the C.

    ``spoil`` sees the bytes of every reply's frame before they go out, and decides what goes out.
    """

    run: Run = identity
    input_bytes: tuple[int, ...] = (4,)
    output_bytes: tuple[int, ...] = (4,)
    layer_ticks: tuple[int, ...] = (70, 30)
    run_ticks: int = 110
    empty_ticks: int = 10
    version: int = 1
    flags: int = 7
    machine: int | None = None  # silicon behind a port, else an emulator
    model_status: int = 0
    engine: int = 0
    max_payload: int = 256
    build_id: bytes = BUILD_ID
    model_sha256: bytes = MODEL_SHA256
    board_id: str = "arduino_nano_33_ble"
    clock_hz: int = 64_000_000
    ticks_hz: int = 64_000_000
    memory: tuple[int, int, int, int] = (1000, 500, 2048, 700)
    transport: Literal["virtual", "serial"] = "virtual"
    description: str = "a fake device"
    spoil: Callable[[bytes], bytes] = bytes
    requests: list[Packet] = field(default_factory=list)
    executed: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inputs = [bytearray(size) for size in self.input_bytes]
        self.outputs: tuple[bytes, ...] = tuple(bytes(size) for size in self.output_bytes)
        self.splitter = FrameSplitter()
        self.pending = b""
        self.last: tuple[Packet, Packet] | None = None
        self.closed = False

    def write(self, data: bytes) -> None:
        for frame in self.splitter.feed(data):
            try:
                request = decode(frame)
            except FrameError:
                continue
            self.requests.append(request)
            self.pending += self.spoil(encode(self.answer(request)))

    def read(self, timeout_s: float) -> bytes:
        data, self.pending = self.pending, b""
        return data

    def close(self) -> None:
        self.closed = True

    def answer(self, request: Packet) -> Packet:
        if request.type == 1:
            self.last = None
        if self.last is None or self.last[0] != request:
            self.executed.append(request)
            self.last = (request, self.carry_out(request))
        return self.last[1]

    def carry_out(self, request: Packet) -> Packet:
        try:
            payload = self.HANDLERS[request.type](self, request.payload)
        except (KeyError, struct.error, IndexError):
            refusal = struct.pack("<BBI", request.type, 1, 0)
            return Packet(0xFF, request.seq, refusal)
        return Packet(request.type | 0x80, request.seq, payload)

    def hello(self, payload: bytes) -> bytes:
        machine = self.machine
        if machine is None:
            machine = SILICON if self.transport == "serial" else EMULATOR
        flags = self.flags | machine << 3
        head = struct.pack(
            "<BBHBB", self.version, flags, self.max_payload, self.model_status, self.engine
        )
        return b"TC" + head + self.build_id + self.model_sha256

    def info(self, payload: bytes) -> bytes:
        sizes = (*self.input_bytes, *self.output_bytes)
        counts = (len(self.input_bytes), len(self.output_bytes), len(self.layer_ticks), 0)
        head = struct.pack("<II4H", self.clock_hz, self.ticks_hz, *counts)
        return head + struct.pack(f"<{len(sizes)}I", *sizes) + self.board_id.encode()

    def write_input(self, payload: bytes) -> bytes:
        index, offset = struct.unpack("<HI", payload[:6])
        chunk = payload[6:]
        assert len(payload) <= self.max_payload
        assert offset + len(chunk) <= len(self.inputs[index])
        self.inputs[index][offset : offset + len(chunk)] = chunk
        return struct.pack("<HIHI", index, offset, len(chunk), zlib.crc32(chunk))

    def run_model(self, payload: bytes) -> bytes:
        count, flags = struct.unpack("<HH", payload)
        self.outputs = self.run(tuple(bytes(one) for one in self.inputs))
        if flags & 1:
            return struct.pack("<HHI", 0, len(self.layer_ticks), self.empty_ticks)
        ticks = [self.run_ticks] * count
        return struct.pack(f"<HHI{count}I", count, 0, self.empty_ticks, *ticks)

    def read_output(self, payload: bytes) -> bytes:
        index, offset, count = struct.unpack("<HIH", payload)
        assert 6 + count <= self.max_payload
        return bytes(payload[:6] + self.outputs[index][offset : offset + count])

    def layers(self, payload: bytes) -> bytes:
        first, count = struct.unpack("<HH", payload)
        assert 4 + 4 * count <= self.max_payload
        return payload + struct.pack(f"<{count}I", *self.layer_ticks[first : first + count])

    def memory_use(self, payload: bytes) -> bytes:
        return struct.pack("<IIII", *self.memory)

    def echo(self, payload: bytes) -> bytes:
        return payload

    HANDLERS: ClassVar[Handlers] = {
        1: hello, 2: info, 3: write_input, 4: run_model, 5: read_output, 6: layers,
        7: memory_use, 8: echo,
    }  # fmt: skip


class TracingFakeDevice(FakeDevice):
    """A fake virtual board: it counts an instruction per tick and two cycles for each of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = 12345
        self.trace: list[FakePoint] = []
        self.cycle_notes: tuple[str, ...] = ()
        self.reads_per_instruction = 0

    def clear_trace(self) -> None:
        self.trace.clear()

    def window(self, ticks: int) -> None:
        for passed in (7, ticks):
            self.now += passed
            reads = self.reads_per_instruction * self.now
            self.trace.append(FakePoint(self.now, 2 * self.now, reads))

    def run_model(self, payload: bytes) -> bytes:
        count, flags = struct.unpack("<HH", payload)
        self.window(self.empty_ticks)
        for ticks in self.layer_ticks if flags & 1 else (self.run_ticks,) * count:
            self.window(ticks)
        return super().run_model(payload)

    HANDLERS: ClassVar[Handlers] = {
        **FakeDevice.HANDLERS,
        4: run_model,
    }


class PipeLink(ProcessLink):
    """Firmware whose sanitizers' findings fail the test that closes the link."""

    def close(self) -> None:
        """End the program by ending its input; a sanitizer's finding fails the test here."""
        assert self.process.stderr is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        errors = self.process.stderr.read().decode()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process.stderr.close()
        assert (code, errors) == (0, "")


def compile_protocol_firmware(
    compiler: str, directory: Path, *, init_status: int = 0, max_payload: int = 256
) -> Path:
    """The device's side of the protocol as a program for this PC, with all sanitizers on."""
    program = directory / f"firmware-{init_status}-{max_payload}"
    common = TEMPLATES / "common"
    sources = [
        common / "src" / f"{name}.c"
        for name in (
            "main", "tc_build_id", "tc_cobs", "tc_crc32", "tc_measure", "tc_program",
            "tc_proto", "tc_proto_requests", "tc_wire",
        )
    ]  # fmt: skip
    sources += [TEMPLATES / "mcu" / "host" / "platform.c", ROOT / "tests/data/protocol_model.c"]
    flags = (
        "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
        "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
    )  # fmt: skip
    done = subprocess.run(
        [
            compiler, *flags, f"-DTEST_INIT_STATUS={init_status}",
            f"-DTC_PROTO_MAX_PAYLOAD={max_payload}u", "-I", common / "include",
            "-I", TEMPLATES / "mcu" / "host", *sources, "-o", program,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return program
