"""What a bundle says beside its figures, for people: board, memory plan, layers, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tinycompress._sealed import sealed
from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board
from tinycompress.measurement.plain import layer_json

FILE = "details.json"
SCHEMA = "tinycompress.bench.details"
SCHEMA_VERSION = 1


def details_json(
    built: BuiltFirmware, board: Board | None, command: Sequence[str]
) -> dict[str, Any]:
    """What was measured, and how to measure it again.

    Args:
        built: The firmware.
        board: Its board; None where it is not at hand.
        command: The words of the command that measured; empty where there was none.
    """
    project = built.project
    return sealed(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "model_name": project.model_name,
            "board": None if board is None else board_json(board),
            "commands": [list(one) for one in (project.command, command) if one],
            "arena_bytes": project.arena_bytes,
            "plan": None if project.plan is None else asdict(project.plan),
            "layers": [
                {**layer_json(layer), "output": layer.output} for layer in project.layers
            ],
        }
    )  # fmt: skip


def board_json(board: Board) -> dict[str, Any]:
    """A board: what its figures are to be held against."""
    return {
        "id": board.id,
        "name": board.name,
        "core": board.cpu.core,
        "clock_hz": board.cpu.clock_hz,
        "flash_bytes": board.flash_bytes,
        "ram_bytes": board.ram_bytes,
    }
