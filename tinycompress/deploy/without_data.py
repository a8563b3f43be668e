"""Training data of a model whose own are gone."""

from __future__ import annotations

from typing import Any

from tinycompress._progress import Progress
from tinycompress.artifacts import DataFree
from tinycompress.compression.data.prepare import Data, read_data
from tinycompress.compression.network.read import read_network
from tinycompress.compression.synthetic.made import made_for_training


def training_data(
    model: Any, how: DataFree, validation: Any, seed: int, progress: Progress
) -> tuple[tuple[Any, Any], str]:
    """Samples and labels as `compression` takes them, and what to tell of them.

    Args:
        model: A Keras model.
        how: How they are made.
        validation: Labelled samples in any form that `read_data` takes; None if there are none.
        seed: The same gives the same samples.
        progress: Told what is under way.

    Raises:
        ConfigError: The model says nothing of its data, or the validation data do not fit it.
        ModelError: The model cannot be rebuilt.
    """
    held_out: Data | None = None
    if validation is not None:
        held_out = read_data(validation, read_network(model), what="validation data")
    made = made_for_training(model, how, validation=held_out, seed=seed, progress=progress)
    return (_one_or_list(made.inputs), _one_or_list(made.labels)), made.told


def _one_or_list(arrays: tuple[Any, ...]) -> Any:
    return arrays[0] if len(arrays) == 1 else list(arrays)
