"""A directory of `fit` as a subject of a report: its candidates, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinycompress._sealed import is_sealed, seal_problem
from tinycompress.errors import ConfigError
from tinycompress.measurement.reading import read_object
from tinycompress.reporting.benched import known_board
from tinycompress.reporting.subjects import Candidate, Provenance, Subject
from tinycompress.reporting.words import duration, share, size

RESULT = "result.json"
SCHEMA, SCHEMA_VERSION = "tinycompress.fit", 1

_LIMITS = {
    "latency_us": ("latency", duration),
    "ram_reserved_bytes": ("RAM", size),
    "flash_bytes": ("flash", size),
    "int8_accuracy": ("accuracy", lambda value: share(value, 2)),
}


def is_search(path: Path) -> bool:
    """Whether a path is the directory of a finished search, or the JSON of one."""
    file = path / RESULT if path.is_dir() else path
    if file.name != RESULT and file.suffix != ".json":
        return False
    try:
        return file.is_file() and read_object(file).get("schema") == SCHEMA
    except ConfigError:
        return False


def subject_of(path: Path) -> Subject:
    """What is shown of a search.

    Raises:
        ConfigError: It is of another version, or was edited.
        KeyError: A figure is missing; also AttributeError, TypeError, ValueError.
    """
    file = path / RESULT if path.is_dir() else path
    data = read_object(file)
    if data.get("schema_version") != SCHEMA_VERSION:
        raise ConfigError(
            f"{file} is of version {data.get('schema_version')!r} of its schema; this tinycompress"
            f" reads version {SCHEMA_VERSION}",
            hint="search again with this version, or read it with the one that wrote it",
        )
    problem = seal_problem(data) if is_sealed(data) else None
    if problem is not None:
        raise ConfigError(f"{file} {problem}", hint="search again: tinycompress fit")
    board = known_board(data["board"])
    model = str(data["study"])
    trained = [row for row in data["rows"] if row["figures"]]
    return Subject(
        kind="fit",
        path=str(path),
        label=f"{model}, search on {board.name}",
        model=model,
        board=board,
        candidates=tuple(_candidate(row, data) for row in trained),
        notes=tuple(_notes(data)),
        provenance=_provenance(data, path),
    )


def _candidate(row: Mapping[str, Any], data: Mapping[str, Any]) -> Candidate:
    figures = row["figures"]
    return Candidate(
        name=f"trial {row['number']}",
        accuracy=figures["int8_accuracy"],
        flash_bytes=figures.get("flash_bytes"),
        ram_bytes=figures.get("ram_reserved_bytes"),
        latency_us=figures.get("latency_us"),
        chosen=row["number"] in data["front"],
        best=row["number"] == data["best"],
    )


def _notes(data: Mapping[str, Any]) -> list[str]:
    counts = ", ".join(f"{number} {verdict}" for verdict, number in data["trials"].items())
    limits = [
        f"{name} {text(data['limits'][key])}"
        for key, (name, text) in _LIMITS.items()
        if data["limits"].get(key) is not None
    ]
    notes = [
        f"aims: {', '.join(data['objectives'])}",
        f"limits: {', '.join(limits) or 'none'}",
        f"trials: {counts}",
        f"method {data['method']}, sampler {data['sampler']}, seed {data['seed']}",
    ]
    if data.get("blocking"):
        notes.append(f"nothing keeps the limits; the nearest misses {'; '.join(data['blocking'])}")
    return notes


def _provenance(data: Mapping[str, Any], path: Path) -> Provenance:
    firmware = data.get("firmware")
    own = () if firmware is None else (f"tinycompress report {firmware}",)
    search = (
        f"tinycompress fit MODEL.keras --data TRAIN.npz --board {data['board']}"
        f" --method {data['method']} --sampler {data['sampler']} --seed {data['seed']} -o {path}"
    )
    return Provenance(
        figures=(
            ("accuracy", "measured", "the integer file on this PC, on the validation samples"),
            ("flash, RAM", "measured", "in the linked ELF of each candidate"),
            ("latency", "emulated", "cycles that the emulator models, at the board's clock"),
        ),
        hashes=(("result, SHA-256", data["content_sha256"]),) if is_sealed(data) else (),
        commands=(search, *own),
    )
