"""Every error that a user can cause, with the exit code that the command line ends in.

    TinyCompressError                1   base; also an unexpected failure of a part that we drive
    ├── ConfigError                  2   usage, configuration, unusable paths, bad data
    │   └── BoardError               2   unknown board or broken board file (all problems at once)
    ├── ModelError                   3   malformed or unsupported model (all reasons at once)
    ├── DoesNotFitError              4   flash, RAM or a budget is exceeded
    ├── ToolError                    5   compiler, linker or another build tool is missing or failed
    ├── FlashError                   6   a port or a flashing tool
    ├── DeviceError                  7   the device is silent, talks garbage, or stopped
    ├── MismatchError                8   outputs differ, or cannot be compared; or accuracy fell
    └── RegressionError              9   a result is worse than another one, beyond a limit

The message says what is wrong, where, with which value, and what is allowed. The hint is the next
thing to do.
"""

from __future__ import annotations

from typing import ClassVar


def os_reason(error: OSError) -> str:
    """Why the system refused a file, in words that follow ``cannot read FILE:``."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a directory"
    if isinstance(error, PermissionError):
        return "no permission"
    return error.strerror or str(error)


def error_json(
    code: int, message: str, hint: str | None, details: dict[str, object] | None = None
) -> dict[str, object]:
    """An error as ``--json`` prints it.

    Args:
        code: The exit code.
        message: What is wrong.
        hint: The next thing to do, if anybody knows.
        details: What there is beyond that.
    """
    return {"code": code, "message": message, "hint": hint, "details": details or {}}


class TinyCompressError(Exception):
    """Base of every error that a user can cause.

    Args:
        message: What is wrong, where, with which value, and what is allowed; no final full stop.
        hint: The next command or change to try.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def details(self) -> dict[str, object]:
        """What programs may want to know beyond message and hint; keys are documented by class."""
        return {}

    def to_json(self) -> dict[str, object]:
        """The error as ``--json`` prints it: code, message, hint and details."""
        return error_json(self.exit_code, self.message, self.hint, self.details())


class ConfigError(TinyCompressError):
    """Usage, configuration, unusable input or output paths, bad data."""

    exit_code = 2


class BoardError(ConfigError):
    """Unknown board, or a board file with problems."""


class ModelError(TinyCompressError):
    """The model is malformed or not supported.

    Args:
        message: One sentence on the model as a whole.
        reasons: Every single reason, one line each, already naming layer, op and value.
        hint: The next thing to try.
    """

    exit_code = 3

    def __init__(
        self, message: str, *, reasons: tuple[str, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__("\n  - ".join((message, *reasons)), hint=hint)
        self.reasons = reasons

    def details(self) -> dict[str, object]:
        """``reasons``: one line for each."""
        return {"reasons": list(self.reasons)}


class DoesNotFitError(TinyCompressError):
    """Flash, RAM or a budget is exceeded.

    Args:
        message: What is exceeded, and by how much.
        hint: The next thing to try.
        exceeded: Each limit of a budget file that is not kept, as plain values.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        exceeded: tuple[dict[str, object], ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.exceeded = exceeded

    def details(self) -> dict[str, object]:
        """``exceeded``: one object for each limit of a budget file; no key without any."""
        return {"exceeded": list(self.exceeded)} if self.exceeded else {}


class ToolError(TinyCompressError):
    """A compiler, linker or other build tool is missing or failed."""

    exit_code = 5


class FlashError(TinyCompressError):
    """A port could not be opened or a flashing tool failed."""

    exit_code = 6


class DeviceError(TinyCompressError):
    """The device is silent, talks garbage, is of another build, or stopped half-way.

    Args:
        message: What happened.
        phase: The step of the conversation in which it happened, such as ``"HELLO"``.
        hint: The next thing to try.
    """

    exit_code = 7

    def __init__(self, message: str, *, phase: str, hint: str | None = None) -> None:
        super().__init__(f"{message} (phase: {phase})", hint=hint)
        self.phase = phase

    def details(self) -> dict[str, object]:
        """``phase`` of the conversation with the device."""
        return {"phase": self.phase}


class MismatchError(TinyCompressError):
    """The outputs differ from the oracle's or cannot be compared; or accuracy fell too far."""

    exit_code = 8


class RegressionError(TinyCompressError):
    """A result is worse than the one that it was compared with, beyond a limit.

    Args:
        message: One sentence on the results as a whole.
        regressions: Every figure that is, one line each, with both values.
        hint: The next thing to try.
    """

    exit_code = 9

    def __init__(
        self, message: str, *, regressions: tuple[str, ...], hint: str | None = None
    ) -> None:
        super().__init__("\n  - ".join((message, *regressions)), hint=hint)
        self.regressions = regressions

    def details(self) -> dict[str, object]:
        """``regressions``: one line for each."""
        return {"regressions": list(self.regressions)}
