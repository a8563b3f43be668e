"""The payloads of the serial protocol, each parsed and checked in one place.

Every parser takes the payload of a reply and raises `ReplyError` for a wrong length or a value that
no device of this protocol version sends, so nothing after it has to doubt a number.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

from tinycompress.artifacts import EngineName, Machine
from tinycompress.measurement.protocol.frames import MAX_PAYLOAD_BYTES

PROTOCOL_VERSION = 1
MIN_PAYLOAD_BYTES = 256
MAX_RUNS_PER_REQUEST = 32

REPLY_BIT = 0x80
FAULT_TYPE = 0xFE
ERROR_TYPE = 0xFF

_ENGINES: tuple[EngineName, ...] = ("aot", "tflm")
# Bits 3 and 4 of HELLO's flags. Firmware from before they had a meaning sends 0.
_MACHINES: tuple[Machine, ...] = ("unknown", "silicon", "emulated", "host")
_MACHINE_SHIFT = 3


class ReplyError(ValueError):
    """A reply with a good CRC whose payload is not what the protocol says."""


class Request(enum.IntEnum):
    """Types of request packets."""

    HELLO = 0x01
    INFO = 0x02
    WRITE_INPUT = 0x03
    RUN = 0x04
    READ_OUTPUT = 0x05
    LAYERS = 0x06
    MEMORY = 0x07
    ECHO = 0x08


class RunFlag(enum.IntFlag):
    """Flags of the RUN request."""

    PROFILE = 1
    RESET = 2
    STAGES = 4


CHOICE_SHIFT = 8
"""The upper byte of RUN's flags: which stages run, whatever gates say; 0 leaves it to them."""


class HelloFlag(enum.IntFlag):
    """Flags of the HELLO reply."""

    MODEL_READY = 1
    TICKS_COUNT_CYCLES = 2
    TICKS_MOVE = 4


class Status(enum.IntEnum):
    """``tc_status`` of tc_model.h."""

    OK = 0
    ARG = 1
    STATE = 2
    ARENA = 3
    INVOKE = 4
    TIMER = 5


STATUS_MEANING: dict[int, str] = {
    Status.OK: "no error",
    Status.ARG: "malformed request, or one for what the model does not have",
    Status.STATE: "not possible in the present state",
    Status.ARENA: "the arena is too small for the model",
    Status.INVOKE: "the engine reported a failure while it ran",
    Status.TIMER: "the tick counter does not move",
}


def status_text(status: int) -> str:
    """A ``tc_status`` in words."""
    return STATUS_MEANING.get(status, f"unknown status {status}")


@dataclass(frozen=True)
class Hello:
    """Who is at the other end. ``model_sha256`` and ``build_id`` are lower-case hexadecimal."""

    version: int
    flags: HelloFlag
    machine: Machine
    max_payload: int
    model_status: int
    engine: EngineName
    build_id: str
    model_sha256: str


@dataclass(frozen=True)
class Info:
    """What the device can do."""

    core_clock_hz: int
    ticks_hz: int
    layers: int
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]
    board_id: str
    stages: int = 0


@dataclass(frozen=True)
class RunTicks:
    """Ticks of the runs of one RUN request, with the counter's own cost still in them; ``layers``
    is how many layers or stages a profiled one measured."""

    ticks: tuple[int, ...]
    layers: int
    empty_ticks: int


@dataclass(frozen=True)
class MemoryUse:
    """RAM of the firmware, as it knows it itself."""

    arena_bytes: int
    static_bytes: int
    stack_reserved_bytes: int
    stack_peak_bytes: int


@dataclass(frozen=True)
class FaultReport:
    """Registers at a processor fault."""

    kind: int
    pc: int
    lr: int
    cfsr: int
    address: int


def _unpack(layout: str, payload: bytes) -> tuple[int, ...]:
    expected = struct.calcsize(layout)
    if len(payload) != expected:
        raise ReplyError(f"{len(payload)} bytes of payload, expected {expected}")
    return struct.unpack(layout, payload)


def parse_version(payload: bytes) -> int:
    """Protocol version of a HELLO reply; all that is sure across versions."""
    if len(payload) < 3 or payload[:2] != b"TC":
        raise ReplyError("no 'TC' at the start")
    return payload[2]


def parse_hello(payload: bytes) -> Hello:
    """The reply to HELLO of a device of our version."""
    if len(payload) != 60:
        raise ReplyError(f"{len(payload)} bytes of payload, expected 60")
    version, flags, max_payload, status, engine = struct.unpack("<BBHBB", payload[2:8])
    if not MIN_PAYLOAD_BYTES <= max_payload <= MAX_PAYLOAD_BYTES:
        raise ReplyError(
            f"max_payload {max_payload}, must be {MIN_PAYLOAD_BYTES} to {MAX_PAYLOAD_BYTES}"
        )
    if engine >= len(_ENGINES):
        raise ReplyError(f"engine {engine}, must be 0 (aot) or 1 (tflm)")
    if bool(flags & HelloFlag.MODEL_READY) != (status == Status.OK):
        raise ReplyError(f"flags 0x{flags:02x} contradict model_status {status}")
    return Hello(
        version=version,
        flags=HelloFlag(flags & 7),
        machine=_MACHINES[flags >> _MACHINE_SHIFT & 3],
        max_payload=max_payload,
        model_status=status,
        engine=_ENGINES[engine],
        build_id=payload[8:28].hex(),
        model_sha256=payload[28:60].hex(),
    )


def parse_info(payload: bytes) -> Info:
    """The reply to INFO."""
    if len(payload) < 16:
        raise ReplyError(f"{len(payload)} bytes of payload, expected 16 or more")
    clock_hz, ticks_hz, inputs, outputs, layers, stages = struct.unpack("<IIHHHH", payload[:16])
    end = 16 + 4 * (inputs + outputs)
    if len(payload) <= end:
        raise ReplyError(f"{len(payload)} bytes of payload for {inputs} inputs, {outputs} outputs")
    if clock_hz == 0 or ticks_hz == 0:
        raise ReplyError(f"core clock {clock_hz} Hz and tick rate {ticks_hz} Hz, must be positive")
    sizes = struct.unpack(f"<{inputs + outputs}I", payload[16:end])
    try:
        board_id = payload[end:].decode()
    except UnicodeDecodeError as error:
        raise ReplyError("the board's id is not UTF-8") from error
    return Info(clock_hz, ticks_hz, layers, sizes[:inputs], sizes[inputs:], board_id, stages)


def parse_run(payload: bytes, *, count: int, profile: bool) -> RunTicks:
    """The reply to a RUN of ``count``; a profiled one has layers and no ticks of runs."""
    if len(payload) < 8:
        raise ReplyError(f"{len(payload)} bytes of payload, expected 8 or more")
    runs, layers, empty_ticks = struct.unpack("<HHI", payload[:8])
    expected = 0 if profile else count
    if runs != expected:
        raise ReplyError(f"ticks of {runs} runs, expected {expected}")
    if (layers > 0) != profile:
        raise ReplyError(f"{layers} profiled layers in a run {'with' if profile else 'without'} it")
    return RunTicks(_unpack(f"<{runs}I", payload[8:]), layers, empty_ticks)


def parse_layers(payload: bytes, *, first: int, count: int) -> tuple[int, ...]:
    """The reply to LAYERS: ticks of each layer asked for."""
    if _unpack("<HH", payload[:4]) != (first, count):
        raise ReplyError(f"other layers than the {count} from {first} on that were asked for")
    return _unpack(f"<{count}I", payload[4:])


def parse_memory(payload: bytes) -> MemoryUse:
    """The reply to MEMORY."""
    return MemoryUse(*_unpack("<IIII", payload))


def parse_error(payload: bytes) -> tuple[int, int, int]:
    """An error reply: request type, ``tc_status``, detail."""
    request, status, detail = _unpack("<BBI", payload)
    return request, status, detail


def parse_fault(payload: bytes) -> FaultReport:
    """A fault report."""
    return FaultReport(*_unpack("<BIIII", payload))
