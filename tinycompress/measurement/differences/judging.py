"""One figure of two results: how far they are apart, whether that is a change, and for the worse.

Figures of an emulated board are the same on every run, so every difference is a change. On a real
board runs differ: a change is only what is larger than the wider of the two spreads (greatest minus
least of the runs). Figures that were got in different ways are shown, and judged by nothing: the
difference would be that of the ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinycompress.measurement.differences.figures import Figure

Verdict = Literal["equal", "better", "worse", "within_spread", "other_way", "only_a", "only_b"]
"""``within_spread``: apart, but by less than the runs of one result are. ``other_way``: got in
different ways, such as measured and emulated."""

_JITTERS = ("measured", "unknown")
_ROUNDING = 1e-9
_ABSOLUTE = ("share", "score", "yes or no")


@dataclass(frozen=True)
class Difference:
    """One figure in two results; None for the side that does not have it."""

    a: Figure | None
    b: Figure | None

    @property
    def figure(self) -> Figure:
        """Either of the two, for what both have in common."""
        found = self.b if self.a is None else self.a
        assert found is not None
        return found

    @property
    def absolute(self) -> float | None:
        """B less A, in the figure's unit."""
        return None if self.a is None or self.b is None else self.b.value - self.a.value

    @property
    def relative(self) -> float | None:
        """The same as a share of A; None where A is 0, and for shares, scores and truths."""
        if self.a is None or self.absolute is None or self.a.value == 0:
            return None
        return None if self.figure.unit in _ABSOLUTE else self.absolute / self.a.value

    @property
    def significant(self) -> bool | None:
        """Whether it is more than the runs differ by; None where nothing tells."""
        if self.a is None or self.b is None or self.absolute is None:
            return None
        if self.a.obtained != self.b.obtained:
            return None
        spread = max(self.a.spread, self.b.spread) if self.a.obtained in _JITTERS else 0.0
        return abs(self.absolute) > spread

    @property
    def verdict(self) -> Verdict:
        """What to think of it."""
        if self.a is None or self.b is None or self.absolute is None:
            return "only_b" if self.a is None else "only_a"
        if self.a.obtained != self.b.obtained:
            return "other_way"
        if self.absolute == 0:
            return "equal"
        if not self.significant:
            return "within_spread"
        return "better" if (self.absolute < 0) == (self.figure.better == "lower") else "worse"

    @property
    def worse_by(self) -> float:
        """How much worse B is: a share of A, of shares and scores the difference; 0 if it is not.

        What is worse than nothing at all, or is not told any more, is infinitely worse.
        """
        if self.verdict == "only_a":
            return float("inf")
        if self.verdict != "worse" or self.absolute is None:
            return 0.0
        if self.figure.unit in ("share", "score"):
            return abs(self.absolute)
        return float("inf") if self.relative is None else abs(self.relative)

    def exceeds(self, limit: float) -> bool:
        """Whether it is worse beyond a limit, a share; a strict figure may not be worse at all."""
        return self.worse_by > (0.0 if self.figure.strict else limit + _ROUNDING)


def differences(a: tuple[Figure, ...], b: tuple[Figure, ...]) -> tuple[Difference, ...]:
    """Figures of two results by their names, those of ``a`` first where only one has them."""
    of_a, of_b = ({one.name: one for one in side} for side in (a, b))
    names = [*of_a, *(name for name in of_b if name not in of_a)]
    return tuple(Difference(of_a.get(name), of_b.get(name)) for name in names)
