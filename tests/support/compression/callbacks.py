"""Models of both Kerases for callbacks, and what stands in for conversion and board."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from support.common import missing
from support.compression.small_models import stripes
from tinycompress import _tf
from tinycompress.artifacts import ConvertedModel, OutputQuality
from tinycompress.callbacks import (
    deployability,
)
from tinycompress.deploy.deployment import Deployment

BOTH = pytest.mark.parametrize("name", ["keras", "tf_keras"])
X, Y = stripes(128)


def module_of(name: str) -> Any:
    return _tf.keras() if name == "keras" else _tf.tf_keras()


def model_of(name: str, **compiling: Any) -> Any:
    keras = module_of(name)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.InputLayer((12, 12, 1)) if name == "tf_keras" else keras.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", name="out"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **compiling)
    return model


class Stand:
    """Stands in for conversion and board: says what it is told to, and counts the looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *latencies_us: float) -> None:
        self.latencies_us = latencies_us or (100.0,)
        self.looks = 0
        self.error: Exception | None = None
        self.quality: tuple[OutputQuality, ...] = ()
        monkeypatch.setattr(deployability, "convert_in_subprocess", self.convert)
        monkeypatch.setattr(deployability, "deploy_in_subprocess", self.deploy)

    def convert(self, model: Any, calibration: Any, **more: Any) -> ConvertedModel:
        self.looks += 1
        if self.error is not None:
            raise self.error
        score = 0.5 + self.looks / 100
        found = OutputQuality(0, "out", "classes", score, "accuracy", float_score=0.9)
        return ConvertedModel(b"", "", (), (), self.quality or (found,))

    def deploy(self, tflite: bytes, board: Any, **more: Any) -> Deployment:
        latency = self.latencies_us[min(self.looks, len(self.latencies_us)) - 1]
        return Deployment(
            flash_bytes=20_000, weights_bytes=12_000, kernels_bytes=3_000, encoded_bytes=0,
            encoded_int8_bytes=0, ram_bytes=3_000, ram_reserved_bytes=11_000, arena_bytes=1_000,
            instructions=50_000, latency_us=latency, fits=True,
        )  # fmt: skip


def in_tensorboard(directory: Path, tag: str) -> dict[int, float]:
    """By step, the values of a tag in TensorBoard's event files."""
    if importlib.util.find_spec("tensorboard") is None:
        missing("tensorboard")
    events = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    files = events.EventAccumulator(str(directory))
    files.Reload()
    make_array = _tf.tensorflow().make_ndarray
    return {p.step: make_array(p.tensor_proto).item() for p in files.Tensors(tag)}
