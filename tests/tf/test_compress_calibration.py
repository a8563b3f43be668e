"""Calibration samples that are thin, or unlike what the model was trained on, are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.compression.small_models import trained

import tinycompress
from tinycompress import _tf
from tinycompress.compression.data.calibration import calibration_notes
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network

pytestmark = pytest.mark.tf
Floats = npt.NDArray[Any]


def notes(
    network: Network, x: Floats, *, count: int = 400, validation: Floats | None = None
) -> tuple[str, ...]:
    labels = (np.zeros(len(x), np.int64),)
    held_out = x if validation is None else validation
    return calibration_notes(
        network, (x[:count],), Data((x,), labels), Data((held_out,), (np.zeros(len(held_out)),))
    )


def test_samples_like_those_of_the_training_earn_no_note() -> None:
    network, trainer = trained()
    assert notes(network, trainer.train.inputs[0]) == ()


@pytest.mark.parametrize("scale", [255.0, 1 / 255])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_another_scale_is_seen_at_the_first_batch_normalization(scale: float, shift: float) -> None:
    network, trainer = trained()
    (note,) = notes(network, scale * (trainer.train.inputs[0] + np.float32(shift)))
    assert "out of the range that the model was trained on" in note
    assert "before 'stem_bn' (BatchNormalization)" in note
    assert "scaled as they were for training?" in note


def test_thin_sets_and_values_beyond_them_are_told() -> None:
    network, trainer = trained()
    x = trainer.train.inputs[0]
    thin, few = notes(network, np.concatenate([x[:50], 1.5 * x]), count=50)[:2]
    assert thin.startswith("only 50 samples set the ranges")
    assert "of the training data's values of input 'image'" in few
    (beyond,) = notes(network, x, validation=np.concatenate([x, 3 * x]))
    low, high = x[:400].min(), x[:400].max()
    share = np.mean((3 * x < low) | (3 * x > high)) / 2
    assert beyond.startswith(f"{share:.1%} of the validation data's values of input 'image' (")
    assert f"lie outside the {low:g} to {high:g} that set the ranges" in beyond


def test_a_constant_feature_is_no_other_scale() -> None:
    network, trainer = trained()
    stem = network.layers["stem"]
    kernel = stem.weights[0].copy()
    kernel[..., 0] = 0.0
    bn = network.layers["stem_bn"]
    gamma, beta, mean, variance = (weight.copy() for weight in bn.weights)
    mean[0], variance[0] = 0.0, 0.0
    changed = network.with_layers(
        [replace(stem, weights=(kernel,)), replace(bn, weights=(gamma, beta, mean, variance))]
    )
    assert notes(changed, trainer.train.inputs[0]) == ()


@pytest.mark.parametrize(("scale", "told"), [(1.0, False), (50.0, True)])
def test_normalization_knows_its_data_and_the_first_row_tells(scale: float, told: bool) -> None:
    keras = _tf.keras()
    x = np.random.default_rng(4).normal(5.0, 2.0, (300, 6)).astype(np.float32)
    layer = keras.layers.Normalization(name="norm")
    layer.adapt(x)
    model = keras.Sequential(
        [keras.Input((6,)), layer, keras.layers.Dense(3, activation="softmax", use_bias=False)]
    )
    model.layers[-1].set_weights([4.0 * np.eye(6, 3, dtype=np.float32)])
    assert "norm" in read_network(model).layers
    recipe = {
        "schema": 1, "name": "t", "description": "d", "limits": {"max_accuracy_drop": 1.0},
        "stage": [{"kind": "prune", "sparsity": 0.3, "fine_tune": {"epochs": 0}}],
    }  # fmt: skip
    given = 5.0 + scale * (x - 5.0)
    labels = np.argmax(x[:, :3], axis=1)
    result = tinycompress.compress(model, recipe, (given, labels), val=(given, labels))
    (said,) = [note for note in result.rows[0].notes if "out of the range" in note] or [""]
    assert bool(said) is told
    assert ("before 'norm' (Normalization)" in said) is told
    assert ("they spread 50 times as far" in said) is told
