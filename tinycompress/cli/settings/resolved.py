"""What each option of a project resolves to, and where that comes from: for ``doctor``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import click

from tinycompress.boards import Board, load_board
from tinycompress.cli.settings import Setting, Settings, keys_of, taking
from tinycompress.firmware.tflm_library import VARIABLE

Source = Literal["file", "environment", "board", "default"]

_VARIABLES: Mapping[str, str] = {"tflm_dir": VARIABLE}
_DEFAULT_IN_WORDS = re.compile(r"\[default: (.+)\]$", re.DOTALL)


@dataclass(frozen=True)
class Resolved:
    """One option as commands take it without a flag.

    Attributes:
        option: As the settings file spells it.
        commands: Those for which it resolves so.
        value: In words; "-" where there is none.
        source: What says it.
        where: Its key in the file, the variable or the board; empty for a default.
    """

    option: str
    commands: tuple[str, ...]
    value: str
    source: Source
    where: str = ""


def resolve(settings: Settings, commands: Mapping[str, click.Command]) -> tuple[Resolved, ...]:
    """Every option that the settings file may hold, those of equal value in several commands once.

    Args:
        settings: What the file says.
        commands: All commands, by name.

    Raises:
        BoardError: The board in the settings is unknown, or its file has problems.
    """
    found: dict[tuple[str, str, str], Resolved] = {}
    for one in _of_each_command(settings, commands):
        key = (one.option, one.value, one.where)
        if key in found:
            one = replace(one, commands=(*found[key].commands, *one.commands))
        found[key] = one
    return tuple(sorted(found.values(), key=lambda one: one.option))


def _of_each_command(
    settings: Settings, commands: Mapping[str, click.Command]
) -> Iterator[Resolved]:
    board = _board(settings)
    values = settings.with_directories() if settings.file is not None else {}
    for command, taker in taking(commands).items():
        for key, parameter in keys_of(taker).items():
            setting = values.get(command, {}).get(str(parameter.name))
            value, source, where = _resolve(command, key, parameter, setting, board)
            if value != "-" or source != "default":
                yield Resolved(key, (command,), value, source, where)


def _resolve(
    command: str,
    key: str,
    parameter: click.Parameter,
    setting: Setting | None,
    board: Board | None,
) -> tuple[str, Source, str]:
    said = None if setting is None else setting.given()
    if setting is not None and said is not None:
        return _in_words(said), "file", setting.key
    variable = _VARIABLES.get(key)
    if variable is not None and os.environ.get(variable):
        return os.environ[variable], "environment", variable
    if board is not None and (command, key) in _BOARD_SAYS:
        return _BOARD_SAYS[command, key](board), "board", board.id
    default = parameter.get_default(click.Context(click.Command(key)))
    if isinstance(default, bool | int | float | str) and not isinstance(parameter, click.Argument):
        return _in_words(default), "default", ""
    words = _DEFAULT_IN_WORDS.search(getattr(parameter, "help", None) or "")
    return ("-" if words is None else words[1]), "default", ""


def _board(settings: Settings) -> Board | None:
    setting = settings.by_command.get("build", {}).get("board")
    return None if setting is None else load_board(str(setting.value))


def _methods(board: Board) -> str:
    return ", ".join(way.method for way in board.flash) or "-"


_BOARD_SAYS = {
    ("build", "transport"): lambda board: board.serial.transport,
    ("flash", "method"): _methods,
}


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)
