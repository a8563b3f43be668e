"""The result bundle: a directory that says what was measured, with what, and of what.

``summary.json`` is the report, ``layers.csv`` its layers, and ``manifest.json`` the SHA-256 of the
model, the ELF and the other files of the bundle, and the versions of everything that had a part.
The same result gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from tinycompress import _files
from tinycompress._sealed import sealed
from tinycompress._version import __version__
from tinycompress.artifacts import BenchResult, BuiltFirmware
from tinycompress.measurement.report import to_json

MANIFEST = "manifest.json"
SUMMARY = "summary.json"
SCHEMA = "tinycompress.measurement.manifest"
SCHEMA_VERSION = 1

_LAYER_COLUMNS = ("name", "op", "macs", "instructions", "cycles")
_PACKAGES = ("ai-edge-litert", "capstone", "numpy", "tflite-micro", "unicorn")


def write_bundle(result: BenchResult, built: BuiltFirmware, directory: Path) -> None:
    """Write the bundle as a whole or not at all. An older bundle in its place is replaced.

    Args:
        result: What was measured.
        built: The firmware that it was measured on.
        directory: The bundle's directory; must not exist, be empty, or hold a bundle.

    Raises:
        ConfigError: The place is taken by something else, or cannot be written.
    """
    files = {
        SUMMARY: _json(to_json(result)),
        "layers.csv": _layers_csv(result),
    }
    manifest = sealed(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "model_sha256": built.project.model_sha256,
            "elf_sha256": built.elf_sha256,
            "build_id": built.build_id,
            "files": {
                name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()
            },
            "compiler": {
                "name": built.toolchain,
                "version": built.toolchain_version,
                "flags": list(built.flags),
            },
            "versions": _versions(),
        }
    )
    with _files.new_directory(directory, replace=_is_bundle(directory)) as temporary:
        for name, text in {**files, MANIFEST: _json(manifest)}.items():
            (temporary / name).write_bytes(text.encode())


def _is_bundle(directory: Path) -> bool:
    """Whether there is a bundle and nothing else, so that nothing of the user's gets lost."""
    try:
        names = {path.name for path in directory.iterdir()}
        found: Any = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(found, dict) and found.get("schema") == SCHEMA
    return ours and names <= {MANIFEST, *found.get("files", ())}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _layers_csv(result: BenchResult) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LAYER_COLUMNS)
    for layer in result.layers:
        values = [getattr(layer, column) for column in _LAYER_COLUMNS]
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue()


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {
        "python": platform.python_version(),
        "tinycompress": __version__,
    }
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions
