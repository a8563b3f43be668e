"""Labels of an autoencoder: none, 0 and 1 for anomalies, or the input itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycompress.compression.data.prepare import read_data
from tinycompress.compression.data.tasks import only_guesses, qualities, tasks_of
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.errors import ConfigError

RNG = np.random.default_rng(4)
X = RNG.normal(0, 1, (60, 4, 4, 1)).astype(np.float32)
ANOMALOUS = np.arange(60) % 3 == 0


def network(*shapes: tuple[int, ...], source: tuple[int, ...] = (4, 4, 1)) -> Network:
    """A model of one input, with an output of each shape."""
    layers = {f"out{i}": Layer(f"out{i}", "Dense", {}) for i in range(len(shapes))}
    calls = tuple(Call(f"out{i}", (0,), i + 1, shape) for i, shape in enumerate(shapes))
    outputs = tuple(range(1, len(shapes) + 1))
    return Network("net", (Input("x", source, 0),), layers, calls, outputs)


def test_without_labels_the_input_is_what_is_wanted() -> None:
    auto = network((4, 4))
    data = read_data({"x": X}, auto)
    np.testing.assert_array_equal(data.labels[0], X)
    (task,) = tasks_of(auto, data)
    assert task.reconstructs
    (found,) = qualities((task,), data, (X.reshape(60, 4, 4) * 0.9,))
    assert found.score_name == "R² of the reconstruction"
    assert found.score == pytest.approx(0.99, abs=0.01)


def test_labels_of_anomalies_give_an_auc_and_train_on_normal_samples() -> None:
    auto = network((4, 4, 1))
    data = read_data((X, ANOMALOUS.astype(np.int64)), auto)
    np.testing.assert_array_equal(data.anomalous[0], ANOMALOUS)
    (task,) = tasks_of(auto, data)
    said = np.where(ANOMALOUS[:, None, None, None], 0.0, X)
    (found,) = qualities((task,), data, (said,))
    assert (found.score, found.score_name) == (1.0, "AUC of the reconstruction error")
    normal = data.normal()
    assert len(normal) == 40
    np.testing.assert_array_equal(normal.labels[0], X[~ANOMALOUS])
    assert not only_guesses(task, normal.labels[0], normal.inputs[0])


def test_the_input_as_label_is_a_regression_as_before() -> None:
    auto = network((4, 4, 1))
    data = read_data((X, X), auto)
    assert data.anomalous == {}
    assert data.normal() is data
    held_out = read_data((X, ANOMALOUS), auto)
    (found,) = qualities(tasks_of(auto, data), held_out, (X,))
    assert found.score_name == "AUC of the reconstruction error"


def test_only_anomalies_are_nothing_to_train_on() -> None:
    data = read_data((X, np.ones(60)), network((4, 4, 1)))
    with pytest.raises(ConfigError, match="all samples anomalous") as caught:
        data.normal()
    assert "0 for normal" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "shapes", [((3,),), ((4, 4, 1), (3,)), ((2, 4, 1),)], ids=["classes", "one of two", "other"]
)
def test_other_models_need_labels(shapes: Any) -> None:
    with pytest.raises(ConfigError, match="it holds x; needed: y"):
        read_data({"x": X}, network(*shapes))


def test_a_small_output_of_the_shape_of_the_input_has_classes() -> None:
    x = RNG.normal(0, 1, (60, 3)).astype(np.float32)
    data = read_data((x, x.argmax(axis=1)), network((3,), source=(3,)))
    assert data.anomalous == {}


def test_parts_of_samples_keep_what_is_anomalous() -> None:
    data = read_data((X, ANOMALOUS), network((4, 4, 1)))
    np.testing.assert_array_equal(data.take(np.array([0, 1])).anomalous[0], [True, False])
