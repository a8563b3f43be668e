"""Commands stay thin: what they do is the library's, how it looks is the render modules'."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import click
import pytest

from tinycompress.cli.main import main
from tinycompress.options import BuildKeywords, BuildOptions

CLI = Path(__file__).resolve().parents[2] / "tinycompress" / "cli"
MOST_LINES = 15


def _commands() -> Iterator[tuple[str, ast.FunctionDef, str]]:
    for path in sorted(CLI.glob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(one, ast.Call)
                and isinstance(one.func, ast.Attribute)
                and one.func.attr in ("command", "group")
                for one in node.decorator_list
            ):
                yield f"{path.name}:{node.name}", node, text


def _body_lines(node: ast.FunctionDef, text: str) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    end = node.end_lineno
    assert end is not None
    lines = text.splitlines()[body[0].lineno - 1 : end] if body else []
    return sum(bool(line.strip()) for line in lines)


def test_the_commands_are_found() -> None:
    assert len(list(_commands())) >= len(main.commands)


@pytest.mark.parametrize(
    ("node", "text"), [(n, t) for _, n, t in _commands()], ids=[i for i, _, _ in _commands()]
)
def test_a_command_is_a_few_lines(node: ast.FunctionDef, text: str) -> None:
    assert _body_lines(node, text) <= MOST_LINES


def test_the_keywords_of_build_are_its_options() -> None:
    assert get_type_hints(BuildKeywords) == get_type_hints(BuildOptions)


def test_the_command_line_sets_every_option_of_build() -> None:
    build = main.commands["build"]
    defaults = {one.name: one.default for one in dataclasses.fields(BuildOptions)}
    told = build.make_context("build", ["model.tflite", "--board", "pico"]).params
    # One option for either engine's weights.
    assert told.pop("weights") is None
    told |= {"weights": "auto", "tflm_compression": "none"}
    assert {name: told[name] for name in defaults} == defaults


def test_the_help_of_build_has_sections() -> None:
    build = main.commands["build"]
    with click.Context(build) as context:
        text = build.get_help(context)
    titles = [line[:-1] for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert titles == [
        "Model", "Board", "Engine", "Optimising", "Device", "Output", "Other",
    ]  # fmt: skip
    assert len(text.split("Other:")[1].strip().splitlines()) == 1, "an option without a section"
