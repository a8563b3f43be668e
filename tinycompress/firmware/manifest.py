"""``.tinycompress-manifest.json``: the SHA-256 of every file of a project as it was written.

By it a later run tells the user's files and edits from files of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST_FILE = ".tinycompress-manifest.json"
SCHEMA = "tinycompress.manifest"
SCHEMA_VERSION = 1


def manifest_json(tree: Mapping[str, bytes]) -> str:
    """The text of the manifest: of the contents alone, the same for the same tree."""
    table = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "sha256": {path: hashlib.sha256(content).hexdigest() for path, content in tree.items()},
    }
    return json.dumps(table, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_manifest(directory: Path) -> Mapping[str, str] | None:
    """SHA-256 by path, as the earlier run wrote them.

    Returns:
        None where there is no manifest, or none that can be relied on.
    """
    try:
        table: Any = json.loads((directory / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        return None
    files = table.get("sha256")
    if table.get("schema_version") != SCHEMA_VERSION or not isinstance(files, dict):
        return None
    return files if all(_stays_inside(path) for path in files) else None


def _stays_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts
