"""Files that a clone without Git LFS has instead of large ones.

The format: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
"""

from __future__ import annotations

from pathlib import Path

HEAD = b"version https://git-lfs.github.com/spec/v1"
IS_POINTER = "is a Git LFS pointer, a few lines of text in place of the file itself"
HINT = "git lfs pull, in the clone that it comes from; or download the file itself"


def is_lfs_pointer(source: bytes | Path) -> bool:
    """Whether a file or its content is such a pointer; a file that cannot be read is none."""
    if isinstance(source, bytes):
        return source.startswith(HEAD)
    try:
        with source.open("rb") as file:
            return file.read(len(HEAD)) == HEAD
    except OSError:
        return False
