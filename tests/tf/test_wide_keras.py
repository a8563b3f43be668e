"""A Keras model in 16x8 quantisation: converted by TensorFlow, run by the generated C."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array
from support.host_model import HostModel

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

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
def tflite() -> bytes:
    tf, keras = _tf.tensorflow(), _tf.keras()
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)

    def samples() -> Iterator[list[Array]]:
        for _ in range(20):
            yield [rng.standard_normal((1, *SHAPE)).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(_network(keras))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = tf.int16
    return bytes(converter.convert())


@pytest.mark.parametrize("exact_to", BOTH)
def test_a_16x8_network_is_exact(tflite: bytes, exact_to: ExactTo) -> None:
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    oracle, rng = Oracle(tflite, exact_to), np.random.default_rng(4)
    for _ in range(5):
        sample = rng.integers(-32768, 32768, (1, *SHAPE)).astype(np.int16)
        (expected,), (actual,) = oracle.run(sample), model.run(sample)
        assert actual.dtype == np.int16
        assert np.ptp(expected) > 0
        assert (expected.reshape(-1) == actual.reshape(-1)).all()
