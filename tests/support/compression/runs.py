"""Recipes on the small trained network, from its data to the int8 file of every stage."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from support.compression.small_models import trained
from tinycompress.artifacts import Activations
from tinycompress.compression.network.build import build_model
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.result import CompressionResult
from tinycompress.compression.run.runner import compress
from tinycompress.conversion import ConvertOptions, convert_model

TUNE = {"epochs": 1, "batch_size": 64}


def export(
    model: Any, calibration: tuple[npt.NDArray[Any], ...], activations: Activations = "int8"
) -> bytes:
    options = ConvertOptions(activations=activations)
    return convert_model(model, {"x": calibration[0]}, options=options).tflite


def run(*stages: dict[str, Any], drop: float = 0.1, **more: Any) -> CompressionResult:
    network, trainer = trained()
    table = {
        "schema": 1, "name": "test", "description": "d", "limits": {"max_accuracy_drop": drop},
        "stage": [*stages, {"kind": "convert", "calibration_samples": 100}],
    }  # fmt: skip
    return compress(
        build_model(network, "keras"),
        parse_recipe(table),
        (trainer.train.inputs[0], trainer.train.labels[0]),
        validation={"x": trainer.validation.inputs[0], "y": trainer.validation.labels[0]},
        export=export,
        **more,
    )
