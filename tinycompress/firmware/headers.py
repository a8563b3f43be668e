"""The headers of a project: which of them its sources take, and how they name them."""

from __future__ import annotations

import posixpath
import re

from tinycompress._includes import INCLUDE, with_all_includes

INCLUDE_DIRS = (".", "model", "runtime/include")
"""Where a project's sources find headers, in order."""

SOURCE_SUFFIXES = (".c", ".cpp", ".S")
"""Names of files that are compiled end so."""

Tree = dict[str, bytes]
"""Contents of files by path relative to the project, with forward slashes."""


def without_unused_headers(tree: Tree) -> Tree:
    """The tree without files that no source includes, directly or through a header."""
    wanted = with_all_includes(
        (path for path in tree if path.endswith(SOURCE_SUFFIXES)),
        lambda path: tree[path].decode(),
        lambda directory, name: _included(directory, name, tree),
    )
    return {path: content for path, content in tree.items() if path in wanted}


def relative_includes(tree: Tree) -> Tree:
    """The same files with each quoted include naming its file relative to the including one.

    A sketch's files get no include path of their own. What the tree does not hold is left as it is.
    """

    def rewritten(path: str, content: bytes) -> bytes:
        here = posixpath.dirname(path)

        def relative(match: re.Match[str]) -> str:
            found = _included(here, match[2], tree)
            if found is None:
                return match[0]
            return f'{match[1]}"{posixpath.relpath(found, here or ".")}"'

        return INCLUDE.sub(relative, content.decode()).encode()

    return {path: rewritten(path, content) for path, content in tree.items()}


def _included(directory: str, name: str, tree: Tree) -> str | None:
    """The file of the tree that ``#include "name"`` in a file of ``directory`` means, if any."""
    for place in (directory, *INCLUDE_DIRS):
        found = posixpath.normpath(posixpath.join(place, name))
        if found in tree:
            return found
    return None
