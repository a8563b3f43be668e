"""Results read back: bundles of `bench`, build directories, compression results, and JSON answers.

What cannot be read as a result of this version is refused. What can be read but is not as it was
written is told in `ReadResult.problems`; no figure of such a result may be shown as good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from tinycompress._sealed import SEAL, seal_problem
from tinycompress.artifacts import FirmwareProject, FlashSizes, RamSizes
from tinycompress.elf import read_elf
from tinycompress.errors import ConfigError, os_reason
from tinycompress.firmware import load_project
from tinycompress.firmware.manifest import read_manifest
from tinycompress.firmware.outputs import BUILD_DIRECTORY, ELF_NAME, image_name
from tinycompress.firmware.project import PROJECT_FILE
from tinycompress.firmware.writing import MODEL_FILE
from tinycompress.measurement.bundle import MANIFEST, SUMMARY
from tinycompress.measurement.bundle import SCHEMA as MANIFEST_SCHEMA
from tinycompress.measurement.plain import flash_json, layer_json, linked_ram_json
from tinycompress.schemas.bench import BenchAnswer, Manifest
from tinycompress.schemas.build import LinkedFacts
from tinycompress.schemas.compress import CompressAnswer, CompressReport
from tinycompress.toolchain.plan import read_plan, source_groups
from tinycompress.toolchain.record import BuildRecord, RecordedFile, read_record
from tinycompress.toolchain.sizes import flash_sizes, ram_sizes

ResultKind = Literal["bench", "build", "compress"]

BENCH, BUILD, COMPRESS = "tinycompress.bench", "tinycompress.build", "tinycompress.compress"
COMPRESS_REPORT = "tinycompress.compress.report"
SUPPORTED_VERSION = 1
"""Of every schema that is read here."""

_KINDS: dict[str, ResultKind] = {
    BENCH: "bench", BUILD: "build", COMPRESS: "compress", COMPRESS_REPORT: "compress",
}  # fmt: skip
_MODELS: dict[str, type[BaseModel]] = {
    BENCH: BenchAnswer, BUILD: LinkedFacts, COMPRESS: CompressAnswer,
    COMPRESS_REPORT: CompressReport,
}  # fmt: skip
_RUN_RECORD, _RESULT, _REPORT = "run.json", "result", "report.json"
_WHAT_IS_READ = (
    "a result is a bundle of `bench -o`, a directory of `build` or `compress`, or what one of them"
    " prints with --json"
)


@dataclass(frozen=True)
class ReadResult:
    """One result as it was found.

    Attributes:
        kind: What made it.
        path: What the user named.
        data: Its JSON object: the answer of ``bench``, ``build`` or ``compress``. Of a build
            directory, the keys of ``build --json`` that its files and its ELF tell.
        problems: Why it is not as it was written, a sentence each; empty for a good one.
        model: The ``.tflite`` in its place, None where there is none.
        model_sha256: The SHA-256 of the ``.tflite`` that the figures are of.
        manifest: ``manifest.json`` of a bundle, ``tinycompress.json`` of a build directory,
            ``run.json`` of a compression; empty for a JSON file alone.
    """

    kind: ResultKind
    path: Path
    data: Mapping[str, Any]
    problems: tuple[str, ...] = ()
    model: Path | None = None
    model_sha256: str | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def require_whole(self) -> None:
        """Refuse a result that is not as it was written.

        Raises:
            ConfigError: It was cut or edited.
        """
        if self.problems:
            raise ConfigError("; ".join(self.problems), hint="make the result again")


def read_result(path: Path) -> ReadResult:
    """Read a result of `bench`, `build` or `compress`.

    Args:
        path: A bundle, a build directory, the output directory of `compress` (or ``result`` in it),
            or a file with what one of the three prints with ``--json``.

    Raises:
        ConfigError: Nothing of that kind is there, it is not JSON any more, or it is of another
            version.
    """
    try:
        path.stat()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}", hint=_WHAT_IS_READ) from error
    if not path.is_dir():
        return _file(path)
    if (path / MANIFEST).is_file() or (path / SUMMARY).is_file():
        return _bundle(path)
    if (path / PROJECT_FILE).is_file():
        return _build(path)
    if (path / _RUN_RECORD).is_file() or (path / _REPORT).is_file():
        return _compression(path)
    raise ConfigError(f"{path} holds no result", hint=_WHAT_IS_READ)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    try:
        found: Any = json.loads(path.read_bytes(), parse_constant=_no_number)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not JSON, or was cut: {error}", hint="make the result again"
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path} holds no JSON object", hint=_WHAT_IS_READ)
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _require_schema(table: Mapping[str, Any], path: Path, *schemas: str) -> None:
    schema, version = table.get("schema"), table.get("schema_version")
    if schema not in schemas:
        raise ConfigError(
            f"{path} is of the schema {schema!r}, not {' or '.join(schemas)}", hint=_WHAT_IS_READ
        )
    if version != SUPPORTED_VERSION:
        raise ConfigError(
            f"{path} is of version {version!r} of its schema; this tinycompress reads version"
            f" {SUPPORTED_VERSION}",
            hint="make the result again with this version, or read it with the one that wrote it",
        )


def _require_keys(table: Mapping[str, Any], path: Path, model: type[BaseModel]) -> tuple[str, ...]:
    """Refuse an object that lacks what its schema says (docs/schemas/).

    Returns:
        What its own hash says against it.
    """
    problem = seal_problem(table)
    edited = () if problem is None else (f"{path} {problem}",)
    try:
        model.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        told = f"{path} is not what its schema says: {where}: {first['msg']}"
        raise ConfigError("; ".join((*edited, told)), hint="make the result again") from error
    return edited


def _file(path: Path) -> ReadResult:
    table = read_object(path)
    if table.get("schema") == MANIFEST_SCHEMA:
        raise ConfigError(
            f"{path} is the manifest of a bundle", hint=f"name the directory: {path.parent}"
        )
    _require_schema(table, path, *_KINDS)
    kind = _KINDS[table["schema"]]
    problems = _require_keys(table, path, _MODELS[table["schema"]])
    model_sha256 = table.get("model_sha256")
    if kind == "compress":
        model_sha256 = _tflite_sha256(table)
    return ReadResult(kind, path, table, problems, model_sha256=model_sha256)


def _hash_of(path: Path) -> str | None:
    """SHA-256 of a file's bytes; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _changed(path: Path, wanted: object, said_by: str) -> tuple[str, ...]:
    """What is wrong with a file whose SHA-256 something says; empty if nothing."""
    found = _hash_of(path)
    if found is None:
        return (f"{path}, of which {said_by} speaks, is missing",)
    if found != wanted:
        return (f"{path} was edited or cut since: its SHA-256 is not the one in {said_by}",)
    return ()


# --- bench ----------------------------------------------------------------------------------------


def _bundle(path: Path) -> ReadResult:
    manifest = read_object(path / MANIFEST)
    _require_schema(manifest, path / MANIFEST, MANIFEST_SCHEMA)
    summary = read_object(path / SUMMARY)
    _require_schema(summary, path / SUMMARY, BENCH)
    edited = _require_keys(manifest, path / MANIFEST, Manifest)
    edited += _require_keys(summary, path / SUMMARY, BenchAnswer)
    files = manifest["files"]
    if SUMMARY not in files:
        raise ConfigError(f"{path / MANIFEST} names no {SUMMARY}", hint="make the result again")
    problems = [p for name in sorted(files) for p in _changed(path / name, files[name], MANIFEST)]
    problems += edited
    problems += [
        f"{path / MANIFEST} is not of this {SUMMARY}: their {key} differ"
        for key in ("model_sha256", "elf_sha256", "build_id")
        if manifest.get(key) != summary.get(key)
    ]
    return ReadResult(
        "bench", path, summary, tuple(problems), model_sha256=summary.get("model_sha256"),
        manifest=manifest,
    )  # fmt: skip


# --- build ----------------------------------------------------------------------------------------


def _build(path: Path) -> ReadResult:
    project, record = load_project(path), read_record(path / BUILD_DIRECTORY)
    model = path / MODEL_FILE
    problems = list(_changed(model, project.model_sha256, PROJECT_FILE))
    told = read_manifest(path)
    if told is None:
        problems.append(f"{path} has no manifest by which to tell edits")
    elif PROJECT_FILE in told:
        problems += _changed(path / PROJECT_FILE, told[PROJECT_FILE], "the project's manifest")
    elf = RecordedFile(path / BUILD_DIRECTORY / ELF_NAME, record.elf_sha256)
    images = [
        RecordedFile(path / BUILD_DIRECTORY / image_name(kind), sha256)
        for kind, sha256 in record.images.items()
    ]
    damaged = _changed(elf.path, elf.sha256, "build.json")
    problems += damaged
    for file in images:
        problems += _changed(file.path, file.sha256, "build.json")
    flash, ram = _recorded_sizes(record) if damaged else _linked_sizes(path)
    return ReadResult(
        "build",
        path,
        _build_data(project, record, flash, ram),
        tuple(problems),
        model=model if model.is_file() else None,
        model_sha256=project.model_sha256,
        manifest=read_object(path / PROJECT_FILE),
    )


def _linked_sizes(path: Path) -> tuple[FlashSizes, RamSizes]:
    """Of the ELF itself, so that nothing shows that was edited in the record."""
    image = read_elf(path / BUILD_DIRECTORY / ELF_NAME)
    return flash_sizes(image, source_groups(read_plan(path))), ram_sizes(image)


def _recorded_sizes(record: BuildRecord) -> tuple[FlashSizes, RamSizes]:
    flash = record.flash.model_dump(exclude={"total_bytes"})
    ram = record.ram.model_dump(exclude={"total_bytes"})
    return FlashSizes(**flash), RamSizes(**ram)


def _build_data(
    project: FirmwareProject, record: BuildRecord, flash: FlashSizes, ram: RamSizes
) -> dict[str, Any]:
    """What of ``build --json`` a directory tells."""
    return {
        "schema": BUILD,
        "schema_version": SUPPORTED_VERSION,
        "directory": str(project.directory),
        "board": project.board_id,
        "engine": project.engine,
        "exact_to": project.exact_to,
        "model_sha256": project.model_sha256,
        "toolchain": record.toolchain.model_dump(),
        "build_id": record.build_id,
        "elf_sha256": record.elf_sha256,
        "flash": flash_json(flash),
        "ram": linked_ram_json(ram),
        "macs": project.macs,
        "recomputed_macs": project.recomputed_macs,
        "layers": [layer_json(layer) for layer in project.layers],
    }


# --- compress -------------------------------------------------------------------------------------


def _compression(path: Path) -> ReadResult:
    record = path / _RUN_RECORD
    result = path / _RESULT if record.is_file() else path
    report = result / _REPORT
    if not report.is_file():
        raise ConfigError(
            f"{path} holds no finished compression: no {report}",
            hint="the command that made it goes on where it was interrupted",
        )
    table = read_object(report)
    _require_schema(table, report, COMPRESS_REPORT)
    edited = _require_keys(table, report, CompressReport)
    model = result / MODEL_FILE
    wanted = _tflite_sha256(table)
    return ReadResult(
        "compress",
        path,
        table,
        (*edited, *_changed(model, wanted, _REPORT)),
        model=model if model.is_file() else None,
        model_sha256=wanted,
        manifest=read_object(record) if record.is_file() else {},
    )


def _tflite_sha256(table: Mapping[str, Any]) -> str | None:
    """Of the file after the last stage."""
    rows = table.get("rows")
    last = rows[-1] if isinstance(rows, list) and rows else None
    found = last.get("tflite_sha256") if isinstance(last, dict) else None
    return found if isinstance(found, str) else None


__all__ = ["SEAL", "ReadResult", "ResultKind", "read_object", "read_result"]
