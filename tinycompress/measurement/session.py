"""One device under measurement: identified, then fed and read inference by inference."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import BuiltFirmware, ClockCheck, Machine, RamSizes, TensorSpec
from tinycompress.boards import Board
from tinycompress.device.link import Link
from tinycompress.errors import DeviceError
from tinycompress.measurement.clock import TimedRuns, check_clock
from tinycompress.measurement.meters import Cost, Meter, meter_for, runs_of
from tinycompress.measurement.protocol.client import DeviceClient, require_same_firmware
from tinycompress.measurement.protocol.messages import Hello, Info

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Inference:
    """One run: its cost, or that of each layer or stage if profiled, and the output bytes."""

    costs: tuple[Cost, ...]
    outputs: tuple[bytes, ...]


class Session:
    """A conversation with a device that proved to run ``built``.

    Args:
        client: The conversation; nothing was said yet.
        link: What it goes over.
        built: The firmware that must be at the other end.
        board: The board that must be.

    Raises:
        DeviceError: Something else answers, or nothing.
    """

    def __init__(
        self, client: DeviceClient, link: Link, built: BuiltFirmware, board: Board
    ) -> None:
        self._client = client
        self._built = built
        hello = client.hello()
        require_same_firmware(hello, built)
        info = client.info()
        _require_same_shape(info, built, board)
        self._machine = _machine(link, hello)
        self._meter: Meter = meter_for(link, self._machine, board, hello, info)
        self._ticks_hz = info.ticks_hz
        self._baud = board.serial.baud if board.serial.transport == "uart" else None

    @property
    def machine(self) -> Machine:
        """What the device says that it runs on."""
        return self._machine

    @property
    def meter(self) -> Meter:
        """Where the costs come from."""
        return self._meter

    def infer(self, inputs: Arrays, *, reset: bool = True, stages: int = 0) -> Inference:
        """Run the model once.

        Args:
            inputs: One array per input, of its shape and stored dtype.
            reset: Whether from the model's initial state, or from what the last run left.
            stages: Which stages of a cascade run, bit 0 for the first; 0 leaves it to the gates.
        """
        return self._run(inputs, reset=reset, stages=stages)

    def infer_by_stage(self, inputs: Arrays, *, reset: bool = True) -> Inference:
        """As `infer`, with the cost of every stage of a cascade; of one that does not run, that of
        finding it out."""
        return self._run(inputs, reset=reset, parts=len(self._built.project.stages), by_stage=True)

    def profile(self, inputs: Arrays) -> Inference:
        """As `infer`, with the cost of every layer in place of the whole run's."""
        return self._run(inputs, reset=True, parts=len(self._built.project.layers))

    def advance(self, inputs: Arrays, *, reset: bool) -> None:
        """As `infer`, for the state that it leaves: neither outputs nor costs are asked for."""
        self._write(inputs)
        self._client.run(1, reset=reset)

    def ram(self) -> RamSizes:
        """RAM as the device tells it, which must be what the ELF says, with the stack's peak.

        Of a framework's firmware the device knows the arena only: static data and stacks are the
        framework's.

        Raises:
            DeviceError: Device and ELF disagree.
        """
        told, linked = self._client.memory(), self._built.ram
        ours = self._built.project.framework == "cmake"
        checked = ("arena_bytes", "static_bytes", "stack_reserved_bytes")
        for name in checked if ours else checked[:1]:
            if getattr(told, name) != getattr(linked, name):
                raise DeviceError(
                    f"the device counts {getattr(told, name)} {name}, its ELF "
                    f"{getattr(linked, name)}",
                    phase="MEMORY",
                    hint="build the project again with this version of tinycompress",
                )
        if not ours:
            return linked
        if told.stack_peak_bytes > told.stack_reserved_bytes:
            raise DeviceError(
                f"the device counts {told.stack_peak_bytes} bytes of stack used, but has "
                f"{told.stack_reserved_bytes}",
                phase="MEMORY",
            )
        return RamSizes(
            arena_bytes=linked.arena_bytes,
            static_bytes=linked.static_bytes,
            stack_reserved_bytes=linked.stack_reserved_bytes,
            stack_peak_bytes=told.stack_peak_bytes,
        )

    def clock(self) -> ClockCheck | None:
        """The board's clock against the host's; None of an emulated one, and if nothing was learnt.

        The inputs stay as they were last written.
        """
        if self._machine in ("emulated", "host"):
            return None
        return check_clock(self._timed_runs, ticks_hz=self._ticks_hz, reply_baud=self._baud)

    def _timed_runs(self, count: int) -> TimedRuns:
        began = time.monotonic()
        done = self._client.run(count, reset=True)
        return TimedRuns(sum(done.ticks), time.monotonic() - began)

    def _write(self, inputs: Arrays) -> None:
        for index, array in enumerate(inputs):
            self._client.write_input(index, _little_endian(array))

    def _run(
        self,
        inputs: Arrays,
        *,
        reset: bool,
        parts: int | None = None,
        by_stage: bool = False,
        stages: int = 0,
    ) -> Inference:
        """One run; ``parts`` are the layers or stages to profile, None does not."""
        self._write(inputs)
        self._meter.start()
        began = time.monotonic()
        profile = parts is not None and not by_stage
        done = self._client.run(1, profile=profile, by_stage=by_stage, reset=reset, stages=stages)
        elapsed_s = time.monotonic() - began
        ticks = done.ticks
        if parts is not None:
            if done.layers != parts:
                raise DeviceError(
                    f"the device profiled {done.layers} layers or stages of {parts}", phase="RUN"
                )
            ticks = self._client.layers(parts)
        runs = runs_of(self._built.project.layers) if profile else None
        costs = self._meter.costs(ticks, done.empty_ticks, elapsed_s, runs)
        outputs = tuple(
            self._client.read_output(index, spec.size_bytes)
            for index, spec in enumerate(self._built.project.outputs)
        )
        return Inference(tuple(costs), outputs)


def output_array(stored: bytes, spec: TensorSpec) -> npt.NDArray[Any]:
    """An output's bytes as an array of its shape and stored dtype."""
    return np.frombuffer(stored, np.dtype(spec.dtype).newbyteorder("<")).reshape(spec.shape)


def _little_endian(array: npt.NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _machine(link: Link, hello: Hello) -> Machine:
    """What the device says that it runs on; of an emulator of our own the link knows it as well.

    Raises:
        DeviceError: The two contradict each other.
    """
    if link.transport == "serial":
        return hello.machine
    # Firmware of an older version does not tell.
    if hello.machine not in ("emulated", "unknown"):
        raise DeviceError(
            f"the firmware on {link.description} takes it for {hello.machine}",
            phase="HELLO",
            hint="the emulator's CPUID is wrong: report this with the output of "
            "`tinycompress doctor`",
        )
    return "emulated"


def _require_same_shape(info: Info, built: BuiltFirmware, board: Board) -> None:
    """A device of the right build says the same of itself as its directory; make sure of it."""
    project = built.project
    facts: Sequence[tuple[str, object, object]] = (
        ("board", info.board_id, board.id),
        ("core clock in Hz", info.core_clock_hz, board.cpu.clock_hz),
        ("tick rate in Hz", info.ticks_hz, board.timer.hz),
        ("bytes of each input", info.input_bytes, tuple(s.size_bytes for s in project.inputs)),
        ("bytes of each output", info.output_bytes, tuple(s.size_bytes for s in project.outputs)),
        ("number of layers", info.layers, len(project.layers)),
        ("number of stages", info.stages, len(project.stages)),
    )
    for what, told, expected in facts:
        if told != expected:
            raise DeviceError(
                f"{what}: the device says {told}, expected {expected}",
                phase="INFO",
                hint=f"build and flash it again for the board {board.id}",
            )
