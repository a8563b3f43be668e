"""The methods beside Optuna's samplers: plans that depend on nothing but what is finished."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import optuna
import pytest
from support.search.formula import formula_study
from support.search.networks import small_network

from tinycompress.cli.fit import _METHODS, _MINIMIZED, _SAMPLERS
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import CHANNELS, CLUSTERS, compression_dimensions
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import FIGURES, Goal, goal_of
from tinycompress.search.methods.bits_agent import BitsAgent
from tinycompress.search.methods.greedy import Greedy
from tinycompress.search.methods.planned import Plan, PlannedSampler, Point, Tried
from tinycompress.search.methods.registry import METHODS
from tinycompress.search.methods.sampling import SAMPLERS

optuna.logging.set_verbosity(optuna.logging.ERROR)
Measure = Callable[[Point], dict[str, float]]


def dimensions(goal: Goal) -> tuple[Dimension, ...]:
    return compression_dimensions(small_network(), goal, 4, samples=1000)


def played(plan: Plan, measure: Measure, most: int) -> list[Tried]:
    history: list[Tried] = []
    while len(history) < most:
        point = plan(history)
        if point is None:
            break
        history.append(Tried(point, measure(point)))
    return history


def thin(point: Point) -> dict[str, float]:
    """A board on which the first group saves much time and little accuracy."""
    stem, second = (int(point[f"{CHANNELS}{name}"]) for name in ("stem", "point"))
    trained = 0.01 if int(point["epochs"]) > 8 else 0.0
    return {
        "latency_us": 10.0 + 8.0 * stem + 1.0 * second,
        "int8_accuracy": 0.90 + 0.001 * stem + 0.002 * second + trained,
        "flash_bytes": 1000.0, "ram_reserved_bytes": 100.0,
    }  # fmt: skip


def test_greedy_takes_what_is_missed_least_until_the_budget_is_kept() -> None:
    goal = goal_of(latency_us=110.0, maximize="accuracy")
    history = played(Greedy(dimensions(goal), goal), thin, 100)
    assert len(history) < 30, "it ends by itself"
    long = [one for one in history if int(one.point["epochs"]) > 8]
    first = long[0]
    assert (first.point[f"{CHANNELS}stem"], first.point[f"{CHANNELS}point"]) == (8, 32)
    assert first.figures["latency_us"] <= 110.0
    # The way there, from the last to the model as it is.
    assert [one.point[f"{CHANNELS}stem"] for one in long] == [8, 12, 16]
    points = [repr(sorted(one.point.items())) for one in history]
    assert len(points) == len(set(points))


def test_greedy_goes_on_to_the_limit_of_accuracy_where_a_figure_is_minimized() -> None:
    goal = goal_of(min_accuracy=0.94, minimize="latency")
    history = played(Greedy(dimensions(goal), goal), thin, 200)
    best = min(
        (one for one in history if one.figures["int8_accuracy"] >= 0.94),
        key=lambda one: one.figures["latency_us"],
    )
    assert best.point[f"{CHANNELS}stem"] == 4


def test_greedy_lives_with_proposals_that_fail() -> None:
    goal = goal_of(latency_us=60.0, maximize="accuracy")

    def failing(point: Point) -> dict[str, float]:
        return {} if point[f"{CHANNELS}stem"] == 8 else thin(point)

    history = played(Greedy(dimensions(goal), goal), failing, 100)
    assert len(history) < 100
    assert all(one.figures for one in history if int(one.point["epochs"]) > 8)


def coarse(point: Point) -> dict[str, float]:
    """A network whose last layer needs its bits, and no other does."""
    clusters = {name: int(value) for name, value in point.items() if name.startswith(CLUSTERS)}
    last = clusters[f"{CLUSTERS}out"]
    return {
        "flash_bytes": 1000.0 + sum(clusters.values()),
        "int8_accuracy": 0.95 if last >= 16 else 0.80,
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_agent_learns_which_layer_needs_its_bits(seed: int) -> None:
    goal = goal_of(min_accuracy=0.94, minimize="flash")
    agent = BitsAgent(dimensions(goal), goal, seed, coarse({
        **{f"{CLUSTERS}{n}": 256 for n in ("stem", "point", "out")}})["flash_bytes"])  # fmt: skip
    history = played(agent, coarse, 150)
    assert history == played(agent, coarse, 150)

    def mean(some: list[Tried]) -> float:
        return sum(agent.reward(one.figures) for one in some) / len(some)

    layers = [f"{CLUSTERS}{name}" for name in ("stem", "point", "out")]
    everything = [
        Tried({}, coarse(dict(zip(layers, some, strict=True))))
        for some in itertools.product((256, 16, 4, 2), repeat=3)
    ]
    chance, ideal = mean(everything), max(agent.reward(one.figures) for one in everything)
    assert mean(history[-40:]) > (chance + ideal) / 2
    kept = sum(one.figures["int8_accuracy"] > 0.9 for one in history[-40:])
    assert kept > 28


def test_the_agent_needs_bits_to_choose() -> None:
    goal = goal_of(latency_us=1000.0, maximize="accuracy")
    with pytest.raises(ConfigError, match="no layer of this space has a choice"):
        BitsAgent(dimensions(goal), goal, 0, 1000.0)


def test_optuna_takes_what_is_planned() -> None:
    goal = goal_of(flash_bytes=14_000)

    def plan(history: object) -> Point | None:
        done = len(history)  # type: ignore[arg-type]
        return {"width": done + 1, "rate": 0.5} if done < 3 else None

    study = formula_study(None, goal)
    study.sampler = sampler = PlannedSampler(plan)
    while not sampler.is_exhausted(study):
        trial = study.ask()
        values = (trial.suggest_int("width", 1, 16), trial.suggest_float("rate", 0, 1))
        assert values == (trial.number + 1, 0.5)
        study.tell(trial, values)
    assert len(study.get_trials()) == 3


def test_the_command_line_offers_what_there_is() -> None:
    assert tuple(METHODS) == _METHODS
    assert tuple(SAMPLERS) == _SAMPLERS
    assert tuple(name for name in FIGURES if name != "accuracy") == _MINIMIZED
