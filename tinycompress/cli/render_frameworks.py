"""What ``build --framework`` shows of a project that the framework's own tools compile."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tinycompress._console import messages_console, results_console
from tinycompress.cli.render import (
    accuracy_json,
    arena_line,
    conversion_lines,
)
from tinycompress.cli.render_simplification import simplification_json, simplification_line
from tinycompress.pipeline import FrameworkBuild


def print_project(made: FrameworkBuild) -> None:
    """Where the project is, and which commands build, flash and measure it."""
    project = made.project
    console, messages = results_console(), messages_console()
    for line in conversion_lines(made.model):
        console.print(line, markup=False, soft_wrap=True)
    console.print(
        f"wrote the {project.framework.capitalize()} project {project.directory}; it is not "
        "compiled yet",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    lines = [] if project.arena is None else [arena_line(project.arena)]
    if made.simplification is not None:
        lines.append(simplification_line(made.simplification))
    lines += [f"Speed for memory: {trade}" for trade in made.trades]
    lines += [f"Next: {command}" for command in _next(made)]
    for line in lines:
        messages.print(line, markup=False, soft_wrap=True)


def project_json(made: FrameworkBuild) -> dict[str, object]:
    """The same for programs."""
    project = made.project
    return {
        "schema": "tinycompress.framework-project",
        "schema_version": 1,
        "framework": project.framework,
        "directory": str(project.directory),
        "board": project.board_id,
        "engine": project.engine,
        "exact_to": project.exact_to,
        "project_id": project.project_id,
        "model_sha256": project.model_sha256,
        "tflite_bytes": len(made.model.tflite),
        "activations": made.model.activations,
        "accuracy": accuracy_json(made.model),
        "lut": None if made.model.lut is None else asdict(made.model.lut),
        "arena": None if project.arena is None else asdict(project.arena),
        "arena_bytes": project.arena_bytes,
        "weights_bytes": project.weights_bytes,
        "warnings": list(made.model.warnings),
        "trades": list(made.trades),
        "simplification": simplification_json(made.simplification),
        "update": asdict(project.update),
        "compiled": False,
        "commands": list(_next(made)),
    }


def _next(made: FrameworkBuild) -> tuple[str, ...]:
    directory: Path = made.project.directory
    flash = f"tinycompress flash {directory}"
    if made.project.framework == "zephyr":
        flash = "west flash -d build"
    return (
        f"cd {directory} && {made.command}",
        flash,
        f"tinycompress bench {directory} --port PORT",
    )
