"""A small student for the stripes that the trained network knows, and runs that train it."""

from __future__ import annotations

from typing import Any

from support.compression.runs import export
from support.compression.small_models import trained
from tinycompress import _tf
from tinycompress.compression.network.build import build_model
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.result import CompressionResult
from tinycompress.compression.run.runner import compress

TUNE = {"epochs": 3, "batch_size": 32, "learning_rate": 1e-2}


def student(width: int = 6, *, activation: str | None = None, classes: int = 4) -> Any:
    """Another architecture than the teacher's, untrained; it ends in logits."""
    keras = _tf.keras()
    layers = keras.layers
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((12, 12, 1), name="image"),
            layers.Conv2D(width, 3, padding="same", use_bias=False, name="first"),
            layers.BatchNormalization(momentum=0.8, name="first_bn"),
            layers.ReLU(name="first_relu"),
            layers.MaxPooling2D(2, name="half"),
            layers.Conv2D(width, 3, padding="same", activation="relu", name="second"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(classes, activation=activation, name="out"),
        ]
    )


def teach(*stages: dict[str, Any], **more: Any) -> CompressionResult:
    """Train a student by the trained network, with int8 files after every stage."""
    network, trainer = trained()
    table = {
        "schema": 1, "name": "test", "description": "d",
        "limits": {"max_accuracy_drop": 1.0, "max_stage_drop": 1.0},
        "stage": [{"fine_tune": TUNE, **stage} for stage in stages],
    }  # fmt: skip
    return compress(
        build_model(network, "keras"),
        parse_recipe(table),
        (trainer.train.inputs[0], trainer.train.labels[0]),
        validation=(trainer.validation.inputs[0], trainer.validation.labels[0]),
        export=export,
        **{"student": student(), **more},
    )
