"""Budget files: limits of flash, RAM, latency and accuracy that a build is held against.

A limit does not change what is built; options of `build` do that. It says whether the result may be
used, for the continuous integration of a user's repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tinycompress._strict_toml import problems_error, read_strict
from tinycompress._tables import Table
from tinycompress.artifacts import BenchResult
from tinycompress.boards import Board, load_board
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.options import BuildOptions
from tinycompress.pipeline.job import Build

_WHAT = "the budget file"
_HINT = "docs/budgets.md explains every key"
_BYTES = {"B": 1, "kB": 1000, "MB": 1000**2, "KiB": 1024, "MiB": 1024**2}
_TIMES_US = {"us": 1.0, "ms": 1e3, "s": 1e6}
_SHARES = {"%": 0.01}

LimitUnit = Literal["bytes", "us", "share"]


def _quantity(units: dict[str, float], example: str) -> BeforeValidator:
    """Reads a text that is a number with one of ``units``."""

    def read(value: Any) -> float:
        found = None
        if isinstance(value, str):
            wanted = "|".join(map(re.escape, units))
            pattern = rf"(\d+(?:_\d+)*(?:\.\d+)?|\.\d+) ?({wanted})"
            found = re.fullmatch(pattern, value.strip().replace("µ", "u"))
        if found is None:
            raise PydanticCustomError(
                "quantity",
                "must be a text with a number and its unit ({units}), such as {example}",
                {"units": ", ".join(units), "example": f'"{example}"'},
            )
        return float(found[1].replace("_", "")) * units[found[2]]

    return BeforeValidator(read)


_Size = Annotated[float, _quantity(dict(_BYTES), "64 KiB"), Field(gt=0)]
_Time = Annotated[float, _quantity(_TIMES_US, "5 ms"), Field(gt=0)]
_Share = Annotated[float, _quantity(_SHARES, "97.5 %"), Field(ge=0, le=1)]


class Limits(Table):
    """A budget file. What is not named has no limit."""

    schema_: Literal[1] = Field(1, alias="schema")
    flash: _Size | None = None
    """Most flash of the whole firmware, in bytes."""
    ram: _Size | None = None
    """Most RAM, with the whole stack that is set aside, in bytes."""
    arena: _Size | None = None
    """Most RAM of the model alone, in bytes."""
    latency: _Time | None = None
    """Longest inference, in microseconds: of the slowest run."""
    accuracy: _Share | None = None
    """Least accuracy of the integer model."""


@dataclass(frozen=True)
class Limit:
    """One limit and what there is; ``obtained`` says how that was got."""

    name: str
    limit: float
    value: float
    unit: LimitUnit
    obtained: str

    @property
    def excess(self) -> float:
        """By how much it is not kept, in the limit's unit; 0 if it is."""
        over = self.limit - self.value if self.name == "accuracy" else self.value - self.limit
        return max(over, 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "kept": not self.excess, "excess": self.excess}


def read_limits(path: Path, board: str | Path, options: BuildOptions) -> Limits:
    """Read a budget file, and refuse limits that this build can say nothing about.

    Args:
        path: The TOML file.
        board: Id, alias or file of the board that is built for.
        options: What is chosen about the build.

    Raises:
        ConfigError: The file cannot be read, or has problems (all of them are listed).
    """
    limits = read_strict(path, Limits, _WHAT, _HINT)
    problems = list(_untold(limits, load_board(str(board)), options))
    if problems:
        raise problems_error(path, problems, _WHAT, _HINT)
    return limits


def _untold(limits: Limits, board: Board, options: BuildOptions) -> Iterator[str]:
    named = [name for name in Limits.model_fields if name != "schema_"]
    if all(getattr(limits, name) is None for name in named):
        yield f"no limit is in it; allowed: {', '.join(named)}"
    if options.framework != "cmake":
        yield f"a project for {options.framework.capitalize()} is not measured here"
    if limits.latency is not None and board.kind == "qemu":
        yield f"latency: QEMU, which runs {board.id}, knows no time"
    if limits.accuracy is not None and options.val is None and options.data is None:
        yield "accuracy: there are no samples to count it on; name them with --val"


def checked(limits: Limits, made: Build, result: BenchResult | None) -> tuple[Limit, ...]:
    """Every limit with what there is.

    Args:
        limits: What was asked for.
        made: What was built.
        result: What was measured; needed where latency has a limit.

    Raises:
        ConfigError: A figure is not known: samples without labels, or a board that tells no time.
    """
    return tuple(_checked(limits, made, result))


def _checked(limits: Limits, made: Build, result: BenchResult | None) -> Iterator[Limit]:
    built = made.require_firmware()
    for name, limit, value in (
        ("flash", limits.flash, built.flash.total_bytes),
        ("ram", limits.ram, built.ram.reserved_bytes),
        ("arena", limits.arena, built.ram.arena_bytes),
    ):
        if limit is not None:
            yield Limit(name, limit, value, "bytes", "linked")
    if limits.latency is not None:
        latency = None if result is None else result.latency_us
        if latency is None:
            raise _not_known("latency", f"nothing tells the time on {made.board.id}")
        yield Limit("latency", limits.latency, latency.max, "us", latency.obtained)
    if limits.accuracy is not None:
        accuracy = made.model.quantized_accuracy
        if accuracy is None:
            why = next((w for w in made.model.warnings if "no accuracy" in w), _no_accuracy(made))
            raise _not_known("accuracy", why)
        yield Limit("accuracy", limits.accuracy, accuracy, "share", "counted")


def _no_accuracy(made: Build) -> str:
    """Why no single accuracy is known, where no warning says it."""
    names = sorted({one.score_name for one in made.model.quality})
    if not names:
        return "no labels y"
    return f"the labels of {len(made.model.quality)} outputs give {' and '.join(names)}"


def _not_known(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"the budget file has a limit for {name}, which is not known: {why}",
        hint="name samples with labels with --val" if name == "accuracy" else _HINT,
    )


def require_limits(found: tuple[Limit, ...]) -> None:
    """Refuse a build that keeps not all limits.

    Raises:
        DoesNotFitError: It exceeds at least one; all of them are named, with by how much.
    """
    exceeded = [one for one in found if one.excess]
    if not exceeded:
        return
    count = "a limit" if len(exceeded) == 1 else f"{len(exceeded)} limits"
    raise DoesNotFitError(
        "\n  - ".join((f"{count} of the budget file: not kept", *map(_sentence, exceeded))),
        hint=_advice(exceeded),
        exceeded=tuple(one.to_json() for one in exceeded),
    )


def _advice(exceeded: list[Limit]) -> str:
    names = {one.name for one in exceeded}
    if names == {"accuracy"}:
        return "more, or more typical, calibration samples; or train for int8: docs/compression.md"
    ways = {
        "flash": "--optimize flash", "arena": "--ram-budget", "ram": "--ram-budget",
        "latency": "--optimize speed",
    }  # fmt: skip
    told = sorted({way for name, way in ways.items() if name in names})
    return f"try {' or '.join(told)}, or a smaller model: tinycompress compress"


def _sentence(one: Limit) -> str:
    amount, limit = limit_text(one, one.value), limit_text(one, one.limit)
    excess = (
        f"{100 * one.excess:.2f} points" if one.unit == "share" else (limit_text(one, one.excess))
    )
    worse = "less than" if one.name == "accuracy" else "more than"
    return f"{one.name}: {amount}, {excess} {worse} {limit} ({one.obtained})"


def limit_text(one: Limit, value: float) -> str:
    """A value with the unit of a limit."""
    if one.unit == "share":
        return f"{100 * value:.2f} %"
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return f"{number} {'bytes' if one.unit == 'bytes' else 'us'}"
