"""What a search is for: figures to keep below a budget, figures to make better, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from tinycompress.deploy.budgets import AT_LEAST, SCORES, Budgets
from tinycompress.errors import ConfigError

Minimized = Literal["latency", "ram", "flash", "energy-proxy"]
ACCURACY = "accuracy"
FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "latency": "latency_us",
        "ram": "ram_reserved_bytes",
        "flash": "flash_bytes",
        "energy-proxy": "instructions",
        ACCURACY: AT_LEAST,
    }
)
"""What a measured figure is called, by what users call it.

RAM is what the firmware reserves, as linked. The proxy of energy is how many instructions an
inference takes: in-order cores of one clock take about the same energy for each.
"""
LEAST_FLOAT_SCORE = "least_float_score"
"""Of a reference: the score of its worst output, in float."""
UNKNOWN = 1e6
"""The excess of a figure that is not known, in place of infinity, which a database cannot hold."""
_LEAST_ACCURACY = 1e-9


@dataclass(frozen=True)
class Goal:
    """What is made better, and within which limits.

    Attributes:
        objectives: Of `FIGURES`: ``accuracy`` is made larger, anything else smaller. With several
            a search looks for the Pareto front.
        budgets: What a candidate must keep.
        max_accuracy_drop: How much less accurate than the model as it was a candidate may be,
            where `resolved` has not yet made a limit of it.
    """

    objectives: tuple[str, ...]
    budgets: Budgets = field(default_factory=Budgets)
    max_accuracy_drop: float | None = None

    def __post_init__(self) -> None:
        for name in self.objectives:
            if name not in FIGURES:
                raise ConfigError(f"objective {name!r}; allowed: {', '.join(FIGURES)}")
        drop = self.max_accuracy_drop
        if drop is not None and not 0 <= drop <= 1:
            raise ConfigError(f"max_accuracy_drop is {drop!r}; allowed: 0 to 1")
        if drop is not None and self.budgets.int8_accuracy is not None:
            raise ConfigError("min_accuracy and max_accuracy_drop exclude each other")

    def resolved(self, reference: Mapping[str, float]) -> Goal:
        """The same with limits on the scores of each output in place of a drop.

        The drop is that of any output from its own score; the least score is what follows of that
        for the worst one, which a training can be held against on its way.

        Args:
            reference: Scores of the model as it is, as `preparing.reference_of` has them.
        """
        if self.max_accuracy_drop is None:
            return self
        worst = reference.get(LEAST_FLOAT_SCORE, reference["float_accuracy"])
        least = max(worst - self.max_accuracy_drop, _LEAST_ACCURACY)
        # Studies from before outputs were judged by themselves have no drops.
        drop = self.max_accuracy_drop if LEAST_FLOAT_SCORE in reference else None
        budgets = replace(self.budgets, int8_accuracy=least, largest_drop=drop)
        return Goal(self.objectives, budgets)

    @property
    def directions(self) -> tuple[str, ...]:
        """Optuna's directions."""
        return tuple("maximize" if o == ACCURACY else "minimize" for o in self.objectives)

    def values(self, figures: Mapping[str, float]) -> tuple[float, ...]:
        """The figures of the objectives."""
        return tuple(float(figures[FIGURES[name]]) for name in self.objectives)

    def excess(self, figures: Mapping[str, float]) -> dict[str, float]:
        """By how much each limit is missed, as `Budgets.excess`; 0 or less: kept."""
        found = self.budgets.excess(figures)
        return {name: min(value, UNKNOWN) for name, value in found.items()}

    def cost_excess(self, figures: Mapping[str, float], slack: float) -> dict[str, float]:
        """The same before training, with some slack; accuracy, which nobody knows yet, left out.

        What does not even fit the board misses ``fits``.
        """
        found = {"fits": 1.0 - figures.get("fits", 1.0)}
        for name, value in self.excess(figures).items():
            if name not in SCORES:
                found[name] = value if value > slack else min(value, 0.0)
        return found

    def shortfall(self, accuracy: float) -> float:
        """What a training is judged by on its way: more is worse.

        Where accuracy is the objective, what is missing to 1; else what is missing to the limit.
        """
        if self.objectives[0] == ACCURACY or self.budgets.int8_accuracy is None:
            return 1.0 - accuracy
        return max(self.budgets.int8_accuracy - accuracy, 0.0)

    def better(self, figures: Mapping[str, float]) -> tuple[float, ...]:
        """A key to sort by, the best first: by the first objective, then by accuracy."""
        first = self.objectives[0]
        value = figures[FIGURES[first]]
        ties = (-figures[AT_LEAST], figures.get("latency_us", 0.0), figures["flash_bytes"])
        return (-value if first == ACCURACY else value, *ties)

    def to_lower(self, figures: Mapping[str, float]) -> str:
        """The figure to make smaller: that whose budget is missed most, or the objective."""
        excess = self.budgets.excess(figures)
        missed = {name: x for name, x in excess.items() if x > 0 and name not in SCORES}
        if missed:
            return max(missed, key=lambda name: missed[name])
        return FIGURES[next((one for one in self.objectives if one != ACCURACY), "latency")]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "objectives": list(self.objectives),
            "budgets": asdict(self.budgets),
            "max_accuracy_drop": self.max_accuracy_drop,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Goal:
        """The inverse of :meth:`to_json`."""
        return Goal(
            tuple(value["objectives"]), Budgets(**value["budgets"]), value["max_accuracy_drop"]
        )


def goal_of(
    *,
    latency_us: float | None = None,
    ram_bytes: int | None = None,
    flash_bytes: int | None = None,
    min_accuracy: float | None = None,
    max_accuracy_drop: float | None = None,
    minimize: str | None = None,
    maximize: str | None = None,
) -> Goal:
    """The goal of what a user says; without an objective, the Pareto front of what has a budget.

    Raises:
        ConfigError: What is said excludes each other, or has no answer but the useless one.
    """
    budgets = Budgets(
        flash_bytes=flash_bytes, ram_reserved_bytes=ram_bytes, latency_us=latency_us,
        int8_accuracy=min_accuracy,
    )  # fmt: skip
    if minimize is not None and maximize is not None:
        raise ConfigError("minimize and maximize exclude each other")
    if minimize is not None and minimize not in get_args(Minimized):
        raise ConfigError(f"minimize is {minimize!r}; allowed: {', '.join(get_args(Minimized))}")
    if maximize not in (None, ACCURACY):
        raise ConfigError(f"maximize is {maximize!r}; allowed: {ACCURACY}")
    if minimize is not None and min_accuracy is None and max_accuracy_drop is None:
        raise ConfigError(
            f"the least {minimize} without a limit of accuracy is a model that does nothing",
            hint="say what accuracy it needs: --min-accuracy 0.92 or --max-accuracy-drop 0.01",
        )
    if minimize is not None:
        objectives: tuple[str, ...] = (minimize,)
    elif maximize is not None:
        objectives = (ACCURACY,)
    else:
        named = budgets.limits()
        costs = [o for o in ("latency", "ram", "flash") if FIGURES[o] in named]
        objectives = (ACCURACY, *(costs or ("latency", "ram", "flash")))
    return Goal(objectives, budgets, max_accuracy_drop)
