"""Starting points that just keep a budget: the most of a network that its costs let stay."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.search.costs import Cost
from tinycompress.search.dimensions import Value
from tinycompress.search.fitted import most_within
from tinycompress.search.goal import goal_of

GOAL = goal_of(latency_us=1000.0, max_accuracy_drop=0.01, maximize="accuracy")


def shared(share: float) -> dict[str, Value]:
    return {"channels": share}


def latency(of_whole: float) -> Callable[[dict[str, Value]], Cost]:
    return lambda point: Cost({"latency_us": of_whole * float(point["channels"]), "fits": 1.0})


def test_the_most_that_a_budget_lets_stay_is_found_from_below() -> None:
    point = most_within(shared, latency(2500.0), GOAL)
    assert point is not None
    assert 0.4 - 1 / 32 <= float(point["channels"]) <= 0.4


def test_what_keeps_the_budget_stays_whole() -> None:
    assert most_within(shared, latency(1000.0), GOAL) == {"channels": 1.0}


def test_a_budget_that_the_least_misses_has_no_such_point() -> None:
    least = goal_of(flash_bytes=100, maximize="accuracy")
    assert most_within(shared, lambda _: Cost({"flash_bytes": 101.0, "fits": 1.0}), least) is None


def test_what_does_not_fit_the_board_is_not_within() -> None:
    def cost(point: dict[str, Value]) -> Cost:
        fits = float(point["channels"]) <= 0.5
        return Cost({"latency_us": 10.0, "fits": 1.0} if fits else {"fits": 0.0})

    point = most_within(shared, cost, GOAL)
    assert point == {"channels": 0.5}
