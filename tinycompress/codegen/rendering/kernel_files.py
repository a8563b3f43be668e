"""The kernel files of the AOT engine: what a set of kernels includes, transitively."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from tinycompress._includes import with_all_includes
from tinycompress._resources import firmware_templates_dir


def engine_dir() -> Path:
    """Directory of the AOT engine's C: kernels, shared headers and templates."""
    return firmware_templates_dir() / "engine" / "aot"


def with_includes(headers: Iterable[str]) -> tuple[str, ...]:
    """Headers and all that they include, sorted; paths are relative to ``engine_dir()``."""
    return tuple(
        sorted(
            with_all_includes(
                headers,
                lambda header: (engine_dir() / header).read_text(encoding="utf-8"),
                lambda directory, name: posixpath.normpath(posixpath.join(directory, name)),
            )
        )
    )
