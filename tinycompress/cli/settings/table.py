"""What ``tinycompress.toml`` may hold, made of the commands' own parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import click
from pydantic import AfterValidator, BeforeValidator, Field, create_model

from tinycompress._tables import Table
from tinycompress.cli.options import SizeType
from tinycompress.cli.settings import SHARED


def settings_table(keys: Mapping[str, Mapping[str, click.Parameter]]) -> type[Table]:
    """The class of the file.

    Args:
        keys: Parameters by command and key: each command has a table, and `SHARED` stands above.
    """
    fields: dict[str, Any] = {"schema_": (Literal[1], Field(alias="schema"))}
    for key, users in SHARED.items():
        parameter = next((keys[user][key] for user in users if key in keys[user]), None)
        if parameter is not None:
            fields[key] = _field(parameter)
    for command, of_command in keys.items():
        own: dict[str, Any] = {key: _field(parameter) for key, parameter in of_command.items()}
        fields[command] = (create_model(command, __base__=Table, **own) | None, None)
    return create_model("Settings", __base__=Table, **fields)


def _field(parameter: click.Parameter) -> tuple[Any, None]:
    """Type and default of a key: TOML's own type, and the rules of the parameter's."""
    kind: Any = str
    if isinstance(parameter, click.Option) and parameter.is_flag:
        kind = bool
    elif isinstance(parameter.type, SizeType):
        kind = int | str
    elif isinstance(parameter.type, click.types.IntParamType):
        kind = int
    elif isinstance(parameter.type, click.types.FloatParamType):
        kind = float
    one = Annotated[kind, AfterValidator(_checked_by(parameter))]
    if parameter.multiple:
        several = Annotated[tuple[one, ...], BeforeValidator(_several), Field(min_length=1)]
        return (several | None, None)
    return (one | None, None)


def _several(value: object) -> object:
    """One value stands for a list of it."""
    return (value,) if isinstance(value, str) else value


def _checked_by(parameter: click.Parameter) -> Callable[[Any], Any]:
    """Refuse what the command line would refuse; a value goes on as the file has it."""

    def check(value: Any) -> Any:
        if value == "":
            raise ValueError("empty")
        try:
            parameter.type.convert(value, None, None)
        except click.UsageError as error:
            raise ValueError(error.message) from error
        return value

    return check
