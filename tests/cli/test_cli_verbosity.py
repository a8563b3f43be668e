"""-v, -q and --debug stand before the command or behind it, as with pip."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import click
import pytest
from support.common import ROOT

from tinycompress.cli.main import call, main

_DIGITS = ROOT / "examples" / "digits" / "digits_int8.tflite"


@pytest.fixture(autouse=True)
def _root_level() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


def _leaves(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from _leaves(command)
        else:
            yield command


def test_every_command_takes_them() -> None:
    for command in _leaves(main):
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert {"-v", "--verbose", "-q", "--quiet", "--debug"} <= flags, command.name


@pytest.mark.parametrize("arguments", [["-q", "inspect", "{}"], ["inspect", "{}", "-q"]])
def test_quiet_on_either_side(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call([one.format(_DIGITS) for one in arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out


@pytest.mark.parametrize(
    ("flags", "level"),
    [(["-v"], logging.INFO), (["-vv"], logging.DEBUG), (["--debug"], logging.DEBUG)],
)
def test_verbose_behind_the_command(flags: list[str], level: int) -> None:
    assert call(["boards", "list", *flags]) == 0
    assert logging.getLogger().level == level


def test_debug_behind_the_command_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["inspect", "nothere.tflite", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
