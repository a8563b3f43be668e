"""Accuracy that conversion reports: counted on what is given, and warned of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.conversion import convert_model

pytestmark = pytest.mark.tf


def _identity_classifier(keras: Any) -> Any:
    """Class = index of the largest of four inputs, exactly."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, use_bias=False)])
    model.layers[-1].set_weights([np.eye(4, dtype=np.float32)])
    return model


def test_accuracy_is_counted_on_what_is_given() -> None:
    model = _identity_classifier(_tf.keras())
    x = np.random.default_rng(0).random((200, 4))
    labels = x.argmax(axis=1)
    converted = convert_model(model, {"x": x, "y": labels})
    assert converted.float_accuracy == 1.0
    assert converted.quantized_accuracy is not None
    assert converted.quantized_accuracy > 0.95
    wrong = {"x": x[:50], "y": (labels[:50] + 1) % 4}
    assert convert_model(model, {"x": x}, evaluation=wrong).float_accuracy == 0.0
    assert convert_model(model, {"x": x}).float_accuracy is None


def test_accuracy_of_one_output_uses_the_right_threshold() -> None:
    keras = _tf.keras()
    x = np.random.default_rng(0).random((200, 3)) - 0.5
    labels = (x.sum(axis=1) > 0).astype(int)
    for activation in (None, "sigmoid"):
        layer = keras.layers.Dense(1, use_bias=False, activation=activation)
        model = keras.Sequential([keras.Input((3,)), layer])
        layer.set_weights([np.ones((3, 1), np.float32)])
        converted = convert_model(model, {"x": x, "y": labels})
        assert converted.float_accuracy == 1.0
        assert converted.quantized_accuracy is not None
        assert converted.quantized_accuracy > 0.95


@pytest.mark.parametrize(
    ("y", "warning"),
    [
        (np.arange(200) % 7, "has the label 6, but the model 4 classes"),
        (np.random.default_rng(0).random((200, 5)), "neither class indexes nor one-hot"),
    ],
)
def test_labels_that_do_not_fit_are_reported(y: np.ndarray, warning: str) -> None:
    model = _identity_classifier(_tf.keras())
    converted = convert_model(model, {"x": np.random.default_rng(0).random((200, 4)), "y": y})
    assert converted.float_accuracy is None
    assert any(warning in line for line in converted.warnings)


def test_big_drop_and_bad_scaling_are_warned_of() -> None:
    model = _identity_classifier(_tf.keras())
    x = np.random.default_rng(0).random((200, 4))
    x[:, 0] /= 1000
    x[:, 1:] = 0
    x[::2, 1] = x[::2, 0] * 0.9
    x[1::2, 1] = x[1::2, 0] * 1.1
    x[0, 2] = 300  # one outlier makes the int8 steps too coarse to tell the classes apart
    converted = convert_model(model, {"x": x, "y": x.argmax(axis=1)})
    assert converted.float_accuracy == 1.0
    assert any("points below float's 100.00%" in line for line in converted.warnings)
    x = np.random.default_rng(0).random((200, 4))
    scrambled = {"x": x, "y": (x.argmax(axis=1) + 1) % 4}
    assert any("scaled as for" in line for line in convert_model(model, scrambled).warnings)
