"""What our own build leaves in a project's ``build/``: names, and which files there are ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BUILD_DIRECTORY = "build"
RECORD_FILE = "build.json"
RECORD_SCHEMA = "tinycompress.build"
ELF_NAME = "firmware.elf"
OBJECT_DIRECTORY = "obj"


def image_name(kind: str) -> str:
    """Name of the image in a format: ``bin``, ``hex`` or ``uf2``."""
    return f"firmware.{kind}"


OUTPUTS = (RECORD_FILE, ELF_NAME, image_name("bin"), image_name("hex"), image_name("uf2"))


def built_files(build: Path) -> tuple[str, ...]:
    """Files of an earlier build of ours in ``build``, the record first; none without a record."""
    if not _is_record(build / RECORD_FILE):
        return ()
    objects = sorted((build / OBJECT_DIRECTORY).glob("*.o"))
    return (
        *(name for name in OUTPUTS if (build / name).is_file()),
        *(f"{OBJECT_DIRECTORY}/{file.name}" for file in objects),
    )


def cmake_objects(build: Path) -> tuple[str, ...]:
    """Object files of the project's CMake build in ``build``.

    When an ELF of ours takes the place of CMake's, they must go: CMake would take that newer ELF
    for its own, which may have sources that we do not compile, and not link again.
    """
    objects = (build / "CMakeFiles" / "firmware.dir").rglob("*")
    return tuple(
        path.relative_to(build).as_posix()
        for path in sorted(objects)
        if path.suffix in (".o", ".obj") and path.is_file()
    )


def _is_record(path: Path) -> bool:
    try:
        table: Any = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(table, dict) and table.get("schema") == RECORD_SCHEMA
