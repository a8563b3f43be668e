"""Layers and labels of everyday models in a recipe: heads that scale, pixels, augmentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe

import tinycompress
from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, only_guesses, score, targets, tasks_of
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.read import read_network
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf

R = np.random.default_rng(0)
IMAGES = R.uniform(-1, 1, (160, 4, 4, 2)).astype(np.float32)
PIXELS = IMAGES.argmax(axis=-1)
PRUNE = {"kind": "prune", "sparsity": 0.3, "fine_tune": {"epochs": 1}}


def segmenting(activation: str | None = "softmax") -> Any:
    keras = _tf.keras()
    head = keras.layers.Conv2D(2, 1, activation=activation, name="pixels")
    model = keras.Sequential([keras.Input((4, 4, 2)), head])
    model.set_weights([4.0 * np.eye(2, dtype=np.float32).reshape(1, 1, 2, 2), np.zeros(2)])
    return model


@pytest.mark.parametrize("activation", ["softmax", None])
@pytest.mark.parametrize("distill", [{}, {"distill": {}}, {"distill": {"method": "logits"}}])
def test_a_class_for_every_pixel_goes_through_a_recipe(
    activation: str | None, distill: dict[str, Any]
) -> None:
    data = (IMAGES, PIXELS)
    result = tinycompress.compress(
        segmenting(activation), recipe({**PRUNE, **distill}), data, val=data
    )
    assert result.rows[-1].int8_accuracy > 0.95


@pytest.mark.parametrize(
    "labels", [PIXELS, PIXELS[..., np.newaxis], np.eye(2)[PIXELS]], ids=["hw", "hw1", "one-hot"]
)
def test_forms_of_labels_of_pixels(labels: Any) -> None:
    (task,) = tasks_of(read_network(segmenting()), Data((IMAGES,), (labels,)))
    assert task == Task("classes", 32, False, positions=16, name="pixels", shape=(4, 4, 2))
    assert task.classes == 2
    np.testing.assert_array_equal(targets(task, labels).reshape(-1, 2), np.eye(2)[PIXELS.ravel()])
    right = np.eye(2)[PIXELS]
    assert score(task, labels, right) == 1.0
    assert not only_guesses(task, labels, right)
    assert only_guesses(task, labels, np.zeros_like(right))


def test_labels_of_pixels_beyond_the_classes_are_told() -> None:
    network = read_network(segmenting())
    with pytest.raises(ConfigError, match=r"labels from 0 to 2 .* of 2 classes"):
        tasks_of(network, Data((IMAGES,), (PIXELS * 2,)))


def test_a_regression_head_that_scales_goes_through_a_recipe() -> None:
    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, use_bias=False), layers.Dense(1), layers.Rescaling(100)]
    )
    x = R.uniform(-1, 1, (200, 3)).astype(np.float32)
    model.set_weights([np.eye(3, 2), np.array([[0.5], [1.0]]), np.zeros(1)])
    data = (x, 50 * x[:, :1] + 100 * x[:, 1:2])
    result = tinycompress.compress(model, recipe(PRUNE), data, val=data)
    assert result.rows[0].int8_accuracy > 0.95


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_augmentation_is_left_out_and_layer_normalisation_kept(name: str) -> None:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((4, 4, 2)),
            layers.RandomFlip("horizontal"),
            layers.RandomZoom(0.1),
            layers.Conv2D(3, 3),
            layers.LayerNormalization(epsilon=1e-3),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    network = read_network(model)
    kinds = [network.layers[call.layer].kind for call in network.calls]
    assert kinds == ["Conv2D", "LayerNormalization", "Flatten", "Dense"]
    for other in ("keras", "tf_keras"):
        build_checked(network, other, model, what="reading")


def test_layer_normalisation_goes_through_a_recipe() -> None:
    keras = _tf.keras()
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(8),
            layers.LayerNormalization(),
            layers.Dense(2),
        ]
    )
    x = R.normal(0, 1, (200, 6)).astype(np.float32)
    y = np.asarray(model(x)).argmax(axis=1)
    stages = [{"kind": "prune_channels", "ratio": 0.5, "fine_tune": {"epochs": 1}}, PRUNE]
    result = tinycompress.compress(model, recipe(*stages), (x, y), val=(x, y))
    assert result.rows[0].int8_accuracy > 0.95
