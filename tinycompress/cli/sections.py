"""A command whose help lists its options in sections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

_KEY = "tinycompress_section"
_REST = "Other"


def section(
    title: str, *options: Callable[[_Function], _Function]
) -> Callable[[_Function], _Function]:
    """Decorate a command with options, which its help lists under ``title`` in this order."""

    def apply(function: _Function) -> _Function:
        before = len(_parameters(function))
        for option in reversed(options):
            function = option(function)
        for parameter in _parameters(function)[before:]:
            vars(parameter)[_KEY] = title
        return function

    return apply


def _parameters(function: Callable[..., Any]) -> list[click.Parameter]:
    # Where click's decorators collect them until `click.command` takes them, last one first.
    found: list[click.Parameter] = vars(function).get("__click_params__", [])
    return found


class SectionedCommand(click.Command):
    """A command whose options were given by `section`; what was not comes last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a definition list for every section, in the order of the options."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        options.sort(key=lambda option: _KEY not in vars(option))
        found: dict[str, list[tuple[str, str]]] = {}
        for option in options:
            record = option.get_help_record(ctx)
            if record is not None:
                found.setdefault(vars(option).get(_KEY, _REST), []).append(record)
        for title, records in found.items():
            with formatter.section(title):
                formatter.write_dl(records)
