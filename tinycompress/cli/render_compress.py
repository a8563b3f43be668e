"""How compression's answers look: one row a stage, and the list of recipes."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from tinycompress._console import results_console
from tinycompress.compression.recipe import Recipe
from tinycompress.compression.result import CompressionResult, StageRow


def compress_json(result: CompressionResult) -> dict[str, Any]:
    """The result of ``compress``, schema ``tinycompress.compress``."""
    return {
        "schema": "tinycompress.compress",
        "schema_version": 1,
        "recipe": result.recipe.name,
        "directory": None if result.directory is None else str(result.directory),
        "tflite_bytes": len(result.tflite),
        "rows": [row.to_json() for row in result.rows],
    }


def print_compress(result: CompressionResult) -> None:
    """One row a stage; the device's columns only where a board was named."""
    measured = any(row.figures for row in result.rows)
    table = Table(title=f"Recipe {result.recipe.name}", title_justify="left", title_style="bold")
    table.add_column("stage")
    columns = ["float", "int8", "parameters", "non-zero", "values/channel", "MACs", ".tflite B"]
    if measured:
        columns += ["flash B", "RAM B", "instructions", "latency us"]
    for column in columns:
        table.add_column(column, justify="right")
    for row in result.rows:
        table.add_row(*_cells(row, measured))
    console = results_console()
    console.print(table)
    for row in result.rows:
        for note in row.notes:
            console.print(f"{row.stage}: {note}", markup=False, soft_wrap=True)
    if measured:
        console.print(
            "flash and RAM from the linked ELF; instructions counted and latency modelled on the"
            " virtual board",
            soft_wrap=True,
        )
    if result.directory is not None:
        console.print(
            f"next: tinycompress build {result.directory / 'result' / 'model.tflite'} --board ...",
            markup=False,
            soft_wrap=True,
        )


def _cells(row: StageRow, measured: bool) -> list[str]:
    values = max((kernel.distinct_per_channel for kernel in row.kernels), default=0)
    cells = [
        row.stage,
        f"{100 * row.float_accuracy:.2f} %",
        f"{100 * row.int8_accuracy:.2f} %",
        f"{row.parameters:,}",
        f"{row.nonzero_parameters:,}",
        f"{values:,}",
        f"{row.macs:,}",
        f"{row.tflite_bytes:,}",
    ]
    if measured:
        names = ("flash_bytes", "ram_bytes", "instructions", "latency_us")
        cells += [_figure(row, name) for name in names]
    return cells


def _figure(row: StageRow, name: str) -> str:
    value = row.figures.get(name)
    return "does not fit" if value is None else f"{value:,.0f}"


def recipes_json(recipes: tuple[Recipe, ...]) -> dict[str, Any]:
    """All shipped recipes."""
    return {
        "schema": "tinycompress.recipes",
        "schema_version": 1,
        "recipes": [recipe.model_dump(mode="json", by_alias=True) for recipe in recipes],
    }


def print_recipes(recipes: tuple[Recipe, ...]) -> None:
    """One line a recipe."""
    table = Table(title="Recipes", title_justify="left", title_style="bold")
    for column in ("name", "stages", "what it does"):
        table.add_column(column, overflow="fold")
    for recipe in recipes:
        stages = " > ".join(step.kind for step in recipe.steps)
        table.add_row(recipe.name, stages, recipe.description)
    results_console().print(table)
