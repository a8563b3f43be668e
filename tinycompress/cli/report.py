"""``tinycompress report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinycompress.cli.options import PATH, json_option, output_option
from tinycompress.cli.progress import stage_progress


@click.command("report")
@click.argument("results", type=PATH, nargs=-1, required=True, metavar="BUNDLE|DIR...")
@output_option(
    "File of the report, which is replaced; for model-explorer a directory.  [default: report.html,"
    " model-explorer, or stdout for md]"
)
@click.option(
    "--format", type=click.Choice(["html", "md", "model-explorer"]), default="html",
    show_default=True,
    help="One page that needs nothing else, Markdown for a pull request, or overlays of node data.",
)  # fmt: skip
@click.option(
    "--errors", type=PATH, metavar="FILE",
    help="What `inspect M.tflite --compare M.keras --data X --json` printed: error of each layer.",
)  # fmt: skip
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@json_option
def report_command(results: tuple[Path, ...], show: bool, as_json: bool, **options: Any) -> None:
    """Show results on one page: of `bench -o`, `build` or `compress`, or several side by side."""
    from tinycompress.cli.answers.report import open_page, show_report
    from tinycompress.reporting import report

    if show and options["format"] != "html":
        raise click.UsageError("--open goes with --format html")
    with stage_progress() as progress:
        made = report(*results, progress=progress, **options)
    show_report(made, as_json=as_json)
    if show:
        open_page(made)
