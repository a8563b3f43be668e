"""The kernel files of the AOT engine: what a set of kernels includes, transitively."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tinycompress._includes import with_all_includes
from tinycompress._resources import firmware_templates_dir

_STREAM = re.compile(r"\b(A|The) stream\b")


def engine_dir() -> Path:
    """Directory of the AOT engine's C: kernels, shared headers and templates."""
    return firmware_templates_dir() / "engine" / "aot"


@cache
def stream_header(header: str) -> str:
    """The file that tells what lies where in the stream which a kernel reads; else the kernel's.

    It is the one at whose head a sentence begins with "A stream".
    """
    for file in with_includes((header,)):
        text = (engine_dir() / file).read_text(encoding="utf-8")
        if _STREAM.search(text.split("#ifndef", 1)[0]):
            return file
    return header


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
