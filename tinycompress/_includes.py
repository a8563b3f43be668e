"""Which files a C source takes along: what it includes in quotes, directly or through others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

INCLUDE = re.compile(r'^([ \t]*#[ \t]*include[ \t]+)"([^"\n]+)"', re.MULTILINE)
"""An ``#include`` of a name in quotes: what stands before it, and the name."""


def with_all_includes(
    files: Iterable[str], read: Callable[[str], str], find: Callable[[str, str], str | None]
) -> frozenset[str]:
    """Files with everything that they include, transitively.

    Conditions of the preprocessor are not looked at: what only one of them includes is there, too.

    Args:
        files: Where to begin.
        read: The text of a file.
        find: The file that a name means in a file of a directory (``find(directory, name)``); None
            if it is none of ours.
    """
    found: set[str] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        waiting += _found(posixpath.dirname(file), read(file), find)
    return frozenset(found)


def _found(directory: str, text: str, find: Callable[[str, str], str | None]) -> Iterator[str]:
    for match in INCLUDE.finditer(text):
        file = find(directory, match[2])
        if file is not None:
            yield file
