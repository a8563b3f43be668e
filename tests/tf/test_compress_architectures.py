"""All stages in a row on the topologies of the field, untrained: shapes, promises, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tinycompress import _tf
from tinycompress.compression.network.integers import SCALED_ALIKE
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.runner import compress
from tinycompress.conversion import convert_model

pytestmark = [pytest.mark.tf, pytest.mark.slow]
SAMPLES = 120


def export(model: Any, calibration: tuple[npt.NDArray[Any], ...]) -> bytes:
    names = ["x"] if len(calibration) == 1 else [f"x{i}" for i in range(len(calibration))]
    return convert_model(model, dict(zip(names, calibration, strict=True))).tflite


def series(keras: Any) -> Any:
    """Conv1D in every kind of padding, separable, with the scaling of the input inside."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((32, 6)),
            layers.Rescaling(0.5, offset=0.1),
            layers.Conv1D(8, 3, padding="causal", activation="relu", dilation_rate=2),
            layers.SeparableConv1D(12, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling1D(2),
            layers.Conv1D(8, 3, strides=2),
            layers.LeakyReLU(),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3),
        ]
    )


def inverted_residual(keras: Any) -> Any:
    """A block of MobileNetV2 with ReLU6."""
    layers = keras.layers

    def block(x: Any, convolution: Any, *, active: bool = True) -> Any:
        x = layers.BatchNormalization()(convolution(x))
        return layers.ReLU(6.0)(x) if active else x

    source = layers.Input((16, 16, 3))
    x = block(source, layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False))
    y = block(x, layers.Conv2D(16, 1, use_bias=False))
    y = block(y, layers.DepthwiseConv2D(3, padding="same", use_bias=False))
    y = block(y, layers.Conv2D(8, 1, use_bias=False), active=False)
    z = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(layers.Add()([x, y])))
    return keras.Model(source, layers.Dense(3, activation="softmax")(z))


def two_inputs(keras: Any) -> Any:
    """An image and a vector, joined, with a gate."""
    layers = keras.layers
    image, vector = layers.Input((16, 16, 3), name="image"), layers.Input((6,), name="vector")
    x = layers.MaxPooling2D()(layers.Conv2D(6, 3, activation="relu6")(image))
    y = layers.Dense(8, activation="tanh")(vector)
    z = layers.Dense(8, activation="relu")(layers.Concatenate()([layers.Flatten()(x), y]))
    z = layers.Multiply()([z, layers.Dense(8, activation="sigmoid")(z)])
    return keras.Model([image, vector], layers.Dense(3, activation="softmax")(z))


def decoder(keras: Any) -> Any:
    """Transposed convolution, PReLU and upsampling."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((16, 16, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.Conv2DTranspose(6, 3, strides=2, padding="same"),
            layers.ReLU(),
            layers.UpSampling2D(),
            layers.AveragePooling2D(4),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


@pytest.mark.parametrize("codebook", ["per_channel", "shared"])
@pytest.mark.parametrize("make", [series, inverted_residual, two_inputs, decoder])
def test_all_stages_on(make: Callable[[Any], Any], codebook: str) -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(3)
    model = make(keras)
    generator = np.random.default_rng(0)
    x = [
        generator.standard_normal((SAMPLES, *tensor.shape[1:])).astype(np.float32)
        for tensor in model.inputs
    ]
    no_training = {"epochs": 0}
    recipe = parse_recipe(
        {
            "schema": 1, "name": "all", "description": "d", "limits": {"max_accuracy_drop": 1.0},
            "stage": [
                {"kind": "prune_channels", "ratio": 0.25, "fine_tune": no_training},
                {"kind": "prune", "sparsity": 0.4, "fine_tune": no_training},
                {"kind": "cluster", "clusters": 8, codebook: True, "fine_tune": no_training},
                {"kind": "qat", "fine_tune": no_training},
            ],
        }
    )  # fmt: skip
    labels = generator.integers(0, 3, SAMPLES)
    result = compress(model, recipe, (x if len(x) > 1 else x[0], labels), export=export)
    first, *_, last = result.rows
    assert last.macs < 0.75 * first.macs
    assert last.parameters < first.parameters
    kinds = {layer.name: type(layer).__name__ for layer in result.model.layers}
    for fact in last.kernels:
        if codebook == "per_channel":
            assert fact.distinct_per_channel <= 8
        elif kinds[fact.layer] in SCALED_ALIKE:
            assert fact.distinct <= 8, fact
    # The float model that comes back computes what the rows say, in the user's Keras.
    assert _tf.keras_of(result.model) == "keras"
    assert any("agree to" in note for note in last.notes)
