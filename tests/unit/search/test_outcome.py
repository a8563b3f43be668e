"""Goals, the Pareto front, the cost table, the plots: what is made of figures."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import optuna
import pytest
from support.search.formula import FormulaEvaluator, formula_study

from tinycompress.artifacts import LayerCost
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError, DoesNotFitError, ToolError
from tinycompress.search.costs import Cost, CostTable, require_timed
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.objective import Objective
from tinycompress.search.outcome import FRONT, TrialRow, best_row, pareto_front
from tinycompress.search.preparing import Prepared, require_reachable
from tinycompress.search.reporting import duration_text
from tinycompress.search.showing.page import page_of
from tinycompress.search.showing.plots import plots_of
from tinycompress.search.summary import summary_of
from tinycompress.search.worker import PREPARED
from tinycompress.search.working import Quota, work

optuna.logging.set_verbosity(optuna.logging.ERROR)


def row(number: int, accuracy: float, latency: float, ram: float, flash: float) -> TrialRow:
    figures = {"int8_accuracy": accuracy, "latency_us": latency, "ram_reserved_bytes": ram,
               "flash_bytes": flash, "arena_bytes": ram, "parameters": 1.0}  # fmt: skip
    recipe = {"firmware": {"optimize": "speed"}}
    return TrialRow(number, "within", {}, {}, figures, {}, "", 1.0, recipe, {})


def test_the_front_is_what_nothing_is_better_than() -> None:
    draw = random.Random(0)
    rows = [row(n, *(draw.randrange(6) / 6 for _ in range(4))) for n in range(80)]
    front = pareto_front(rows)

    def better(one: TrialRow, other: TrialRow) -> bool:
        pairs = [(s * one.figures[k], s * other.figures[k]) for k, s in FRONT.items()]
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    numbers = {one.number for one in front}
    for one in rows:
        beaten = any(better(other, one) for other in rows)
        twin = any(other.figures == one.figures and other.number < one.number for other in rows)
        assert (one.number in numbers) == (not beaten and not twin)


def test_the_best_is_of_the_first_objective_then_the_most_accurate() -> None:
    rows = [row(0, 0.9, 5, 5, 100), row(1, 0.95, 9, 5, 100), row(2, 0.99, 1, 5, 101)]
    least = best_row(rows, goal_of(min_accuracy=0.5, minimize="flash"))
    most = best_row(rows, goal_of(maximize="accuracy"))
    assert (least, most) == (rows[1], rows[2])
    assert best_row([], goal_of()) is None


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"minimize": "flash"}, "is a model that does nothing"),
        ({"minimize": "size", "min_accuracy": 0.9}, "minimize is 'size'; allowed: latency"),
        ({"maximize": "speed"}, "maximize is 'speed'; allowed: accuracy"),
        ({"minimize": "ram", "maximize": "accuracy"}, "exclude each other"),
        ({"min_accuracy": 0.9, "max_accuracy_drop": 0.1}, "exclude each other"),
        ({"min_accuracy": 1.2}, "budget int8_accuracy is 1.2; allowed: a number above 0 to 1"),
        ({"max_accuracy_drop": -1.0}, "max_accuracy_drop is -1.0; allowed: 0 to 1"),
        ({"flash_bytes": 0}, "budget flash_bytes is 0; allowed: a number above 0"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        goal_of(**told)


def test_without_an_objective_it_is_accuracy_and_what_has_a_budget() -> None:
    assert goal_of(latency_us=10.0).objectives == ("accuracy", "latency")
    assert goal_of().objectives == ("accuracy", "latency", "ram", "flash")
    assert goal_of().directions == ("maximize", "minimize", "minimize", "minimize")


def test_a_drop_becomes_a_least_accuracy() -> None:
    goal = goal_of(max_accuracy_drop=0.02, minimize="ram").resolved({"float_accuracy": 0.95})
    assert goal.budgets.int8_accuracy == pytest.approx(0.93)
    assert Goal.from_json(goal.to_json()) == goal
    assert goal.shortfall(0.90) == pytest.approx(0.03)
    assert goal.shortfall(0.94) == 0.0


def test_before_training_there_is_some_slack_and_no_accuracy() -> None:
    goal = goal_of(flash_bytes=100, min_accuracy=0.9, maximize="accuracy")
    assert goal.cost_excess({"flash_bytes": 102.0}, 0.03) == {"fits": 0.0, "flash_bytes": 0.0}
    assert goal.cost_excess({"flash_bytes": 104.0}, 0.03)["flash_bytes"] == pytest.approx(0.04)
    assert goal.cost_excess({"fits": 0.0}, 0.03) == {"fits": 1.0, "flash_bytes": 1e6}
    excess = goal.excess({"flash_bytes": 102.0, "int8_accuracy": 0.8})
    assert excess == pytest.approx({"flash_bytes": 0.02, "int8_accuracy": 0.1})


def test_costs_are_measured_once_for_each_content(tmp_path: Path) -> None:
    calls = itertools.count()

    def measure(tflite: bytes, optimize: str) -> Cost:
        layers = (LayerCost("one", "CONV_2D", 10, 90, 95),)
        return Cost({"flash_bytes": float(next(calls)), "cycles": 100.0}, layers)

    def costs(place: str) -> CostTable:
        return CostTable(tmp_path, place, measure)

    first = costs("nano33").of_file(b"a", "speed")
    assert costs("nano33").of_file(b"a", "speed") == first
    assert first.sum_error() == pytest.approx(-0.05)
    others = [costs("nano33").of_file(b"b", "speed"), costs("nano33").of_file(b"a", "flash"),
              costs("pico").of_file(b"a", "speed")]  # fmt: skip
    assert [one.figures["flash_bytes"] for one in others] == [1.0, 2.0, 3.0]
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"a"

    for _ in range(2):
        assert costs("nano33").of_draft("key", "speed", make) == first
    assert made == [1]
    for file in tmp_path.glob("*.json"):
        file.write_text("{")  # as a full disk might leave it
    assert costs("nano33").of_file(b"a", "speed").figures["flash_bytes"] == 4.0


def test_a_budget_below_the_smallest_candidate_is_refused_with_the_nearest() -> None:
    goal = goal_of(flash_bytes=9000, ram_bytes=8000, maximize="accuracy")
    least = Cost({"flash_bytes": 10_000.0, "ram_reserved_bytes": 7000.0, "fits": 1.0})
    with pytest.raises(DoesNotFitError, match=r"takes flash_bytes 10,000, budget 9,000$"):
        require_reachable(goal, least)
    require_reachable(goal_of(flash_bytes=9900), least)
    with pytest.raises(DoesNotFitError, match="does not fit the board: no room"):
        require_reachable(goal, Cost({"fits": 0.0}, problem="no room"))


def test_a_board_that_tells_no_time_is_refused_for_latency() -> None:
    with pytest.raises(ToolError, match="nothing tells the time"):
        require_timed(Cost({"fits": 1.0, "flash_bytes": 1.0}), load_board("nano33"))


def test_the_page_holds_all_and_needs_nothing() -> None:
    goal = goal_of(flash_bytes=16_000, maximize="accuracy")
    study = formula_study(None, goal, trials=20)
    work(study, Objective(goal, FormulaEvaluator(epochs=1)), Quota(20))
    layers = (LayerCost("a<b", "CONV_2D", 10, 90, 95),)
    prepared = Prepared((), (), {"float_accuracy": 0.9}, Cost({"flash_bytes": 1.0}, layers))
    study.set_user_attr(PREPARED, prepared.to_json())
    summary = summary_of(study, goal)
    assert set(summary.importances["accuracy"]) == {"width", "rate"}
    page = page_of(summary)
    assert page == page_of(summary)
    assert page.count("<svg") == 3
    assert "a&lt;b" in page
    assert not re.search(r"(src|href)=\"(?!#)", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(svg)


def test_names_of_parameters_are_drawn_as_they_are() -> None:
    goal, name = goal_of(maximize="accuracy"), r"channels.a$\x$"
    study = formula_study(None, goal, trials=6)
    work(study, Objective(goal, FormulaEvaluator(epochs=1)), Quota(6))
    summary = summary_of(study, goal)
    rows = tuple(replace(one, parameters={name: n}) for n, one in enumerate(summary.rows))
    odd = replace(summary, rows=rows, importances={"accuracy": {name: 1.0}})
    assert sum(name in svg for svg in plots_of(odd).values()) == 2


def test_times_are_said_as_people_do() -> None:
    assert [duration_text(s) for s in (5, 89, 120, 7200)] == ["5 s", "89 s", "2 min", "2.0 h"]
