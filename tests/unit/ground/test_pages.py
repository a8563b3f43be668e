"""What the pages print: commands that are taken, targets that exist, links that lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from support.common import ROOT

from tinycompress.cli.main import main

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/**/*.md")])
_COMMAND = re.compile(r"^(?:\$ )?tinycompress ([a-z]+\b.*)")
_TARGET = re.compile(r"\bmake ([a-z][a-z0-9-]+)\b")
_PLACEHOLDER = "…"


def tokens_of(page: Path) -> Iterator[Token]:
    """All tokens of a page's Markdown, those within lines too."""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def code_of(page: Path) -> Iterator[str]:
    """Every line of code blocks, and code within sentences."""
    for token in tokens_of(page):
        if token.type in ("fence", "code_block"):
            yield from token.content.replace("\\\n", " ").splitlines()
        elif token.type == "code_inline":
            yield token.content


def commands_of(page: Path) -> Iterator[str]:
    """The arguments of each command of tinycompress that a page prints."""
    for line in code_of(page):
        for part in re.split(r"&&|;", re.split(r"\s# ", line)[0]):
            found = _COMMAND.match(part.strip())
            if found:
                yield found[1].strip()


def refusal(arguments: str) -> str | None:
    """What is wrong with a command, but for what is missing or stands for something else."""
    name, *given = shlex.split(re.sub(r"[\[\]]|\.\.\.", " ", arguments))
    command = main.commands.get(name) if isinstance(main, click.Group) else None
    if command is None:
        return f"no command {name!r}"
    if isinstance(command, click.Group):
        default = getattr(command, "default", None)
        if given and given[0] not in command.commands and default is None:
            return f"no {name} {given[0]!r}"
        if not given or (given[0] in command.commands and default is None):
            return None
        given = given if given[0] in command.commands else [str(default), *given]
        name, command, given = f"{name} {given[0]}", command.commands[given[0]], given[1:]
    context = click.Context(command, info_name=name)
    try:
        values, left, _ = command.make_parser(context).parse_args(
            [word for word in given if word != _PLACEHOLDER]
        )
    except click.UsageError as error:
        return error.format_message()
    for parameter in command.params:
        kind, value = parameter.type, values.get(str(parameter.name))
        if isinstance(kind, click.Choice) and isinstance(value, str):
            alternatives = value.split(" or ")[0].split("|")
            wrong = set(alternatives) - set(kind.choices)
            if wrong and not value.isupper():
                return f"{parameter.opts[0]} takes no {', '.join(sorted(wrong))}"
    return f"too many arguments: {' '.join(left)}" if left else None


def anchors_of(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    headings = [
        "".join(child.content for child in line.children or ())
        for opened, line in pairwise(tokens)
        if opened.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


def test_there_are_pages_with_commands() -> None:
    commands = [each for page in PAGES for each in commands_of(page)]
    assert len(PAGES) > 20
    assert len(commands) > 60


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("build x.tflite --bord nano33", "No such option"),
        ("build x.tflite --engine aott", "takes no aott"),
        ("bench a b", "too many arguments"),
        ("biuld x.tflite", "no command"),
        ("boards shwo x", "no boards"),
        ("fit model.keras --flahs 2K", "No such option"),
        ("fit show a b", "too many arguments"),
    ],
)
def test_a_wrong_command_would_be_seen(command: str, why: str) -> None:
    assert why in (refusal(command) or "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_are_taken(page: Path) -> None:
    found = {each: refusal(each) for each in commands_of(page)}
    assert {each: why for each, why in found.items() if why} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_has_the_targets_of_a_page(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    networks = re.search(r"^NETWORKS := (.+)$", makefile, re.MULTILINE)
    assert networks is not None
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    targets |= {f"results-{name}" for name in networks[1].split()}
    searches = re.search(r"^SEARCHES := (.+)$", makefile, re.MULTILINE)
    assert searches is not None
    targets |= {f"fit-{name}" for name in searches[1].split()}
    named = {target for line in code_of(page) for target in _TARGET.findall(line)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in [str(each.attrs["href"]) for each in tokens_of(page) if each.type == "link_open"]:
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert lost == []
