"""What one call of the command line knows of itself: how quiet it is, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import click

from tinycompress._console import messages_console, printable_lines
from tinycompress._sealed import is_sealed, sealed


@dataclass
class Invocation:
    """One call.

    ``answer`` is the JSON object that is printed when the call ends, well or not: an error that
    comes after it becomes part of it, so that stdout is always one object.
    """

    quiet: bool = False
    answer: Mapping[str, object] | None = None


def invocation() -> Invocation:
    """The call that is under way."""
    return click.get_current_context().find_root().ensure_object(Invocation)


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
