"""Options and parameter types that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    _StringType = click.ParamType[str]
else:
    # Generic only since click 8.5.
    _StringType = click.ParamType

_Command = TypeVar("_Command", bound=Callable[..., Any])


class BoardType(_StringType):
    """A board's id, alias or file; shells complete it."""

    name = "board"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Ids and aliases that start with what was typed."""
        from tinycompress.boards import list_boards

        names = sorted({n for b in list_boards() for n in (b.id, *b.aliases)})
        return [click.shell_completion.CompletionItem(n) for n in names if n.startswith(incomplete)]


class FlashMethodType(_StringType):
    """A way to flash. The methods are looked up when they are asked for, so that others start fast.

    Otherwise the same as `click.Choice`.
    """

    name = "method"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """All methods, in brackets."""
        return f"[{'|'.join(self._choice().choices)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The method, or click's refusal with all that there are."""
        return str(self._choice().convert(value, param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Methods that start with what was typed."""
        return self._choice().shell_complete(ctx, param, incomplete)

    def _choice(self) -> click.Choice[str]:
        from tinycompress.device.flashing import method_names

        return click.Choice(method_names())


def board_option(*, required: bool) -> Callable[[_Command], _Command]:
    """``--board``: an id, an alias or a path to a board file."""
    return click.option(
        "-b", "--board", type=BoardType(), required=required,
        help="Board: id, alias or path to a .toml (see `tinycompress boards`).",
    )  # fmt: skip


def data_options(command: _Command) -> _Command:
    """``--data`` and ``--val``: what a Keras model is calibrated with and judged by."""
    val = click.option(
        "--val", type=click.Path(path_type=Path),
        help="Labelled .npz to count accuracy on, before and after (default: --data).",
    )  # fmt: skip
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="Calibration .npz with x (and y)."
    )
    return data(val(command))


def activations_option(default: str) -> Callable[[_Command], _Command]:
    """``--activations``: what a Keras model is quantised to; ``default`` in words."""
    return click.option(
        "--activations", type=click.Choice(["int8", "int16"]),
        help="What layers compute on: int16 (16x8) is finer and takes twice the RAM; weights are"
        f" int8 with either (default: {default}).",
    )  # fmt: skip


def exact_to_option(help_text: str) -> Callable[[_Command], _Command]:
    """``--exact-to``: whose arithmetic counts."""
    return click.option(
        "--exact-to", type=click.Choice(["tflm", "litert"]), default="tflm", show_default=True,
        help=help_text,
    )  # fmt: skip


def tflm_compression_option(command: _Command) -> _Command:
    """``--tflm-compression``: how weights are stored for TFLite Micro."""
    return click.option(
        "--tflm-compression", type=click.Choice(["none", "lut"]), default="none", show_default=True,
        help="lut: clustered weights as lookup tables that TFLM's DECODE reads; TFLM alone does.",
    )(command)  # fmt: skip


def port_options(command: _Command) -> _Command:
    """``--port`` and ``--answer-port``: where a real board is reached."""
    answers = click.option(
        "--answer-port", help="Port of an adapter on the UART pins, where the firmware talks there."
    )
    port = click.option("-p", "--port", help="The board's own port, or its USB serial number.")
    return port(answers(command))


def json_option(command: _Command) -> _Command:
    """``--json``: the result as one JSON object on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def output_option(help_text: str) -> Callable[[_Command], _Command]:
    """``-o``: where the result goes."""
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), default=None, help=help_text
    )


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object, readable and in a fixed order."""
    click.echo(json.dumps(value, indent=2))
