"""Instructions, cycles and time of one window of the firmware, as far as the link gives them.

A window is what the firmware does between two reads of its tick counter; docs/serial-protocol.md,
"When the tick counter is read", fixes their order. The first window of every measurement is empty,
and what it costs is subtracted from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, runtime_checkable

from tinycompress.artifacts import LayerInfo, Machine, Obtained
from tinycompress.boards import Board
from tinycompress.device.link import Link
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.measurement.protocol.messages import Hello, HelloFlag, Info

_WRAP = 2**32


@dataclass(frozen=True)
class Cost:
    """What one window cost; None for what this link cannot tell.

    ``us``: microseconds. ``flash_wait_cycles``: what the flash's wait states, which ``cycles``
    leaves out, would add at most; None too where flash does not wait.
    """

    instructions: int | None
    cycles: int | None
    us: float | None
    flash_wait_cycles: int | None = None


@dataclass(frozen=True)
class Runs:
    """The windows of a profile in the order in which they open: each is a layer's number."""

    order: tuple[int, ...]


def runs_of(layers: Sequence[LayerInfo]) -> Runs:
    """In which order layers run: those of a loop again and again, the others once."""
    order: list[int] = []
    for count, group in groupby(range(len(layers)), lambda at: layers[at].runs):
        order += [*group] * count
    return Runs(tuple(order))


class Meter(Protocol):
    """Tells the cost of the windows of the last RUN."""

    @property
    def obtained(self) -> Obtained:
        """How its figures are got."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of its figures must know."""

    def start(self) -> None:
        """A RUN is about to be sent."""

    def costs(
        self, ticks: Sequence[int], empty_ticks: int, elapsed_s: float, runs: Runs | None = None
    ) -> list[Cost]:
        """Cost of each window after the empty one.

        Args:
            ticks: What the firmware's counter says of each window.
            empty_ticks: What it says of the empty one.
            elapsed_s: Wall-clock seconds that the RUN took at most.
            runs: Where a profile's windows are run more than once: see `runs_of`.

        Raises:
            DeviceError: The figures cannot be right.
        """


class TracePoint(Protocol):
    """Counts at one entry of ``tc_platform_ticks`` on a virtual board."""

    @property
    def instructions(self) -> int:
        """Instructions since reset."""

    @property
    def cycles(self) -> int:
        """Modelled core cycles since reset."""

    @property
    def flash_reads(self) -> int:
        """Reads of flash since reset, at most."""


@runtime_checkable
class TracingLink(Protocol):
    """A link to an emulator that counts exactly."""

    @property
    def trace(self) -> Sequence[TracePoint]:
        """One point for every entry of ``tc_platform_ticks`` since `clear_trace`."""

    @property
    def cycle_notes(self) -> tuple[str, ...]:
        """What the cycle model assumes and leaves out."""

    def clear_trace(self) -> None:
        """Forget the points so far."""


@dataclass(frozen=True)
class TraceMeter:
    """Exact instructions and modelled cycles from a virtual board; time at the core's clock.

    ``flash_wait_states`` are the cycles that a read of flash takes beyond the first.
    """

    link: TracingLink
    clock_hz: int
    flash_wait_states: int
    obtained: Obtained = "emulated"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the cycle model assumes and leaves out."""
        return self.link.cycle_notes

    def start(self) -> None:
        """Forget what was counted before."""
        self.link.clear_trace()

    def costs(
        self, ticks: Sequence[int], empty_ticks: int, elapsed_s: float, runs: Runs | None = None
    ) -> list[Cost]:
        """Differences between the entries of each pair, less those of the first pair."""
        points = list(self.link.trace)
        order = range(len(ticks)) if runs is None else runs.order
        if len(points) != 2 + 2 * len(order):
            raise DeviceError(
                f"the firmware read its tick counter {len(points)} times, expected "
                f"{2 + 2 * len(order)} for {len(order)} windows",
                phase="RUN",
                hint="build the project again with this version of tinycompress",
            )
        empty, *measured = [
            (
                end.instructions - begin.instructions,
                end.cycles - begin.cycles,
                end.flash_reads - begin.flash_reads,
            )
            for begin, end in zip(points[::2], points[1::2], strict=True)
        ]
        # What the empty window waits at most says nothing of the least that it does: the bound
        # keeps it.
        net = [(0, 0, 0)] * len(ticks)
        for window, (i, c, reads) in zip(order, measured, strict=True):
            before = net[window]
            net[window] = (
                before[0] + max(0, i - empty[0]), before[1] + max(0, c - empty[1]),
                before[2] + reads,
            )  # fmt: skip
        return [
            Cost(i, c, c * 1e6 / self.clock_hz, reads * self.flash_wait_states or None)
            for i, c, reads in net
        ]


def _net(ticks: Sequence[int], empty_ticks: int, runs: Runs | None) -> list[int]:
    """Ticks of all runs of each window, less the empty ones of each run."""
    times = Counter(range(len(ticks)) if runs is None else runs.order)
    return [max(0, one - times[at] * empty_ticks) for at, one in enumerate(ticks)]


@dataclass(frozen=True)
class TimeMeter:
    """Time from the device's own tick counter; cycles too if the ticks are cycles."""

    ticks_hz: int
    count_cycles: bool
    obtained: Obtained
    notes: tuple[str, ...] = ()

    def start(self) -> None:
        """Nothing to prepare."""

    def costs(
        self, ticks: Sequence[int], empty_ticks: int, elapsed_s: float, runs: Runs | None = None
    ) -> list[Cost]:
        """Ticks less the empty ones. A counter that may have wrapped is an error, not a number."""
        wrap_s = _WRAP / self.ticks_hz
        if elapsed_s >= wrap_s:
            raise DeviceError(
                f"the run took {elapsed_s:.1f} s, but the tick counter starts again after "
                f"{wrap_s:.1f} s, so its ticks say nothing",
                phase="RUN",
                hint="try again if the line is bad; a model this slow cannot be timed",
            )
        net = _net(ticks, empty_ticks, runs)
        return [Cost(None, n if self.count_cycles else None, n * 1e6 / self.ticks_hz) for n in net]


@dataclass(frozen=True)
class InstructionMeter:
    """Instructions from QEMU's ``-icount``, whose timers move by 2^shift ns for each of them."""

    ticks_hz: int
    icount_shift: int
    obtained: Obtained = "emulated"
    notes: tuple[str, ...] = ("QEMU counts instructions; it says nothing of cycles and time",)

    def start(self) -> None:
        """Nothing to prepare."""

    def costs(
        self, ticks: Sequence[int], empty_ticks: int, elapsed_s: float, runs: Runs | None = None
    ) -> list[Cost]:
        """Ticks less the empty ones, as whole instructions: exact to one tick."""
        per_tick = 1e9 / (self.ticks_hz * 2**self.icount_shift)
        net = _net(ticks, empty_ticks, runs)
        return [Cost(round(one * per_tick), None, None) for one in net]


_BY_TICKS: dict[Machine, tuple[Obtained, tuple[str, ...]]] = {
    "silicon": ("measured", ()),
    "emulated": (
        "emulated",
        (
            "an emulated board answers at this port: its tick counter counts modelled cycles; "
            "without --port the emulator tells its exact instruction counts, too",
        ),
    ),
    "host": (
        "unknown",
        ("the firmware runs on a PC, so that its times say nothing of the board",),
    ),
}
_BY_UNKNOWN_TICKS: tuple[Obtained, tuple[str, ...]] = (
    "unknown",
    (
        "the device does not say whether it is a real board or an emulated one (firmware of an "
        "older version, or for a machine that QEMU has, too), so no figure is called measured",
    ),
)


def meter_for(link: Link, machine: Machine, board: Board, hello: Hello, info: Info) -> Meter:
    """The best meter that a link to such a machine allows.

    Raises:
        ConfigError: The link is virtual, but neither counts nor is QEMU, so nothing can be told.
    """
    if isinstance(link, TracingLink):
        return TraceMeter(link, board.cpu.clock_hz, board.emulator.flash_wait_states)
    if link.transport == "serial":
        obtained, notes = _BY_TICKS.get(machine, _BY_UNKNOWN_TICKS)
        count_cycles = bool(hello.flags & HelloFlag.TICKS_COUNT_CYCLES)
        if machine == "emulated":
            notes += _model_notes(board)
        return TimeMeter(info.ticks_hz, count_cycles, obtained, notes)
    if board.qemu is None:
        raise ConfigError(f"{link.description}: this link can time nothing on {board.name}")
    return InstructionMeter(info.ticks_hz, board.qemu.icount_shift)


def _model_notes(board: Board) -> tuple[str, ...]:
    """What the cycle model of our emulator assumes of a board, if it has one of its core."""
    if board.cpu.mve:
        return ()
    # Nobody else waits for the emulator to be imported.
    from tinycompress.device.emulator.core_timings import cycle_notes

    return cycle_notes(board)
