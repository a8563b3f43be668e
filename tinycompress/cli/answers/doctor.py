"""What ``doctor`` shows: the tools of this machine, and the options of this project."""

from __future__ import annotations

from dataclasses import asdict

from rich.text import Text

from tinycompress._console import results_console
from tinycompress.artifacts import Finding
from tinycompress.cli.answers.common import schema, table
from tinycompress.cli.options import print_json
from tinycompress.cli.settings import FILE_NAME, Settings
from tinycompress.cli.settings.resolved import Resolved

_MARKS = {"ok": "[green]ok[/]", "missing": "[yellow]missing[/]", "broken": "[red]broken[/]"}


def show_tools(findings: tuple[Finding, ...], *, as_json: bool) -> None:
    """One line a finding, hints below."""
    if as_json:
        print_json(_tools_json(findings))
        return
    rows = table("Tools", "tool", "status", "version", "detail")
    for finding in findings:
        rows.add_row(
            finding.name, _MARKS[finding.status], finding.version or "", finding.detail or ""
        )
    console = results_console()
    console.print(rows)
    for finding in findings:
        if finding.hint and finding.status != "ok":
            console.print(f"{finding.name}: {finding.hint}", markup=False, soft_wrap=True)


def show_options(
    findings: tuple[Finding, ...],
    settings: Settings,
    options: tuple[Resolved, ...],
    *,
    as_json: bool,
) -> None:
    """One line an option: what it is without a flag, and what says so; the tools again in JSON."""
    file = None if settings.file is None else str(settings.file)
    if as_json:
        told = [asdict(one) for one in options]
        print_json({**_tools_json(findings), "settings_file": file, "options": told})
        return
    rows = table(
        f"Options without a flag, as {file} says" if file else f"Options (there is no {FILE_NAME})",
        "option", "value", "from", "for",
    )  # fmt: skip
    # What a reader looks up in the file stands in one piece.
    rows.columns[2].no_wrap = True
    for one in options:
        source = {"file": f"{file}: {one.where}", "default": "default"}.get(
            one.source, f"{one.source} {one.where}"
        )
        row = (one.option, one.value, source, " ".join(one.commands))
        rows.add_row(*map(Text, row))
    results_console().print(rows)


def _tools_json(findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        **schema("doctor"),
        "findings": [
            {"name": f.name, "status": f.status, "version": f.version, "detail": f.detail,
             "hint": f.hint} for f in findings
        ],
    }  # fmt: skip
