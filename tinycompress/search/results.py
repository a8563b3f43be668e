"""The directory of a finished search: the front's files and firmware, and the best's project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycompress._files import new_directory, write_text
from tinycompress._progress import Progress
from tinycompress.artifacts import Optimize
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.options import BuildOptions
from tinycompress.pipeline import bench, build
from tinycompress.search.artifact_store import download_directory, open_store
from tinycompress.search.outcome import TrialRow
from tinycompress.search.recipe_text import recipe_toml
from tinycompress.search.summary import Summary

PARETO, FIRMWARE, RESULT = "pareto", "firmware", "result.json"
MODEL, TFLITE, RECIPE, FIGURES = "model.keras", "model.tflite", "recipe.toml", "figures.json"


@dataclass(frozen=True)
class FitResult:
    """A finished search.

    Attributes:
        summary: All that it has found.
        directory: Its ``output``.
        pareto: Of every trial of the front, its directory.
        firmware: The project of the best within the budget, built.
    """

    summary: Summary
    directory: Path
    pareto: Mapping[int, Path]
    firmware: Path

    @property
    def best(self) -> TrialRow:
        """The best within the budget."""
        assert self.summary.best is not None
        return self.summary.best

    def to_json(self) -> dict[str, Any]:
        """Schema ``tinycompress.fit``, with where things are."""
        return {
            **self.summary.to_json(),
            "directory": str(self.directory),
            "pareto": {str(number): str(path) for number, path in self.pareto.items()},
            "firmware": str(self.firmware),
        }


def write_results(
    summary: Summary, directory: Path, board: str | Path, progress: Progress
) -> FitResult:
    """Write the front and the best; those of an earlier run are replaced as a whole.

    Args:
        summary: What it has found; the best is there.
        directory: Of the search.
        board: As the user named it.
        progress: Told what is under way.

    Raises:
        ConfigError: The place cannot be written, or a trial's files are gone.
        TinyCompressError: As `pipeline.build`.
    """
    assert summary.best is not None
    shown = [*summary.front]
    if all(row.number != summary.best.number for row in shown):
        shown.insert(0, summary.best)
    paths = {}
    with new_directory(directory / PARETO, replace=True) as temporary:
        for position, row in enumerate(shown, start=1):
            name = f"{position:02d}"
            progress("write the Pareto front and its firmware", position, len(shown))
            _write_point(row, temporary / name, summary, directory, board)
            paths[row.number] = directory / PARETO / name
    best = paths[summary.best.number]
    with new_directory(directory / FIRMWARE, replace=True) as temporary:
        shutil.copytree(best / FIRMWARE, temporary, dirs_exist_ok=True)
    result = FitResult(summary, directory, paths, directory / FIRMWARE)
    write_text(directory / RESULT, json.dumps(result.to_json(), indent=2) + "\n")
    return result


def _write_point(
    row: TrialRow, place: Path, summary: Summary, directory: Path, board: str | Path
) -> None:
    """One trial: its files, its firmware built, run, and held against what the search measured."""
    place.mkdir()
    _fetch(row, place, summary, directory)
    write_text(place / RECIPE, recipe_toml(row.recipe, f"trial-{row.number}"))
    aim: Optimize = row.recipe["firmware"]["optimize"]
    options = BuildOptions(optimize=aim, exact_to=summary.task.exact_to, output=place / FIRMWARE)
    built = build(place / TFLITE, board, options)
    measured = bench(built.directory)
    flash, ram = measured.flash.total_bytes, measured.ram.reserved_bytes
    told = (int(row.figures["flash_bytes"]), int(row.figures["ram_reserved_bytes"]))
    if (flash, ram) != told:
        raise MismatchError(
            f"trial {row.number} takes {flash:,} bytes of flash and {ram:,} of RAM as firmware; the"
            f" search had measured {told[0]:,} and {told[1]:,}"
        )
    figures = {
        "schema": "tinycompress.fit.candidate",
        "schema_version": 1,
        "trial": row.number,
        "parameters": dict(row.parameters),
        "figures": dict(row.figures),
        "obtained": "flash and RAM from the linked ELF, instructions counted and latency modelled"
        " on the emulated board, accuracy counted on the validation samples",
    }
    write_text(place / FIGURES, json.dumps(figures, indent=2) + "\n")


def _fetch(row: TrialRow, place: Path, summary: Summary, directory: Path) -> None:
    own = directory / str(row.files.get("directory", "")) / "result"
    artifact = row.files.get("artifact")
    for name in (MODEL, TFLITE):
        if artifact is None and not (own / name).is_file():
            raise ConfigError(
                f"the files of trial {row.number} are gone from {own}",
                hint="do the search again, or leave the directory `candidates` in place",
            )
    if artifact is not None:
        download_directory(open_store(summary.task.artifacts), str(artifact), place / "stored")
        own = place / "stored"
    for name in (MODEL, TFLITE):
        shutil.copy2(own / name, place / name)
    shutil.rmtree(place / "stored", ignore_errors=True)
