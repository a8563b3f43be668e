"""Small models and data that the tests of compression share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model, weights_of
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.training.fine_tune import fine_tune
from tinycompress.compression.training.options import FineTune
from tinycompress.compression.training.trainer import Trainer

NO_TRAINING = FineTune(epochs=0)
SHORT = FineTune(epochs=1, batch_size=32, learning_rate=3e-3)


def stripes(count: int, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """12x12 images of noisy stripes in one of four directions, and the direction."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, count)
    rows, columns = np.mgrid[0:12, 0:12]
    phases = generator.uniform(0, 6.28, (count, 1, 1))
    waves = np.stack([rows, columns, (rows + columns) / 1.4, (rows - columns) / 1.4])[labels]
    images = np.sin(1.6 * waves + phases) + 0.3 * generator.standard_normal((count, 12, 12))
    return images[..., np.newaxis].astype(np.float32), labels


def convolutional() -> Any:
    """A small residual network with every coupling: BatchNorm, depthwise, Add, Concatenate."""
    keras = _tf.keras()
    layers = keras.layers
    keras.utils.set_random_seed(1)
    source = layers.Input((12, 12, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(source)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.8, name="stem_bn")(x))
    y = layers.DepthwiseConv2D(3, padding="same", strides=2, name="dw")(x)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.8, name="dw_bn")(y))
    y = layers.Conv2D(16, 1, name="pw")(y)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.8, name="pw_bn")(y))
    z = layers.Conv2D(16, 3, padding="same", name="branch")(y)
    z = layers.ReLU()(
        layers.Add(name="add")([layers.BatchNormalization(momentum=0.8, name="z_bn")(z), y])
    )
    z = layers.Concatenate(name="cat")([z, layers.MaxPooling2D(2, name="pool")(x)])
    z = layers.Flatten()(layers.AveragePooling2D(2)(z))
    z = layers.Dense(12, activation="relu", name="hidden")(z)
    return keras.Model(source, layers.Dense(4, activation="softmax", name="out")(z), name="small")


@cache
def trained() -> tuple[Network, Trainer]:
    """The residual network, trained for a moment, and what to train it further with."""
    x, y = stripes(800)
    train, validation = (Data((x[s],), (y[s],)) for s in (slice(0, 600), slice(600, 800)))
    network = lower(read_network(convolutional()))
    trainer = Trainer(train, validation, tasks_of(network, train))
    model = build_model(network, "tf_keras")
    fine_tune(model, trainer, FineTune(epochs=8, batch_size=32, learning_rate=5e-3))
    network = weights_of(model, network)
    return network, replace(trainer, teachers=(build_model(network, "tf_keras"),))


def accuracy(network: Network, trainer: Trainer) -> float:
    """Float accuracy on the validation data."""
    return trainer.accuracy(build_model(network, "tf_keras"))
