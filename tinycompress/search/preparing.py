"""What is known before the first trial, found in a process of its own: it needs TensorFlow.

The space, how accurate the model is and what it costs, and what the smallest candidate costs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycompress import _isolated
from tinycompress._files import write_text
from tinycompress.compression.run.result import StageRow
from tinycompress.compression.sensitivity import SensitivityTable
from tinycompress.deploy.budgets import SCORES
from tinycompress.errors import DoesNotFitError
from tinycompress.quality.limits import least_score
from tinycompress.search.compression_space import smallest, starting_points
from tinycompress.search.costs import Cost, require_timed
from tinycompress.search.dimensions import (
    Dimension,
    Value,
    dimensions_from_json,
    dimensions_to_json,
)
from tinycompress.search.fitted import fitted_points
from tinycompress.search.goal import LEAST_FLOAT_SCORE, Goal
from tinycompress.search.objective import SLACK
from tinycompress.search.sensitive import layer_sensitivities, sensitive_points
from tinycompress.search.task import Task

_REQUEST = "prepare.json"
_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Prepared:
    """What is known before the first trial.

    Attributes:
        dimensions: The space; of a model function only what belongs to training.
        starts: Candidates to look at first.
        reference: Scores of the model as it is, see `reference_of`; None for a model function.
        original: What the model as it is costs; None likewise.
        smallest: What the smallest candidate costs before training; None likewise.
        sensitivity: What zeros and clusters of each layer cost; None where the space has neither,
            and where nothing asks for it.
    """

    dimensions: tuple[Dimension, ...]
    starts: tuple[Mapping[str, Value], ...] = ()
    reference: Mapping[str, float] | None = None
    original: Cost | None = None
    smallest: Cost | None = None
    sensitivity: SensitivityTable | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "dimensions": dimensions_to_json(self.dimensions),
            "starts": [dict(start) for start in self.starts],
            "reference": None if self.reference is None else dict(self.reference),
            "original": None if self.original is None else self.original.to_json(),
            "smallest": None if self.smallest is None else self.smallest.to_json(),
            "sensitivity": None if self.sensitivity is None else self.sensitivity.to_json(),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Prepared:
        """The inverse of :meth:`to_json`."""

        def cost(name: str) -> Cost | None:
            return None if value[name] is None else Cost.from_json(value[name])

        told = value.get("sensitivity")
        return Prepared(
            dimensions_from_json(value["dimensions"]), tuple(value["starts"]),
            value["reference"], cost("original"), cost("smallest"),
            None if told is None else SensitivityTable.from_json(told),
        )  # fmt: skip


def prepare(task: Task, workspace: Path) -> Prepared:
    """Look at model, data and space before the first trial, in another process.

    Raises:
        TinyCompressError: They cannot be used, or the smallest candidate is above a budget.
    """
    request = {"task": task.to_json(), "workspace": str(workspace)}
    write_text(workspace / _REQUEST, json.dumps(request))
    try:
        reply = _isolated.call(
            "tinycompress.search.preparing", workspace, timeout_s=_TIMEOUT_S,
            hint="run `tinycompress compress` on the model and look",
        )  # fmt: skip
    finally:
        for name in (_REQUEST, "reply.json"):
            (workspace / name).unlink(missing_ok=True)
    return Prepared.from_json(reply)


def _prepared(task: Task, workspace: Path) -> Prepared:
    from tinycompress.search.evaluation import CompressionEvaluator

    evaluator = CompressionEvaluator(task, workspace)
    if task.method == "masks":
        from tinycompress.search.masked import masks_prepared

        return masks_prepared(evaluator)
    if evaluator.network is None:
        return Prepared(evaluator.dimensions)
    row = evaluator.reference()
    original = evaluator.reference_cost()
    least = evaluator.cost(evaluator.of(smallest(evaluator.dimensions)))
    if task.goal.budgets.latency_us is not None or "latency" in task.goal.objectives:
        require_timed(original, evaluator.board)
        require_timed(least, evaluator.board)
    require_reachable(task.goal, least)
    reference = reference_of(row)
    starts, table = starting_points(evaluator.dimensions), None
    by_sensitivity = task.method == "sensitivity"
    if by_sensitivity or task.takes_starts:
        table = layer_sensitivities(evaluator, hessian=by_sensitivity)
    if table is not None:
        starts = (*starts, *sensitive_points(evaluator.dimensions, table))
    if task.takes_starts:
        fitting = fitted_points(evaluator, task.goal)
        starts = (*fitting, *(one for one in starts if one not in fitting))
    return Prepared(evaluator.dimensions, starts, reference, original, least, table)


def reference_of(row: StageRow) -> dict[str, float]:
    """The scores of the model as it is: of several outputs the mean, and the worst in float."""
    found = {"float_accuracy": row.float_accuracy, "int8_accuracy": row.int8_accuracy}
    worst = least_score(row.quality, in_float=True)
    return found if worst is None else {**found, LEAST_FLOAT_SCORE: worst}


def require_reachable(goal: Goal, least: Cost) -> None:
    """Refuse budgets that even the smallest candidate misses, before anything is trained.

    Args:
        goal: The budgets.
        least: What the smallest candidate costs before training.

    Raises:
        DoesNotFitError: It misses some; says which, and the nearest.
    """
    if not least.figures.get("fits", 1.0):
        raise DoesNotFitError(
            f"even the smallest candidate of the space does not fit the board: {least.problem}",
            hint="widen the space with --space, take a smaller model, or another board",
        )
    excess = goal.budgets.excess(least.figures)
    limits = goal.budgets.limits()
    missed = [
        f"{name} {least.figures.get(name, float('nan')):,.6g}, budget {limits[name]:,.6g}"
        for name, share in excess.items()
        if share > SLACK and name not in SCORES
    ]
    if missed:
        raise DoesNotFitError(
            f"no candidate keeps the budget: the smallest of the space takes {'; '.join(missed)}",
            hint="these figures are the nearest: raise the budget, or widen the space (--space)",
        )


def main(directory: Path) -> None:
    """What the other process does."""
    request = json.loads((directory / _REQUEST).read_text(encoding="utf-8"))

    def answer() -> dict[str, Any]:
        task = Task.from_json(request["task"])
        return _prepared(task, Path(request["workspace"])).to_json()

    _isolated.write_reply(directory, answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
