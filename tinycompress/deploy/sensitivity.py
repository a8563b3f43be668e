"""The sensitivity of a Keras model's layers, from its file to a table, a plot and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinycompress import _files
from tinycompress._owner import owned_directory
from tinycompress._progress import Progress, no_progress
from tinycompress.compression.data.prepare import read_samples
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.runner import keras_name_or_error
from tinycompress.compression.sensitivity import (
    SensitivityOptions,
    SensitivityTable,
)
from tinycompress.compression.sensitivity import measure_sensitivity as measure
from tinycompress.compression.sensitivity.plot import sensitivity_svg
from tinycompress.conversion.early import check_samples
from tinycompress.deploy.compressing import load_keras_model

JSON_NAME, PLOT_NAME = "sensitivity.json", "sensitivity.svg"


def measure_sensitivity(
    model: Any,
    data: Any,
    *,
    options: SensitivityOptions | None = None,
    output: str | Path | None = None,
    progress: Progress = no_progress,
) -> SensitivityTable:
    """Measure what pruning, clusters and fewer bits of single layers cost a trained Keras model.

    Args:
        model: A Keras 3 or tf_keras model, or its ``.keras`` or ``.h5`` file; it is not changed.
        data: Samples as :func:`tinycompress.compress` takes them; a file or a mapping may lack
            labels. Without them there is neither accuracy nor the Hessian's trace.
        options: What is measured, on how much.
        output: Directory for ``sensitivity.json`` and the plot ``sensitivity.svg``; None writes
            nothing.
        progress: Told what is under way.

    Raises:
        ConfigError: The data or the model file are unusable, or the directory cannot be written.
        ModelError: The model cannot be rebuilt.
    """
    directory = None if output is None else Path(output)
    with owned_directory(directory):
        if isinstance(model, str | Path):
            check_samples(Path(model), [Path(data)] if isinstance(data, str | Path) else [])
            progress("start TensorFlow and load the model")
            model = load_keras_model(Path(model))
        keras_name_or_error(model)
        network = lower(read_network(model))
        samples = read_samples(data, network)
        build_checked(network, "tf_keras", model, what="rebuilding in tf_keras")
        table = measure(network, samples, options=options, progress=progress)
        if directory is not None:
            _files.write_text(directory / PLOT_NAME, sensitivity_svg(table))
            text = json.dumps(sensitivity_json(table), indent=1)
            _files.write_text(directory / JSON_NAME, text + "\n")
    return table


def sensitivity_json(table: SensitivityTable) -> dict[str, Any]:
    """The table as the file and ``inspect --json`` have it."""
    return {"schema": "tinycompress.sensitivity", "schema_version": 1, **table.to_json()}
