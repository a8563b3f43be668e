"""A virtual board as a ``device.link.Link``."""

from __future__ import annotations

from pathlib import Path

from tinycompress.artifacts import LinkKind
from tinycompress.boards.schema import Board
from tinycompress.device.emulator.core_timings import cycle_notes
from tinycompress.device.emulator.counting import TracePoint
from tinycompress.device.emulator.machine import Machine, State
from tinycompress.device.emulator.usb_host import UsbHost
from tinycompress.elf import read_elf
from tinycompress.errors import DeviceError

_TRACED_FUNCTION = "tc_platform_ticks"
_DEFAULT_BUDGET = 20_000_000_000


class VirtualBoard:
    """An emulated board that runs the very ELF that would be flashed.

    No wall-clock time goes into any figure: the same ELF and the same bytes from the host give the
    same counts, always.

    Args:
        board: The board.
        elf: The linked firmware.
        max_instructions: How many instructions one ``read`` may take before it gives up.
        native: Count with native code where it can be had; the counts are the same without.

    Raises:
        ConfigError: The file is no firmware ELF.
        DeviceError: The firmware does not lie within the board's memory.
        BoardError: The board's core or microcontroller has no model.
    """

    def __init__(
        self,
        board: Board,
        elf: Path,
        *,
        max_instructions: int = _DEFAULT_BUDGET,
        native: bool = True,
    ) -> None:
        self.board = board
        self.phase = "RUN"
        self.image = read_elf(elf)
        self._max_instructions = max_instructions
        self._native = native
        self._machine: Machine | None = self._new_machine()
        self._pending: DeviceError | None = None

    def _new_machine(self) -> Machine:
        return Machine(self.board, self.image, trace=_TRACED_FUNCTION, native=self._native)

    @property
    def transport(self) -> LinkKind:
        """Always ``"virtual"``."""
        return "virtual"

    @property
    def description(self) -> str:
        """For messages."""
        return f"emulated {self.board.name}"

    # --- the link

    def write(self, data: bytes) -> None:
        """Queue bytes for the firmware, which sees them when it runs in ``read``."""
        self._open("write").port.send(data)

    def read(self, timeout_s: float) -> bytes:
        """Run until the firmware waits for the host and return what it sent.

        Args:
            timeout_s: Not used: the board knows when there is nothing to wait for.

        Raises:
            DeviceError: The firmware faulted, has ended, or ran away.
        """
        machine = self._open("read")
        if self._pending is not None:
            raise self._pending
        try:
            state = self.run()
        except DeviceError as error:
            # What it managed to say comes first.
            self._pending = error
            state = "ended"
        data = machine.port.collect()
        if data:
            self._check_clock(machine)
            return data
        if self._pending is not None:
            raise self._pending
        if state == "ended":
            raise DeviceError(
                f"{self.board.id}: the firmware has ended {machine.end_reason}; it answers no more",
                phase=self.phase,
            )
        return b""

    def run(self) -> State:
        """Run until the firmware waits for the host or has ended, without taking what it sent.

        Raises:
            DeviceError: The firmware faulted or ran away.
        """
        machine = self._open("run")
        machine.phase = self.phase
        return machine.run(self._max_instructions)

    def close(self) -> None:
        """End the emulation. May be called twice."""
        self._machine = None

    def reset(self) -> None:
        """Start again from reset with memory, counters and trace as at first."""
        self._open("reset")
        self._machine = self._new_machine()
        self._pending = None

    # --- figures

    @property
    def instructions(self) -> int:
        """Instructions executed since reset, exactly."""
        return self._open("instructions").counts().instructions

    @property
    def cycles(self) -> int:
        """Modelled core cycles since reset."""
        return self._open("cycles").counts().cycles

    @property
    def cycle_notes(self) -> tuple[str, ...]:
        """What the cycle figures assume, one sentence each, for reports."""
        return cycle_notes(self.board)

    @property
    def trace(self) -> list[TracePoint]:
        """The counts at each entry of ``tc_platform_ticks`` since reset or ``clear_trace``."""
        return list(self._open("trace").trace)

    def clear_trace(self) -> None:
        """Forget the trace."""
        self._open("clear_trace").trace.clear()

    def instructions_by_function(self) -> dict[str, int]:
        """Instructions executed since reset in each function, most first."""
        return self._open("profile").instructions_by_function()

    @property
    def exit_code(self) -> int | None:
        """What the firmware passed to semihosting's exit, None if it did not."""
        return self._open("exit_code").exit_code

    def register(self, name: str) -> int:
        """Read a core register: r0 to r12, sp, lr, pc."""
        return self._open("register").register(name)

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Read flash or RAM.

        Raises:
            DeviceError: There is none at that address.
        """
        return self._open("read_memory").read_memory(address, size_bytes)

    @property
    def usb(self) -> UsbHost | None:
        """The host on the board's own USB cable, None where the firmware does not talk over it."""
        return self._open("usb").usb

    # --- for tests of the host's side

    def add_noise(self, data: bytes) -> None:
        """Put bytes on the wire to the host that the firmware did not send."""
        for byte in data:
            self._open("add_noise").port.put(byte)

    def _open(self, what: str) -> Machine:
        if self._machine is None:
            raise DeviceError(
                f"{self.board.id}: {what} after the board was closed", phase=self.phase
            )
        return self._machine

    def _check_clock(self, machine: Machine) -> None:
        hz = machine.core_hz
        if hz is not None and hz != self.board.cpu.clock_hz:
            raise DeviceError(
                f"{self.board.id}: the firmware runs the core at {hz} Hz; the board file says "
                f"{self.board.cpu.clock_hz} Hz",
                phase=self.phase,
            )
