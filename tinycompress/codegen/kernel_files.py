"""The kernel files of the AOT engine: what a set of kernels includes, transitively."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from tinycompress._resources import firmware_templates_dir

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def engine_dir() -> Path:
    """Directory of the AOT engine's C: kernels, shared headers and templates."""
    return firmware_templates_dir() / "engine" / "aot"


def with_includes(headers: Iterable[str]) -> tuple[str, ...]:
    """Headers and all that they include, sorted; paths are relative to ``engine_dir()``."""
    found: set[str] = set()
    waiting = list(headers)
    while waiting:
        header = waiting.pop()
        if header in found:
            continue
        found.add(header)
        text = (engine_dir() / header).read_text(encoding="utf-8")
        folder = posixpath.dirname(header)
        waiting += [
            posixpath.normpath(posixpath.join(folder, name)) for name in _INCLUDE.findall(text)
        ]
    return tuple(sorted(found))
