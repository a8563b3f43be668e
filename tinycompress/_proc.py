"""The one way to run another program."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress.errors import ToolError

_TAIL_LINES = 20


@dataclass(frozen=True)
class Finished:
    """A program that ended; with exit code 0 unless the caller asked for any."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str
    exit_code: int = 0


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    hint: str | None = None,
    check: bool = True,
) -> Finished:
    """Run a program to its end and return what it printed.

    The program gets a process group of its own, so that a time-out or Ctrl-C also ends what it
    started (compiler drivers start compilers).

    Args:
        argv: Program and arguments; never passed through a shell.
        timeout_s: Seconds after which the program is killed.
        cwd: Working directory.
        env: Variables added to the environment.
        hint: Hint for the error if the program fails.
        check: Whether an exit code other than 0 is an error; if not, see ``Finished.exit_code``.

    Raises:
        ToolError: The program is missing, timed out or failed; names the command line, the exit
            code and the last lines that it printed.
    """
    words = tuple(str(word) for word in argv)
    command = " ".join(words)
    try:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise _cannot_start(words[0], cwd, error, hint) from error
    with process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            _kill_group(process)
            raise ToolError(f"no end after {timeout_s:g} s: {command}", hint=hint) from error
        except BaseException:
            _kill_group(process)
            raise
    if check and process.returncode != 0:
        tail = "\n".join((stdout + stderr).splitlines()[-_TAIL_LINES:])
        raise ToolError(f"exit code {process.returncode} from: {command}\n{tail}", hint=hint)
    return Finished(words, stdout, stderr, process.returncode)


def _cannot_start(program: str, cwd: Path | None, error: OSError, hint: str | None) -> ToolError:
    if cwd is not None and not cwd.is_dir():
        return ToolError(f"cannot run {program} in {cwd}: no such directory", hint=hint)
    if isinstance(error, FileNotFoundError):
        return ToolError(f"program not found: {program}", hint=hint)
    return ToolError(f"program cannot be executed: {program} ({error.strerror})", hint=hint)


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            # Windows has no groups of processes; what the program started ends by itself.
            process.kill()
