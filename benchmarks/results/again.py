"""Measure kept int8 files with the code as it is now: no training, minutes instead of hours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress.artifacts import ExactTo
from tinycompress.boards import load_board
from tinycompress.compression.checks.int8 import int8_outputs
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.result import StageRow
from tinycompress.compression.run.store import stage_directory
from tinycompress.compression.run.workspace import TFLITE
from tinycompress.deploy.deployment import figures_or_misfit, measured_on
from tinycompress.errors import ConfigError

Report = Callable[[str, str], None]
"""Told of every file: its recipe, and its stage."""


def measured_again(
    measured: Mapping[str, Any],
    scratch: Path,
    *,
    board: str,
    report: Report,
    exact_to: ExactTo,
    test: Path,
) -> dict[str, dict[str, Any]]:
    """The runs of one experiment with the figures of today.

    Args:
        measured: The experiment in docs/results.json.
        scratch: Where its runs were kept, one directory per recipe.
        board: Id of the board.
        report: Told of every file before it is measured.
        exact_to: Whose kernels int8 accuracy is counted with, and firmware is exact to. Where they
            are not those of the runs it is counted anew.
        test: The test samples, ``x`` and ``y``, class numbers.

    Returns:
        The runs by recipe; float accuracies, counts and notes on them are as they were.

    Raises:
        ConfigError: Files that belong to the figures are not there; all of them are named, and
            nothing was measured.
    """
    target = load_board(board)
    rows = {
        recipe: [StageRow.from_json(row) for row in run["rows"]]
        for recipe, run in measured["runs"].items()
    }
    files = _kept_files(rows, scratch)
    runs: dict[str, dict[str, Any]] = {}
    for recipe, run in measured["runs"].items():
        done: list[StageRow] = []
        for row in rows[recipe]:
            report(recipe, row.stage)
            firmware = parse_recipe(run["recipe"]).firmware
            tflite = files[row.tflite_sha256]
            if exact_to != measured["exact_to"]:
                row = replace(row, int8_accuracy=accuracy(tflite, test, exact_to))
            figures = figures_or_misfit(
                tflite, target, exact_to=exact_to, optimize=firmware.optimize
            )
            place = measured_on(target, firmware.optimize)
            done.append(row.with_figures(figures, place, done[-1] if done else None))
        runs[recipe] = {**run, "rows": [row.to_json() for row in done]}
    return runs


def accuracy(tflite: bytes, test: Path, exact_to: ExactTo) -> float:
    """Share of test samples that an int8 classifier gets right."""
    with np.load(test, allow_pickle=False) as archive:
        x, y = archive["x"], archive["y"]
    (scores,) = int8_outputs(tflite, Data((x,), (y,)), exact_to=exact_to)
    return float(np.mean(scores.reshape(len(y), -1).argmax(axis=1) == y))


def last_file(directory: Path, run: Mapping[str, Any]) -> bytes:
    """The int8 file after the last stage of a run that was kept in a directory."""
    row = StageRow.from_json(run["rows"][-1])
    return (stage_directory(directory, row.index, row.stage) / TFLITE).read_bytes()


def _kept_files(rows: Mapping[str, list[StageRow]], scratch: Path) -> dict[str, bytes]:
    """By their hash, the int8 files that the rows are of."""
    files: dict[str, bytes] = {}
    problems = []
    for recipe, of_recipe in rows.items():
        for row in of_recipe:
            path = stage_directory(scratch / recipe, row.index, row.stage) / TFLITE
            content = path.read_bytes() if path.is_file() else None
            if content is None:
                problems.append(f"{path} is not there")
            elif hashlib.sha256(content).hexdigest() != row.tflite_sha256:
                problems.append(f"{path} is not the file that docs/results.json is about")
            else:
                files[row.tflite_sha256] = content
    if problems:
        raise ConfigError(
            "\n  - ".join(("kept files cannot be measured again", *problems)),
            hint="train anew without --again; that keeps the files",
        )
    return files
