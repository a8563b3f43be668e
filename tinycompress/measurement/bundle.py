"""The result bundle: a directory that says what was measured, with what, and of what.

``summary.json`` is the report, ``layers.csv`` its layers, ``details.json`` what people want to know
beside figures (`enclosed.details`), and ``samples.npz`` what was answered to labelled samples
(`enclosed.kept_samples`). ``manifest.json`` has the SHA-256 of the model, the ELF and the other
files of the bundle, and the versions of everything that had a part. The same result gives the same
bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tinycompress import _files
from tinycompress._sealed import sealed
from tinycompress._version import __version__
from tinycompress.artifacts import BenchResult, BuiltFirmware
from tinycompress.boards import Board
from tinycompress.measurement.enclosed import details, kept_samples
from tinycompress.measurement.report import to_json

MANIFEST = "manifest.json"
SUMMARY = "summary.json"
SCHEMA = "tinycompress.measurement.manifest"
SCHEMA_VERSION = 1

_LAYER_COLUMNS = ("name", "op", "macs", "instructions", "cycles")
_PACKAGES = ("ai-edge-litert", "capstone", "numpy", "tflite-micro", "unicorn")


def write_bundle(
    result: BenchResult,
    built: BuiltFirmware,
    directory: Path,
    *,
    board: Board | None = None,
    command: Sequence[str] = (),
) -> None:
    """Write the bundle as a whole or not at all. An older bundle in its place is replaced.

    Args:
        result: What was measured.
        built: The firmware that it was measured on.
        directory: The bundle's directory; must not exist, be empty, or hold a bundle.
        board: The board; None leaves out how large its memories are.
        command: The words of the command that measured; empty if there was none.

    Raises:
        ConfigError: The place is taken by something else, or cannot be written.
    """
    files = {
        SUMMARY: _json(to_json(result)),
        "layers.csv": _layers_csv(result),
        details.FILE: _json(details.details_json(built, board, command)),
    }
    if result.kept_samples:
        files[kept_samples.FILE] = result.kept_samples
    manifest = sealed(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "model_sha256": built.project.model_sha256,
            "elf_sha256": built.elf_sha256,
            "build_id": built.build_id,
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
            "compiler": {
                "name": built.toolchain,
                "version": built.toolchain_version,
                "flags": list(built.flags),
            },
            "versions": _versions(),
        }
    )
    with _files.new_directory(directory, replace=_is_bundle(directory)) as temporary:
        for name, data in {**files, MANIFEST: _json(manifest)}.items():
            (temporary / name).write_bytes(data)


def _is_bundle(directory: Path) -> bool:
    """Whether there is a bundle and nothing else, so that nothing of the user's gets lost."""
    try:
        names = {path.name for path in directory.iterdir()}
        found: Any = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(found, dict) and found.get("schema") == SCHEMA
    return ours and names <= {MANIFEST, *found.get("files", ())}


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()


def _layers_csv(result: BenchResult) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LAYER_COLUMNS)
    for layer in result.layers:
        values = [getattr(layer, column) for column in _LAYER_COLUMNS]
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue().encode()


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
