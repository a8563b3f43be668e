"""The places in the code that refuse a model, read off the source; and which one a refusal is from.

A place is a construction of ``ModelError``, named by its file, its function and, from the second in
a function on, its number: ``ir/reader.py:read_model#2``.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tinycompress.errors import ModelError

PACKAGE = Path(__file__).resolve().parents[3] / "tinycompress"


@dataclass(frozen=True)
class Site:
    """Where a ModelError is made: first and last line; whether a hint stands beside its message."""

    name: str
    file: str
    first: int
    last: int
    has_hint: bool


@dataclass(frozen=True)
class Refusal:
    """What reaches a place: ``provoke`` gets an empty directory.

    ``message`` is a part of what is wrong, reasons included, ``hint`` a part of what to do.
    """

    site: str
    provoke: Callable[[Path], object]
    message: str
    hint: str


@cache
def sites() -> tuple[Site, ...]:
    """All places."""
    found: list[Site] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_data" in path.parts:
            continue
        file = path.relative_to(PACKAGE).as_posix()
        counts: Counter[str] = Counter()
        for function, call in _calls(ast.parse(path.read_text(encoding="utf-8")), ""):
            counts[function] += 1
            number = f"#{counts[function]}" if counts[function] > 1 else ""
            has_hint = any(keyword.arg == "hint" for keyword in call.keywords)
            last = call.end_lineno or call.lineno
            name = f"{file}:{function}{number}"
            found.append(Site(name, str(path), call.lineno, last, has_hint))
    return tuple(found)


def _calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            inside = f"{function}.{child.name}" if function else child.name
        if isinstance(child, ast.Call) and getattr(child.func, "id", "") == "ModelError":
            yield function, child
        yield from _calls(child, inside)


def reached(provoke: Callable[[], object]) -> tuple[ModelError, str]:
    """The refusal that comes of a call, and the place that it is from.

    Raises:
        AssertionError: Nothing was refused.
    """
    made: list[tuple[ModelError, str]] = []
    original = ModelError.__init__

    def noted(self: ModelError, *args: object, **more: object) -> None:
        frame = sys._getframe(1)
        made.append((self, _site_of(frame.f_code.co_filename, frame.f_lineno)))
        original(self, *args, **more)  # type: ignore[arg-type]

    with patch.object(ModelError, "__init__", noted):
        try:
            provoke()
        except ModelError as error:
            return error, next(site for one, site in made if one is error)
    raise AssertionError("nothing was refused")


def _site_of(file: str, line: int) -> str:
    here = (one for one in sites() if one.file == file and one.first <= line <= one.last)
    return next((one.name for one in here), f"{file}:{line}")
