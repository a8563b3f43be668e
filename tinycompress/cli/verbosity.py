"""How much is said: -v, -q and --debug, before the command or behind it, as pip takes them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tinycompress.cli.invocation import invocation

_Function = TypeVar("_Function", bound=Callable[..., Any])


def verbosity_options(hidden: bool = False) -> Callable[[_Function], _Function]:
    """Decorate a command with the options; ``hidden`` leaves them out of its help."""
    options = (
        click.option(
            "-v", "--verbose", count=True, expose_value=False, hidden=hidden, callback=_verbose,
            help="Print more; -vv prints everything.",
        ),
        click.option(
            "-q", "--quiet", is_flag=True, expose_value=False, hidden=hidden, callback=_quiet,
            help="Print results, warnings and errors only.",
        ),
        click.option(
            "--debug", is_flag=True, expose_value=False, hidden=hidden, callback=_debug,
            help="Print tracebacks and all messages of libraries.",
        ),
    )  # fmt: skip

    def apply(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


def take_behind(command: click.Command) -> None:
    """Let a command, or each command of a group, take the options behind its name as well."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            take_behind(one)
    else:
        verbosity_options(hidden=True)(command)


def _verbose(_context: click.Context, _parameter: click.Parameter, count: int) -> None:
    if count:
        _log_from(logging.INFO if count == 1 else logging.DEBUG)


def _quiet(_context: click.Context, _parameter: click.Parameter, quiet: bool) -> None:
    if quiet:
        invocation().quiet = True


def _debug(_context: click.Context, _parameter: click.Parameter, debug: bool) -> None:
    if debug:
        _log_from(logging.DEBUG)


def _log_from(level: int) -> None:
    root = logging.getLogger()
    root.setLevel(min(level, root.level))
