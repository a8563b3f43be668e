"""Accuracy of each output by its own labels, and what is called chance."""

from __future__ import annotations

import numpy as np
import pytest
from support.models.tflite_files import Builder

from tinycompress.artifacts import OutputAccuracy, TensorSpec
from tinycompress.measurement.accuracy import accuracies, chance_notes
from tinycompress.measurement.samples import StoredSamples

OUTPUTS = (
    TensorSpec("age", (1, 3), "int8", 1.0, 0),
    TensorSpec("mood", (1, 1), "int8", 1 / 256, -128),
)
DEVICE = [(bytes([9, 0, 0]), b"\x01"), (bytes([0, 9, 0]), b"\x80"), (bytes([0, 0, 9]), b"\x7f")]


def two_outputs() -> bytes:
    b = Builder()
    x = b.tensor([1, 3], name="x", scales=[1.0], zero_points=[0])
    age = b.tensor([1, 3], name="age", scales=[1.0], zero_points=[0])
    one = b.tensor([1, 1], name="one", scales=[1.0], zero_points=[0])
    mood = b.tensor([1, 1], name="mood", scales=[1 / 256], zero_points=[-128])
    b.op("NEG", [x], [age])
    b.op("LOGISTIC", [one], [mood])
    return b.pack([x, one], [age, mood])


def found(labels: dict[int, list[int]], host: bool = True) -> tuple[OutputAccuracy, ...]:
    stored = StoredSamples(
        (np.zeros((3, 1, 3), np.int8),),
        {index: np.array(values, np.int64) for index, values in labels.items()},
    )
    answers = DEVICE if host else None
    return accuracies(stored, OUTPUTS, two_outputs(), DEVICE, answers)


def test_each_output_has_its_own_labels_and_threshold() -> None:
    age, mood = found({0: [0, 1, 1], 1: [1, 0, 1]})
    assert (age.index, age.name, mood.index, mood.name) == (0, "age", 1, "mood")
    assert age.device == age.host_int8 == pytest.approx(2 / 3)
    # 129 / 256 is above a probability of one half, 0 is not.
    assert mood.device == 1.0


def test_labels_of_one_output_alone() -> None:
    (mood,) = found({1: [1, 0, 0]}, host=False)
    assert (mood.name, mood.host_int8) == ("mood", None)


def test_chance_is_the_most_frequent_label() -> None:
    (age,) = found({0: [2, 2, 1]})
    assert age.chance == pytest.approx(2 / 3)
    (note,) = chance_notes((age,))
    assert "output 'age', 0.00%, is no better than chance (66.67%" in note


def test_labels_that_are_all_the_same_make_chance_one_class_of_all() -> None:
    (age,) = found({0: [2, 2, 2]})
    assert age.chance == pytest.approx(1 / 3)
    assert age.device == pytest.approx(1 / 3)
    assert len(chance_notes((age,))) == 1


def test_no_note_above_chance() -> None:
    assert chance_notes(found({0: [0, 1, 2], 1: [1, 0, 1]})) == ()
