"""``tinycompress bench``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import board_option, json_option, output_option, print_json
from tinycompress.cli.progress import stage_progress


@click.command("bench")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option(
    "--all",
    "roster",
    type=click.Path(path_type=Path),
    metavar="ROSTER",
    help="Measure all boards of this TOML file, side by side, instead of DIRECTORY.",
)
@board_option(required=False)
@click.option("--virtual", is_flag=True, help="Run on the emulated board (the default).")
@click.option("-p", "--port", help="Serial port of a board; it says if it is emulated.")
@click.option("--samples", type=click.Path(path_type=Path), help="Test .npz with x (and y).")
@click.option(
    "--runs",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Timed runs after warm-up.",
)
@output_option("Directory for the result bundle.")
@json_option
def bench_command(
    directory: Path | None,
    roster: Path | None,
    board: str | None,
    virtual: bool,
    port: str | None,
    samples: Path | None,
    runs: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Measure the firmware in DIRECTORY on its board, emulated or behind a port."""
    from tinycompress import pipeline
    from tinycompress._console import results_console
    from tinycompress.boards import load_board
    from tinycompress.measurement.report import print_table, to_json

    if virtual and port:
        raise click.UsageError("--virtual and --port exclude each other")
    if (directory is None) == (roster is None):
        raise click.UsageError("name either a DIRECTORY or a roster with --all")
    if roster is not None:
        _refuse_with_roster(board, virtual, port, samples)
        _bench_all(roster, output, as_json)
        return
    assert directory is not None
    with stage_progress() as progress:
        result = pipeline.bench(
            directory,
            board=board,
            port=port,
            samples=samples,
            runs=runs,
            output=output,
            progress=progress,
        )
    if as_json:
        print_json(to_json(result))
    else:
        print_table(result, load_board(board or result.board_id), results_console())
    pipeline.require_exact(result)


def _refuse_with_roster(*options: object) -> None:
    if any(options):
        raise click.UsageError(
            "--board, --virtual, --port and --samples are said in the roster, not beside --all"
        )
    context = click.get_current_context()
    if context.get_parameter_source("runs") != click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--runs is said in the roster, not beside --all")


def _bench_all(roster: Path, output: Path | None, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress._console import results_console
    from tinycompress.measurement.roster_report import exit_code, print_roster, roster_json

    with stage_progress() as progress:
        outcomes = pipeline.bench_all(roster, output=output, progress=progress)
    if as_json:
        print_json(roster_json(outcomes))
    else:
        print_roster(outcomes, results_console())
    raise click.exceptions.Exit(exit_code(outcomes))
