"""What is wrong with samples, said before TensorFlow is loaded, which takes seconds.

A Keras file declares its inputs in its configuration. Of a SavedModel, and of models that their
configuration does not describe, only the files themselves are checked; all else comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinycompress._samples import arrays_of_inputs
from tinycompress.conversion.calibrate import read_arrays, read_samples
from tinycompress.conversion.frozen import InputSpec
from tinycompress.conversion.load import is_tflite, read_configuration
from tinycompress.conversion.model_config import declared_inputs, declared_widths
from tinycompress.errors import ConfigError


def check_samples(model: Path, sources: Sequence[Path]) -> None:
    """Refuse samples that a model cannot be converted or compared with.

    Args:
        model: A ``.keras`` or ``.h5`` file or a SavedModel; for others, nothing is checked.
        sources: Files of samples.

    Raises:
        ConfigError: As `calibrate.read_samples`.
        ModelError: The model file is damaged.
    """
    if is_tflite(model) or not model.exists():
        return
    specs = _input_specs(model)
    for source in sources:
        if specs is None:
            read_arrays(source)
        else:
            read_samples(source, specs)


def check_training_data(model: Path, sources: Sequence[Path]) -> None:
    """Refuse files without samples for a model, or without labels that it needs.

    Raises:
        ConfigError: No ``.npz``, or keys are missing.
        ModelError: The model file is damaged.
    """
    if not model.exists():
        return
    specs = _input_specs(model)
    for source in sources:
        where, arrays = read_arrays(source)
        if specs is None:
            continue
        used = arrays_of_inputs(arrays, [spec.name for spec in specs])
        unlabelled = used is not None and not set(arrays) - set(used)
        if used is None or (unlabelled and not _may_be_autoencoder(model, specs)):
            raise ConfigError(
                f"{where} lacks {'samples' if used is None else 'labels'}; it has: "
                f"{', '.join(map(repr, sorted(arrays))) or 'nothing'}",
                hint="numpy.savez('train.npz', x=samples, y=labels)",
            )


def _may_be_autoencoder(model: Path, specs: Sequence[InputSpec]) -> bool:
    """Whether every output may be as wide as an input: an autoencoder needs no labels."""
    widths = declared_widths(read_configuration(model))
    inputs = {spec.shape[-1] for spec in specs}
    return all(width is None or width in inputs or None in inputs for width in widths)


def _input_specs(model: Path) -> tuple[InputSpec, ...] | None:
    configuration = read_configuration(model)
    found = None if configuration is None else declared_inputs(configuration)
    return None if found is None else tuple(InputSpec(name, shape) for name, shape in found)
