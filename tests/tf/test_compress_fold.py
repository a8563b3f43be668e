"""Folding BatchNormalization and input scaling: what is inferred stays the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network

pytestmark = pytest.mark.tf


def folded(*layers: Any, shape: tuple[int, ...]) -> Network:
    """The folded network, after its outputs were compared with the model's in both Kerases."""
    keras = _tf.keras()
    model = keras.Sequential([keras.layers.Input(shape), *layers])
    generator = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(generator.uniform(0.1, 1.0, weight.shape))
    network = fold_batch_norms(lower(read_network(model)))
    build_checked(network, "tf_keras", model, what="folding")
    build_checked(network, "keras", model, what="folding")
    return network


def kinds(network: Network) -> list[str]:
    return [network.layers[call.layer].kind for call in network.calls]


def test_batch_norms_go_into_the_layer_before() -> None:
    layers = _tf.keras().layers
    network = folded(
        layers.Conv2D(4, 3, padding="same", use_bias=False),
        layers.BatchNormalization(scale=False),
        layers.ReLU(),
        layers.SeparableConv2D(5, 3),
        layers.BatchNormalization(),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.BatchNormalization(center=False),
        layers.Conv2DTranspose(3, 3),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(3),
        layers.BatchNormalization(),
        shape=(8, 8, 3),
    )
    assert "BatchNormalization" not in kinds(network)
    assert kinds(network) == [
        "Conv2D", "ReLU", "DepthwiseConv2D", "Conv2D", "DepthwiseConv2D", "Conv2DTranspose",
        "Flatten", "Dense",
    ]  # fmt: skip


def test_batch_norm_after_an_activation_goes_forward_or_becomes_depthwise() -> None:
    layers = _tf.keras().layers
    network = folded(
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.Conv2D(4, 3, padding="valid", activation="relu"),
        layers.BatchNormalization(),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.BatchNormalization(),
        layers.Dense(3),
        shape=(9, 9, 2),
    )
    assert kinds(network) == [
        "Conv2D", "Conv2D", "DepthwiseConv2D", "Conv2D", "GlobalAveragePooling2D", "Dense",
    ]  # fmt: skip


def test_batch_norm_of_a_value_used_twice_is_not_folded_back() -> None:
    keras = _tf.keras()
    layers = keras.layers
    source = layers.Input((6, 6, 2))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(source)
    y = layers.Add()([layers.BatchNormalization(name="bn")(x), x])
    model = keras.Model(source, y)
    model.get_layer("bn").gamma.assign([2.0, 3.0])
    network = fold_batch_norms(read_network(model))
    build_checked(network, "tf_keras", model, what="folding")
    assert network.layers["bn"].kind == "DepthwiseConv2D"


@pytest.mark.parametrize("offset", [0.0, -1.0])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_rescaling_is_taken_in_exactly(offset: float, padding: str) -> None:
    layers = _tf.keras().layers
    network = folded(
        layers.Rescaling(1 / 127.5, offset=offset),
        layers.Conv2D(3, 3, padding=padding, use_bias=False),
        shape=(8, 8, 2),
    )
    depthwise_needed = padding == "same" and offset != 0
    assert kinds(network) == (["DepthwiseConv2D"] if depthwise_needed else []) + ["Conv2D"]


def test_rescaling_crosses_flatten_to_dense() -> None:
    layers = _tf.keras().layers
    network = folded(
        layers.Rescaling(1 / 255, offset=0.5), layers.Flatten(), layers.Dense(3), shape=(4, 4, 2)
    )
    assert kinds(network) == ["Flatten", "Dense"]


def test_adapted_normalization_is_taken_in() -> None:
    layers = _tf.keras().layers
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(1).normal(3.0, 2.0, (50, 5)))
    keras = _tf.keras()
    model = keras.Sequential([keras.layers.Input((5,)), normalization, layers.Dense(2)])
    network = lower(read_network(model))
    build_checked(network, "tf_keras", model, what="folding")
    assert kinds(network) == ["Dense"]


def test_scaling_at_the_end_goes_into_the_layer_before() -> None:
    """A regression head: TensorFlow's converter would fold it, too."""
    layers = _tf.keras().layers
    network = folded(
        layers.Dense(4, activation="relu"),
        layers.Dense(1),
        layers.Rescaling(100.0, 3.0),
        shape=(3,),
    )
    assert kinds(network) == ["Dense", "Dense"]
    normalization = layers.Normalization(mean=[1.0, 2.0], variance=[0.25, 9.0])
    network = folded(layers.Dense(2, use_bias=False), normalization, shape=(3,))
    assert kinds(network) == ["Dense"]
    after_relu = folded(layers.Dense(2, activation="relu"), layers.Rescaling(100.0), shape=(3,))
    assert kinds(after_relu) == ["Dense", "Rescaling"]
