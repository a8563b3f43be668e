"""Finding and reading board files; every problem of a file is reported at once."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tinycompress._files import names_a_file
from tinycompress._resources import boards_dir
from tinycompress.boards import rules
from tinycompress.boards.problems import describe
from tinycompress.boards.schema import Board
from tinycompress.errors import BoardError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LIST_HINT = "run `tinycompress boards list`, or give the path of your own .toml file"


def load_board(name_or_path: str) -> Board:
    """Load one board.

    Args:
        name_or_path: Id or alias of a shipped board in any case, or the path of a ``.toml`` file.

    Raises:
        BoardError: There is no such board, or its file has problems (all of them are listed).
    """
    if names_a_file(name_or_path):
        return read_board(Path(name_or_path))
    wanted = name_or_path.strip().lower()
    boards = list_boards()
    by_name = {name: board for board in boards for name in (board.id, *board.aliases)}
    if wanted in by_name:
        return by_name[wanted]
    message = f"unknown board {name_or_path!r}"
    close = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.5)
    if close:
        message += f"; did you mean {close[0]!r}?"
    else:
        message += f" (there are: {', '.join(board.id for board in boards)})"
    raise BoardError(message, hint=_LIST_HINT)


def list_boards(directory: Path | None = None) -> tuple[Board, ...]:
    """Load every board of a directory, in order of id.

    Args:
        directory: Where the ``.toml`` files are; the shipped boards by default.

    Raises:
        BoardError: A file has problems, or two boards share a name.
    """
    where = boards_dir() if directory is None else directory
    boards = tuple(read_board(path) for path in sorted(where.glob("*.toml")))
    clashes = _name_clashes(boards)
    if clashes:
        raise _board_error(f"the boards in {where} clash", clashes)
    return boards


def read_board(path: Path) -> Board:
    """Read one board file.

    Raises:
        BoardError: It cannot be read, is no TOML, or breaks rules (all of them are listed).
    """
    table = _read_toml(path)
    try:
        board = Board.model_validate(_tuples(table))
    except ValidationError as error:
        found = [describe(problem, table) for problem in error.errors(include_url=False)]
        raise _board_error(f"board file {path}", found) from error
    found = rules.problems(board, stem=path.stem)
    if found:
        raise _board_error(f"board file {path}", found)
    return board


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BoardError(f"no board file {path}", hint=_LIST_HINT) from error
    except OSError as error:
        raise BoardError(f"cannot read board file {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BoardError(f"board file {path} is not UTF-8 text: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"board file {path} is not valid TOML: {error}") from error


def _tuples(value: Any) -> Any:
    # A frozen Board holds tuples, and strict validation does not turn lists into them.
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _board_error(what: str, found: list[str]) -> BoardError:
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    return BoardError(
        "\n  - ".join((f"{what}: {count}", *found)),
        hint="docs/adding-a-board.md explains every key",
    )


def _name_clashes(boards: Iterable[Board]) -> list[str]:
    owner: dict[str, str] = {}
    found = []
    for board in boards:
        for name in (board.id, *board.aliases):
            if name in owner:
                found.append(f"{name!r} names both {owner[name]!r} and {board.id!r}")
            owner.setdefault(name, board.id)
    return found
