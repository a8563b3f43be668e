"""What ``init`` shows: the files that it wrote, and what to do with them."""

from __future__ import annotations

import shlex

from tinycompress.cli.answers.common import schema
from tinycompress.pipeline.starting import StartedProject


def started_lines(started: StartedProject) -> list[str]:
    """One path a line."""
    return [str(started.directory / name) for name in started.files]


def started_json(started: StartedProject) -> dict[str, object]:
    """The project, with its files relative to it."""
    return {
        **schema("init"),
        "directory": str(started.directory),
        "template": started.template,
        "board": started.board,
        "files": list(started.files),
    }


def next_lines(started: StartedProject) -> list[str]:
    """The three commands, in the project's directory."""
    directory = shlex.quote(str(started.directory))
    enter = [] if directory == "." else [f"cd {directory}"]
    commands = [*enter, "python train.py", "tinycompress build", "tinycompress bench"]
    return [f"next: {command}" for command in commands]
