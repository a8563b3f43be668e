"""From a gate in a cascade file, in real units, to the integers that device and host compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tinycompress.artifacts import TensorSpec
from tinycompress.errors import ConfigError
from tinycompress.ir.cascade.models import CHANGE_TYPES, SCORE_TYPES
from tinycompress.ir.cascade.stages import Gate

_LIMITS = ("at_least", "unsure_below", "changed_by")
_TINY = 1e-6
"""Of steps: a limit that is a whole number of them but for the rounding of its scale is that."""


class GateKeys(Protocol):
    """What a gate says."""

    @property
    def classes(self) -> tuple[int, ...] | None:
        """Any of which ``at_least`` is of."""

    @property
    def at_least(self) -> float | None:
        """Least score."""

    @property
    def unsure_below(self) -> float | None:
        """Greatest score."""

    @property
    def changed_by(self) -> float | None:
        """Mean absolute difference."""

    @property
    def stage(self) -> str | None:
        """Whose scores."""

    @property
    def input(self) -> str | None:
        """What changes."""


def gate_problem(gate: GateKeys) -> str | None:
    """What is wrong with a gate's keys, whatever the models are."""
    given = [name for name in _LIMITS if getattr(gate, name) is not None]
    if len(given) != 1:
        told = " and ".join(given) or "none"
        return f"needs exactly one of {', '.join(_LIMITS)}; it has {told}"
    (limit,) = given
    if limit == "at_least" and gate.classes is None:
        return "at_least needs classes, such as classes = [1]"
    for name, value, of in (
        ("classes", gate.classes, "at_least"), ("input", gate.input, "changed_by"),
    ):  # fmt: skip
        if value is not None and limit != of:
            return f"{name} goes with {of}, not with {limit}"
    if limit == "changed_by" and gate.stage is not None:
        return "changed_by looks at an input of this stage, not at another stage"
    return None


@dataclass(frozen=True)
class Scores:
    """A tensor as gates read it: its integers, and what they are worth."""

    spec: TensorSpec
    least: int
    greatest: int

    @classmethod
    def of(cls, spec: TensorSpec) -> Scores:
        """Those of a tensor; of one that holds no small integers there are none."""
        small = spec.dtype in {one.value for one in SCORE_TYPES}
        limits = np.iinfo(spec.dtype) if small else None
        return cls(spec, int(limits.min) if limits else 0, int(limits.max) if limits else -1)

    @property
    def type_problem(self) -> str | None:
        """Why they cannot be looked at."""
        if self.least <= self.greatest:
            return None
        return f"'{self.spec.name}' is {self.spec.dtype}; a gate reads int8, uint8 or int16"

    def class_problem(self, number: int) -> str | None:
        """Why a class is none of theirs."""
        count = math.prod(self.spec.shape)
        if self.type_problem or 0 <= number < count:
            return self.type_problem
        return f"'{self.spec.name}' has the classes 0 to {count - 1}"

    def stored(self, real: float) -> int:
        """The least integer that is worth a real value or more."""
        return _whole(real / self.spec.scale) + self.spec.zero_point

    def real(self, stored: int) -> float:
        """What an integer is worth."""
        return self.spec.scale * (stored - self.spec.zero_point)


def stored_gate(gate: GateKeys, spec: TensorSpec, port: int) -> Gate:
    """The gate in integers.

    Args:
        gate: Its keys, which `gate_problem` has nothing against.
        spec: The output or input that it looks at.
        port: That one's number in the whole file.

    Raises:
        ConfigError: The tensor has no such class, or the limit is always or never reached; the
            message begins with the key.
    """
    if gate.changed_by is not None:
        return _of_change(gate.changed_by, spec, port)
    scores = Scores.of(spec)
    if scores.type_problem:
        raise ConfigError(f"output: {scores.type_problem}")
    for number in gate.classes or ():
        problem = scores.class_problem(number)
        if problem:
            raise ConfigError(f"classes: {number}: {problem}")
    if gate.at_least is not None:
        limit = _within("at_least", gate.at_least, scores)
        return Gate("class", port, limit, tuple(gate.classes or ()))
    assert gate.unsure_below is not None
    return Gate("unsure", port, _within("unsure_below", gate.unsure_below, scores))


def _within(key: str, real: float, scores: Scores) -> int:
    least, greatest = scores.real(scores.least), scores.real(scores.greatest)
    limit = scores.stored(real) if math.isfinite(real) else scores.least
    if not scores.least < limit <= scores.greatest:
        raise ConfigError(
            f"{key}: {real:g}: scores of '{scores.spec.name}' reach from {least:.4g} to"
            f" {greatest:.4g}, so that it would {'always' if real <= least else 'never'} be reached"
        )
    return limit


def _of_change(real: float, spec: TensorSpec, port: int) -> Gate:
    if spec.dtype not in {one.value for one in CHANGE_TYPES}:
        raise ConfigError(
            f"input: '{spec.name}' is {spec.dtype}; the change of int8 and uint8 can be told"
        )
    most = 255 * spec.scale
    if not 0 < real <= most:
        raise ConfigError(
            f"changed_by: {real:g}: the mean difference of '{spec.name}' is above 0 and at most"
            f" {most:.4g}"
        )
    elements = math.prod(spec.shape)
    return Gate("change", port, _whole(real / spec.scale * elements))


def _whole(steps: float) -> int:
    """The least whole number that is so many steps or more."""
    return math.ceil(steps - _TINY * max(1.0, abs(steps)))
