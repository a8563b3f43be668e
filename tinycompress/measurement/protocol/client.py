"""The host's side of docs/serial-protocol.md: one method per request, every reply checked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from tinycompress.artifacts import BuiltFirmware
from tinycompress.device.link import Link
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.exchange import Exchange
from tinycompress.measurement.protocol.messages import (
    CHOICE_SHIFT,
    MAX_RUNS_PER_REQUEST,
    MIN_PAYLOAD_BYTES,
    PROTOCOL_VERSION,
    Hello,
    HelloFlag,
    Info,
    MemoryUse,
    ReplyError,
    Request,
    RunFlag,
    RunTicks,
    Status,
    parse_hello,
    parse_info,
    parse_layers,
    parse_memory,
    parse_run,
    parse_version,
    status_text,
)

DEFAULT_TIMEOUT_S = 2.0
DEFAULT_RUN_TIMEOUT_S = 60.0
"""A minute: the slowest model that fits a board of today takes some seconds."""

DEFAULT_RETRIES = 3

_T = TypeVar("_T")


class DeviceClient:
    """Talks to the firmware behind a link. Call `hello` first: it tells how long packets may be.

    Args:
        link: The connection; stays the caller's to close.
        timeout_s: Seconds to wait for a reply before a request is sent again.
        run_timeout_s: The same for RUN, during which the device is busy.
        retries: How often a request is sent again before the device counts as silent.
        elf: The firmware's file, to name functions in fault reports.
        first_seq: Sequence number of the first request; None draws one at random.

    Every method raises `DeviceError`, which names the phase: the device is silent, talks garbage,
    refuses, faulted, or its reply does not hold together.
    """

    def __init__(
        self,
        link: Link,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        run_timeout_s: float = DEFAULT_RUN_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
        elf: Path | None = None,
        first_seq: int | None = None,
    ) -> None:
        self._exchange = Exchange(
            link, timeout_s=timeout_s, retries=retries, elf=elf, first_seq=first_seq
        )
        self._run_timeout_s = run_timeout_s
        self._max_payload = MIN_PAYLOAD_BYTES

    def hello(self) -> Hello:
        """Ask who is there; other protocol versions are an error."""
        payload = self._exchange.request(
            Request.HELLO, b"TC" + bytes([PROTOCOL_VERSION]), phase="HELLO"
        )
        version = _checked("HELLO", parse_version, payload)
        if version != PROTOCOL_VERSION:
            raise DeviceError(
                f"the device speaks protocol version {version}, this host {PROTOCOL_VERSION}",
                phase="HELLO",
                hint="build and flash the project again with this version of tinycompress",
            )
        hello = _checked("HELLO", parse_hello, payload)
        self._max_payload = hello.max_payload
        return hello

    def info(self) -> Info:
        """Ask for clocks, sizes of inputs and outputs, and the board."""
        return _checked("INFO", parse_info, self._exchange.request(Request.INFO, b"", phase="INFO"))

    def write_input(self, index: int, data: bytes) -> None:
        """Write all of input ``index``; each chunk is compared with what stands in memory."""
        step = self._max_payload - 6
        for offset in range(0, len(data), step):
            chunk = data[offset : offset + step]
            reply = self._exchange.request(
                Request.WRITE_INPUT, struct.pack("<HI", index, offset) + chunk, phase="WRITE_INPUT"
            )
            if reply[:-4] != struct.pack("<HIH", index, offset, len(chunk)):
                raise DeviceError(
                    f"the reply is not about input {index}, offset {offset}, {len(chunk)} bytes: "
                    f"{reply.hex()}",
                    phase="WRITE_INPUT",
                )
            if reply[-4:] != struct.pack("<I", zlib.crc32(chunk)):
                raise DeviceError(
                    f"input {index} reads back other bytes than were written at offset {offset}",
                    phase="WRITE_INPUT",
                    hint="the device's memory is faulty, or something else writes to the arena",
                )

    def run(
        self,
        count: int = 1,
        *,
        profile: bool = False,
        by_stage: bool = False,
        reset: bool = False,
        stages: int = 0,
        timeout_s: float | None = None,
    ) -> RunTicks:
        """Run the model.

        Args:
            count: Runs, 1 to 32; 1 if profiled.
            profile: Measure each layer; fetch the result with `layers`.
            by_stage: The same for each stage of a cascade.
            stages: Which stages of a cascade run, bit 0 for the first; 0 leaves it to the gates.
            reset: Set the model's state back first.
            timeout_s: Seconds to wait for the end instead of ``run_timeout_s``.
        """
        profiled = profile or by_stage
        if not 1 <= count <= MAX_RUNS_PER_REQUEST or (profiled and count != 1):
            raise ValueError(f"{count} runs{' with a profile' if profiled else ''} in one request")
        flags = RunFlag.PROFILE * profile | RunFlag.RESET * reset | RunFlag.STAGES * by_stage
        flags |= stages << CHOICE_SHIFT
        phase = "RUN (profiled)" if profiled else "RUN"
        payload = self._exchange.request(
            Request.RUN,
            struct.pack("<HH", count, flags),
            phase=phase,
            timeout_s=self._run_timeout_s if timeout_s is None else timeout_s,
        )
        return _checked(phase, partial(parse_run, count=count, profile=profiled), payload)

    def read_output(self, index: int, size_bytes: int) -> bytes:
        """Read the ``size_bytes`` of output ``index``."""
        data = bytearray()
        while len(data) < size_bytes:
            count = min(size_bytes - len(data), self._max_payload - 6)
            head = struct.pack("<HI", index, len(data))
            reply = self._exchange.request(
                Request.READ_OUTPUT, head + struct.pack("<H", count), phase="READ_OUTPUT"
            )
            if reply[:6] != head or len(reply) != 6 + count:
                raise DeviceError(
                    f"the reply is not {count} bytes of output {index} at offset {len(data)}",
                    phase="READ_OUTPUT",
                )
            data += reply[6:]
        return bytes(data)

    def layers(self, count: int) -> tuple[int, ...]:
        """Ticks of the first ``count`` layers, or stages, in the last profiled run."""
        ticks: tuple[int, ...] = ()
        while len(ticks) < count:
            first = len(ticks)
            step = min(count - first, (self._max_payload - 4) // 4)
            payload = self._exchange.request(
                Request.LAYERS, struct.pack("<HH", first, step), phase="LAYERS"
            )
            ticks += _checked("LAYERS", partial(parse_layers, first=first, count=step), payload)
        return ticks

    def memory(self) -> MemoryUse:
        """Ask for the RAM that the firmware takes."""
        payload = self._exchange.request(Request.MEMORY, b"", phase="MEMORY")
        return _checked("MEMORY", parse_memory, payload)

    def echo(self, data: bytes) -> None:
        """Send bytes there and back, at most as many as fit a packet."""
        if self._exchange.request(Request.ECHO, data, phase="ECHO") != data:
            raise DeviceError("ECHO came back with other bytes", phase="ECHO")


def _checked(phase: str, parse: Callable[[bytes], _T], payload: bytes) -> _T:
    try:
        return parse(payload)
    except ReplyError as error:
        raise DeviceError(
            f"the device's reply does not follow the protocol: {error}",
            phase=phase,
            hint="build and flash the project again with this version of tinycompress",
        ) from error


def require_same_firmware(hello: Hello, built: BuiltFirmware) -> None:
    """Make sure that the device runs this very build, and that it can be measured.

    Raises:
        DeviceError: Another build or model, a model that did not start, or a dead tick counter.
    """
    flash = "flash it: tinycompress flash " + str(built.project.directory)
    if hello.model_sha256 != built.project.model_sha256:
        raise DeviceError(
            f"the device runs the model {hello.model_sha256[:12]}, this directory holds "
            f"{built.project.model_sha256[:12]} (SHA-256)",
            phase="HELLO",
            hint=flash,
        )
    if hello.build_id != built.build_id:
        raise DeviceError(
            f"the device runs build {hello.build_id[:12]}, this directory is build "
            f"{built.build_id[:12]}",
            phase="HELLO",
            hint=flash,
        )
    if hello.engine != built.project.engine:
        raise DeviceError(
            f"the device runs the engine {hello.engine}, this directory is built with "
            f"{built.project.engine}",
            phase="HELLO",
            hint=flash,
        )
    if hello.model_status != Status.OK:
        raise DeviceError(
            f"the model did not start on the device: {status_text(hello.model_status)}",
            phase="HELLO",
            hint="build with a larger arena"
            if hello.model_status == Status.ARENA
            else "build and flash the project again",
        )
    if not hello.flags & HelloFlag.TICKS_MOVE:
        raise DeviceError(
            "the device's tick counter does not move, so nothing can be timed",
            phase="HELLO",
            hint="a debugger may hold it (DWT); power the board off and on, or measure on the "
            "virtual board",
        )
