"""``tinycompress doctor``."""

from __future__ import annotations

import click

from tinycompress.cli.options import json_option, print_json
from tinycompress.cli.progress import LONG_S, stage_progress


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> None:
    """Say which tools and boards are there, which versions, and whether they work."""
    from tinycompress.cli.answers import common as render
    from tinycompress.pipeline.machine import diagnose

    with stage_progress(patience_s=LONG_S) as progress:
        progress("look for tools and boards")
        findings = diagnose()
    if as_json:
        print_json(render.doctor_json(findings))
    else:
        render.print_doctor(findings)
    if any(finding.status == "broken" for finding in findings):
        raise click.exceptions.Exit(5)
