"""How an error ends the command line: a message on stderr, an object for programs, a code."""

from __future__ import annotations

import click

from tinycompress._console import messages_console, printable_lines
from tinycompress.cli.settings import Settings
from tinycompress.errors import ConfigError, TinyCompressError, error_json

_INTERRUPTED = 130
_OUR_FAULT = (
    "this is a fault of tinycompress; run `tinycompress --debug ...` and report the traceback"
)


def describe(error: BaseException) -> dict[str, object]:
    """The error as ``--json`` prints it; ``code`` is the exit code."""
    if isinstance(error, TinyCompressError):
        return error.to_json()
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return error_json(_INTERRUPTED, "interrupted", None)
    if isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = None if context is None else f"{context.command_path} --help"
        return error_json(error.exit_code, error.format_message(), hint)
    return error_json(1, f"unexpected {type(error).__name__}: {error}", _OUR_FAULT)


def show(error: BaseException) -> int:
    """Say on stderr what went wrong; the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    told = describe(error)
    console = messages_console()
    for label, text in (("[bold red]error:[/] ", "message"), ("[bold cyan]hint:[/] ", "hint")):
        if told[text]:
            console.print(label, end="")
            console.print(printable_lines(str(told[text])), markup=False, soft_wrap=True)
    code = told["code"]
    assert isinstance(code, int)
    return code


def note_settings(error: BaseException, settings: Settings) -> None:
    """Say on stderr which options a file gave to a call that was refused for its options."""
    if settings.used and isinstance(error, ConfigError | click.UsageError):
        messages_console().print(
            f"note: {', '.join(settings.used)} came from {settings.file}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
