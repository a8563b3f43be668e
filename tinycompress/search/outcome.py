"""What a study has found: a row for each trial, the Pareto front, the best, the nearest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

from tinycompress.deploy.budgets import held
from tinycompress.search.costs import Figures
from tinycompress.search.dimensions import Value
from tinycompress.search.goal import FIGURES, Goal
from tinycompress.search.objective import (
    BEFORE,
    BEFORE_TRAINING,
    ERROR,
    FILES,
    MEASURED,
    RECIPE,
    REJECTED,
)
from tinycompress.search.storage import counted

Verdict = Literal["within", "outside", "rejected", "stopped", "failed"]
"""Of a finished trial: it keeps the budget, or not; it was not trained, or not to the end; or there
is no candidate."""
FRONT: Mapping[str, int] = {
    "int8_accuracy": -1, "latency_us": 1, "ram_reserved_bytes": 1, "flash_bytes": 1,
}  # fmt: skip
"""What the front is of: 1: less is better, -1: more is."""


@dataclass(frozen=True)
class TrialRow:
    """A finished trial.

    Attributes:
        number: Optuna's.
        verdict: What became of it.
        parameters: What was chosen.
        before: What it cost before it was trained.
        figures: What was measured of it when it was trained; empty if it was not.
        excess: By how much it misses each limit that there is, by name.
        message: Why it failed or ended early; empty if it did not.
        seconds: How long it took.
        recipe: What it is: plain values.
        files: Where its files are.
    """

    number: int
    verdict: Verdict
    parameters: Mapping[str, Value]
    before: Figures
    figures: Figures
    excess: Mapping[str, float]
    message: str
    seconds: float
    recipe: Mapping[str, Any]
    files: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @property
    def known(self) -> Figures:
        """The newest figures."""
        return self.figures or self.before


def rows_of(trials: Sequence[FrozenTrial], goal: Goal) -> tuple[TrialRow, ...]:
    """The finished trials of a study, by number."""
    return tuple(_row(trial, goal) for trial in counted(trials))


def _row(trial: FrozenTrial, goal: Goal) -> TrialRow:
    told = trial.user_attrs
    figures = told.get(MEASURED, {}) if trial.state == TrialState.COMPLETE else {}
    before = told.get(BEFORE, {})
    known = figures or before
    excess = {name: value for name, value in goal.excess(known).items() if name in known}
    error = told.get(ERROR, {})
    message = error.get("message", "") if error else str(told.get(REJECTED, ""))
    took = trial.duration
    return TrialRow(
        trial.number, _verdict(trial, excess), trial.params, before, figures, excess,
        message or ("its worker ended, again and again" if _lost(trial) else ""),
        0.0 if took is None else took.total_seconds(),
        told.get(RECIPE, {}), told.get(FILES, {}),
    )  # fmt: skip


def _lost(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and ERROR not in trial.user_attrs


def _verdict(trial: FrozenTrial, excess: Mapping[str, float]) -> Verdict:
    if trial.state == TrialState.COMPLETE:
        return "within" if all(one <= 0 for one in excess.values()) else "outside"
    if trial.state == TrialState.FAIL:
        return "failed"
    return "rejected" if trial.user_attrs.get(REJECTED) == BEFORE_TRAINING else "stopped"


def pareto_front(rows: Sequence[TrialRow]) -> tuple[TrialRow, ...]:
    """Rows within the budget that no other is as good as in everything and better in something.

    Args:
        rows: Any; those of equal figures count once, the first of them.
    """
    found: dict[tuple[float, ...], TrialRow] = {}
    for row in rows:
        if row.verdict == "within":
            found.setdefault(_point(row), row)
    front = [
        (point, row) for point, row in found.items()
        if not any(_dominates(other, point) for other in found)
    ]  # fmt: skip
    return tuple(row for _, row in sorted(front, key=lambda each: each[0]))


def _point(row: TrialRow) -> tuple[float, ...]:
    return tuple(sign * float(row.figures.get(name, 0.0)) for name, sign in FRONT.items())


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def best_row(rows: Sequence[TrialRow], goal: Goal) -> TrialRow | None:
    """The best within the budget; None if there is none."""
    within = [row for row in rows if row.verdict == "within"]
    return min(within, key=lambda row: (*goal.better(row.figures), row.number), default=None)


def nearest_row(rows: Sequence[TrialRow]) -> TrialRow | None:
    """Of those outside, the one that misses its limits by the least; trained ones first."""
    known = [row for row in rows if row.excess and row.known.get("fits", 1.0)]
    return min(known, key=lambda row: (not row.figures, max(row.excess.values())), default=None)


def blocking(row: TrialRow, goal: Goal) -> tuple[str, ...]:
    """Which limits a row misses, in words, the worst first."""
    limits = goal.budgets.limits()
    missed = sorted((x for x in row.excess.items() if x[1] > 0), key=lambda x: -x[1])
    return tuple(f"{n} {held(n, row.known):,.6g}, budget {limits[n]:,.6g}" for n, _ in missed)


def counts(rows: Sequence[TrialRow]) -> dict[str, int]:
    """How many rows have which verdict."""
    found = Counter(row.verdict for row in rows)
    return {name: found[name] for name in ("within", "outside", "rejected", "stopped", "failed")}


def drift(rows: Sequence[TrialRow]) -> dict[str, float]:
    """By what share figures before training missed those after it, at most, by name."""
    found: dict[str, float] = {}
    for row in rows:
        for name in (*FIGURES.values(), "arena_bytes"):
            if row.figures.get(name) and row.before.get(name):
                share = abs(row.before[name] / row.figures[name] - 1.0)
                found[name] = max(found.get(name, 0.0), share)
    return found


def largest_sum_error(rows: Sequence[TrialRow]) -> float | None:
    """By what share the layers' cycles, added up, miss the whole firmware's, at most."""
    errors = [row.known.get("sum_error") for row in rows]
    return max((abs(one) for one in errors if one is not None), default=None)
