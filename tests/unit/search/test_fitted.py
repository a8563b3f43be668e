"""Starting points that just keep a budget: the most of a network that its costs let stay."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.search.costs import Cost
from tinycompress.search.dimensions import Dimension, Value
from tinycompress.search.fitted import filled, most_within, next_above
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


def test_what_the_budget_still_lets_stay_is_added_layer_by_layer() -> None:
    groups = (Dimension("channels.a", "int", 4, 16, 4), Dimension("channels.b", "int", 4, 16, 4))
    weights = {"channels.a": 60.0, "channels.b": 20.0}

    def cost(point: dict[str, Value]) -> Cost:
        spent = sum(weights[name] * float(value) for name, value in point.items())
        return Cost({"latency_us": spent, "fits": 1.0})

    assert filled({"channels.a": 8, "channels.b": 8}, groups, cost, GOAL) == {
        "channels.a": 12, "channels.b": 12,
    }  # fmt: skip
    assert filled({"channels.a": 12, "channels.b": 12}, groups, cost, GOAL)["channels.a"] == 12


def test_the_next_number_of_a_dimension_is_one_that_it_has() -> None:
    counts = Dimension("channels.a", "choice", choices=(4, 8, 10))
    assert [next_above(counts, one) for one in (4, 8, 10)] == [8, 10, None]
    assert next_above(Dimension("channels.a", "int", 4, 16, 4), 16) is None
