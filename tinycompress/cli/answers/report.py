"""What ``report`` answers: where the report lies, or the report itself."""

from __future__ import annotations

import click

from tinycompress.cli.invocation import warn
from tinycompress.cli.options import print_json
from tinycompress.reporting import Report


def show_report(made: Report, *, as_json: bool) -> None:
    """The files that were written, one a line; Markdown without a file is the answer itself."""
    if as_json:
        print_json(
            {
                "schema": "tinycompress.report",
                "schema_version": 1,
                "format": made.format,
                "results": list(made.labels),
                "files": [str(path) for path in made.files],
                "text": made.text if made.format == "md" and not made.files else None,
            }
        )
    elif made.files:
        for path in made.files:
            click.echo(path)
    else:
        click.echo(made.text, nl=False)


def open_page(made: Report) -> None:
    """Open the page in the user's browser; says so where there is none."""
    (page,) = made.files
    if click.launch(page.resolve().as_uri()) != 0:
        warn([f"no browser could be started; open {page}"])
