"""Options and parameter types that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

import click

from tinycompress.artifacts import Activations, DataFree, ExactTo, Precision, TflmCompression
from tinycompress.cli.invocation import invocation, warn
from tinycompress.options import BuildOptions

if TYPE_CHECKING:
    _StringType = click.ParamType[str]
    _FloatType = click.ParamType[float]
    _IntType = click.ParamType[int]
else:
    # Generic only since click 8.5.
    _StringType = _FloatType = _IntType = click.ParamType

_Command = TypeVar("_Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
DROP_HELP = (
    "Most that the score of an output may lose by integers: 0.01 or 1% of accuracy, F1, R² or AUC."
    " Exit code 8 beyond it."
)


class DataType(click.Path):
    """A file of samples, as a `Path`; or how they are made where there is none, as a string."""

    words = get_args(DataFree)

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or the path; ``./none`` is a file of that name."""
        return value if value in self.words else super().convert(value, param, ctx)


class BoardType(_StringType):
    """A board's id, alias or file; shells complete it."""

    name = "board"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Ids and aliases that start with what was typed."""
        from tinycompress.boards import list_boards

        return or_files(sorted({n for b in list_boards() for n in (b.id, *b.aliases)}), incomplete)


class RecipeType(_StringType):
    """A recipe's name or file; shells complete it."""

    name = "recipe"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Names of shipped recipes that start with what was typed, else files."""
        from tinycompress.compression.run.recipe import recipe_names

        return or_files(recipe_names(), incomplete)


def or_files(names: Iterable[str], incomplete: str) -> list[click.shell_completion.CompletionItem]:
    """Names that start with what was typed; where none does, the shell completes files."""
    found = [name for name in names if name.startswith(incomplete)]
    items = [click.shell_completion.CompletionItem(name) for name in found]
    return items or [click.shell_completion.CompletionItem(incomplete, type="file")]


class DurationType(_FloatType):
    """A time with its unit, such as 5ms, as a number of microseconds."""

    name = "duration"

    _UNITS_US: ClassVar[Mapping[str, float]] = {"us": 1.0, "ms": 1e3, "s": 1e6}

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Microseconds, or a refusal that says how times are written."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+) ?(us|ms|s)", value.strip().replace("µ", "u"))
        if found is None:
            self.fail(f"{value!r} is no time with a unit, such as 800us, 5ms or 0.1s", param, ctx)
        return float(found[1]) * self._UNITS_US[found[2]]


class PercentType(_FloatType):
    """A share written in per cent, such as 2%, as a number: 0.02."""

    name = "percent"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The share, or a refusal that says how per cent are written."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+) ?%", value.strip())
        if found is None:
            self.fail(f"{value!r} is no share in per cent, such as 2% or 0.5%", param, ctx)
        return float(found[1]) / 100


class ShareType(_FloatType):
    """A share between 0 and 1, written as a number or in per cent: 0.01 or 1%."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The share, or a refusal that says how shares are written."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)( ?%)?", str(value).strip())
        share = None if found is None else float(found[1]) / (100 if found[2] else 1)
        if share is None or share > 1:
            self.fail(f"{value!r} is no share, such as 0.01 or 1%", param, ctx)
        return share


class SpanType(_FloatType):
    """A time to wait, such as 2h, as a number of seconds."""

    name = "time"

    _UNITS_S: ClassVar[Mapping[str, float]] = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds, or a refusal that says how times are written."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+) ?(s|m|min|h)", value.strip())
        if found is None:
            self.fail(f"{value!r} is no time with a unit, such as 90s, 30m or 2h", param, ctx)
        return float(found[1]) * self._UNITS_S[found[2]]


class SizeType(_IntType):
    """A size of memory, such as 48K, as a number of bytes; K is 1024."""

    name = "size"

    _UNITS: ClassVar[Mapping[str, int]] = {"": 1, "K": 1 << 10, "M": 1 << 20}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes, or a refusal that says how sizes are written."""
        if isinstance(value, int) and value >= 1:
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KM]?)(?:I?B)?", str(value).strip().upper())
        size = 0.0 if found is None else float(found[1]) * self._UNITS[found[2]]
        if size < 1 or size != int(size):
            self.fail(f"{value!r} is no size, such as 49152, 48K or 1M", param, ctx)
        return int(size)


class _LateChoice(_StringType):
    """A choice whose values are looked up when they are asked for, so that others start fast.

    Otherwise the same as `click.Choice`.
    """

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """All values, in brackets."""
        return f"[{'|'.join(self._choice().choices)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, or click's refusal with all that there are."""
        return str(self._choice().convert(value, param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Values that start with what was typed."""
        return self._choice().shell_complete(ctx, param, incomplete)

    def _choice(self) -> click.Choice[str]:
        raise NotImplementedError


class FlashMethodType(_LateChoice):
    """A way to flash."""

    name = "method"

    def _choice(self) -> click.Choice[str]:
        from tinycompress.device.flashing import method_names

        return click.Choice(method_names())


class CalibratorType(_LateChoice):
    """A calibrator."""

    name = "calibrator"

    def _choice(self) -> click.Choice[str]:
        from tinycompress.calibrators.registry import calibrator_names

        return click.Choice(calibrator_names())


def board_option(*, required: bool) -> Callable[[_Command], _Command]:
    """``--board``: an id, an alias or a path to a board file."""
    return click.option(
        "-b", "--board", type=BoardType(), required=required,
        help="Board: id, alias or .toml file; `tinycompress boards` lists them.",
    )  # fmt: skip


def choice_option(name: str, values: object, help_text: str) -> Callable[[_Command], _Command]:
    """An option of one of a Literal's values; the default is that of `BuildOptions`."""
    default = getattr(BuildOptions, name.removeprefix("--").replace("-", "_"))
    return click.option(
        name, type=click.Choice(get_args(values)), default=default, help=help_text,
        show_default=default is not None,
    )  # fmt: skip


def data_options(command: _Command) -> _Command:
    """``--data`` and ``--val``: what a Keras model is calibrated with and judged by."""
    val = click.option(
        "--val", type=PATH,
        help="Samples that accuracy is counted on: .npz with x and y.  [default: --data]",
    )  # fmt: skip
    data = click.option(
        "--data", type=DataType(),
        help="Calibration samples of a Keras model: .npz with x (and y). Or none: samples are made"
        " of the means and variances that the model has kept; zeroq and dfqf are the ways.",
    )  # fmt: skip
    return data(val(command))


def max_drop_option(help_text: str) -> Callable[[_Command], _Command]:
    """``--max-accuracy-drop``: most that an integer model may lose."""
    return click.option("--max-accuracy-drop", type=ShareType(), metavar="SHARE", help=help_text)


def precision_option(command: _Command) -> _Command:
    """``--precision``: what a model computes on."""
    return choice_option(
        "--precision", Precision,
        "What the model computes on: int8, or float32 with weights in single or half precision;"
        " outputs of floats are within a bound of LiteRT's. docs/precision.md.",
    )(command)  # fmt: skip


def activations_option(default: str) -> Callable[[_Command], _Command]:
    """``--activations``: what a Keras model is quantised to; ``default`` in words."""
    return choice_option(
        "--activations", Activations,
        "Type of activations. int16 (16x8) is more accurate and takes twice the RAM; weights are"
        f" int8 with either.  [default: {default}]",
    )  # fmt: skip


def range_options(command: _Command) -> _Command:
    """``--calibrator`` and what else the scales of an int8 file depend on."""
    per_tensor = click.option(
        "--per-tensor-weights/--per-channel-weights", default=False,
        help="One weight scale for every layer; convolutions have one for every output channel"
        " otherwise.",
    )  # fmt: skip
    symmetric = click.option(
        "--symmetric-activations/--asymmetric-activations",
        default=False,
        help="Zero point 0 for every int8 activation, except where an operator fixes it.",
    )
    calibrator = click.option(
        "--calibrator", type=CalibratorType(), default=BuildOptions.calibrator, show_default=True,
        help="What sets the ranges of int8 activations; auto tries the others and takes what has"
        " the least error. docs/converting.md.",
    )  # fmt: skip
    return calibrator(symmetric(per_tensor(command)))


def exact_to_option(help_text: str) -> Callable[[_Command], _Command]:
    """``--exact-to``: whose arithmetic counts."""
    return choice_option("--exact-to", ExactTo, help_text)


def weights_option(choices: Sequence[str], help_text: str) -> Callable[[_Command], _Command]:
    """``--weights``: how weights lie in flash; None if nothing is said.

    ``--tflm-compression``, which it replaced, is taken as well, and told to be.
    """
    weights = click.option("--weights", type=click.Choice(choices), help=help_text)
    old = click.option(
        "--tflm-compression", type=click.Choice(get_args(TflmCompression)), hidden=True,
        expose_value=False, callback=_as_weights,
    )  # fmt: skip
    return lambda command: weights(old(command))


def _as_weights(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Take what the older option says as what ``--weights`` would say."""
    if value is None:
        return
    said = "plain" if value == "none" else value
    warn([f"--tflm-compression is deprecated: --weights {said}"])
    ctx.default_map = {**(ctx.default_map or {}), "weights": said}


def port_options(command: _Command) -> _Command:
    """``--port`` and ``--answer-port``: where a real board is reached."""
    answers = click.option(
        "--answer-port", help="Port of an adapter on the UART pins, where the firmware talks there."
    )
    port = click.option("-p", "--port", help="The board's own port, or its USB serial number.")
    return port(answers(command))


def json_option(command: _Command) -> _Command:
    """``--json``: the result, or the error, as one JSON object on stdout."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the result, or the error, as JSON."
    )(command)


def output_option(help_text: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    """``-o``: where the result goes."""
    return click.option("-o", "--output", type=PATH, required=required, help=help_text)


def print_json(value: Mapping[str, object]) -> None:
    """Answer with one JSON object, which is printed when the command ends.

    A later one takes its place, and an error that comes afterwards becomes part of it.
    """
    invocation().answer = value
