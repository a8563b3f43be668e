"""The one way to run another program."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress.errors import ToolError

_TAIL_LINES = 20


@dataclass(frozen=True)
class Finished:
    """A program that ended with exit code 0."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    hint: str | None = None,
) -> Finished:
    """Run a program to its end and return what it printed.

    Args:
        argv: Program and arguments; never passed through a shell.
        timeout_s: Seconds after which the program is killed.
        cwd: Working directory.
        env: Variables added to the environment.
        hint: Hint for the error if the program fails.

    Raises:
        ToolError: The program is missing, timed out or failed; names the command line, the exit
            code and the last lines that it printed.
    """
    words = tuple(str(word) for word in argv)
    command = " ".join(words)
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolError(f"program not found: {words[0]}", hint=hint) from error
    except PermissionError as error:
        raise ToolError(f"program cannot be executed: {words[0]}", hint=hint) from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"no end after {timeout_s:g} s: {command}", hint=hint) from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-_TAIL_LINES:])
        raise ToolError(f"exit code {done.returncode} from: {command}\n{tail}", hint=hint)
    return Finished(words, done.stdout, done.stderr)
