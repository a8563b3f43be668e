"""A search holds every output to its limits: a good one does not make up for a bad one."""

from __future__ import annotations

from typing import Any

import pytest

from tinycompress.artifacts import ChannelQuality, OutputQuality
from tinycompress.compression.run.result import StageRow
from tinycompress.deploy.budgets import Budgets
from tinycompress.errors import ConfigError
from tinycompress.quality.limits import beside_float, largest_drop, least_score
from tinycompress.search.goal import goal_of
from tinycompress.search.outcome import TrialRow, blocking
from tinycompress.search.preparing import reference_of


def head(index: int, score: float, in_float: float, **more: Any) -> OutputQuality:
    return OutputQuality(
        index, f"head{index}", "regression", score, "R²", float_score=in_float, **more
    )


BEFORE = (head(0, 0.9, 0.91), head(1, 0.6, 0.61))
AFTER = (head(0, 0.99, 0.99), head(1, 0.55, 0.58))


def row(quality: tuple[OutputQuality, ...]) -> StageRow:
    mean = sum(one.score or 0.0 for one in quality) / len(quality)
    return StageRow(0, "original", mean, mean, 10, 10, 10, 10, "0" * 64, (), quality=quality)


def figures(score: float, drop: float, mean: float = 0.8) -> dict[str, float]:
    return {
        "int8_accuracy": mean, "least_score": score, "largest_drop": drop,
        "flash_bytes": 1000.0, "fits": 1.0,
    }  # fmt: skip


def test_the_drop_is_of_the_worst_output_from_its_own_score_before() -> None:
    assert largest_drop(beside_float(AFTER, BEFORE)) == pytest.approx(0.61 - 0.55)
    assert least_score(AFTER) == 0.55
    assert least_score(BEFORE, in_float=True) == 0.61
    assert largest_drop(()) is None
    assert least_score(()) is None


def test_the_drop_of_a_channel_counts() -> None:
    channels = (ChannelQuality(0.99, 0.1), ChannelQuality(0.2, 0.1))
    then = (ChannelQuality(0.99, 0.1), ChannelQuality(0.8, 0.1))
    before = head(0, 0.95, 0.95, channels=then, float_channels=then)
    after = head(0, 0.94, 0.94, channels=channels, float_channels=channels)
    assert largest_drop(beside_float((after,), (before,))) == pytest.approx(0.6)


def test_a_drop_becomes_limits_of_every_output() -> None:
    goal = goal_of(max_accuracy_drop=0.02, minimize="flash").resolved(reference_of(row(BEFORE)))
    assert goal.budgets.int8_accuracy == pytest.approx(0.59)
    assert all(value <= 0 for value in goal.excess(figures(0.6, 0.01)).values())
    # The mean has risen, and one output lost 0.06.
    missed = goal.excess(figures(0.595, 0.06, mean=0.99))
    assert [name for name, value in missed.items() if value > 0] == ["largest_drop"]
    assert missed["largest_drop"] == pytest.approx(0.04)
    assert goal.cost_excess({"flash_bytes": 1.0}, 0.05) == {"fits": 0.0}


def test_no_drop_at_all_is_a_limit() -> None:
    goal = goal_of(max_accuracy_drop=0.0, minimize="flash").resolved(reference_of(row(BEFORE)))
    assert goal.budgets.largest_drop == 0
    assert goal.excess(figures(0.61, 0.0))["largest_drop"] == 0
    assert goal.excess(figures(0.61, 0.001))["largest_drop"] > 0


def test_a_study_from_before_goes_on_with_what_it_has() -> None:
    goal = goal_of(max_accuracy_drop=0.02, minimize="flash").resolved({"float_accuracy": 0.9})
    assert goal.budgets.int8_accuracy == pytest.approx(0.88)
    assert goal.budgets.largest_drop is None
    assert goal.excess({"int8_accuracy": 0.89})["int8_accuracy"] <= 0


def test_the_least_accuracy_is_that_of_the_worst_output() -> None:
    goal = goal_of(min_accuracy=0.7, minimize="flash")
    assert goal.excess(figures(0.6, 0.0, mean=0.9))["int8_accuracy"] == pytest.approx(0.1)
    trial = TrialRow(
        1, "outside", {}, {}, figures(0.6, 0.0, mean=0.9), {"int8_accuracy": 0.1}, "", 0.0, {}, {}
    )
    assert blocking(trial, goal) == ("int8_accuracy 0.6, budget 0.7",)
    assert Budgets(int8_accuracy=0.7).exceeded(figures(0.6, 0.0, mean=0.9)) == (
        "int8_accuracy 0.6, budget 0.7",
    )


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_a_senseless_drop_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match="budget largest_drop"):
        Budgets(largest_drop=value)
