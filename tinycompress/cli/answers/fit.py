"""How the answers of a search look: the Pareto front, the best, what blocks, where all lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from tinycompress._console import results_console
from tinycompress.cli.invocation import invocation, tell
from tinycompress.cli.options import print_json
from tinycompress.search.outcome import TrialRow, counts, drift, largest_sum_error
from tinycompress.search.results import FitResult
from tinycompress.search.summary import Summary, original_of

_COLUMNS = ("accuracy", "ms", "RAM B", "flash B", "parameters", "optimize")


@contextmanager
def interrupted_hint(directory: Path) -> Iterator[None]:
    """Say how to go on where the user ends the search."""
    try:
        yield
    except KeyboardInterrupt:
        tell([f"{directory} keeps what is finished; the same command goes on"])
        raise


def show_result(result: FitResult, *, as_json: bool) -> None:
    """The front with its directories, and the best's project; quiet: only the project."""
    if as_json:
        print_json(result.to_json())
    elif invocation().quiet:
        click.echo(result.firmware)
    else:
        print_summary(result.summary, {n: str(path) for n, path in result.pareto.items()})
        tell(
            [
                f"next: tinycompress bench {result.firmware}",
                f"      tinycompress fit show {result.directory}",
            ]
        )


def show_summary(summary: Summary, page: Path | None, *, as_json: bool) -> None:
    """What a search has found so far."""
    told = {} if page is None else {"page": str(page)}
    if as_json:
        print_json({**summary.to_json(), **told})
        return
    print_summary(summary, {})
    if page is not None:
        tell([f"page: {page}"])


def print_summary(summary: Summary, places: dict[int, str]) -> None:
    """The table of the front, the layers' costs, and what there is to know of the trials."""
    console = results_console()
    if summary.front:
        console.print(_front(summary, places))
    _print_layers(summary)
    for line in _lines(summary):
        console.print(line, markup=False, soft_wrap=True)


def _front(summary: Summary, places: dict[int, str]) -> Table:
    board = summary.task.board["id"]
    table = Table(title=f"Pareto front on {board}", title_justify="left", title_style="bold")
    table.add_column("trial", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    if places:
        table.add_column("where", overflow="fold")
    original = original_of(summary)
    if original is not None and summary.prepared is not None:
        accuracy = (summary.prepared.reference or {}).get("int8_accuracy")
        figures = {**original.figures, **({} if accuracy is None else {"int8_accuracy": accuracy})}
        table.add_row("as it is", *_cells(figures, ""), *([""] if places else []))
    for row in summary.front:
        best = summary.best is not None and row.number == summary.best.number
        aim = str(row.recipe["firmware"]["optimize"])
        where = [places.get(row.number, "")] if places else []
        table.add_row(f"{row.number}{' best' if best else ''}", *_cells(row.figures, aim), *where)
    return table


def _cells(figures: object, aim: str) -> list[str]:
    assert isinstance(figures, dict)

    def shown(name: str, form: str, factor: float = 1.0) -> str:
        value = figures.get(name)
        return "-" if value is None else format(factor * value, form)

    return [
        f"{shown('int8_accuracy', '.2f', 100.0)} %",
        shown("latency_us", ",.2f", 0.001),
        shown("ram_reserved_bytes", ",.0f"),
        shown("flash_bytes", ",.0f"),
        shown("parameters", ",.0f"),
        aim,
    ]


def _print_layers(summary: Summary) -> None:
    """What each layer of the model as it is takes on the board."""
    original = original_of(summary)
    if original is None or not original.layers:
        return
    table = Table(title="Layers of the model as it is", title_justify="left", title_style="bold")
    table.add_column("layer", overflow="fold")
    for name in ("operator", "MACs", "cycles", "share"):
        table.add_column(name, justify="right")
    total = sum(one.cycles or 0 for one in original.layers)
    for one in original.layers:
        share = f"{100 * (one.cycles or 0) / total:.1f} %" if total else "-"
        cycles = "-" if one.cycles is None else f"{one.cycles:,}"
        table.add_row(one.name, one.op, f"{one.macs:,}", cycles, share)
    results_console().print(table)


def _lines(summary: Summary) -> list[str]:
    found = counts(summary.rows)
    lines = [
        f"{len(summary.rows)} trials: {found['within']} within the budget, {found['outside']}"
        f" outside, {found['rejected']} above it before training and not trained,"
        f" {found['stopped']} stopped while they trained, {found['failed']} failed"
    ]
    error = largest_sum_error(summary.rows)
    if error is not None:
        lines.append(f"layers' cycles added up miss the whole firmware's by at most {error:.2%}")
    off = drift(summary.rows)
    if off:
        told = ", ".join(f"{name} {share:.2%}" for name, share in off.items())
        lines.append(f"cost before training was off by at most: {told}")
    lines += [f"failed: trial {row.number}: {_first(row)}" for row in _failed(summary.rows)]
    if summary.nearest is not None:
        lines.append(
            f"none keeps the budget; nearest is trial {summary.nearest.number}:"
            f" {'; '.join(summary.blocking)}"
        )
    return lines


def _failed(rows: Sequence[TrialRow]) -> list[TrialRow]:
    return [row for row in rows if row.verdict == "failed"]


def _first(row: TrialRow) -> str:
    return row.message.splitlines()[0] if row.message else ""
