"""Candidates that just keep the budgets of cost: where a search within a budget begins.

How many channels a budget leaves is known before any training: costs are measured. A share of the
channels is halved in between until the most of them are found that the budget lets stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tinycompress.compression.run.draft import drafted_network
from tinycompress.compression.run.recipe import Recipe, parse_recipe
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import (
    CHANNELS,
    CLUSTERS,
    SPARSITY,
    channel_groups,
    starting_point,
)
from tinycompress.search.dimensions import Dimension, Value
from tinycompress.search.goal import FIGURES

if TYPE_CHECKING:
    from tinycompress.search.costs import Cost
    from tinycompress.search.evaluation import CompressionEvaluator
    from tinycompress.search.goal import Goal

_HALVINGS = 5
"""To 3 % of the way from the fewest channels to all."""
_MOST_GONE = 0.99
_MARGIN = 0.005
"""By what share of a budget these candidates stay below it: trained, the same shapes were seen to
take 0.3 % more time than before."""
_COSTS = frozenset(FIGURES[name] for name in ("flash", "ram", "latency"))
_SPARING: Mapping[str, Value] = {SPARSITY: 0.5, CLUSTERS: 16}

Point = dict[str, Value]
Thinned = Callable[[float], Point]
"""The candidate that keeps a share of the network."""


def fitted_points(evaluator: CompressionEvaluator, goal: Goal) -> tuple[Point, ...]:
    """Candidates with as many channels as the budgets of flash, RAM and latency let stay.

    Channels go evenly from all layers, and by their importance over the whole network (the first
    term of Taylor's series of the loss, Molchanov et al. 2017); where flash counts, also with half
    of the weights zero and 16 values a layer.

    Args:
        evaluator: Of a trained model; measures.
        goal: The budgets. Without one of a cost nothing is fitted.

    Returns:
        No two alike, and none that keeps every channel.
    """
    dimensions = evaluator.dimensions
    costs = _costs_of(goal)
    if not any(one.name.startswith(CHANNELS) for one in dimensions) or not costs:
        return ()
    tightened = {name: limit * (1.0 - _MARGIN) for name, limit in costs.items()}
    goal = replace(goal, budgets=replace(goal.budgets, **tightened))
    wishes: list[Mapping[str, Value]] = [{}]
    if any(one.name.startswith(tuple(_SPARING)) for one in dimensions):
        wishes.append(_SPARING)
    whole = starting_point(dimensions, {})

    def cost(point: Point) -> Cost:
        return evaluator.cost(evaluator.of(point))

    found: list[Point] = []
    for wish in wishes:
        for thinned in (_even(dimensions, wish), _ranked(evaluator, wish)):
            point = most_within(thinned, cost, goal)
            if point is None or point == whole:
                continue
            point = filled(point, dimensions, cost, goal)
            if point not in found:
                found.append(point)
    return tuple(found)


def most_within(thinned: Thinned, cost: Callable[[Point], Cost], goal: Goal) -> Point | None:
    """The candidate that keeps the most and every budget of cost; None if even the least does not.

    Args:
        thinned: Makes the candidate of a share from 0 to 1.
        cost: Measures one.
        goal: The budgets.
    """

    low, high = 0.0, 1.0
    whole, best = thinned(high), thinned(low)
    if _keeps(whole, cost, goal):
        return whole
    if not _keeps(best, cost, goal):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        point = thinned(middle)
        if _keeps(point, cost, goal):
            low, best = middle, point
        else:
            high = middle
    return best


def filled(
    point: Point, dimensions: tuple[Dimension, ...], cost: Callable[[Point], Cost], goal: Goal
) -> Point:
    """A candidate with more channels in single layers, one step each, where the budgets keep it.

    The last layers come first: their channels cost the least time.
    """
    groups = [one for one in dimensions if one.name.startswith(CHANNELS)]
    for group in reversed(groups):
        more = next_above(group, point[group.name])
        if more is not None:
            thicker = {**point, group.name: more}
            if _keeps(thicker, cost, goal):
                point = thicker
    return point


def next_above(dimension: Dimension, value: Value) -> Value | None:
    """The next larger number that a dimension has; None if there is none."""
    if dimension.kind == "choice":
        return min((one for one in dimension.choices if float(one) > float(value)), default=None)
    more = float(value) + (dimension.step or 1)
    return round(more) if more <= dimension.high else None


def _keeps(point: Point, cost: Callable[[Point], Cost], goal: Goal) -> bool:
    return all(x <= 0 for x in goal.cost_excess(cost(point).figures, 0.0).values())


def _costs_of(goal: Goal) -> dict[str, float]:
    """The budgets of what is known before any training."""
    return {name: limit for name, limit in goal.budgets.limits().items() if name in _COSTS}


def _even(dimensions: tuple[Dimension, ...], wish: Mapping[str, Value]) -> Thinned:
    """Every layer keeps the same share of its channels."""
    return lambda share: starting_point(dimensions, {**wish, CHANNELS: share})


def _ranked(evaluator: CompressionEvaluator, wish: Mapping[str, Value]) -> Thinned:
    """The network keeps a share of its channels: those that matter most."""
    network = evaluator.network
    assert network is not None, "a model function has no channels to rank"
    groups = channel_groups(network)
    named = {one.name: one for one in evaluator.dimensions}

    def thinned(share: float) -> Point:
        point = starting_point(evaluator.dimensions, wish)
        if share >= 1.0:
            return point
        recipe = _ranking(min(1.0 - share, _MOST_GONE), evaluator.task.seed)
        try:
            thin = drafted_network(
                evaluator.model, recipe, evaluator.data, channel_multiple=evaluator.multiple
            )
        except ConfigError:
            # So small a share is not one channel.
            return point
        left = {group.name: group.channels for group in channel_groups(thin)}
        for group in groups:
            name = f"{CHANNELS}{group.name}"
            if name in named:
                point[name] = named[name].nearest(left.get(group.name, group.channels))
        return point

    return lambda share: (
        starting_point(evaluator.dimensions, wish) if share >= 1 else thinned(share)
    )


def _ranking(gone: float, seed: int) -> Recipe:
    stage = {
        "kind": "prune_channels", "ratio": gone, "scope": "global", "importance": "taylor",
        "fine_tune": {"epochs": 0},
    }  # fmt: skip
    return parse_recipe(
        {
            "schema": 1, "name": "ranked", "description": "Channels by importance.", "seed": seed,
            "stage": [stage, {"kind": "convert"}],
        }
    )  # fmt: skip
