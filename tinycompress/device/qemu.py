"""QEMU as a second witness: the same ELF on an emulator that was written by others.

QEMU counts instructions (``-icount``), not cycles, and DWT->CYCCNT reads 0 there: firmware for
these boards reads the CMSDK timer. ``QemuBoard.instructions_of`` turns its ticks into instructions.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from typing import IO

from tinycompress.artifacts import LinkKind
from tinycompress.boards import Board
from tinycompress.device.cpuid import emulated_cpuid
from tinycompress.errors import DeviceError, ToolError

QEMU = "qemu-system-arm"
_CHUNK_BYTES = 65_536
_GRACE_S = 2.0
_LAST_WORDS_BYTES = 2000
_NUDGE_S = 0.005


class QemuBoard:
    """A board emulated by ``qemu-system-arm``, its UART on a socket.

    Args:
        board: A board with a ``[qemu]`` table.
        elf: The linked firmware.

    Raises:
        ToolError: QEMU is missing, or the board is none of QEMU's machines.
    """

    def __init__(self, board: Board, elf: Path) -> None:
        if board.qemu is None:
            raise ToolError(
                f"QEMU has no machine for {board.id}",
                hint="run it on the virtual board instead, or build for qemu_mps2_an386",
            )
        self.board = board
        self.phase = "RUN"
        self._machine = board.qemu.machine
        self._limit_s = float(board.qemu.timeout_s)
        self._waited_s = 0.0
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        self._line, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _start(board, elf, theirs, self._words)
        except ToolError:
            self._line.close()
            self._words.close()
            raise
        # A board that nobody closed must not leave a process behind.
        self._finalizer = weakref.finalize(self, _end, self._process, self._line, self._words)

    @property
    def transport(self) -> LinkKind:
        """Always ``"virtual"``."""
        return "virtual"

    @property
    def description(self) -> str:
        """For messages."""
        return f"{self._machine} in QEMU"

    def write(self, data: bytes) -> None:
        """Send all of ``data``.

        Raises:
            DeviceError: QEMU has ended, or takes no byte for the board's ``qemu.timeout_s``; it is
                killed then.
        """
        self._require_open()
        deadline = time.monotonic() + self._limit_s
        rest = memoryview(data)
        while rest:
            _, writable, _ = select.select((), (self._line,), (), _NUDGE_S)
            if writable:
                try:
                    rest = rest[self._line.send(rest) :]
                except OSError as error:
                    raise self._ended() from error
            else:
                self._nudge()
                if time.monotonic() >= deadline:
                    raise self._give_up("takes no input")
        self._waited_s = 0.0

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for at least one byte; ``b""`` if none came in time.

        Raises:
            DeviceError: QEMU has ended, or was silent for the board's ``qemu.timeout_s`` of waiting
                since the last byte in either direction; it is killed then.
        """
        self._require_open()
        began = time.monotonic()
        deadline = began + min(max(timeout_s, 0.0), self._limit_s - self._waited_s)
        while True:
            left = deadline - time.monotonic()
            readable, _, _ = select.select((self._line,), (), (), max(0.0, min(left, _NUDGE_S)))
            if readable:
                self._waited_s = 0.0
                return self._receive()
            if left <= 0:
                break
            self._nudge()
        self._waited_s += time.monotonic() - began
        if self._waited_s >= self._limit_s:
            raise self._give_up("is silent")
        return b""

    def close(self) -> None:
        """End QEMU. May be called twice."""
        self._finalizer()

    def wait(self) -> int:
        """Wait for the firmware to end the program and return its exit code.

        Raises:
            DeviceError: It has not ended within the board's ``qemu.timeout_s``; it is killed.
        """
        try:
            return self._process.wait(self._limit_s)
        except subprocess.TimeoutExpired as error:
            self.close()
            raise DeviceError(
                f"{self.description}: no end within {self._limit_s:g} s", phase=self.phase
            ) from error

    def instructions_of(self, ticks: int) -> float:
        """Instructions that passed in ``ticks`` of the board's timer; exact to one tick."""
        assert self.board.qemu is not None
        nanoseconds_per_instruction = 1 << self.board.qemu.icount_shift
        return ticks * 1e9 / (self.board.timer.hz * nanoseconds_per_instruction)

    def _receive(self) -> bytes:
        try:
            data = self._line.recv(_CHUNK_BYTES)
        except OSError as error:
            raise self._ended() from error
        if not data:
            raise self._ended()
        return data

    def _nudge(self) -> None:
        """Make QEMU look at its UART again.

        QEMU 7.2 at times forgets to: its main loop sleeps without the socket in its set although
        the UART has room. An empty line to its monitor wakes it.
        """
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError):
            stdin.write(b"\n")

    def _give_up(self, why: str) -> DeviceError:
        self.close()
        return DeviceError(
            f"{self.description} {why} for {self._limit_s:g} s and was ended", phase=self.phase
        )

    def _require_open(self) -> None:
        if not self._finalizer.alive:
            raise DeviceError(f"{self.description} was closed", phase=self.phase)

    def _ended(self) -> DeviceError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        self._words.seek(0)
        words = self._words.read()[-_LAST_WORDS_BYTES:].decode(errors="replace").strip()
        return DeviceError(
            f"{self.description} has ended with exit code {self._process.returncode}"
            + (f": {words}" if words else ""),
            phase=self.phase,
        )


def _start(
    board: Board, elf: Path, line: socket.socket, words: IO[bytes]
) -> subprocess.Popen[bytes]:
    program = shutil.which(QEMU)
    if program is None:
        raise ToolError(
            f"program not found: {QEMU}",
            hint="apt install qemu-system-arm, or run on the virtual board without it",
        )
    assert board.qemu is not None
    command = [
        program,
        *("-M", board.qemu.machine, "-kernel", str(elf)),
        # So that the firmware knows that it is emulated.
        *("-global", f"{board.cpu.core}-arm-cpu.midr={emulated_cpuid(board.cpu.core):#x}"),
        *("-icount", f"shift={board.qemu.icount_shift}"),
        *("-display", "none", "-nic", "none", "-monitor", "stdio"),
        *("-chardev", f"socket,id=line,fd={line.fileno()}", "-serial", "chardev:line"),
    ]
    if board.qemu.semihosting_exit:
        command += ["-semihosting-config", "enable=on,target=native"]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            bufsize=0,
            pass_fds=(line.fileno(),),
        )
    except OSError as error:
        raise ToolError(f"{program} cannot be started: {error.strerror}") from error


def _end(process: subprocess.Popen[bytes], line: socket.socket, words: IO[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    line.close()
    words.close()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
