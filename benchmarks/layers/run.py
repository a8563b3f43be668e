"""Layers of Keras, PyTorch and ONNX on the product's own road, as the page docs/models.md.

Run by ``make models``.
Every cell is a small network: made by its framework, converted, built, run on the emulated Nano 33
BLE and compared with the oracle byte by byte; and taken through a recipe. What is there of an
earlier run of the same product stays, so that an interrupted run goes on. Exit code 1 if a cell is
wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.layers.cell import COLUMNS, Roads, foreign_cell, keras_cell
from benchmarks.layers.keras_cases import cases
from benchmarks.layers.outcome import Answer, Cell
from benchmarks.layers.page import page
from benchmarks.layers.workers import LostJobError, answers
from benchmarks.product import PRODUCT, commit, digest_of
from tinycompress._files import write_text

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "build" / "layers"
PAGE = ROOT / "docs" / "models.md"
FIGURES = PAGE.with_suffix(".json")
FOREIGN = {"PyTorch by litert-torch": "litert-torch", "ONNX by onnx2tf": "onnx2tf"}
"""Columns of files that other frameworks' tools made, and the directories of these."""
TIMEOUT_S = 300.0
_DIGITS = 32


@dataclass(frozen=True)
class Job:
    """A cell to fill, by names: it goes to another process."""

    row: str
    column: str
    store: Path
    product: str

    @property
    def file(self) -> Path:
        """Where the cell is kept."""
        digest = hashlib.sha256(f"{self.row}\0{self.column}".encode()).hexdigest()
        return self.store / "cells" / f"{digest[:_DIGITS]}.json"

    def kept(self) -> Cell | None:
        """The cell of an earlier run, of whichever product."""
        if not self.file.is_file():
            return None
        return cell_of(json.loads(self.file.read_text(encoding="utf-8")))


def cell_of(entry: dict[str, object]) -> Cell:
    """A cell from JSON."""
    made, compressed = entry["made"], entry["compressed"]
    assert isinstance(made, dict)
    answer = Answer(**compressed) if isinstance(compressed, dict) else None
    return Cell(**{**entry, "made": Answer(**made), "compressed": answer})  # type: ignore[arg-type]


def main() -> int:
    """Fill the cells that are missing, and write the page."""
    arguments = _arguments()
    product = product_digest()
    jobs = _jobs(arguments, product)
    left = [] if arguments.page else [job for job in jobs if not _is_done(job, arguments)]
    print(f"{len(left)} of {len(jobs)} cells are to be filled", flush=True)
    _fill(left, arguments.jobs)
    every = [
        Job(case.name, column, arguments.store, product)
        for case in cases()
        for column in all_columns()
    ]
    cells = [cell for job in every if (cell := job.kept()) is not None]
    lines = ",\n  ".join(json.dumps(asdict(cell)) for cell in cells)
    write_text(FIGURES, f'{{\n "cells": [\n  {lines}\n ]\n}}\n')
    write_text(PAGE, page(cases(), all_columns(), cells))
    wrong = [cell for cell in cells if is_wrong(cell)]
    for cell in wrong:
        print(f"WRONG: {cell.row}, {cell.column}: {cell.made.text} {cell.compressed}")
    print(f"{PAGE.relative_to(ROOT)}: {len(cells)} cells, {len(wrong)} wrong")
    return 1 if wrong else 0


def all_columns() -> tuple[str, ...]:
    """The columns of the page."""
    return (*COLUMNS, *FOREIGN)


def is_wrong(cell: Cell) -> bool:
    """Whether something failed that should not."""
    return "wrong" in (cell.made.kind, cell.compressed and cell.compressed.kind)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="cells at a time")
    parser.add_argument("--rows", nargs="+", help="these rows alone")
    parser.add_argument("--columns", nargs="+", choices=all_columns(), default=all_columns())
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep cells of an earlier product; the page says which commit made each",
    )
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--again", action="store_true", help="fill cells that are there already")
    return parser.parse_args()


def _jobs(arguments: argparse.Namespace, product: str) -> list[Job]:
    """Column by column: the first one says most."""
    return [
        Job(case.name, column, arguments.store, product)
        for column in all_columns()
        if column in arguments.columns
        for case in cases()
        if arguments.rows is None or case.name in arguments.rows
    ]


def _is_done(job: Job, arguments: argparse.Namespace) -> bool:
    kept = job.kept()
    if kept is None or arguments.again:
        return False
    return arguments.keep or kept.product == job.product


def _fill(jobs: Sequence[Job], processes: int) -> None:
    made_by = commit()
    begun = time.monotonic()
    for number, (job, found) in enumerate(
        answers(carry_out, jobs, processes=processes, timeout_s=TIMEOUT_S), 1
    ):
        cell = (
            Cell(job.row, job.column, Answer("wrong", str(found)))
            if isinstance(found, LostJobError)
            else found
        )
        cell = replace(cell, commit=made_by, product=job.product)
        write_text(job.file, json.dumps(asdict(cell), indent=1) + "\n")
        compressed = "" if cell.compressed is None else f", recipe: {cell.compressed.kind}"
        print(
            f"[{number}/{len(jobs)}, {time.monotonic() - begun:.0f} s] {job.column}: {job.row}:"
            f" {cell.made.kind} {cell.runtime}{compressed}",
            flush=True,
        )


def carry_out(job: Job) -> Cell:
    """Fill a cell."""
    roads = Roads(job.store / "roads", job.product)
    if job.column in FOREIGN:
        return foreign_cell(job.row, job.column, job.store / FOREIGN[job.column], roads)
    (case,) = (one for one in cases() if one.name == job.row)
    return keras_cell(case, job.column, roads)


def product_digest() -> str:
    """A digest of all that makes and runs firmware."""
    return digest_of((directory, "*") for directory in PRODUCT)[:_DIGITS]


if __name__ == "__main__":
    sys.exit(main())
