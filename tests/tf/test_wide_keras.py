"""A branched Keras model in 16x8 quantisation, on the boards that differ most in their kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH

from tinycompress import _tf, pipeline
from tinycompress.artifacts import ExactTo
from tinycompress.conversion import ConvertOptions, convert_model

pytestmark = pytest.mark.tf
SHAPE = (12, 10, 3)


def _network(keras: Any) -> Any:
    layers = keras.layers
    x = image = keras.Input(SHAPE, batch_size=1)
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    skip = x
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = layers.Conv2D(6, 1)(x)
    x = layers.LeakyReLU(negative_slope=0.2)(layers.Add()([x, skip]))
    x = layers.MaxPooling2D(2)(layers.ZeroPadding2D(1)(x))
    x = layers.Concatenate()([x, layers.Activation("tanh")(x)])
    x = layers.Multiply()([x, layers.Activation("sigmoid")(x)])
    x = layers.Dense(7, activation="relu")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(4, activation="softmax")(x))


@pytest.fixture(scope="module")
def tflite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras = _tf.keras()
    keras.utils.set_random_seed(3)
    samples = np.random.default_rng(3).standard_normal((100, *SHAPE)).astype(np.float32)
    options = ConvertOptions(activations="int16")
    path = tmp_path_factory.mktemp("wide") / "wide.tflite"
    path.write_bytes(convert_model(_network(keras), samples, options=options).tflite)
    return path


@pytest.mark.parametrize("board", ["nano33", "pico"])
@pytest.mark.parametrize("exact_to", BOTH)
def test_a_16x8_network_is_exact(
    tflite: Path, exact_to: ExactTo, board: str, tmp_path: Path
) -> None:
    pipeline.build(tflite, board, exact_to=exact_to, toolchain="zig", output=tmp_path / "built")
    result = pipeline.bench(tmp_path / "built", runs=1)
    assert result.samples > 0
    assert (result.oracle, result.mismatched_samples) == (exact_to, 0)
