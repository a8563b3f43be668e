"""``tinycompress doctor``."""

from __future__ import annotations

import click

from tinycompress.cli.invocation import all_commands, read_settings
from tinycompress.cli.options import json_option
from tinycompress.cli.progress import LONG_S, stage_progress


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> None:
    """Say which tools and boards are there and whether they work, and what options resolve to."""
    from tinycompress.cli.answers import doctor as render
    from tinycompress.cli.settings.resolved import resolve
    from tinycompress.pipeline.machine import diagnose

    with stage_progress(patience_s=LONG_S) as progress:
        progress("look for tools and boards")
        findings = diagnose()
    render.show_tools(findings, as_json=as_json)
    settings = read_settings()
    options = resolve(settings, all_commands())
    render.show_options(findings, settings, options, as_json=as_json)
    if any(finding.status == "broken" for finding in findings):
        raise click.exceptions.Exit(5)
