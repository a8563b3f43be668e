"""How compression's answers look: one row a stage, and the list of recipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from tinycompress._console import printable, results_console
from tinycompress._sealed import sealed
from tinycompress.cli.answers import next_steps
from tinycompress.cli.invocation import invocation, tell
from tinycompress.cli.options import print_json
from tinycompress.compression.run.rates import Rates, rates, rows_with_rates
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.result import CompressionResult, RowListener, StageRow
from tinycompress.compression.stages.registry import stage_of
from tinycompress.errors import TinyCompressError
from tinycompress.quality.judging import score_text
from tinycompress.quality.plain import quality_lines


def compress_json(result: CompressionResult) -> dict[str, Any]:
    """The result of ``compress``, schema ``tinycompress.compress``."""
    return sealed(
        {
            "schema": "tinycompress.compress",
            "schema_version": 1,
            "recipe": result.recipe.name,
            "directory": None if result.directory is None else str(result.directory),
            "tflite_bytes": len(result.tflite),
            "rows": rows_with_rates(result.rows),
        }
    )


class StageRows:
    """The stages that are finished; a run that ends early shows them, since they cost time.

    Args:
        directory: Where the run keeps its stages.
        as_json: For programs.
    """

    def __init__(self, directory: Path, *, as_json: bool) -> None:
        self._directory = directory
        self._as_json = as_json
        self._rows: list[StageRow] = []

    def listener(self, say: Callable[[str], None]) -> RowListener:
        """What is to be told of every finished stage; says it at once, too."""

        def finished(row: StageRow) -> None:
            self._rows.append(row)
            say(row_line(row))

        return finished

    def __enter__(self) -> StageRows:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not self._rows or not isinstance(error, TinyCompressError | KeyboardInterrupt):
            return
        if isinstance(error, KeyboardInterrupt):
            tell([interrupted(self._rows, self._directory)])
        if self._as_json:
            print_json(unfinished_json(self._rows, self._directory))
        else:
            title = f"Stages finished before the run ended, {self._directory}"
            print_rows(self._rows, title=title)


def interrupted(rows: Sequence[StageRow], directory: Path) -> str:
    """What Ctrl-C has left, and how to go on."""
    return f"{directory} keeps what is finished; the same command resumes after {rows[-1].stage}"


def unfinished_json(rows: Sequence[StageRow], directory: Path) -> dict[str, Any]:
    """What a run that ended early had finished; why it ended is the answer's ``error``."""
    return {
        "schema": "tinycompress.compress",
        "schema_version": 1,
        "recipe": None,
        "directory": str(directory),
        "tflite_bytes": None,
        "rows": rows_with_rates(rows),
    }


def row_line(row: StageRow) -> str:
    """One finished stage in one line."""
    parts = [
        *_score_parts(row),
        f"{row.nonzero_parameters:,} of {row.parameters:,} parameters not zero",
        f"{row.macs:,} MACs",
        f".tflite {row.tflite_bytes:,} B",
    ]
    if row.figures:
        named = (("flash_bytes", "flash", "B"), ("ram_bytes", "RAM used", "B"),
                 ("latency_us", "latency", "us"))  # fmt: skip
        parts += [f"{what} {row.figures[n]:,.0f} {u}" for n, what, u in named if n in row.figures]
        if not row.figures.get("fits", 1):
            parts.append("does not fit")
    return f"{row.stage}: {', '.join(parts)}"


def _score_parts(row: StageRow) -> list[str]:
    """Every score with its name, and of which output where there are several."""
    if not row.quality:
        return [f"float {row.float_accuracy:.4f}", f"{row.activations} {row.int8_accuracy:.4f}"]
    return list(quality_lines(row.quality, row.activations, several=len(row.quality) > 1))


def show_compress(
    result: CompressionResult,
    directory: Path,
    board: str | None,
    samples: Path | None,
    *,
    as_json: bool,
) -> None:
    """One row a stage, what each layer became, and what to do next; quiet: only the result's path.

    Args:
        result: The finished run.
        directory: Where it kept its stages.
        board: The board as the user named it, or None.
        samples: Validation samples that the user named, or None.
        as_json: For programs.
    """
    if as_json:
        print_json(compress_json(result))
    elif invocation().quiet:
        click.echo(directory / "result" / "model.tflite")
    else:
        print_rows(result.rows, title=f"Recipe {result.recipe.name}")
        tell([f"next: {next_steps.after_compress(directory, board, samples)}"])


def print_rows(rows: Sequence[StageRow], *, title: str) -> None:
    """One row a stage; the device's columns only where a board was named."""
    measured = any(row.figures for row in rows)
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("stage", overflow="fold")
    columns = [*_score_columns(rows[0]), "params", "not 0", "MACs", ".tflite B"]
    if measured:
        columns += ["flash B", "RAM used B", "instr.", "us"]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, measured))
    console = results_console()
    console.print(table)
    if len(rows) > 1:
        console.print(_RATES_TITLE, style="bold", soft_wrap=True)
        console.print(_rates(rows, measured))
    console.print("Distinct int8 weights, in the layer / at most in one channel", style="bold")
    console.print(_distinct_values(rows))
    for row in rows:
        for note in row.notes:
            console.print(f"{row.stage}: {note}", markup=False, soft_wrap=True)
    if measured:
        console.print(
            f"flash and RAM from the linked ELF{_reserved_text(rows[-1])}; instructions counted and"
            " latency modelled on the virtual board",
            soft_wrap=True,
        )


_RATES_TITLE = "Compression rate α and speed-up δ: how many times less than before the first stage"


def _rates(rows: Sequence[StageRow], measured: bool) -> Table:
    """Rates of every stage; those of the device only where a board was named."""
    table = Table()
    table.add_column("stage", overflow="fold")
    columns = ["α params not 0"]
    if measured:
        columns += ["α weights / float32", "/ int8", "α flash / int8", "δ cycles / int8"]
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows[1:]:
        table.add_row(row.stage, *_rate_cells(rates(rows[0], row))[: len(columns)])
    return table


def _rate_cells(found: Rates) -> list[str]:
    values = (found.parameters, found.float32_bytes, found.int8_weights_bytes,
              found.int8_flash_bytes, found.speed_up)  # fmt: skip
    return ["-" if value is None else f"{value:.2f}x" for value in values]


def _reserved_text(row: StageRow) -> str:
    """What to budget RAM with, of the last stage."""
    reserved = row.figures.get("ram_reserved_bytes")
    if reserved is None:
        return ""
    return f", RAM with the stack that was used: {reserved:,.0f} B are reserved, budget with these"


def _distinct_values(rows: Sequence[StageRow]) -> Table:
    """Distinct weights of every layer after every stage: in the kernel / in one channel."""
    table = Table()
    table.add_column("layer", overflow="fold")
    for row in rows:
        table.add_column(row.stage, justify="right")
    layers = dict.fromkeys(kernel.layer for row in rows for kernel in row.kernels)
    facts = [{kernel.layer: kernel for kernel in row.kernels} for row in rows]
    for layer in layers:
        found = [stage.get(layer) for stage in facts]
        table.add_row(
            layer,
            *("-" if k is None else f"{k.distinct} / {k.distinct_per_channel}" for k in found),
        )
    return table


def _score_columns(row: StageRow) -> list[str]:
    """The heads of both scores; of one output with what they are, except for plain accuracy."""
    name = row.quality[0].score_name if len(row.quality) == 1 else "accuracy"
    if name == "accuracy":
        return ["float", row.activations]
    return [f"{name}\nfloat", f"{name}\n{row.activations}"]


def _scores(row: StageRow, *, in_float: bool) -> list[str]:
    """A line for every output."""
    if not row.quality:
        return [f"{row.float_accuracy if in_float else row.int8_accuracy:.4f}"]
    told = [
        (one, score_text(one, one.float_score if in_float else one.score)) for one in row.quality
    ]
    if len(told) == 1:
        return [told[0][1]]
    return [f"{printable(one.name)} {one.score_name} {text}" for one, text in told]


def _cells(row: StageRow, measured: bool) -> list[str]:
    cells = [
        row.stage,
        "\n".join(_scores(row, in_float=True)),
        "\n".join(_scores(row, in_float=False)),
        f"{row.parameters:,}",
        f"{row.nonzero_parameters:,}",
        f"{row.macs:,}",
        f"{row.tflite_bytes:,}",
    ]
    if measured:
        names = ("flash_bytes", "ram_bytes", "instructions", "latency_us")
        figures = [f"{row.figures[n]:,.0f}" if n in row.figures else "-" for n in names]
        if "flash_bytes" not in row.figures:
            # Said once: said in every column it would leave the stage's name no room.
            figures[0] = "does not fit"
        cells += figures
    return cells


def recipes_json(recipes: tuple[Recipe, ...]) -> dict[str, Any]:
    """All shipped recipes."""
    return {
        "schema": "tinycompress.recipes",
        "schema_version": 1,
        "recipes": [
            {**recipe.model_dump(mode="json", by_alias=True), "saves": _savings(recipe)}
            for recipe in recipes
        ],
    }


def _savings(recipe: Recipe) -> dict[str, str]:
    """What each kind of stage lowers on the device; an empty text: nothing."""
    return {step.kind: stage_of(step).saves for step in recipe.steps}


def print_recipes(recipes: tuple[Recipe, ...]) -> None:
    """One row a recipe, one line a stage with what it saves on the device."""
    table = Table(title="Recipes", title_justify="left", title_style="bold", show_lines=True)
    for column in ("name", "stages: what they save on the device", "what it does"):
        table.add_column(column, overflow="fold")
    for recipe in recipes:
        stages = [f"{kind}: {saves or 'nothing'}" for kind, saves in _savings(recipe).items()]
        table.add_row(recipe.name, "\n".join(stages), recipe.description)
    console = results_console()
    console.print(table)
    console.print(
        "if encoded: where the firmware stores the weights encoded, see `tinycompress build"
        " --optimize flash`; plain int8 weights take as much flash as before",
        markup=False,
        soft_wrap=True,
    )
