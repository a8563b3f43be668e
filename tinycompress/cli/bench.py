"""``tinycompress bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinycompress.cli.invocation import given
from tinycompress.cli.options import PATH, board_option, json_option, output_option
from tinycompress.cli.progress import stage_progress


@click.command("bench")
@click.argument("directory", type=PATH, required=False)
@click.option(
    "--all", "roster", type=PATH, metavar="ROSTER",
    help="Measure all boards of this TOML file side by side, instead of DIRECTORY.",
)  # fmt: skip
@board_option(required=False)
@click.option("--virtual", is_flag=True, help="Run on the emulated board, as without --port.")
@click.option("-p", "--port", help="Serial port of a board; the board says if it is emulated.")
@click.option("--samples", type=PATH, help="Test samples: .npz with x (and y).")
@click.option(
    "--runs", type=click.IntRange(1, 1000), default=5, show_default=True,
    help="Timed runs after warm-up.",
)  # fmt: skip
@click.option(
    "--confusion", is_flag=True,
    help="Show which classes are taken for which, also where there are more than 12.",
)  # fmt: skip
@output_option("Directory of the result bundle.")
@click.option(
    "--junit", type=PATH, metavar="FILE",
    help="Write the promises and the layers as JUnit XML, for a server of continuous integration.",
)  # fmt: skip
@json_option
def bench_command(
    directory: Path | None,
    roster: Path | None,
    virtual: bool,
    confusion: bool,
    junit: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Measure the firmware in DIRECTORY on its board, emulated or behind a port."""
    from tinycompress import pipeline
    from tinycompress.cli.answers.bench import show_roster
    from tinycompress.cli.answers.junit import junit_of_all

    directory = _project(directory, roster, virtual)
    options["port"] = None if virtual else options["port"]
    if directory is not None:
        _bench_one(directory, junit, options, confusion=confusion, as_json=as_json)
    elif roster is not None:
        with stage_progress() as progress:
            outcomes = pipeline.bench_all(roster, output=options["output"], progress=progress)
        junit_of_all(junit, outcomes)
        raise click.exceptions.Exit(show_roster(outcomes, as_json=as_json))


def _bench_one(
    directory: Path, junit: Path | None, options: dict[str, Any], *, confusion: bool, as_json: bool
) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.bench import show_bench
    from tinycompress.cli.answers.junit import junit_on_error

    with junit_on_error(junit, directory) as told, stage_progress() as progress:
        result = pipeline.bench(directory, progress=progress, **options)
    show_bench(result, options["board"], confusion=confusion, as_json=as_json)
    told(result)
    pipeline.require_promises(result)


def _project(directory: Path | None, roster: Path | None, virtual: bool) -> Path | None:
    """The project to measure, None with a roster; refuses what does not go together."""
    if roster is not None and not given("directory"):
        directory = None
    if virtual and given("port"):
        raise click.UsageError("--virtual and --port exclude each other")
    if (directory is None) == (roster is None):
        raise click.UsageError("name either a DIRECTORY or a roster with --all")
    if roster is not None:
        _require_nothing_beside_roster(virtual)
    return directory


def _require_nothing_beside_roster(virtual: bool) -> None:
    if virtual or any(map(given, ("board", "port", "samples"))):
        raise click.UsageError(
            "--board, --virtual, --port and --samples are said in the roster, not beside --all"
        )
    if given("confusion"):
        raise click.UsageError("--confusion shows one board's, not those of --all")
    if given("runs"):
        raise click.UsageError("--runs is said in the roster, not beside --all")
