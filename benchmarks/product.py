"""Which sources of the product a figure was made with."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable

from benchmarks.results.samples import ROOT

PRODUCT = ("tinycompress", "firmware_templates", "boards")
"""All that makes and runs firmware."""


def commit() -> str:
    """Of the product's sources, short."""
    found = subprocess.run(
        ["git", "log", "-1", "--format=%h", "--", *PRODUCT],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return found.stdout.strip()


def digest_of(parts: Iterable[tuple[str, str]], said: bytes = b"") -> str:
    """A digest of files and of what else is said.

    Args:
        parts: Directories, and the pattern of the files below them that count.
        said: What the files do not say.
    """
    digest = hashlib.sha256(said)
    for directory, pattern in parts:
        for path in sorted((ROOT / directory).rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()
