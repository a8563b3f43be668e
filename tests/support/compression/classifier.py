"""A classifier that knows its task, data for it, and recipes: for tests of compression."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.training.trainer import Trainer
from tinycompress.conversion import convert_model

Floats = npt.NDArray[Any]
GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(240, 6)).astype(np.float32)
CLASSES = np.argmax(X[:, :3], axis=1)
PRUNE = {"kind": "prune", "sparsity": 0.3, "fine_tune": {"epochs": 0}}


def recipe(*stages: dict[str, Any], drop: float = 1.0) -> dict[str, Any]:
    return {
        "schema": 1, "name": "t", "description": "d", "limits": {"max_accuracy_drop": drop},
        "stage": list(stages),
    }  # fmt: skip


def dense(width: int, activation: str | None, weights: Floats) -> Any:
    """A model that knows its task: its first layer passes x on, its second one decides."""
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(6, name="pass", use_bias=False),
            keras.layers.Dense(width, activation=activation, name="out", use_bias=False),
        ]
    )
    noise = np.random.default_rng(0).normal(0, 0.02, (6, 6))
    model.set_weights([(np.eye(6) + noise).astype(np.float32), weights.astype(np.float32)])
    return model


@cache
def classifier() -> Any:
    return dense(3, "softmax", 4.0 * np.eye(6, 3))


def trainer_of(network: Network, x: Floats, y: Floats, **more: Any) -> Trainer:
    data = Data((x,), (y,))
    return Trainer(data, data, tasks_of(network, data), **more)


def recipe_of(*stages: dict[str, Any]) -> Any:
    return parse_recipe(recipe(*stages))


def exported(model: Any, calibration: tuple[Floats, ...]) -> bytes:
    return convert_model(model, {"x": calibration[0]}).tflite
