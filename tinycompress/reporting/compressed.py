"""A directory of `compress` as a subject of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinycompress.measurement.reading import ReadResult
from tinycompress.quality.scores import name_of_scores
from tinycompress.reporting.benched import known_board
from tinycompress.reporting.subjects import Provenance, StageRow, Subject


def subject_of(found: ReadResult) -> Subject:
    """What is shown of a compression: its stages, and the file that came out.

    Raises:
        KeyError: A figure is missing; also AttributeError, IndexError, TypeError, ValueError.
    """
    data = found.data
    rows = data["rows"]
    recipe = data["recipe"]["name"] if isinstance(data["recipe"], Mapping) else data["recipe"]
    measured_on = str(rows[-1].get("measured_on") or "")
    board_id, _, optimize = measured_on.partition(" ")
    board = known_board(board_id) if board_id else None
    model = found.path.resolve().name
    where = f" on {board.name}" if board else ""
    return Subject(
        kind="compress",
        path=str(found.path),
        label=f"{model}, recipe {recipe}{where}",
        model=model,
        board=board,
        model_sha256=found.model_sha256,
        fits=None if not board else bool(rows[-1]["figures"].get("fits", 1)),
        macs=rows[-1]["macs"],
        stages=tuple(_stage(row) for row in rows),
        notes=tuple(f"{row['stage']}: {note}" for row in rows for note in row["notes"]),
        provenance=_provenance(found, str(recipe), board_id, optimize),
    )


def _stage(row: Mapping[str, Any]) -> StageRow:
    figures, rates = row["figures"], row.get("rates") or {}
    quality = row.get("quality") or [{"score_name": "accuracy", "kind": "classes"}]
    return StageRow(
        name=row["stage"],
        accuracy=row["int8_accuracy"],
        float_accuracy=row["float_accuracy"],
        tflite_bytes=row["tflite_bytes"],
        flash_bytes=figures.get("flash_bytes"),
        latency_us=figures.get("latency_us"),
        fits=bool(figures.get("fits", 1)),
        ram_bytes=figures.get("ram_bytes"),
        ram_reserved_bytes=figures.get("ram_reserved_bytes"),
        parameter_rate=rates.get("parameters"),
        float32_rate=rates.get("float32_bytes"),
        flash_rate=rates.get("int8_flash_bytes"),
        speed_up=rates.get("speed_up"),
        measure=name_of_scores([one["score_name"] for one in quality]),
        is_share=all(one["kind"] == "classes" for one in quality),
    )


def _provenance(found: ReadResult, recipe: str, board: str, optimize: str) -> Provenance:
    data, score = found.data, _stage(found.data["rows"][-1]).measure
    on_board = f" --board {board}" if board else ""
    command = (
        f"tinycompress compress MODEL.keras --recipe {recipe} --data TRAIN.npz"
        f"{on_board}{f' {optimize}' if optimize else ''} -o {found.path}"
    )
    figures = [
        (f"{score}, integer", "measured", "the integer file on this PC, by the exact runtime"),
        (f"{score}, float", "measured", "the float model on this PC"),
        ("MACs", "computed", "from the model"),
    ]
    if board:
        figures += [
            ("flash, RAM", "measured", "in the linked ELF of each stage"),
            ("latency", "emulated", "cycles that the emulator models, at the board's clock"),
        ]
    return Provenance(
        figures=tuple(figures),
        versions={str(k): str(v) for k, v in (data.get("versions") or {}).items()},
        hashes=tuple(
            (f"{row['stage']} (.tflite), SHA-256", row["tflite_sha256"]) for row in data["rows"]
        ),
        commands=(command,),
    )
