"""Running a cross compiler: one command line per source file, one to link."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tinycompress import _proc
from tinycompress.artifacts import ToolchainName
from tinycompress.errors import DoesNotFitError, ToolError
from tinycompress.toolchain.find import CXX_INSTALL_HINT, INSTALL_HINTS, Toolchain
from tinycompress.toolchain.overflow import does_not_fit

_LOG = logging.getLogger(__name__)

COMPILE_TIMEOUT_S = 300.0
LINK_TIMEOUT_S = 300.0
CXX_SUFFIX = ".cpp"
TFLM_PLACE = "$TFLM_DIR"
"""Stands for the TFLM checkout in flags, so that what is recorded of them names no place."""

_MAX_DIAGNOSTIC_LINES = 60


class SourceRefusedError(ToolError):
    """The compiler does not take files of the project.

    Args:
        message: With the compiler's own text.
        sources: The files, relative to the project's directory.
        hint: The next thing to try.
    """

    def __init__(self, message: str, *, sources: tuple[str, ...], hint: str | None) -> None:
        super().__init__(message, hint=hint)
        self.sources = sources

    def details(self) -> dict[str, object]:
        """``sources``: the files that do not compile."""
        return {"sources": list(self.sources)}


@dataclass(frozen=True)
class CompileJob:
    """One source file and its object; ``source`` is relative to the project's directory."""

    source: str
    output: Path


@dataclass(frozen=True)
class CxxCommands:
    """How the C++ of a project compiles, and the libraries that it is linked with.

    In ``flags`` and ``libraries``, `TFLM_PLACE` stands for ``tflm_directory``.
    """

    command: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    tflm_directory: Path


@dataclass(frozen=True)
class Commands:
    """How one toolchain compiles and links one project. No flag names a place on this machine.

    ``directory`` is where every command runs, so that paths in messages and in ``__FILE__`` are the
    project's own.
    """

    toolchain: Toolchain
    directory: Path
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    environment: Mapping[str, str]
    cxx: CxxCommands | None = None

    def compile_argv(self, job: CompileJob) -> tuple[str, ...]:
        """The command line that compiles one file."""
        start = (*self.toolchain.command, *self.compile_flags)
        if self.cxx is not None and job.source.endswith(CXX_SUFFIX):
            start = (*self.cxx.command, *self.cxx.flags)
        return (*self._placed(start), "-c", job.source, "-o", str(job.output))

    def link_argv(self, objects: Iterable[Path], script: Path, output: Path) -> tuple[str, ...]:
        """The command line that links all objects."""
        libraries = () if self.cxx is None else self.cxx.libraries
        return self._placed(
            (
                *self.toolchain.command, *self.link_flags, f"-Wl,-T,{script}",
                *map(str, objects), *libraries, "-o", str(output),
            )
        )  # fmt: skip

    def _placed(self, argv: Iterable[str]) -> tuple[str, ...]:
        if self.cxx is None:
            return tuple(argv)
        place = str(self.cxx.tflm_directory)
        return tuple(word.replace(TFLM_PLACE, place) for word in argv)


def compile_all(
    commands: Commands, jobs: Sequence[CompileJob], *, done: Callable[[int], None]
) -> tuple[str, ...]:
    """Compile all files, as many at once as there are cores.

    Args:
        commands: How to compile.
        jobs: What to compile.
        done: Told how many files are finished.

    Returns:
        What the compiler said of files that it accepted (warnings), in the order of ``jobs``.

    Raises:
        DoesNotFitError: A static assertion of the generated code says so.
        SourceRefusedError: Files do not compile; with the compiler's own text.
        ToolError: It did not end.
    """
    with ThreadPoolExecutor(max_workers=_cores()) as pool:
        try:
            futures = [pool.submit(_compile, commands, job) for job in jobs]
            finished = []
            for count, future in enumerate(futures, start=1):
                finished.append(future.result())
                done(count)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    failed = [(job, end) for job, end in zip(jobs, finished, strict=True) if end.exit_code != 0]
    if failed:
        text = "\n".join(_said(end) or f"{job.source}: no message" for job, end in failed)
        error = _failure(commands, f"{len(failed)} of {len(jobs)} files do not compile", text)
        if isinstance(error, DoesNotFitError):
            raise error
        sources = tuple(job.source for job, _ in failed)
        raise SourceRefusedError(error.message, sources=sources, hint=error.hint)
    return _warnings(finished)


def link(commands: Commands, objects: Sequence[Path], script: Path, output: Path) -> str:
    """Link; return what the linker said nevertheless.

    Raises:
        DoesNotFitError: A memory region of the linker script overflowed.
        ToolError: It does not link; with the linker's own text. Or it did not end.
    """
    end = _run(commands, commands.link_argv(objects, script, output), LINK_TIMEOUT_S)
    if end.exit_code != 0:
        raise _failure(commands, "the firmware does not link", _said(end))
    return "\n".join(_warnings([end]))


def _compile(commands: Commands, job: CompileJob) -> _proc.Finished:
    return _run(commands, commands.compile_argv(job), COMPILE_TIMEOUT_S)


def _run(commands: Commands, argv: tuple[str, ...], timeout_s: float) -> _proc.Finished:
    return _proc.run(
        argv,
        timeout_s=timeout_s,
        cwd=commands.directory,
        env={**commands.toolchain.environment, **commands.environment},
        hint=f"try the other compiler: --toolchain {_other(commands)}",
        check=False,
    )


def _said(end: _proc.Finished) -> str:
    return (end.stdout + end.stderr).strip()


def _warnings(finished: Iterable[_proc.Finished]) -> tuple[str, ...]:
    texts = tuple(text for end in finished if (text := _said(end)))
    for text in texts:
        _LOG.warning("%s", text)
    return texts


def _failure(commands: Commands, what: str, text: str) -> DoesNotFitError | ToolError:
    if (overflow := does_not_fit(text)) is not None:
        return overflow
    lines = text.splitlines()
    if len(lines) > _MAX_DIAGNOSTIC_LINES:
        left = len(lines) - _MAX_DIAGNOSTIC_LINES
        lines = [*lines[:_MAX_DIAGNOSTIC_LINES], f"... {left} more lines"]
    toolchain = commands.toolchain
    said = "\n".join(lines) or "it gave no reason"
    hint: str | None = f"try the other compiler: --toolchain {_other(commands)}"
    if commands.cxx is not None:
        hint = "docs/engines.md says which version of TensorFlow Lite Micro was tried"
    if "fatal error: cstddef" in text or "cannot find -lstdc++" in text:
        hint = f"the C++ library for Arm is missing: {CXX_INSTALL_HINT}"
    if "cannot find -lc" in text or "nosys.specs" in text or "nano.specs" in text:
        hint = f"the C library for Arm is missing: {INSTALL_HINTS['gcc']}"
    return ToolError(f"{what} with {toolchain.name} {toolchain.version}:\n{said}", hint=hint)


def _other(commands: Commands) -> ToolchainName:
    return "gcc" if commands.toolchain.name == "zig" else "zig"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
