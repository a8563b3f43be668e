"""Budgets: what a model may cost on its board at most, and its least accuracy."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite

from tinycompress.errors import ConfigError

AT_LEAST = "int8_accuracy"
"""The one limit that figures must reach; all others they must not exceed."""
LEAST_SCORE = "least_score"
"""The figure that is held against it: of several outputs the score of the worst."""
DROP = "largest_drop"
SCORES = (AT_LEAST, DROP)
"""The limits that are about scores, not about what firmware costs."""


@dataclass(frozen=True)
class Budgets:
    """Limits; None is no limit besides the board's own memories.

    Attributes:
        flash_bytes: At most so many bytes are flashed, firmware included.
        ram_bytes: At most so many bytes of RAM that are used, with the peak of the stack.
        ram_reserved_bytes: At most so many bytes of RAM that the firmware takes of the board, with
            the whole stack that is set aside.
        latency_us: At most so many microseconds for one inference, as the cycle model has it.
        int8_accuracy: At least this share of the labelled samples is classified right; in general,
            at least this score of every output that has labels.
        largest_drop: At most so much of its score, a share, may any output, or channel of one, have
            lost of the float model's.
    """

    flash_bytes: float | None = None
    ram_bytes: float | None = None
    ram_reserved_bytes: float | None = None
    latency_us: float | None = None
    int8_accuracy: float | None = None
    largest_drop: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.limits().items():
            most = 1.0 if name in SCORES else float("inf")
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and isfinite(value) and 0 <= value <= most) or (
                value == 0 and name != DROP
            ):
                allowed = "0 to 1" if name == DROP else "above 0"
                allowed += " to 1" if name == AT_LEAST else ""
                raise ConfigError(f"budget {name} is {value!r}; allowed: a number {allowed}")

    @staticmethod
    def of(limits: Budgets | Mapping[str, float] | None) -> Budgets:
        """Budgets from themselves, from a mapping of their names, or none at all.

        Raises:
            ConfigError: An unknown name or a senseless value.
        """
        if isinstance(limits, Budgets):
            return limits
        known = [field.name for field in fields(Budgets)]
        for name in limits or {}:
            if name not in known:
                close = difflib.get_close_matches(str(name), known, n=1)
                rest = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                raise ConfigError(f"unknown budget {name!r}; {rest}")
        return Budgets(**dict(limits or {}))

    def limits(self) -> dict[str, float]:
        """The limits that there are, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def excess(self, figures: Mapping[str, float]) -> dict[str, float]:
        """By how much of each limit figures miss it: above 0 where they do, infinite if not known.

        Args:
            figures: By the names of the limits.

        Returns:
            As shares of the limit; of scores the difference itself.
        """
        found = {}
        for name, limit in self.limits().items():
            value = held(name, figures)
            missed = limit - value if name == AT_LEAST else value - limit
            if name not in SCORES:
                missed /= limit
            found[name] = missed if isfinite(missed) else float("inf")
        return found

    def exceeded(self, figures: Mapping[str, float]) -> tuple[str, ...]:
        """Every limit that figures do not keep, a few words each; one that is not known is not."""
        limits = self.limits()
        found = []
        for name, excess in self.excess(figures).items():
            if excess > 0:
                value = held(name, figures)
                shown = f"{value:,.6g}" if isfinite(value) else "not known"
                found.append(f"{name} {shown}, budget {limits[name]:,.6g}")
        return tuple(found)


def held(name: str, figures: Mapping[str, float]) -> float:
    """The figure that is held against the limit of some name; NaN if it is not known."""
    if name == AT_LEAST and LEAST_SCORE in figures:
        return figures[LEAST_SCORE]
    return figures.get(name, float("nan"))
