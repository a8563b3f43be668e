"""``tinycompress.toml``: a project's options, which the commands take where no flag says otherwise.

This is the one place that knows the file. Its keys are the commands' own options, so that an option
that a command gets is a key as well. An option resolves as: flag, then this file, then the board's
file where that says it, then the default. The Python API does not read the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinycompress._files import names_a_file
from tinycompress.errors import ConfigError

if TYPE_CHECKING:
    from tinycompress._tables import Table

FILE_NAME = "tinycompress.toml"
_WHAT = "the settings file"
_HINT = "docs/settings.md explains every key"

_OF_A_PROJECT = ("bench", "flash", "serve")
"""Commands that take what `build` made, and know its board from there."""
COMMANDS = ("build", "convert", "compress", "fit", "inspect", *_OF_A_PROJECT)
"""Those that take options from the file; each has a table of its name there."""
_DEFAULT_OF_GROUP = {"fit": "search"}
"""The command of a group that its table is for: the one whose name users leave out."""

SHARED: Mapping[str, tuple[str, ...]] = {
    "model": ("build", "convert", "compress", "fit", "inspect"),
    "board": ("build", "compress", "fit", "inspect", *_OF_A_PROJECT),
    "data": ("build", "convert", "compress", "fit"),
    "val": ("build", "convert", "compress", "fit"),
    "samples": ("bench",),
    "recipe": ("compress",),
    "activations": ("build", "convert", "compress"),
    "calibrator": ("build", "convert"),
    "symmetric_activations": ("build", "convert"),
    "per_tensor_weights": ("build", "convert"),
    "exact_to": ("build", "convert"),
    "optimize": ("build", "compress"),
    "engine": ("build",),
    "framework": ("build",),
    "toolchain": ("build",),
    "transport": ("build",),
    "tflm_dir": ("build",),
    "name": ("build",),
    "ram_budget": ("build",),
    "flash_budget": ("build",),
    "latency_budget": ("build",),
}
"""Keys outside of any table, and the commands that take them: what means the same in each."""

# What stands in for DIRECTORY; and what is said to one run.
_NO_KEYS = {"all", "help"}


@dataclass(frozen=True)
class Setting:
    """One value of the file: for which parameter, the value as on the command line, and its key."""

    parameter: str
    value: Any
    key: str

    def given(self) -> Any:
        """The value, which may have to be found out."""
        return self.value() if callable(self.value) else self.value


@dataclass(frozen=True)
class Settings:
    """What the file says; ``file`` is None where there is none.

    Attributes:
        file: As the current directory sees it.
        by_command: Values by command, and by the name of the parameter.
        used: Keys that the command that runs has taken, in the order of its parameters.
    """

    file: Path | None = None
    by_command: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)

    def default_map(self) -> dict[str, dict[str, Any]]:
        """Defaults as click takes them; it asks for those alone that no flag gives."""
        found: dict[str, dict[str, Any]] = {}
        for command, values in self.with_directories().items():
            taken = {name: self._taker(setting) for name, setting in values.items()}
            inner = _DEFAULT_OF_GROUP.get(command)
            found[command] = taken if inner is None else {inner: taken}
        return found

    def project(self, model: str | Path, board: str) -> Path | None:
        """Where `build` puts a project: beside the file; None leaves it to `build`."""
        if self.file is None:
            return None
        from tinycompress.boards import load_board
        from tinycompress.pipeline.names import default_directory

        return self.file.parent / default_directory(model, load_board(board))

    def _taker(self, setting: Setting) -> Callable[[], Any]:
        def take() -> Any:
            value = setting.given()
            if value is not None and setting.key not in self.used:
                self.used.append(setting.key)
            return value

        return take

    def with_directories(self) -> dict[str, dict[str, Setting]]:
        """The values, and for commands that take a project the one that `build` makes."""
        values = {command: dict(found) for command, found in self.by_command.items()}
        build = values.get("build", {})
        for command in _OF_A_PROJECT:
            made = Setting("directory", lambda: self._made_by_build(build), "[build]")
            values.setdefault(command, {}).setdefault("directory", made)
        return values

    def _made_by_build(self, build: Mapping[str, Setting]) -> str | None:
        if "output" in build:
            return str(build["output"].value)
        if not {"model", "board"} <= set(build):
            return None
        return str(self.project(build["model"].value, build["board"].value))


def find_settings() -> Path | None:
    """The file of this directory or, as ruff and pytest look for theirs, of its nearest parent."""
    try:
        here = Path.cwd()
    except OSError:
        # The directory was removed; whatever the command wants of it says so better.
        return None
    for directory in (here, *here.parents):
        # Unlike Path.is_file, it takes a place that may not be looked into for one without a file.
        if os.path.isfile(directory / FILE_NAME):
            return Path(os.path.relpath(directory / FILE_NAME))
    return None


def taking(commands: Mapping[str, click.Command]) -> dict[str, click.Command]:
    """Of all commands those that have a table in the file, by its name."""
    found = {name: commands[name] for name in COMMANDS}
    for name, inner in _DEFAULT_OF_GROUP.items():
        group = found[name]
        assert isinstance(group, click.Group)
        found[name] = group.commands[inner]
    return found


def keys_of(command: click.Command) -> Mapping[str, click.Parameter]:
    """Every parameter of a command that its table takes, by key.

    Flags that cannot be taken back on the command line are none: a file should not force them.
    """
    return dict(_keys(command))


def _keys(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            yield ("model" if parameter.name == "models" else str(parameter.name)), parameter
        elif isinstance(parameter, click.Option):
            name = max(parameter.opts, key=len).lstrip("-").replace("-", "_")
            one_way = parameter.is_flag and not parameter.secondary_opts
            if not (one_way or parameter.hidden or name in _NO_KEYS):
                yield name, parameter


def read_settings(path: Path, commands: Mapping[str, click.Command]) -> Settings:
    """Read the file.

    Args:
        path: Where it is; paths in it are relative to that place.
        commands: All commands, by name.

    Raises:
        ConfigError: It cannot be read, or has problems (all of them are listed).
    """
    from tinycompress._strict_toml import read_strict
    from tinycompress.cli.settings.table import settings_table

    keys = {name: keys_of(command) for name, command in taking(commands).items()}
    table = read_strict(path, settings_table(keys), _WHAT, _HINT)
    found: dict[str, dict[str, Setting]] = {name: {} for name in COMMANDS}
    for key, users in SHARED.items():
        for command in users:
            if key in keys[command]:
                _put(found[command], keys[command][key], table, key, key, path)
    for command, of_command in keys.items():
        own = getattr(table, command)
        for key, parameter in of_command.items():
            _put(found[command], parameter, own, key, f"{command}.{key}", path)
    _forget_known_boards(found)
    return Settings(path, found)


def _put(
    found: dict[str, Setting],
    parameter: click.Parameter,
    table: Table | None,
    key: str,
    place: str,
    file: Path,
) -> None:
    value = getattr(table, key, None)
    if value is None:
        return
    name = str(parameter.name)
    values = list(value) if isinstance(value, tuple) else [value]
    if _names_files(parameter, value):
        values = [str(file.parent / one) for one in values]
    several = parameter.nargs == -1 or parameter.multiple
    found[name] = Setting(name, tuple(values) if several else values[0], place)


def _names_files(parameter: click.Parameter, value: object) -> bool:
    """Whether a value is the path of a file of the user's: boards and recipes have names, too."""
    if isinstance(parameter.type, click.Path):
        # What says how samples are made is no place.
        return value not in getattr(parameter.type, "words", ())
    return (
        parameter.type.name in ("board", "recipe")
        and isinstance(value, str)
        and names_a_file(value)
    )


def _forget_known_boards(found: Mapping[str, dict[str, Setting]]) -> None:
    """Leave the board of a project to what `build` wrote there, unless only its file knows it."""
    for command in _OF_A_PROJECT:
        board = found[command].get("board")
        if board is not None and board.key == "board" and not names_a_file(board.value):
            del found[command]["board"]


def settings_of(
    path: Path | None, isolated: bool, commands: Mapping[str, click.Command]
) -> Settings:
    """The settings of a call.

    Args:
        path: File that the user named, or None.
        isolated: Whether no file is to be looked for.
        commands: All commands, by name.

    Raises:
        ConfigError: The file has problems, or a file was named that is not to be looked for.
    """
    if path is not None and isolated:
        raise ConfigError("--config and --isolated exclude each other", hint="leave one out")
    file = None if isolated else path or find_settings()
    return Settings() if file is None else read_settings(file, commands)
