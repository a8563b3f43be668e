"""The five networks: their page is that of the figures, all are exact, and detection is scored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.common import ROOT

from benchmarks.whole_networks.detection import mean_average_precision
from benchmarks.whole_networks.kinds import KINDS
from benchmarks.whole_networks.page import page
from benchmarks.whole_networks.sets import EMPTY

FIGURES = json.loads((ROOT / "docs" / "networks.json").read_text(encoding="utf-8"))
CELLS = 25


def scene() -> list[np.ndarray]:
    """Two pictures with a digit each: a 3 in cell 6 of the first, a 7 in cell 12 of the second."""
    boxes, there = np.zeros((2, CELLS, 4)), np.zeros((2, CELLS, 1))
    kinds = np.full((2, CELLS), EMPTY)
    for number, (cell, kind) in enumerate(((6, 3), (12, 7))):
        boxes[number, cell] = 0.5, 0.5, 0.4, 0.4
        there[number, cell], kinds[number, cell] = 1, kind
    return [part.reshape(2, -1) for part in (boxes, there, kinds)]


def said_of(labels: list[np.ndarray]) -> list[np.ndarray]:
    """What a model says that knows all of it."""
    boxes, there, kinds = labels
    return [boxes.copy(), there.copy(), np.eye(EMPTY + 1)[kinds].reshape(2, -1)]


def test_the_page_is_that_of_the_figures() -> None:
    assert (ROOT / "docs" / "networks.md").read_text(encoding="utf-8") == page(FIGURES)
    assert list(FIGURES["networks"]) == [kind.name for kind in KINDS]


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_every_network_is_exact_and_still_good(name: str) -> None:
    one = FIGURES["networks"][name]
    assert one["device"]["mismatched_samples"] == 0
    assert one["scores"]["device"] == one["scores"]["compressed"]
    in_float, on_device = (one["scores"][where] for where in ("float", "device"))
    for before, after in zip(in_float["outputs"], on_device["outputs"], strict=True):
        assert after["score"] > before["score"] - 0.06
        # R² of a detector's boxes is of all cells, those without a digit too.
        assert before["score"] > 0.2 or (name, before["kind"]) == ("detector", "regression")


def test_the_detector_finds_digits_after_the_recipe_too() -> None:
    scores = FIGURES["networks"]["detector"]["scores"]
    found = {
        where: scores[where]["together"]["mean average precision"]
        for where in ("float", "compressed", "device")
    }
    assert found["float"] > 0.4
    assert found["device"] == found["compressed"] > found["float"] - 0.1


def test_what_is_said_right_scores_one() -> None:
    labels = scene()
    said = said_of(labels)
    assert mean_average_precision(labels, said) == 1.0
    unsure = [said[0], said[1] * 0.6, said[2] * 0.7]
    assert mean_average_precision(labels, unsure) == 1.0


@pytest.mark.parametrize(
    ("part", "place", "value"),
    [(0, 2, 0.1), (1, 0, 0.0), (2, 3, 0.0)],
    ids=["a thin box", "no score", "another class"],
)
def test_one_of_two_objects_missed_scores_half(part: int, place: int, value: float) -> None:
    labels = scene()
    said = said_of(labels)
    by_cell = said[part].reshape(2, CELLS, -1)
    by_cell[0, 6, place] = value
    assert mean_average_precision(labels, said) == 0.5


def test_an_object_that_is_said_twice_is_right_once() -> None:
    labels = scene()
    said = said_of(labels)
    boxes, there, kinds = (array.reshape(2, CELLS, -1) for array in said)
    # The cell to its left says the same box, and is surer.
    boxes[0, 5], there[0, 5], kinds[0, 5, 3] = (1.5, 0.5, 0.4, 0.4), 1.0, 1.0
    there[0, 6] = 0.9
    assert mean_average_precision(labels, said) == 1.0
    there[0, 6] = 0.0
    assert mean_average_precision(labels, said) == 1.0
    boxes[0, 5] = 4.0, 4.0, 0.4, 0.4
    there[0, 6] = 0.9
    assert mean_average_precision(labels, said) == 0.75
