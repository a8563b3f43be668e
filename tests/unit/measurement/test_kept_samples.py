"""What a bundle keeps of labelled samples: which are the worst, and how much room they take."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.models.tflite_files import small_cnn

from tinycompress.artifacts import TensorSpec
from tinycompress.measurement.enclosed import kept_samples as kept
from tinycompress.measurement.enclosed.kept_samples import badness_of, kept_samples
from tinycompress.measurement.samples import Samples, StoredSamples, stored_samples
from tinycompress.quality.labels import Target

INPUT = TensorSpec("x", (1, 4, 4, 1), "int8", 1 / 255, -128)


def classes(values: Any) -> Target:
    return Target("classes", np.asarray(values, np.int64).reshape(len(values), -1))


def test_the_most_surely_wrong_are_the_worst() -> None:
    real = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.5, 0.5, 0.0]])
    found = badness_of(real, classes([0, 1, 0, 2]), 3, 0.0)
    assert found.tolist() == pytest.approx([-0.8, 0.8, 0.2, 0.5])


def test_of_equal_scores_the_first_class_is_the_answer() -> None:
    real = np.array([[0.5, 0.5], [0.5, 0.5]])
    first, second = badness_of(real, classes([0, 1]), 2, 0.0)
    assert first < 0 <= second


def test_an_element_at_its_limit_says_no() -> None:
    real = np.array([[0.5], [0.5], [0.75]])
    no, yes, sure = badness_of(real, classes([0, 1, 1]), 2, 0.5)
    assert no < 0 <= yes
    assert sure == -0.25


def test_labels_by_the_one_that_is_farthest_off() -> None:
    target = Target("labels", np.array([[True, False], [True, True]]))
    found = badness_of(np.array([[0.9, 0.8], [0.9, 0.6]]), target, 2, 0.5)
    assert found.tolist() == pytest.approx([0.3, -0.1])


def test_positions_by_the_share_of_wrong_ones() -> None:
    real = np.array([[0.9, 0.1, 0.2, 0.8], [0.9, 0.1, 0.9, 0.1]])
    assert badness_of(real, classes([[0, 1], [0, 1]]), 2, 0.0).tolist() == [0.0, 0.5]


def test_values_by_their_mean_absolute_error() -> None:
    target = Target("regression", np.array([[1.0, 2.0], [1.0, 2.0]]))
    found = badness_of(np.array([[1.0, 2.5], [0.0, 0.0]]), target, 2, 0.0)
    assert found.tolist() == [0.25, 1.5]


def stored(samples: int, y: Any, spec: TensorSpec) -> StoredSamples:
    random = np.random.default_rng(1)
    given = Samples((random.random((samples, 4, 4, 1)),), {"y": np.asarray(y)})
    return stored_samples(given, (INPUT,), (spec,))


def read(data: bytes) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_the_file_has_answers_labels_and_the_worst() -> None:
    spec = TensorSpec("y", (1, 3), "int8", 1 / 256, -128)
    said = np.full((40, 3), -128, np.int8)
    said[np.arange(40), np.arange(40) % 3] = 127
    said[7] = (127, -128, -100)
    data = kept_samples(
        stored(40, np.arange(40) % 3, spec), (spec,), small_cnn(), [(s.tobytes(),) for s in said]
    )
    found = read(data)
    assert found["worst_0"][0] == 7
    assert (int(found["wrong_0"]), int(found["samples_0"])) == (1, 40)
    assert found["said_0"].tolist() == said.tolist()
    assert found["labels_0"].reshape(-1).tolist() == (np.arange(40) % 3).tolist()
    assert found["worst_said_0"][0].tolist() == [255 / 256, 0.0, 28 / 256]
    assert found["kept"].tolist() == found["worst_0"].tolist()
    assert found["kept_x_0"].shape == (kept.MOST_WORST, 1, 4, 4, 1)
    again = kept_samples(
        stored(40, np.arange(40) % 3, spec), (spec,), small_cnn(), [(s.tobytes(),) for s in said]
    )
    assert data == again


def test_the_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_OUTPUT_BYTES", 64)
    monkeypatch.setattr(kept, "MOST_INPUT_BYTES", 40)
    spec = TensorSpec("y", (1, 3), "int8", 1 / 256, -128)
    random = np.random.default_rng(2)
    said = [(random.integers(-128, 127, 3).astype(np.int8).tobytes(),) for _ in range(100)]
    found = read(kept_samples(stored(100, np.arange(100) % 3, spec), (spec,), small_cnn(), said))
    assert "said_0" not in found
    assert "labels_0" not in found
    assert len(found["worst_0"]) == 64 // 12
    assert len(found["kept_x_0"]) == 40 // 16


def test_without_labels_nothing_is_kept() -> None:
    spec = TensorSpec("y", (1, 3), "int8", 1 / 256, -128)
    given = stored_samples(Samples((np.zeros((2, 4, 4, 1)),)), (INPUT,), (spec,))
    assert kept_samples(given, (spec,), small_cnn(), [(b"123",), (b"123",)]) == b""
