"""Finding and running what flashes, with failures as `FlashError`."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress import _proc
from tinycompress.artifacts import Finding
from tinycompress.errors import FlashError, ToolError

_TAIL_LINES = 20
_LOG = logging.getLogger(__name__)


class NotPossibleError(FlashError):
    """A method cannot be used now: its program is missing, or it does not see the board.

    Nothing was written, so the next method may be tried.
    """


@dataclass(frozen=True)
class Program:
    """A program that a method runs; ``preferred`` are places that come before PATH."""

    name: str
    install_hint: str
    preferred: Callable[[], Iterable[Path]] = tuple

    def find(self) -> Path:
        """Its path, as `find_program` looks for it.

        Raises:
            NotPossibleError: It is not installed.
        """
        return find_program(self.name, hint=self.install_hint, preferred=self.preferred())

    def finding(self, wanted_by: str) -> Finding:
        """What the doctor says of it. ``wanted_by`` names the boards that it flashes."""
        try:
            return Finding(self.name, "ok", detail=str(self.find()))
        except NotPossibleError as error:
            return Finding(self.name, "missing", detail=f"flashes {wanted_by}", hint=error.hint)


@dataclass(frozen=True)
class PythonPackage:
    """A distribution that a method imports."""

    name: str
    install_hint: str

    def finding(self, wanted_by: str) -> Finding:
        """What the doctor says of it. ``wanted_by`` names the boards that it flashes."""
        try:
            return Finding(self.name, "ok", importlib.metadata.version(self.name))
        except importlib.metadata.PackageNotFoundError:
            detail = f"flashes {wanted_by}"
            return Finding(self.name, "missing", detail=detail, hint=self.install_hint)


def find_program(name: str, *, hint: str, preferred: Iterable[Path] = ()) -> Path:
    """Path of a program.

    It is what the variable ``TC_<NAME>`` says (with ``_`` for ``-``), else the first of
    ``preferred`` that exists, else what PATH has.

    Raises:
        NotPossibleError: It is not installed; ``hint`` says how it gets there.
    """
    variable = f"TC_{name.upper().replace('-', '_')}"
    if variable in os.environ:
        chosen = shutil.which(os.environ[variable])
        if chosen is None:
            raise NotPossibleError(
                f"{variable} names no program: {os.environ[variable]}", hint=f"unset {variable}"
            )
        return Path(chosen)
    for path in preferred:
        if path.is_file():
            return path
    found = shutil.which(name)
    if found is None:
        raise NotPossibleError(f"{name} is not installed", hint=hint)
    return Path(found)


def run_program(
    argv: Sequence[str | Path], *, timeout_s: float, hint: str, cwd: Path | None = None
) -> _proc.Finished:
    """Run a flashing program to its end, whatever its exit code.

    Raises:
        FlashError: It cannot be started, or was ended after ``timeout_s`` seconds.
    """
    try:
        return _proc.run(argv, timeout_s=timeout_s, cwd=cwd, check=False)
    except ToolError as error:
        raise FlashError(error.message, hint=hint) from error


def last_words(finished: _proc.Finished) -> str:
    """The command line, exit code and last lines of a program that failed, for a message."""
    tail = "\n".join(_lines(finished)[-_TAIL_LINES:])
    return f"{_command(finished)}\n{tail}"


def reason(finished: _proc.Finished) -> str:
    """The one line in which a program says why it did nothing; all of it goes to the log."""
    lines = _lines(finished)
    _LOG.info("%s\n%s", _command(finished), "\n".join(lines))
    telling = [line for line in lines if re.search("error|fail|cannot|no accessible", line, re.I)]
    return (telling or lines[-1:] or [f"exit code {finished.exit_code}"])[0].strip()


def _command(finished: _proc.Finished) -> str:
    return f"exit code {finished.exit_code} from: {' '.join(finished.argv)}"


def _lines(finished: _proc.Finished) -> list[str]:
    # Progress bars redraw their line with carriage returns; only the last state is worth showing.
    text = (finished.stdout + finished.stderr).replace("\r\n", "\n")
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
    return [line for line in lines if line]
