"""Calibration samples of a model whose data are gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tinycompress._progress import Progress
from tinycompress.artifacts import DataFree
from tinycompress.conversion.load import load_model
from tinycompress.errors import ConfigError


def samples_of(
    model: Path, how: DataFree, seed: int, progress: Progress
) -> tuple[Mapping[str, npt.NDArray[Any]], str]:
    """Samples as `conversion.convert_model` takes them, and what to tell of them.

    Args:
        model: A ``.keras`` or ``.h5`` file.
        how: How they are made.
        seed: The same gives the same samples.
        progress: Told what is under way.

    Raises:
        ConfigError: It is no Keras model, or says nothing of its data.
        ModelError: It is damaged, or has layers that cannot be rebuilt.
    """
    from tinycompress.compression.synthetic.made import made_for_calibration

    source = load_model(model)
    if source.kind not in ("keras", "tf_keras"):
        raise ConfigError(
            f"{source.name} is a {source.kind} model; samples are made of a Keras model's layers",
            hint="pass samples: --data calib.npz",
        )
    made = made_for_calibration(source.model, how, seed=seed, progress=progress)
    names = ["x"] if len(made.inputs) == 1 else [f"x{i}" for i in range(len(made.inputs))]
    return dict(zip(names, made.inputs, strict=True)), made.told
