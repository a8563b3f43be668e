"""``init``: a small working project, from a template in ``examples/templates``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tinycompress import _files
from tinycompress._resources import examples_dir
from tinycompress._strict_toml import read_strict
from tinycompress._tables import Table
from tinycompress.artifacts import TemplateName
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError, os_reason

_COMMON, _FACTS = "common", "template.toml"


class Template(Table):
    """What a template's ``template.toml`` says of it.

    ``about`` and ``own_data`` are paragraphs of the project's README. ``data_files`` are shipped
    with it: file names and what they hold.
    """

    title: str
    description: str
    about: str
    own_data: str
    ram_budget_bytes: int
    data_files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class StartedProject:
    """A project that `start_project` wrote: its directory, and its files relative to that."""

    directory: Path
    template: TemplateName
    board: str
    files: tuple[str, ...]


def start_project(
    directory: str | Path, template: TemplateName = "keywords", board: str = "nano33"
) -> StartedProject:
    """Write a project: training script, recipe, settings and README.

    Args:
        directory: Where it goes; made if need be. Other files in it stay.
        template: What the model is for.
        board: Id, alias or file of the board in its settings.

    Raises:
        ConfigError: A file of the project is there already, or the place cannot be written.
        BoardError: There is no such board.
    """
    place = Path(directory)
    files = _rendered(template, board, place)
    _require_free(place, files)
    with _files.new_files(place) as temporary:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
    return StartedProject(place, template, board, tuple(files))


def _rendered(template: TemplateName, board: str, place: Path) -> dict[str, bytes]:
    """Contents by name, the same for the same arguments."""
    target = load_board(board)
    named = _from_place(board, place) if _files.names_a_file(board) else board
    source = _templates() / template
    about = read_strict(source / _FACTS, Template, "the template", "reinstall tinycompress")
    # A JSON string is a TOML string, too.
    facts = {
        **about.model_dump(),
        "name": template,
        "board": json.dumps(named),
        "board_name": target.name,
    }
    environment = Environment(
        loader=FileSystemLoader(_templates() / _COMMON), undefined=StrictUndefined,
        keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, autoescape=False,
    )  # fmt: skip
    files = {
        name: environment.get_template(f"{name}.j2").render(facts).encode()
        for name in ("README.md", "tinycompress.toml")
    }
    files[".gitignore"] = (_templates() / _COMMON / "gitignore").read_bytes()
    for name in ("recipe.toml", "train.py"):
        files[name] = (source / name).read_bytes()
    for name, _ in about.data_files:
        files[name] = (examples_dir() / "digits" / name).read_bytes()
    return files


def _templates() -> Path:
    return examples_dir() / "templates"


def _from_place(board: str, place: Path) -> str:
    """A board's file as the settings name it: relative to them."""
    return Path(os.path.relpath(board, place)).as_posix()


def _require_free(place: Path, files: dict[str, bytes]) -> None:
    try:
        taken = sorted(name for name in files if os.path.lexists(place / name))
        is_file = place.exists() and not place.is_dir()
    except OSError as error:
        raise ConfigError(f"cannot look into {place}: {os_reason(error)}") from error
    if is_file:
        raise ConfigError(f"{place} is a file", hint="name another directory")
    if taken:
        raise ConfigError(
            f"{place} has {', '.join(taken)} already: nothing was written",
            hint="name another directory, or move these files",
        )
