"""Method ``greedy``: channels go group by group, each time those that are missed the least.

After Yang et al., NetAdapt: Platform-Aware Neural Network Adaptation for Mobile Applications, 2018.
In every round each group of coupled channels is thinned by one step alone, and trained for a short
time. The one that loses the least accuracy for what it saves on the board is the start of the next
round. When the budget is kept (or, where a figure is made smallest, accuracy has fallen below its
limit), what the rounds have reached is trained for long, the last first. NetAdapt reduces each
proposal of a round by the same amount; here proposals differ, and are compared by the loss for each
unit that is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinycompress.deploy.budgets import AT_LEAST, SCORES, held
from tinycompress.search.compression_space import CHANNELS, starting_points
from tinycompress.search.costs import Figures
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import ACCURACY, Goal
from tinycompress.search.methods.planned import Point, Tried, key_of


@dataclass(frozen=True)
class Greedy:
    """The plan.

    Attributes:
        dimensions: The space.
        goal: What the search is for.
    """

    dimensions: tuple[Dimension, ...]
    goal: Goal

    def __call__(self, history: Sequence[Tried]) -> Point | None:
        """What comes next."""
        known = {key_of(one.point): one.figures for one in history}
        current = self._with_epochs(starting_points(self.dimensions)[0], longest=False)
        if key_of(current) not in known:
            return current
        reached = [current]
        while not self._is_there(known[key_of(current)]):
            proposals = self._proposals(current)
            for proposal in proposals:
                if key_of(proposal) not in known:
                    return proposal
            better = self._least_missed(known[key_of(current)], proposals, known)
            if better is None:
                break
            current = better
            reached.append(current)
        for point in reversed(reached):
            trained = self._with_epochs(point, longest=True)
            if key_of(trained) not in known:
                return trained
        return None

    def _proposals(self, current: Point) -> list[Point]:
        found: list[Point] = []
        for one in self.dimensions:
            fewer = _step_below(one, current[one.name]) if one.name.startswith(CHANNELS) else None
            if fewer is not None:
                found.append({**current, one.name: fewer})
        return found

    def _least_missed(
        self, now: Figures, proposals: Sequence[Point], known: dict[str, Figures]
    ) -> Point | None:
        """The proposal that loses the least accuracy for what it saves."""
        name = self.goal.to_lower(now)
        ranked = []
        for proposal in proposals:
            figures = known[key_of(proposal)]
            if AT_LEAST not in figures or name not in figures:
                continue
            saved = now[name] - figures[name]
            if saved > 0:
                before = held(AT_LEAST, now) if AT_LEAST in now else 1.0
                lost = before - held(AT_LEAST, figures)
                ranked.append((lost / saved, key_of(proposal), proposal))
        return min(ranked)[2] if ranked else None

    def _is_there(self, figures: Figures) -> bool:
        excess = self.goal.budgets.excess(figures)
        within = all(x <= 0 for name, x in excess.items() if name not in SCORES)
        if self.goal.objectives[0] == ACCURACY:
            return within
        return within and any(excess.get(name, 0.0) > 0 for name in SCORES)

    def _with_epochs(self, point: Point, *, longest: bool) -> Point:
        epochs = next((one for one in self.dimensions if one.name == "epochs"), None)
        if epochs is None or epochs.kind == "choice":
            return point
        return {**point, "epochs": int(epochs.high if longest else epochs.low)}


def _step_below(dimension: Dimension, value: object) -> int | None:
    """The next smaller number of channels; None if there is none."""
    if dimension.kind == "choice":
        smaller = [int(one) for one in dimension.choices if int(one) < int(str(value))]
        return max(smaller, default=None)
    fewer = int(str(value)) - int(dimension.step or 1)
    return fewer if fewer >= dimension.low else None
