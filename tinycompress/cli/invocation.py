"""What one call of the command line knows of itself: how quiet it is, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from tinycompress._console import messages_console, printable_lines
from tinycompress._sealed import is_sealed, sealed
from tinycompress.cli.settings import Settings, settings_of


@dataclass
class Invocation:
    """One call.

    ``answer`` is the JSON object that is printed when the call ends, well or not: an error that
    comes after it becomes part of it, so that stdout is always one object. ``settings`` is what
    tinycompress.toml says; ``config`` and ``isolated`` are where to look for it.
    """

    arguments: Sequence[str] = ()
    quiet: bool = False
    config: Path | None = None
    isolated: bool = False
    settings: Settings = field(default_factory=Settings)
    answer: Mapping[str, object] | None = None


def invocation() -> Invocation:
    """The call that is under way."""
    return click.get_current_context().find_root().ensure_object(Invocation)


def all_commands() -> Mapping[str, click.Command]:
    """Every command, by name."""
    group = click.get_current_context().find_root().command
    return group.commands if isinstance(group, click.Group) else {}


def read_settings() -> Settings:
    """Read the settings file of this call, and remember it.

    Raises:
        ConfigError: The file has problems.
    """
    invoked = invocation()
    invoked.settings = settings_of(invoked.config, invoked.isolated, all_commands())
    return invoked.settings


def given(name: str) -> bool:
    """Whether the command line itself says a parameter of the command that runs."""
    source = click.get_current_context().get_parameter_source(name)
    return source == click.core.ParameterSource.COMMANDLINE


def print_answer(answer: Mapping[str, object] | None, error: Mapping[str, object] | None) -> None:
    """Print the answer, if there is one; ``error`` is added to it, or printed alone."""
    if error is not None:
        alone = {"schema": "tinycompress.error", "schema_version": 1}
        answer = {**(alone if answer is None else answer), "error": error}
    if answer is not None:
        # What a command added after its answer belongs to the contents.
        answer = sealed(answer) if is_sealed(answer) else answer
        click.echo(json.dumps(answer, indent=2))


def tell(lines: Iterable[str]) -> None:
    """Say on stderr what is good to know; nothing where the user asked for quiet."""
    if not invocation().quiet:
        _print(lines)


def warn(warnings: Iterable[str]) -> None:
    """Say on stderr what the user should look into, quiet or not."""
    _print(f"warning: {warning}" for warning in warnings)


def _print(lines: Iterable[str]) -> None:
    console = messages_console()
    for line in lines:
        console.print(printable_lines(line), markup=False, soft_wrap=True)
