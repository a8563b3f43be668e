"""What our own build leaves in a project's ``build/``: names, and which files there are ours."""

from __future__ import annotations

import hashlib
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


def built_files(build: Path) -> tuple[str, ...]:
    """Files that an earlier build of ours left in ``build``, the record first; none without one.

    An ELF or an image that was linked by other means since is not among them.
    """
    try:
        record: Any = json.loads((build / RECORD_FILE).read_bytes())
    except (OSError, ValueError):
        return ()
    if not isinstance(record, dict) or record.get("schema") != RECORD_SCHEMA:
        return ()
    images = record.get("images")
    hashes = {ELF_NAME: record.get("elf_sha256")}
    if isinstance(images, dict):
        hashes |= {image_name(Path(kind).name): sha256 for kind, sha256 in images.items()}
    ours = [name for name, sha256 in hashes.items() if _sha256(build / name) == sha256]
    objects = sorted((build / OBJECT_DIRECTORY).glob("*.o"))
    return (RECORD_FILE, *ours, *(f"{OBJECT_DIRECTORY}/{file.name}" for file in objects))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
