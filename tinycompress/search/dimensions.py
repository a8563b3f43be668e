"""What a search may choose: a dimension for every parameter, narrowed by a table of the user."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from tinycompress.errors import ConfigError, os_reason

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Value = bool | int | float | str
Parameters = Mapping[str, Value]
"""What was chosen, by the names of dimensions."""

SCHEMA = 1
_HINT = "docs/fit.md lists the parameters with their ranges"
_RANGE_KEYS = frozenset(("low", "high", "step", "log"))


@dataclass(frozen=True)
class Dimension:
    """One parameter of a search: numbers from ``low`` to ``high``, or some ``choices``.

    Attributes:
        name: Unique in a space.
        kind: What its values are.
        low: Least number.
        high: Largest number.
        step: Distance of the numbers; None: any (for ``int`` 1).
        log: Whether numbers are drawn by their logarithm.
        choices: The values of a ``choice``.
        least: Least number that the user may ask for; None is ``low``.
        most: Largest number that the user may ask for; None is ``high``.
    """

    name: str
    kind: Literal["int", "float", "choice"]
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False
    choices: tuple[Value, ...] = ()
    least: float | None = None
    most: float | None = None

    @staticmethod
    def fixed(name: str, value: Value) -> Dimension:
        """One with a single value."""
        return Dimension(name, "choice", choices=(value,))

    def suggest(self, trial: Any) -> Value:
        """Ask an Optuna trial for a value."""
        if self.kind == "choice":
            chosen: Value = trial.suggest_categorical(self.name, list(self.choices))
            return chosen
        if self.kind == "int":
            step = {} if self.log else {"step": int(self.step or 1)}
            number: int = trial.suggest_int(
                self.name, int(self.low), int(self.high), log=self.log, **step
            )
            return number
        share: float = trial.suggest_float(
            self.name, self.low, self.high, step=self.step, log=self.log
        )
        return share

    def nearest(self, value: Value) -> Value:
        """The value of the dimension that is nearest to a wish."""
        if self.kind == "choice":
            if value in self.choices:
                return value
            numbers = [one for one in self.choices if _is_number(one)]
            if _is_number(value) and numbers:
                return min(numbers, key=lambda one: abs(float(one) - float(value)))
            return self.choices[0]
        number = min(max(float(value), self.low), self.high)
        if self.step:
            steps = round((number - self.low) / self.step)
            number = min(self.low + steps * self.step, self.high)
        return round(number) if self.kind == "int" else round(number, 10)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what does not apply is left out."""
        if self.kind == "choice":
            return {"kind": self.kind, "choices": list(self.choices)}
        found = {"kind": self.kind, "low": self.low, "high": self.high, "log": self.log}
        return found if self.step is None else {**found, "step": self.step}


def dimensions_to_json(dimensions: Iterable[Dimension]) -> list[dict[str, Any]]:
    """The inverse of :func:`dimensions_from_json`."""
    return [{**asdict(one), "choices": list(one.choices)} for one in dimensions]


def dimensions_from_json(listed: Iterable[Mapping[str, Any]]) -> tuple[Dimension, ...]:
    """Dimensions from plain values."""
    return tuple(Dimension(**{**one, "choices": tuple(one["choices"])}) for one in listed)


def load_narrowing(path: Path) -> dict[str, Any]:
    """The ``[parameters]`` of a ``space.toml``: by name or pattern, a value, values, or a range.

    Raises:
        ConfigError: It cannot be read, or has other keys.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the space {path}: {os_reason(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from error
    problems = []
    if table.get("schema") != SCHEMA:
        problems.append(f"schema: {table.get('schema')!r}; allowed: {SCHEMA}")
    for key in set(table) - {"schema", "parameters"}:
        problems.append(f"{key}: unknown key; {_suggest(key, ('schema', 'parameters'))}")
    parameters = table.get("parameters", {})
    if not isinstance(parameters, dict):
        problems.append(f"parameters: {parameters!r}; allowed: a table")
    _refuse(f"space {path}", sorted(problems))
    return dict(parameters)


def narrowed(
    dimensions: Iterable[Dimension], table: Mapping[str, Any], *, source: str = "space"
) -> tuple[Dimension, ...]:
    """Dimensions as a user's table has them.

    Args:
        dimensions: Those that there are.
        table: By name or pattern (``channels.*``), one value, a list of values, or a table with
            ``low``, ``high``, ``step``, ``log``; the most exact name counts.
        source: Name for messages.

    Raises:
        ConfigError: Unknown names or senseless values; all of them.
    """
    known = {one.name: one for one in dimensions}
    problems: list[str] = []
    # A pattern first, so that what names a parameter exactly has the last word.
    for pattern, wish in sorted(table.items(), key=lambda item: (item[0] in known, len(item[0]))):
        names = [name for name in known if fnmatchcase(name, pattern)]
        if not names:
            problems.append(f"{pattern}: no such parameter; {_suggest(pattern, known)}")
        for name in names:
            try:
                known[name] = _wished(known[name], wish)
            except ValueError as error:
                problems.append(f"{pattern}: {error}")
                break
    _refuse(source, problems)
    return tuple(known.values())


def overridden(dimension: Dimension, table: Mapping[str, Any]) -> Dimension:
    """One dimension as a user's table has it; what the table says of others is not looked at.

    Raises:
        ConfigError: A senseless value.
    """
    fitting = {key: wish for key, wish in table.items() if fnmatchcase(dimension.name, key)}
    return narrowed((dimension,), fitting)[0]


def _wished(dimension: Dimension, wish: Any) -> Dimension:
    if isinstance(wish, dict):
        return _ranged(dimension, wish)
    values = wish if isinstance(wish, list) else [wish]
    if not values:
        raise ValueError("no value; allowed: one or more")
    for value in values:
        _require_allowed(dimension, value)
    return Dimension(
        dimension.name, "choice", choices=tuple(values), least=_least(dimension),
        most=_most(dimension),
    )  # fmt: skip


def _ranged(dimension: Dimension, wish: Mapping[str, Any]) -> Dimension:
    unknown = sorted(set(wish) - _RANGE_KEYS)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {_suggest(unknown[0], _RANGE_KEYS)}")
    if dimension.kind == "choice":
        listed = ", ".join(map(repr, dimension.choices))
        raise ValueError(f"it has values, not a range; allowed: some of {listed}")
    found = Dimension(
        dimension.name, dimension.kind,
        low=wish.get("low", dimension.low), high=wish.get("high", dimension.high),
        step=wish.get("step", None if wish.get("log") else dimension.step),
        log=wish.get("log", dimension.log and "step" not in wish),
        least=_least(dimension), most=_most(dimension),
    )  # fmt: skip
    for value in (found.low, found.high):
        _require_allowed(dimension, value)
    if found.low > found.high:
        raise ValueError(f"low {found.low:g} is above high {found.high:g}")
    if not isinstance(found.log, bool):
        raise ValueError(f"log {found.log!r}; allowed: true, false")
    if found.step is not None and not (_is_number(found.step) and found.step > 0):
        raise ValueError(f"step {found.step!r}; allowed: a number above 0")
    if found.log and (found.step is not None or found.low <= 0):
        raise ValueError("log goes with neither step nor a low of 0")
    return found


def _require_allowed(dimension: Dimension, value: Any) -> None:
    if dimension.kind == "choice" and dimension.least is None:
        if not any(value == one and type(value) is type(one) for one in dimension.choices):
            listed = ", ".join(map(repr, dimension.choices))
            raise ValueError(f"{value!r}; allowed: {listed}")
        return
    if not _is_number(value) or (dimension.kind == "int" and not isinstance(value, int)):
        kind = "a whole number" if dimension.kind == "int" else "a number"
        raise ValueError(f"{value!r}; allowed: {kind}")
    least, most = _least(dimension), _most(dimension)
    if least is not None and most is not None and not least <= value <= most:
        raise ValueError(f"{value!r}; allowed: {least:g} to {most:g}")


def _least(dimension: Dimension) -> float | None:
    if dimension.kind == "choice":
        return dimension.least
    return dimension.low if dimension.least is None else dimension.least


def _most(dimension: Dimension) -> float | None:
    if dimension.kind == "choice":
        return dimension.most
    return dimension.high if dimension.most is None else dimension.most


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _suggest(word: str, known: Iterable[str]) -> str:
    listed = sorted(known)
    close = difflib.get_close_matches(word, listed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(listed)}"


def _refuse(source: str, problems: list[str]) -> None:
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ConfigError("\n  - ".join((f"{source} has {count}", *problems)), hint=_HINT)
